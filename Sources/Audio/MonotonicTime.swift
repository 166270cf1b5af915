internal import CLinux

/// CLOCK_MONOTONIC in nanoseconds, as audio threads count time. `SuspendingClock` is the same clock on Linux.
func monotonicNs(of instant: SuspendingClock.Instant) -> Int64 {
    let ahead = SuspendingClock.now.duration(to: instant).components
    // A start further away than a day is a mistake, and must not overflow.
    let seconds = max(-86_400, min(86_400, ahead.seconds))
    return clinux_monotonic_ns() + seconds * 1_000_000_000 + ahead.attoseconds / 1_000_000_000
}

/// Whole frames of `rate` that fit into a time, 0 for a negative one.
@_noAllocation
func framesElapsed(ns: Int64, rate: Int) -> Int {
    guard ns > 0 else { return 0 }
    let seconds = ns / 1_000_000_000
    let rest = ns % 1_000_000_000
    return Int(seconds) * rate + Int(rest) * rate / 1_000_000_000
}
