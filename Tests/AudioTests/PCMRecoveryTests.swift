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
