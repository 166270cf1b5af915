/// A point of CLOCK_MONOTONIC. Always an argument, never read by a machine.
public typealias Instant = SuspendingClock.Instant

/// The earlier of two deadlines, of which each may not be.
func earlier(_ one: Instant?, _ other: Instant?) -> Instant? {
    guard let one, let other else { return one ?? other }
    return min(one, other)
}
