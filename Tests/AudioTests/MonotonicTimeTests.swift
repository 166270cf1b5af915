import Testing

@testable import Audio

@Suite struct MonotonicTimeTests {
    @Test func framesFollowElapsedTimeExactly() {
        #expect(framesElapsed(ns: -1, rate: 24_000) == 0)
        #expect(framesElapsed(ns: 41_666, rate: 24_000) == 0)
        #expect(framesElapsed(ns: 41_667, rate: 24_000) == 1)
        #expect(framesElapsed(ns: 10_000_000, rate: 24_000) == 240)
        #expect(framesElapsed(ns: 365 * 86_400 * 1_000_000_000, rate: 24_000) == 365 * 86_400 * 24_000)
    }

    @Test func aStartAbsurdlyFarAwayDoesNotOverflow() {
        let nowNs = monotonicNs(of: .now)
        #expect(monotonicNs(of: .now + .seconds(1 << 60)) - nowNs < 86_410 * 1_000_000_000)
        let ahead = monotonicNs(of: .now + .milliseconds(500)) - monotonicNs(of: .now)
        #expect(abs(ahead - 500_000_000) < 50_000_000)
    }
}
