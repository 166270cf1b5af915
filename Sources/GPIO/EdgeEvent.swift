/// An edge of an input line, as a value.
public struct EdgeEvent: Sendable, Equatable {
    /// When, in nanoseconds of CLOCK_MONOTONIC.
    public let timestampNs: Int64
    /// The line's state after the edge, active-low taken into account: a pressed button is active.
    public let isActive: Bool

    /// An edge made by hand, as tests and a simulated button do.
    public init(timestampNs: Int64, isActive: Bool) {
        self.timestampNs = timestampNs
        self.isActive = isActive
    }
}
