import Synchronization

/// A time in which no sound was captured, or heard, although it should have been.
public struct Interruption: Sendable, Equatable, CustomStringConvertible {
    public enum Cause: UInt8, Sendable, CaseIterable {
        /// Card and program lost step: the thread was late.
        case xrun = 1
        /// The card moved no frames for 200 ms and said nothing.
        case stall
        case suspend
        /// The card's position is not where time says it must be.
        case clockJump
        /// Any other error of the card, or a restart that it refused.
        case failure
    }

    public let cause: Cause
    public let duration: Duration

    /// For example "interrupted for 1.4 s: the card stood still".
    public var description: String {
        let reason = switch cause {
        case .xrun: "the program was late for the card"
        case .stall: "the card stood still"
        case .suspend: "the card was suspended"
        case .clockJump: "the card's clock jumped"
        case .failure: "the card failed and was restarted"
        }
        return "interrupted for \(duration.inWords): \(reason)"
    }
}

/// Interruptions, added up.
public struct InterruptionStatistics: Sendable, Equatable, CustomStringConvertible {
    public private(set) var count = 0
    public private(set) var total = Duration.zero
    public private(set) var longest = Duration.zero

    public init() {}

    init(count: Int, totalNs: Int64, longestNs: Int64) {
        self.count = count
        total = .nanoseconds(totalNs)
        longest = .nanoseconds(longestNs)
    }

    public mutating func add(_ duration: Duration) {
        count += 1
        total += duration
        longest = max(longest, duration)
    }

    public mutating func add(_ other: InterruptionStatistics) {
        count += other.count
        total += other.total
        longest = max(longest, other.longest)
    }

    /// For example "3 interruptions, 1.9 s together, the longest 1.4 s".
    public var description: String {
        "\(count) interruption\(count == 1 ? "" : "s"), \(total.inWords) together, the longest \(longest.inWords)"
    }
}

extension Duration {
    /// Milliseconds below a second, seconds with one decimal above.
    public var inWords: String {
        let ms = Int((self / .milliseconds(1)).rounded())
        guard ms >= 1000 else { return "\(ms) ms" }
        let tenths = Int((self / .milliseconds(100)).rounded())
        return "\(tenths / 10).\(tenths % 10) s"
    }
}

/// One stream's interruptions, counted by its thread and read by its owner: atomic words only.
final class InterruptionLog: Sendable {
    /// Shorter ones are only counted.
    static let longNs: Int64 = 1_000_000_000

    private let count = Atomic<Int>(0)
    private let totalNs = Atomic<Int64>(0)
    private let longestNs = Atomic<Int64>(0)
    /// The newest one that was long: how many there were (16 bits, wrapping), its cause (8 bits), milliseconds.
    private let newestLong = Atomic<UInt64>(0)
    private static let msBits: UInt64 = 40

    /// Audio thread, real-time.
    func count(_ cause: Interruption.Cause, ns: Int64) {
        count.wrappingAdd(1, ordering: .relaxed)
        totalNs.wrappingAdd(ns, ordering: .relaxed)
        if ns > longestNs.load(ordering: .relaxed) { longestNs.store(ns, ordering: .relaxed) }
        guard ns > Self.longNs else { return }
        let number = Self.number(of: newestLong.load(ordering: .relaxed)) &+ 1
        let ms = min(UInt64(ns / 1_000_000), 1 << Self.msBits - 1)
        let word = UInt64(number) << (Self.msBits + 8) | UInt64(cause.rawValue) << Self.msBits | ms
        newestLong.store(word, ordering: .releasing)
    }

    /// Each number is right, together they may be one interruption apart.
    var statistics: InterruptionStatistics {
        InterruptionStatistics(
            count: count.load(ordering: .relaxed), totalNs: totalNs.load(ordering: .relaxed),
            longestNs: longestNs.load(ordering: .relaxed))
    }

    /// The newest one of more than a second, when there was one since `seen`, which is brought up to date.
    func long(since seen: inout UInt16) -> Interruption? {
        let word = newestLong.load(ordering: .acquiring)
        let number = Self.number(of: word)
        guard number != seen else { return nil }
        seen = number
        let ms = Int64(word & (1 << Self.msBits - 1))
        return Interruption.Cause(rawValue: UInt8(truncatingIfNeeded: word >> Self.msBits))
            .map { Interruption(cause: $0, duration: .milliseconds(ms)) }
    }

    private static func number(of word: UInt64) -> UInt16 { UInt16(truncatingIfNeeded: word >> (msBits + 8)) }
}
