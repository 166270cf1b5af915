import Testing

@testable import Audio

@Suite struct FrameClockTests {
    private static let nominalNs = 1e9 / 24_000

    /// Looks every 10 ms at a card that is `drift` too slow, each up to `jitterNs` late; how far off the clock is at
    /// its worst after `settleSeconds`.
    private func worstErrorNs(
        _ clock: inout FrameClock, drift: Double, jitterNs: Double, settleSeconds: Int, seconds: Int
    ) -> Double {
        var random = Xorshift()
        var worst = 0.0
        for period in 1...seconds * 100 {
            let frame = Double(period * 240)
            let heardNs = frame * Self.nominalNs * (1 + drift)
            clock.look(frame: frame, ns: Int64(heardNs + jitterNs * (random.next() + 1) / 2))
            if period > settleSeconds * 100 { worst = max(worst, abs(Double(clock.ns(of: frame)) - heardNs)) }
        }
        return worst
    }

    @Test(arguments: [0, 50e-6, -50e-6, 300e-6])
    func driftIsFollowedAndJitterSmoothed(drift: Double) {
        var clock = FrameClock(frame: 0, ns: 0)
        // A millisecond of lateness becomes less than a frame and a half, and that slowly.
        let worst = worstErrorNs(&clock, drift: drift, jitterNs: 1_000_000, settleSeconds: 20, seconds: 60)
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

    @Test func afterAStartTheEarliestLookIsBelievedAtOnce() {
        var clock = FrameClock(frame: 0, ns: 0)
        clock.restart(frame: 0, ns: 4_000_000)
        #expect(!clock.isSettling)
        // The start was said 4 ms late, the first look comes 2 ms late, the second in time, the third late again.
        clock.look(frame: 240, ns: 12_000_000)
        #expect(clock.ns(of: 240) == 12_000_000)
        clock.look(frame: 480, ns: 20_000_000)
        #expect(clock.ns(of: 480) == 20_000_000 && clock.isSettling)
        clock.look(frame: 720, ns: 33_000_000)
        #expect(clock.ns(of: 720) == 30_000_000)
        clock.look(frame: 12_240, ns: 510_000_000)
        #expect(!clock.isSettling && clock.ns(of: 12_240) == 510_000_000)
    }

    @Test func laterTheEarliestLookOfHalfASecondIsFollowedSlowly() {
        var clock = FrameClock(frame: 0, ns: 0)
        _ = worstErrorNs(&clock, drift: 0, jitterNs: 0, settleSeconds: 0, seconds: 60)
        // All but two in half a second come 4 ms late: as if none did.
        for look in 6001...6100 {
            clock.look(frame: Double(look * 240), ns: Int64(look) * 10_000_000 + (look % 25 == 7 ? 0 : 4_000_000))
        }
        #expect(abs(clock.ns(of: 6100 * 240) - 61_000_000_000) < 10)
        // All of them do: it is so, but believed over seconds.
        for look in 6101...6200 { clock.look(frame: Double(look * 240), ns: Int64(look) * 10_000_000 + 4_000_000) }
        let followedNs = clock.ns(of: 6200 * 240) - 62_000_000_000
        #expect((100_000...1_000_000).contains(followedNs))
    }

    @Test(arguments: [0.1, -0.1])
    func noCardIsBelievedToBeFurtherOffThanAThousandth(drift: Double) {
        var clock = FrameClock(frame: 0, ns: 0)
        _ = worstErrorNs(&clock, drift: drift, jitterNs: 0, settleSeconds: 0, seconds: 20)
        #expect(abs(abs(clock.ratio - 1) - FrameClock.mostDrift) < 1e-9)
    }
}
