import Testing

@testable import Audio

@Suite struct FrameClockTests {
    private static let nominalNs = 1e9 / 24_000

    /// Looks every 10 ms at a card that is `drift` too slow, each up to `jitterNs` off; how far off the clock is at its
    /// worst after `settleSeconds`.
    private func worstErrorNs(
        _ clock: inout FrameClock, drift: Double, jitterNs: Double, settleSeconds: Int, seconds: Int
    ) -> Double {
        var random = Xorshift()
        var worst = 0.0
        for period in 1...seconds * 100 {
            let frame = Double(period * 240)
            let heardNs = frame * Self.nominalNs * (1 + drift)
            clock.look(frame: frame, ns: Int64(heardNs + jitterNs * random.next()))
            if period > settleSeconds * 100 { worst = max(worst, abs(Double(clock.ns(of: frame)) - heardNs)) }
        }
        return worst
    }

    @Test(arguments: [0, 50e-6, -50e-6, 300e-6])
    func driftIsFollowedAndJitterSmoothed(drift: Double) {
        var clock = FrameClock(frame: 0, ns: 0)
        // Jitter of half a millisecond becomes a frame and a half at most, and that slowly.
        let worst = worstErrorNs(&clock, drift: drift, jitterNs: 500_000, settleSeconds: 20, seconds: 60)
        #expect(worst < 1.5 * Self.nominalNs)
        #expect(abs(clock.ratio - 1 - drift) < 30e-6)
    }

    @Test func withoutJitterNothingIsOff() {
        var clock = FrameClock(frame: 0, ns: 0)
        #expect(worstErrorNs(&clock, drift: 0, jitterNs: 0, settleSeconds: 0, seconds: 10) <= 2)
    }

    @Test func anHourOfDriftStaysWithinATenthOfAFrame() {
        var clock = FrameClock(frame: 0, ns: 0)
        let worst = worstErrorNs(&clock, drift: 50e-6, jitterNs: 0, settleSeconds: 30, seconds: 3600)
        #expect(worst < 0.1 * Self.nominalNs)
    }

    @Test func aRestartedCardKeepsItsDrift() {
        var clock = FrameClock(frame: 0, ns: 0)
        _ = worstErrorNs(&clock, drift: 100e-6, jitterNs: 0, settleSeconds: 0, seconds: 60)
        clock.restart(frame: 7, ns: 9_000_000_000)
        #expect(clock.ns(of: 7) == 9_000_000_000)
        let secondNs = clock.ns(of: 7 + 24_000) - 9_000_000_000
        #expect(abs(secondNs - 1_000_100_000) < 1000)
        #expect(abs(clock.frame(at: 9_000_000_000 + secondNs) - 24_007) < 0.01)
    }

    @Test(arguments: [0.1, -0.1])
    func noCardIsBelievedToBeFurtherOffThanAThousandth(drift: Double) {
        var clock = FrameClock(frame: 0, ns: 0)
        _ = worstErrorNs(&clock, drift: drift, jitterNs: 0, settleSeconds: 0, seconds: 20)
        #expect(abs(abs(clock.ratio - 1) - FrameClock.mostDrift) < 1e-9)
    }
}
