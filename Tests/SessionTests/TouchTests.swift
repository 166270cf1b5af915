import MonotonicClock
import Realtime
import Testing

@testable import Session

/// Silence at the button's first edge, and sound again when it was no press.
@Suite struct TouchTests {
    private static let mute = SessionStateMachine.Action.setPlaybackGain(0)
    private static let unmute = SessionStateMachine.Action.setPlaybackGain(1)

    /// With an answer that is heard, and a button that was touched.
    private static func touched() -> Kiosk {
        var kiosk = Kiosk.answering(ms: 1000)
        kiosk.give(.heard(frames: frames(300)))
        kiosk.give(.touched)
        return kiosk
    }

    @Test func aTouchMutesWhatIsHeardOrWaits() {
        var kiosk = Kiosk.answering(ms: 1000)
        // Nothing of it is heard yet.
        #expect(kiosk.give(.touched) == [Self.mute])
        #expect(kiosk.give(.touched) == [])
        kiosk = Kiosk.answering(ms: 1000)
        kiosk.give(.heard(frames: frames(300)))
        #expect(kiosk.give(.touched) == [Self.mute])
        // A gap of an answer that is still being made.
        kiosk = Kiosk.answering(ms: 1000)
        kiosk.give(.heard(frames: frames(1000)))
        #expect(kiosk.give(.touched) == [Self.mute])
    }

    @Test func aTouchMutesAPrompt() {
        var configuration = SessionConfiguration.pushToTalk()
        configuration.promptFrames = [.busy: frames(900)]
        var kiosk = Kiosk.answering(configuration, ms: 0)
        let failed = kiosk.receive(.done("resp_1", .failed))
        #expect(failed.prompts == [.busy])
        #expect(kiosk.give(.touched) == [Self.mute])
        #expect(kiosk.press().contains(.flushPlayback))
    }

    @Test func aTouchInSilenceDoesNothing() {
        var kiosk = Kiosk.ready()
        #expect(kiosk.give(.touched, .untouched) == [])
        kiosk = Kiosk.answering(ms: 1000)
        kiosk.receive(.done("resp_1"))
        kiosk.give(.heard(frames: frames(1000)))
        #expect(kiosk.give(.touched, .untouched) == [])
    }

    @Test(arguments: [SessionConfiguration.MicrophoneWhileSpeaking.muted, .open])
    func theButtonOfServerDetectionMutesNothing(microphone: SessionConfiguration.MicrophoneWhileSpeaking) {
        var kiosk = Kiosk.speaking(microphone: microphone)
        #expect(kiosk.give(.touched, .untouched) == [])
    }

    @Test func aPressThatWouldSilenceNothingIsNoTouchEither() {
        var kiosk = Kiosk.ready()
        // Pressed over the control socket and never released: the longest turn ends by itself and is answered.
        kiosk.press()
        kiosk.run(121_000)
        kiosk.commit("item_u1")
        kiosk.receive(.responseCreated(Response(id: "resp_1")), .audio("resp_1", "item_a1", ms: 1000))
        #expect(kiosk.machine.indicator == .speaking)
        #expect(kiosk.give(.touched) == [])
        #expect(kiosk.press() == [])
    }

    @Test func aGlitchGivesTheSoundBackAndTheAnswerGoesOn() {
        var kiosk = Self.touched()
        #expect(kiosk.run(9) == [])
        #expect(kiosk.give(.untouched) == [Self.unmute])
        #expect(kiosk.give(.untouched) == [])
        #expect(kiosk.receive(.audio("resp_1", "item_a1", ms: 100)).playedFrames == frames(100))
        kiosk.receive(.done("resp_1"))
        kiosk.give(.heard(frames: frames(1100)))
        let settled = kiosk.transcribe("item_u1", response: "resp_t").turns.first?.assistant
        #expect(settled?.status == .completed)
        #expect(settled?.playedMs == 1100)
    }

    @Test func aPressThatFollowsFlushesAsItDoesWithoutATouch() {
        var kiosk = Self.touched()
        var untouched = Kiosk.answering(ms: 1000)
        untouched.give(.heard(frames: frames(300)))
        #expect(kiosk.press() == untouched.press())
        // The flush made playback as loud as ever.
        #expect(kiosk.give(.untouched) == [])
        #expect(kiosk.machine.mutedUntil == nil)
    }

    @Test func aPressAfterTheEndOfTheAnswerGivesTheSoundBack() {
        var kiosk = Kiosk.answering(ms: 1000)
        kiosk.receive(.done("resp_1"))
        kiosk.give(.touched)
        #expect(kiosk.give(.heard(frames: frames(1000))).parts.map(\.content.kind) == [.assistant])
        let pressed = kiosk.press()
        #expect(pressed == [Self.unmute])
    }

    @Test func anAnswerThatEndsWhileTouchedIsHeardAgainByTheNextOne() {
        var kiosk = Self.touched()
        kiosk.receive(.done("resp_1"))
        kiosk.give(.heard(frames: frames(1000)))
        #expect(kiosk.give(.untouched) == [Self.unmute])
    }

    @Test func aLostDeviceLeavesNothingMuted() {
        var kiosk = Self.touched()
        #expect(kiosk.give(.playbackLost).first == .flushPlayback)
        #expect(kiosk.give(.untouched) == [])
        // And when there is nothing to flush any more.
        kiosk = Kiosk.answering(ms: 1000)
        kiosk.receive(.done("resp_1"))
        kiosk.give(.touched)
        kiosk.give(.heard(frames: frames(1000)))
        #expect(kiosk.give(.playbackLost) == [Self.unmute])
    }

    @Test func aLostLinkLeavesTheTouchToTheButton() {
        var kiosk = Self.touched()
        #expect(!kiosk.lose().contains(Self.unmute))
        #expect(kiosk.give(.untouched) == [Self.unmute])
    }

    @Test func theFarewellIsHeard() {
        var configuration = SessionConfiguration.pushToTalk()
        configuration.promptFrames = [.goodbye: frames(700)]
        var kiosk = Kiosk.answering(configuration, ms: 1000)
        kiosk.give(.touched)
        let actions = kiosk.give(.stop)
        let flush = actions.firstIndex(of: .flushPlayback)
        let goodbye = actions.firstIndex(of: .prompt(.goodbye))
        #expect(flush ?? .max < goodbye ?? .min)
        #expect(!actions.contains(Self.unmute))
        // It is no answer: the button does not touch it.
        #expect(kiosk.give(.touched, .untouched) == [])
        // Nothing is left to flush.
        kiosk = Kiosk.answering(configuration, ms: 1000)
        kiosk.receive(.done("resp_1"))
        kiosk.give(.touched)
        kiosk.give(.heard(frames: frames(1000)))
        #expect(kiosk.give(.stop).first == Self.unmute)
    }

    @Test func aContactThatNeverSettlesSilencesForTwoSecondsAtMost() {
        var kiosk = Self.touched()
        #expect(kiosk.machine.deadline == kiosk.now + .seconds(2))
        #expect(!kiosk.run(1999).contains(Self.unmute))
        #expect(kiosk.run(1) == [Self.unmute])
        #expect(kiosk.give(.untouched) == [])
        // The next touch is another one.
        #expect(kiosk.give(.touched) == [Self.mute])
    }
}
