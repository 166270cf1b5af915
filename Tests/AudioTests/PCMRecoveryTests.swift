import Foundation
import Testing

@testable import Audio

@Suite struct PCMRecoveryTests {
    @Test(arguments: [ENODEV, ENXIO, ENOTCONN])
    func aLostCardIsGivenUpAtOnce(code: Int32) {
        var recovery = PCMRecovery()
        #expect(recovery.step(for: -Int(code)) == .giveUp)
    }

    @Test func xrunsStallsAndSuspendsAreTakenUpAgain() {
        var recovery = PCMRecovery()
        #expect(recovery.step(for: -Int(EPIPE)) == .restart)
        #expect(recovery.step(for: -Int(ETIMEDOUT)) == .restart)
        #expect(recovery.step(for: -Int(ESTRPIPE)) == .resumeThenRestart)
    }

    @Test func faultsWithoutProgressEndTheStreamAndProgressForgivesThem() {
        var recovery = PCMRecovery()
        for _ in 0..<PCMRecovery.limit { #expect(recovery.step(for: -Int(EPIPE)) == .restart) }
        recovery.progress()
        for _ in 0..<PCMRecovery.limit { #expect(recovery.step(for: -Int(EPIPE)) == .restart) }
        #expect(recovery.step(for: -Int(EPIPE)) == .giveUp)
    }

    @Test func anInterruptionLastsFromTheEndOfTheSoundToItsReturnAndIsNamedByWhatBeganIt() {
        let log = InterruptionLog()
        var recovery = PCMRecovery()
        recovery.end(atNs: 5, log: log)
        #expect(log.statistics == InterruptionStatistics())
        recovery.interrupted(by: -Int(ETIMEDOUT), sinceNs: 1_000_000_000)
        recovery.interrupted(by: -Int(EPIPE), sinceNs: 2_000_000_000)
        #expect(log.statistics.count == 0)
        recovery.end(atNs: 3_500_000_000, log: log)
        recovery.end(atNs: 3_500_000_000, log: log)
        #expect(log.statistics == InterruptionStatistics(count: 1, totalNs: 2_500_000_000, longestNs: 2_500_000_000))
        var seen: UInt16 = 0
        #expect(log.long(since: &seen) == Interruption(cause: .stall, duration: .milliseconds(2500)))
    }

    @Test func anInterruptionThatNobodyWaitsForEndsThereAndALostCardIsNone() {
        let log = InterruptionLog()
        var recovery = PCMRecovery()
        recovery.interrupted(by: -Int(ESTRPIPE), sinceNs: 10)
        #expect(recovery.open == PCMRecovery.Open(cause: .suspend, sinceNs: 10))
        recovery.end(atNs: 30, log: log)
        recovery.interrupted(by: -Int(ENODEV), sinceNs: 40)
        recovery.end(atNs: 50, log: log)
        // Sound that ended after it began again: two looks that crossed.
        recovery.interrupted(by: -Int(EIO), sinceNs: 90)
        recovery.end(atNs: 80, log: log)
        #expect(log.statistics == InterruptionStatistics(count: 2, totalNs: 20, longestNs: 20))
    }

    @Test(arguments: [
        (EPIPE, .xrun), (ETIMEDOUT, .stall), (ESTRPIPE, .suspend), (EIO, .failure), (EBADFD, .failure),
    ] as [(Int32, Interruption.Cause)])
    func eachErrorHasItsCause(code: Int32, cause: Interruption.Cause) {
        #expect(PCMRecovery.cause(of: -Int(code)) == cause)
    }

    @Test func aLostCardIsNamedInOneLine() {
        #expect(AudioError.lost("hw:1,0", "capture", -Int(ENODEV)).description == "hw:1,0: capture: No such device")
        #expect(
            AudioError.lost("hw:1,0", "playback", -Int(ETIMEDOUT)).description
                == "hw:1,0: playback: the card stands still")
    }

    @Test func aRealCardIsNeverHeldBackAndAnEndlessOneIs() {
        var card = CapturePace(rate: 48_000, bufferFrames: 1920)
        // 480 frames every 10 ms of a clock that is 0.5 % fast, for a minute.
        let paused = (0..<6000).contains { card.pause(afterFrames: 480, nowNs: Int64($0) * 9_950_000) != nil }
        #expect(!paused)
        var endless = CapturePace(rate: 48_000, bufferFrames: 1920)
        let pauses = (0..<20).compactMap { _ in endless.pause(afterFrames: 480, nowNs: 0) }
        #expect(pauses.count == 12)
    }
}
