internal import CLinux

/// CLOCK_MONOTONIC in nanoseconds, as audio threads count time. `SuspendingClock` is the same clock on Linux.
func monotonicNs(of instant: SuspendingClock.Instant) -> Int64 {
    var beforeNs = clinux_monotonic_ns()
    var now = SuspendingClock.now
    // Interrupted between the two looks, they would be apart: a button's edge is worth another try.
    for _ in 0..<3 where clinux_monotonic_ns() - beforeNs > 20_000 {
        beforeNs = clinux_monotonic_ns()
        now = SuspendingClock.now
    }
    let ahead = now.duration(to: instant).components
    // A start further away than a day is a mistake, and must not overflow.
    let seconds = max(-86_400, min(86_400, ahead.seconds))
    return beforeNs + seconds * 1_000_000_000 + ahead.attoseconds / 1_000_000_000
}

/// Whole frames of `rate` that fit into a time, 0 for a negative one.
@_noAllocation
func framesElapsed(ns: Int64, rate: Int) -> Int {
    guard ns > 0 else { return 0 }
    let seconds = ns / 1_000_000_000
    let rest = ns % 1_000_000_000
    return Int(seconds) * rate + Int(rest) * rate / 1_000_000_000
}
