import Session

/// What a device has to say: an ordinary line, or a fault.
enum DeviceReport: Equatable {
    case line(String)
    case fault(Fault)
}

/// When a lost sound device is looked for again, and what is said about it: once, not at every attempt.
struct DeviceRecovery {
    /// The first look after a loss; the card may only have been re-enumerated.
    static let firstRetry = Duration.seconds(1)
    /// Every later look.
    static let laterRetry = Duration.seconds(5)

    private(set) var retryAt: SuspendingClock.Instant?
    private var attempts = 0
    private var lastWords: String?
    private var isRefusalSaid = false

    func isDue(at now: SuspendingClock.Instant) -> Bool { retryAt.map { $0 <= now } ?? false }

    mutating func opened(_ description: String) -> [DeviceReport] {
        retryAt = nil
        attempts = 0
        lastWords = nil
        return [.line(description)]
    }

    mutating func failed(_ words: String, at now: SuspendingClock.Instant) -> [DeviceReport] {
        retryAt = now + (attempts == 0 ? Self.firstRetry : Self.laterRetry)
        attempts += 1
        guard words != lastWords else { return [] }
        lastWords = words
        return [.fault(Fault(.audio, "\(words); the device is tried again every 5 s"))]
    }

    mutating func realtimeRefused(_ device: String, _ words: String) -> [DeviceReport] {
        guard !isRefusalSaid else { return [] }
        isRefusalSaid = true
        return [.fault(Fault(.audio, "\(device): \(words)"))]
    }
}
