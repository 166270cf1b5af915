import Foundation
import MonotonicClock

@testable import GPIO

extension Button {
    /// Watches the button as the runner does, for `limitMs` or until `count` edges have settled.
    mutating func watch(count: Int, limitMs: Int = 2000) throws -> [EdgeEvent] {
        let limitNs = Instant.now.ns + Int64(limitMs) * 1_000_000
        var settled: [EdgeEvent] = []
        while settled.count < count {
            let nowNs = Instant.now.ns
            guard nowNs < limitNs else { break }
            let wakeNs = min(deadlineNs ?? .max, limitNs)
            var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            poll(&waiting, 1, Int32(max(0, wakeNs - nowNs) / 1_000_000 + 1))
            settled += try readEdges(nowNs: Instant.now.ns)
        }
        return settled
    }

    /// The edges of a time in which none is expected.
    mutating func idle(ms: Int = 60) throws -> [EdgeEvent] { try watch(count: .max, limitMs: ms) }
}
