import Audio
import MonotonicClock
import Session

/// What a device has to say: an ordinary line, or a fault.
enum DeviceReport: Equatable {
    case line(String)
    case fault(Fault)
}

/// When a lost device is looked for again, what is said about it (once, not at every attempt), and how long it was
/// missing in all.
struct DeviceRecovery {
    /// At first a look each second: the card may only have been re-enumerated, or its plug is in somebody's hand.
    static let eagerRetry = Duration.seconds(1)
    /// How long after the loss.
    static let eagerTime = Duration.seconds(30)
    /// Every later look.
    static let patientRetry = Duration.seconds(5)

    /// What its loss is reported as.
    private let faultClass: Fault.Class
    private(set) var retryAt: Instant?
    /// Losses that ended, and the interruptions of streams that ended.
    private(set) var interruptions = InterruptionStatistics()
    private var missingSince: Instant?
    private var lastWords: String?
    private var isRefusalSaid = false

    init(_ faultClass: Fault.Class = .audio) { self.faultClass = faultClass }

    func isDue(at now: Instant) -> Bool { retryAt.map { $0 <= now } ?? false }

    mutating func opened(_ description: String, at now: Instant) -> [DeviceReport] {
        defer {
            retryAt = nil
            missingSince = nil
            lastWords = nil
        }
        guard let missingSince else { return [.line(description)] }
        interruptions.add(now - missingSince)
        return [.line("\(description); it was missing for \((now - missingSince).inWords)")]
    }

    mutating func failed(_ words: String, at now: Instant) -> [DeviceReport] {
        let since = missingSince ?? now
        missingSince = since
        retryAt = now + (now - since < Self.eagerTime ? Self.eagerRetry : Self.patientRetry)
        guard words != lastWords else { return [] }
        lastWords = words
        return [.fault(Fault(faultClass, "\(words); it is looked for every second, after 30 s every 5 s"))]
    }

    /// A stream ended that had so many.
    mutating func streamEnded(_ statistics: InterruptionStatistics) { interruptions.add(statistics) }

    mutating func realtimeRefused(_ device: String, _ words: String) -> [DeviceReport] {
        guard !isRefusalSaid else { return [] }
        isRefusalSaid = true
        return [.fault(Fault(.audio, "\(device): \(words)"))]
    }

    /// An interruption of more than a second that the stream ended by itself.
    static func fault(_ device: String, _ direction: String, _ interruption: Interruption) -> DeviceReport {
        .fault(Fault(.audio, "\(device): \(direction): \(interruption)"))
    }

    /// All there was, when there was something.
    func summary(_ device: String, _ direction: String) -> [DeviceReport] {
        interruptions.count == 0 ? [] : [.line("\(device): \(direction): \(interruptions)")]
    }
}
