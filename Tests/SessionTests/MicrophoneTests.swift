import MonotonicClock
import Testing

@testable import Session

@Suite struct MicrophoneTests {
    private static func open(isMutable: Bool = true) -> MicrophoneStateMachine {
        var microphone = MicrophoneStateMachine(isMutable: isMutable)
        microphone.sessionOpened(capturedUntil: 1000)
        return microphone
    }

    @Test func nothingLeavesWithoutASession() {
        var microphone = MicrophoneStateMachine(isMutable: true)
        #expect(microphone.captured(untilFrame: 24_000, at: t0) == nil)
        microphone.assistant(isAudible: true, at: t0)
        #expect(microphone.state == .off)
    }

    @Test func audioFromBeforeTheSessionIsNotSent() {
        var microphone = Self.open()
        #expect(microphone.captured(untilFrame: 1479, at: t0) == nil)
        #expect(microphone.captured(untilFrame: 1480, at: t0) == 1000..<1480)
    }

    @Test func aBacklogLeavesInAppendsOfOneSecondAtMost() {
        var microphone = Self.open()
        #expect(microphone.captured(untilFrame: 30_000, at: t0) == 1000..<25_000)
        #expect(microphone.captured(untilFrame: 30_000, at: t0) == 25_000..<30_000)
        #expect(microphone.captured(untilFrame: 30_000, at: t0) == nil)
    }

    @Test func itIsClosedWhileTheAssistantIsAudible() {
        var microphone = Self.open()
        microphone.assistant(isAudible: true, at: t0)
        #expect(microphone.state == .closed)
        #expect(microphone.captured(untilFrame: 90_000, at: .ms(60_000)) == nil)
    }

    @Test func itOpensTwoHundredMillisecondsAfterTheLastAudibleFrameAndSkipsWhatItHeardMeanwhile() {
        var microphone = Self.open()
        microphone.assistant(isAudible: true, at: t0)
        microphone.assistant(isAudible: false, at: .ms(1000))
        #expect(microphone.captured(untilFrame: 40_000, at: .ms(1199)) == nil)
        #expect(microphone.captured(untilFrame: 41_000, at: .ms(1200)) == nil)
        #expect(microphone.captured(untilFrame: 41_480, at: .ms(1220)) == 41_000..<41_480)
    }

    @Test func speakingAgainWithinTheQuietKeepsItClosed() {
        var microphone = Self.open()
        microphone.assistant(isAudible: true, at: t0)
        microphone.assistant(isAudible: false, at: .ms(1000))
        microphone.assistant(isAudible: true, at: .ms(1100))
        #expect(microphone.state == .closed)
    }

    @Test func repeatingThatItIsSilentDoesNotPutTheOpeningOff() {
        var microphone = Self.open()
        microphone.assistant(isAudible: true, at: t0)
        microphone.assistant(isAudible: false, at: .ms(1000))
        microphone.assistant(isAudible: false, at: .ms(1150))
        #expect(microphone.state == .opening(at: .ms(1200)))
    }

    @Test func anOpenMicrophoneHearsTheAssistantToo() {
        var microphone = Self.open(isMutable: false)
        microphone.assistant(isAudible: true, at: t0)
        #expect(microphone.captured(untilFrame: 1480, at: t0) == 1000..<1480)
    }

    @Test func theEndOfTheSessionClosesIt() {
        var microphone = Self.open()
        microphone.sessionClosed()
        #expect(microphone.captured(untilFrame: 24_000, at: t0) == nil)
    }

    @Test func onlyUnsentAudioIsNeeded() {
        var microphone = Self.open()
        #expect(microphone.oldestNeededFrame(capturedUntil: 1400) == 1000)
        microphone.assistant(isAudible: true, at: t0)
        #expect(microphone.oldestNeededFrame(capturedUntil: 5000) == 5000)
    }
}
