import Foundation

@testable import GPIO

/// CLOCK_MONOTONIC in nanoseconds.
func monotonicNs() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
}

extension Button {
    /// Watches the button as the runner does, for `limitMs` or until `count` edges have settled.
    mutating func watch(count: Int, limitMs: Int = 2000) throws -> [EdgeEvent] {
        let limitNs = monotonicNs() + Int64(limitMs) * 1_000_000
        var settled: [EdgeEvent] = []
        while settled.count < count {
            let nowNs = monotonicNs()
            guard nowNs < limitNs else { break }
            let wakeNs = min(deadlineNs ?? .max, limitNs)
            var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            poll(&waiting, 1, Int32(max(0, wakeNs - nowNs) / 1_000_000 + 1))
            settled += try readEdges(nowNs: monotonicNs())
        }
        return settled
    }

    /// The edges of a time in which none is expected.
    mutating func idle(ms: Int = 60) throws -> [EdgeEvent] { try watch(count: .max, limitMs: ms) }
}
