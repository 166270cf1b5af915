import Testing

@testable import Audio

@Suite struct FramesElapsedTests {
    @Test func framesFollowElapsedTimeExactly() {
        #expect(framesElapsed(ns: -1, rate: 24_000) == 0)
        #expect(framesElapsed(ns: 41_666, rate: 24_000) == 0)
        #expect(framesElapsed(ns: 41_667, rate: 24_000) == 1)
        #expect(framesElapsed(ns: 10_000_000, rate: 24_000) == 240)
        #expect(framesElapsed(ns: 365 * 86_400 * 1_000_000_000, rate: 24_000) == 365 * 86_400 * 24_000)
    }
}
