/// Turns a bouncing contact's edges into one edge a press and one a release, as the kernel's debouncer does.
///
/// Sans-IO: a level counts once it has been stable for the debounce period. The caller hands over the edges, sleeps
/// until `deadlineNs`, reads the line and calls `settle`, so an edge that the kernel lost cannot leave a button
/// stuck. The level at the start is no edge: a button held then is neither pressed nor released until it moves.
public struct Debouncer: Sendable {
    /// The settled state.
    public private(set) var isActive: Bool

    private let periodNs: Int64
    private var burst: Burst?

    /// Edges closer together than the period.
    private struct Burst {
        let firstNs: Int64
        var last: EdgeEvent
    }

    /// - Parameters:
    ///   - periodUs: the debounce period in microseconds; 0 lets every edge through when it is settled.
    ///   - isActive: the line's state at the start.
    public init(periodUs: UInt32, isActive: Bool) {
        periodNs = Int64(periodUs) * 1000
        self.isActive = isActive
    }

    /// What the last edge says of a line that has not settled, with the time of the burst's first one: a press, a
    /// release, or nothing at all. Nil when nothing moves.
    public var unsettled: EdgeEvent? {
        burst.map { EdgeEvent(timestampNs: $0.firstNs, isActive: $0.last.isActive) }
    }

    /// When to read the line and call `settle`, in nanoseconds of CLOCK_MONOTONIC; nil when nothing moves.
    public var deadlineNs: Int64? { burst.map { $0.last.timestampNs.saturatingAdd(periodNs) } }

    /// Takes an edge. Returns the one that had settled before it, if the caller came too late to see it settle.
    public mutating func handle(_ edge: EdgeEvent) -> EdgeEvent? {
        guard let deadlineNs, let burst, edge.timestampNs >= deadlineNs else {
            burst = Burst(firstNs: burst?.firstNs ?? edge.timestampNs, last: edge)
            return nil
        }
        self.burst = Burst(firstNs: edge.timestampNs, last: edge)
        return change(to: burst.last.isActive, atNs: burst.firstNs)
    }

    /// Takes the line's state as read at `nowNs`; call at `deadlineNs`. Before it, nothing happens.
    ///
    /// Returns the settled edge with the time of the burst's first one, or nil when the state is what it was.
    public mutating func settle(isActive: Bool, nowNs: Int64) -> EdgeEvent? {
        guard let deadlineNs, let burst, nowNs >= deadlineNs else { return nil }
        self.burst = nil
        return change(to: isActive, atNs: burst.firstNs)
    }

    private mutating func change(to isActive: Bool, atNs: Int64) -> EdgeEvent? {
        guard isActive != self.isActive else { return nil }
        self.isActive = isActive
        return EdgeEvent(timestampNs: atNs, isActive: isActive)
    }
}

extension Int64 {
    fileprivate func saturatingAdd(_ other: Int64) -> Int64 {
        let (sum, isTooLarge) = addingReportingOverflow(other)
        return isTooLarge ? .max : sum
    }
}
