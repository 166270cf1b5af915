import Realtime
import Testing

@testable import Session

/// A voice over the assistant's where the microphone is open and a barge-in wants to be confirmed.
@Suite struct TwoStageBargeInTests {
    /// The assistant speaks; 500 ms of it were heard.
    private static func speaking() -> Kiosk {
        var kiosk = Kiosk.ready(.serverVAD(microphone: .open, bargeInConfirmMs: 400))
        #expect(kiosk.speak("item_u1").answerRequests == 1, "the answer is ours to ask for")
        kiosk.receive(
            .responseCreated(Response(id: "resp_1")), .said("one two three four", "resp_1", "item_a1"),
            .audio("resp_1", "item_a1", ms: 4000))
        kiosk.transcribe("item_u1", response: "resp_t1")
        kiosk.give(.heard(frames: frames(500)))
        return kiosk
    }

    /// Captured audio as loud as a voice, and then as soft as a room.
    private static func hear(_ kiosk: inout Kiosk, loudMs: Int, softMs: Int) -> [Kiosk.Action] {
        var actions: [Kiosk.Action] = []
        for block in 0..<(loudMs + softMs) / 20 {
            let squares = frames(20) * (block * 20 < loudMs ? 1_000_000 : 100)
            kiosk.nowMs += 20
            actions += kiosk.give(.measured(SoundLevel(untilFrame: kiosk.frame, squares: squares)))
            actions += kiosk.give(.captured(untilFrame: kiosk.frame))
        }
        return actions
    }

    /// The server's milliseconds now: the session of a kiosk that is ready opened after its first second.
    private static func serverMs(_ kiosk: Kiosk) -> Int { kiosk.nowMs - 1000 }

    private static func begin(_ kiosk: inout Kiosk) -> [Kiosk.Action] {
        kiosk.receive(.speechStarted("item_u2", audioStartMs: serverMs(kiosk)))
    }

    @Test func theAssistantIsQuieterAtOnceAndSilentWhenTheVoiceHasLasted() {
        var kiosk = Self.speaking()
        #expect(Self.begin(&kiosk) == [.setPlaybackGain(0.25)])
        #expect(!Self.hear(&kiosk, loudMs: 380, softMs: 0).contains(.flushPlayback))
        let confirmed = Self.hear(&kiosk, loudMs: 40, softMs: 0)
        #expect(confirmed.contains(.flushPlayback) && confirmed.sent.contains(.cancelResponse("resp_1")))
        let flushed = kiosk.give(.flushed(heardFrames: frames(900)))
        #expect(flushed.sent == [.truncateItem("item_a1", contentIndex: 0, audioEndMs: 900)])
    }

    @Test func theTurnThatInterruptedIsAnswered() {
        var kiosk = Self.speaking()
        _ = Self.begin(&kiosk)
        _ = Self.hear(&kiosk, loudMs: 600, softMs: 0)
        kiosk.give(.flushed(heardFrames: frames(900)))
        kiosk.receive(.done("resp_1", .cancelled))
        let end = kiosk.receive(.speechStopped("item_u2", audioEndMs: Self.serverMs(kiosk)))
        #expect(end.lines == [.speechEnded])
        #expect(kiosk.commit("item_u2").answerRequests == 1)
    }

    @Test func afterACoughTheAssistantIsAsLoudAsBeforeAndNothingIsAnswered() {
        var kiosk = Self.speaking()
        _ = Self.begin(&kiosk)
        #expect(!Self.hear(&kiosk, loudMs: 200, softMs: 500).contains(.flushPlayback))
        let end = kiosk.receive(.speechStopped("item_u2", audioEndMs: Self.serverMs(kiosk)))
        #expect(end.first == .setPlaybackGain(1))
        let committed = kiosk.commit("item_u2")
        #expect(committed.answerRequests == 0 && !committed.contains(.flushPlayback))
        let understood = kiosk.receive(
            .builtInTranscriptCompleted("item_u2", contentIndex: 0, transcript: " ", usage: nil))
        #expect(understood.sent == [.deleteItem("item_u2")])
        let settled = kiosk.receive(
            .responseDone(.transcription("resp_t2", of: "item_u2", status: .completed, text: "")))
        #expect(settled.turns.map(\.assistant.status) == [.none])
        kiosk.receive(.done("resp_1"))
        let heard = kiosk.give(.heard(frames: frames(4000)))
        #expect(heard.turns.map(\.assistant.status) == [.completed], "the answer was heard to its end")
    }

    @Test func aShortWordStopsTheAssistantWhenItIsUnderstood() {
        var kiosk = Self.speaking()
        _ = Self.begin(&kiosk)
        _ = Self.hear(&kiosk, loudMs: 200, softMs: 500)
        kiosk.receive(.speechStopped("item_u2", audioEndMs: Self.serverMs(kiosk)))
        kiosk.commit("item_u2")
        let understood = kiosk.receive(
            .builtInTranscriptCompleted("item_u2", contentIndex: 0, transcript: "Stop!", usage: nil))
        #expect(understood.contains(.flushPlayback) && understood.answerRequests == 0)
        kiosk.give(.flushed(heardFrames: frames(1200)))
        #expect(kiosk.receive(.done("resp_1", .cancelled)).answerRequests == 1)
    }

    @Test func aShortWordThatIsUnderstoodBeforeItsCommitIsAnsweredOnce() {
        var kiosk = Self.speaking()
        kiosk.receive(.done("resp_1"))
        _ = Self.begin(&kiosk)
        _ = Self.hear(&kiosk, loudMs: 200, softMs: 500)
        let early = kiosk.receive(
            .speechStopped("item_u2", audioEndMs: Self.serverMs(kiosk)),
            .builtInTranscriptCompleted("item_u2", contentIndex: 0, transcript: "Stop!", usage: nil))
        #expect(early.answerRequests == 0)
        #expect(kiosk.commit("item_u2").answerRequests == 1)
    }

    @Test func anAnswerThatEndsByItselfMeanwhileNeedsNoDecision() {
        var kiosk = Self.speaking()
        kiosk.receive(.done("resp_1"))
        _ = Self.begin(&kiosk)
        #expect(kiosk.give(.heard(frames: frames(4000))).contains(.setPlaybackGain(1)))
        _ = Self.hear(&kiosk, loudMs: 200, softMs: 500)
        kiosk.receive(.speechStopped("item_u2", audioEndMs: Self.serverMs(kiosk)))
        #expect(kiosk.commit("item_u2").answerRequests == 1, "nobody was talked over: it is a turn like any other")
    }

    @Test func withNothingToBeHeardAVoiceIsATurnAtOnce() {
        var kiosk = Kiosk.ready(.serverVAD(microphone: .open, bargeInConfirmMs: 400))
        let spoken = kiosk.speak("item_u1")
        #expect(spoken.answerRequests == 1 && !spoken.contains(.setPlaybackGain(0.25)))
    }

    @Test func aLostSessionLeavesNoInterjectionOpen() {
        var kiosk = Self.speaking()
        _ = Self.begin(&kiosk)
        _ = Self.hear(&kiosk, loudMs: 200, softMs: 500)
        kiosk.receive(.speechStopped("item_u2", audioEndMs: Self.serverMs(kiosk)))
        kiosk.commit("item_u2")
        #expect(kiosk.lose().turns.map(\.assistant.status) == [.none])
    }
}
