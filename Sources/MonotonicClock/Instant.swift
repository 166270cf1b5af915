internal import CLinux

/// A point of CLOCK_MONOTONIC, which stands still while the machine is suspended.
///
/// `SuspendingClock` is the same clock. Its instants hide their number, so that a button's edge could not be compared
/// with a captured frame, and their layout, which a session machine full of deadlines pays for at every step.
public struct Instant: InstantProtocol, Sendable {
    /// Time since the clock's zero, about the start of the machine.
    public let sinceBoot: Duration

    @inlinable
    public init(sinceBoot: Duration) { self.sinceBoot = sinceBoot }

    /// Now. Any thread; a few nanoseconds without a system call.
    public static var now: Instant { Instant(ns: clinux_monotonic_ns()) }

    /// As the kernel counts: nanoseconds since the clock's zero.
    public init(ns: Int64) { self.init(sinceBoot: .nanoseconds(ns)) }

    /// Nanoseconds since the clock's zero, kept within 100 years, so that no instant overflows.
    public var ns: Int64 {
        let (seconds, attoseconds) = sinceBoot.components
        return min(max(seconds, -Self.mostSeconds), Self.mostSeconds) * 1_000_000_000 + attoseconds / 1_000_000_000
    }

    private static let mostSeconds: Int64 = 100 * 366 * 86_400

    @inlinable
    public func advanced(by duration: Duration) -> Instant { Instant(sinceBoot: sinceBoot + duration) }

    @inlinable
    public func duration(to other: Instant) -> Duration { other.sinceBoot - sinceBoot }

    @inlinable
    public static func + (instant: Instant, duration: Duration) -> Instant { instant.advanced(by: duration) }

    @inlinable
    public static func - (instant: Instant, duration: Duration) -> Instant { instant.advanced(by: .zero - duration) }

    @inlinable
    public static func - (later: Instant, earlier: Instant) -> Duration { earlier.duration(to: later) }

    @inlinable
    public static func += (instant: inout Instant, duration: Duration) { instant = instant + duration }

    @inlinable
    public static func < (one: Instant, other: Instant) -> Bool { one.sinceBoot < other.sinceBoot }
}

/// The earlier of two deadlines, of which each may not be.
@inlinable
public func earlier(_ one: Instant?, _ other: Instant?) -> Instant? {
    guard let one, let other else { return one ?? other }
    return min(one, other)
}
