/// Whole frames of `rate` that fit into a time, 0 for a negative one.
@_noAllocation
func framesElapsed(ns: Int64, rate: Int) -> Int {
    guard ns > 0 else { return 0 }
    let seconds = ns / 1_000_000_000
    let rest = ns % 1_000_000_000
    return Int(seconds) * rate + Int(rest) * rate / 1_000_000_000
}
