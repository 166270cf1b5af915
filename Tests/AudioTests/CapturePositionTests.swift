import Testing

@testable import Audio

@Suite struct CapturePositionTests {
    private static let periodNs: Int64 = 10_000_000

    /// A clock that saw a card for `seconds`, a look each 100 ms, its frames `ppm` too slow and each look late by up to
    /// 4 ms; the frame it reached, and when.
    private func watched(seconds: Int, ppm: Double) -> (position: CapturePosition, frames: Int, ns: Int64) {
        var position = CapturePosition(periodNs: Self.periodNs)
        var jitter: UInt64 = 1
        var (frames, ns) = (0, Int64(0))
        position.restart(frames: 0, ns: 0)
        for look in 1...(10 * seconds) {
            frames = look * 2400
            ns = Int64(Double(look) * 100_000_000 * (1 + ppm / 1e6))
            jitter = jitter &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let jumpNs = position.look(frames: frames, ns: ns + Int64(jitter >> 33) % 4_000_000)
            #expect(jumpNs == nil)
        }
        return (position, frames, ns)
    }

    @Test(arguments: [0.0, 100, -300]) func theOriginFollowsDriftAndBelievesTheEarliestLooks(ppm: Double) throws {
        let (position, frames, ns) = watched(seconds: 600, ppm: ppm)
        let originNs = try #require(position.originNs(ringFrame: frames, frames: frames))
        let errorMs = Double(originNs + CapturePosition.ns(ofFrames: frames) - ns) / 1e6
        // Looks are late by 2 ms in the mean, the earliest of five by 0.7.
        #expect((0.2...1.2).contains(errorMs), "\(errorMs)")
    }

    @Test func framesThatTheRingDoesNotHoldMoveTheOrigin() throws {
        var position = CapturePosition(periodNs: Self.periodNs)
        #expect(position.originNs(ringFrame: 0, frames: 0) == nil)
        position.restart(frames: 4800, ns: 1_000_000_000)
        #expect(position.originNs(ringFrame: 4800, frames: 4800) == 800_000_000)
        #expect(position.originNs(ringFrame: 2400, frames: 4800) == 900_000_000)
    }

    @Test(arguments: [200_000_000, -200_000_000, 21_000_000, -21_000_000] as [Int64])
    func aJumpIsToldOnceAndTheClockGoesOnFromThere(jumpNs: Int64) throws {
        var (position, frames, _) = watched(seconds: 60, ppm: 0)
        frames += 2400
        let expectedNs = try #require(position.originNs(ringFrame: frames, frames: frames))
        let seenNs = expectedNs + CapturePosition.ns(ofFrames: frames) + jumpNs
        let told = position.look(frames: frames, ns: seenNs)
        #expect(abs(try #require(told) - jumpNs) < 500_000)
        #expect(position.originNs(ringFrame: frames, frames: frames) == seenNs - CapturePosition.ns(ofFrames: frames))
        let next = position.look(frames: frames + 2400, ns: seenNs + 100_000_000)
        #expect(next == nil)
    }

    @Test(arguments: [19_900_000, -19_900_000] as [Int64]) func twoPeriodsAreNoJump(errorNs: Int64) {
        var position = CapturePosition(periodNs: Self.periodNs)
        position.restart(frames: 0, ns: 0)
        let jumpNs = position.look(frames: 2400, ns: 100_000_000 + errorNs)
        #expect(jumpNs == nil)
        // Nor are they with longer ones.
        position = CapturePosition(periodNs: 40_000_000)
        position.restart(frames: 0, ns: 0)
        let longJumpNs = position.look(frames: 2400, ns: 100_000_000 + 4 * errorNs)
        #expect(longJumpNs == nil)
    }

    @Test func aLookIsDueTenTimesASecond() {
        var position = CapturePosition(periodNs: Self.periodNs)
        #expect(position.isDue(nowNs: 0))
        position.restart(frames: 0, ns: 1_000_000_000)
        #expect(!position.isDue(nowNs: 1_099_999_999))
        #expect(position.isDue(nowNs: 1_100_000_000))
        _ = position.look(frames: 2400, ns: 1_100_000_000)
        #expect(!position.isDue(nowNs: 1_199_999_999))
    }
}
