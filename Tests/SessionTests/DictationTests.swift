import Realtime
import Testing

@testable import Session

/// What is said is written down, and nothing is asked for.
@Suite struct DictationTests {
    private static func dictation(_ configuration: SessionConfiguration) -> SessionConfiguration {
        var configuration = configuration
        configuration.isDictation = true
        configuration.outOfBand = .off
        return configuration
    }

    @Test func theSessionIsToldNothingButWhatConcernsItsInput() {
        let update = Self.dictation(.pushToTalk()).sessionUpdate
        var wanted = SessionUpdate()
        wanted.kind = .transcription
        wanted.inputFormat = .pcm24k
        wanted.transcription = .value(SessionUpdate.Transcription(model: "gpt-4o-transcribe"))
        wanted.turnDetection = .null
        wanted.noiseReduction = .null
        #expect(update == wanted)
        let text = ClientEvent(.sessionUpdate(update)).encoded()
        #expect(text.contains(#""type":"transcription""#))
    }

    @Test func aTurnByButtonIsCommittedTranscribedAndNotAnswered() {
        var kiosk = Kiosk.ready(Self.dictation(.pushToTalk()))
        let actions = kiosk.talk() + kiosk.commit("item_u1")
        #expect(actions.commits == 1)
        #expect(actions.sent.compactMap(\.request) == [])
        let turn = kiosk.receive(.builtInTranscriptCompleted(
            "item_u1", contentIndex: 0, transcript: "hello", usage: nil)).turns.first
        #expect(turn?.builtIn == .heard("hello"))
        #expect(turn?.realtime == .off)
        #expect(turn?.assistant == AssistantPart.none)
        #expect(kiosk.machine.isIdle && kiosk.machine.indicator == .ready)
    }

    @Test func aTurnThatTheServerEndsIsTranscribedAndNotAnswered() {
        var kiosk = Kiosk.ready(Self.dictation(.serverVAD()))
        kiosk.receive(.speechStarted("item_u1", audioStartMs: 0), .speechStopped("item_u1", audioEndMs: 500))
        #expect(kiosk.commit("item_u1").sent == [])
        let turn = kiosk.receive(.builtInTranscriptCompleted(
            "item_u1", contentIndex: 0, transcript: " ", usage: nil)).turns.first
        #expect(turn?.builtIn.status == .empty)
        #expect(turn?.assistant == AssistantPart.none)
        #expect(kiosk.run(20_000).faults == [])
    }
}
