import Testing

@testable import Audio

@Suite struct PlaybackClockTests {
    private let clock = PlaybackClock()

    @Test func beginsInEpochZeroWithNothingHeard() {
        #expect(clock.position == PlaybackPosition(epoch: 0, heardFrames: 0))
        #expect(clock.pendingFlush == nil)
    }

    @Test func heardFramesNeverGoBack() {
        clock.publish(heardFrames: 100)
        clock.publish(heardFrames: 90)
        #expect(clock.position.heardFrames == 100)
    }

    @Test func aFlushAnswersOnlyOnceItHappened() throws {
        clock.publish(heardFrames: 480)
        let epoch = clock.requestFlush(writtenFrames: 1000)
        #expect(epoch == 1)
        #expect(clock.heardFrames(endedBy: epoch) == nil)
        #expect(clock.position.epoch == 0)
        let flush = try #require(clock.pendingFlush)
        #expect(flush == PlaybackClock.Flush(epoch: 1, writtenFrames: 1000))
        clock.publish(heardFrames: 500)
        clock.complete(flush)
        #expect(clock.position == PlaybackPosition(epoch: 1, heardFrames: 0))
        #expect(clock.heardFrames(endedBy: epoch) == 500)
        #expect(clock.pendingFlush == nil)
    }

    @Test func flushesBetweenTwoLooksEachHaveTheirAnswer() throws {
        for _ in 0..<PlaybackClock.rememberedEpochs {
            clock.publish(heardFrames: 99)
            _ = clock.requestFlush(writtenFrames: 0)
            clock.complete(try #require(clock.pendingFlush))
        }
        clock.publish(heardFrames: 7)
        let first = clock.requestFlush(writtenFrames: 10)
        let second = clock.requestFlush(writtenFrames: 20)
        clock.complete(try #require(clock.pendingFlush))
        #expect(clock.position.epoch == second)
        #expect(clock.heardFrames(endedBy: first) == 7)
        #expect(clock.heardFrames(endedBy: second) == 0)
    }

    @Test func epochsWrapAroundAndOldAnswersAreForgotten() throws {
        var epochs: [UInt16] = []
        for heard in 1...70_000 {
            clock.publish(heardFrames: heard)
            epochs.append(clock.requestFlush(writtenFrames: heard))
            clock.complete(try #require(clock.pendingFlush))
        }
        let remembered = PlaybackClock.rememberedEpochs - 1
        for age in 0..<remembered { #expect(clock.heardFrames(endedBy: epochs[69_999 - age]) == 70_000 - age) }
        #expect(clock.heardFrames(endedBy: epochs[69_999 - remembered]) == nil)
        #expect(clock.heardFrames(endedBy: epochs[69_999] &+ 1) == nil)
    }

    @Test func aGainIsForTheEpochInWhichItWasAskedFor() throws {
        #expect(clock.wantedGain == GainRamp.one)
        clock.request(gain: 0)
        #expect(clock.wantedGain == 0)
        _ = clock.requestFlush(writtenFrames: 10)
        // What ends goes on as it is.
        #expect(clock.wantedGain == nil)
        clock.complete(try #require(clock.pendingFlush))
        #expect(clock.wantedGain == GainRamp.one)
        _ = clock.requestFlush(writtenFrames: 10)
        clock.request(gain: 77)
        #expect(clock.wantedGain == nil)
        clock.complete(try #require(clock.pendingFlush))
        #expect(clock.wantedGain == 77)
    }

    @Test func framesOfYearsFitBesideTheEpoch() throws {
        let years = 24_000 * 86_400 * 3650
        _ = clock.requestFlush(writtenFrames: years)
        #expect(clock.pendingFlush?.writtenFrames == years)
        clock.complete(try #require(clock.pendingFlush))
        clock.publish(heardFrames: years)
        #expect(clock.position == PlaybackPosition(epoch: 1, heardFrames: years))
    }
}
