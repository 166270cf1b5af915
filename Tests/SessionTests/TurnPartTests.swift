import Realtime
import Testing

@testable import Session

/// What is known of a turn is kept before the turn is whole.
@Suite struct TurnPartTests {
    private static func part(_ content: TurnPart.Content) -> TurnPart {
        TurnPart(session: "sess_1", number: 1, item: "item_u1", content: content)
    }

    @Test func eachTranscriptIsKeptWithTheEventThatBringsIt() {
        var kiosk = Kiosk.answering(ms: 1000)
        kiosk.receive(.responseCreated(.transcription("resp_t", of: "item_u1")))
        let realtime = kiosk.receive(
            .responseDone(.transcription("resp_t", of: "item_u1", status: .completed, text: "hello")))
        #expect(realtime == [.record(.part(Self.part(.realtime(.heard("hello")))))])
        let builtIn = kiosk.receive(
            .builtInTranscriptCompleted("item_u1", contentIndex: 0, transcript: "hallo", usage: nil))
        #expect(builtIn == [.record(.part(Self.part(.builtIn(.heard("hallo")))))])
        #expect(kiosk.run(500).parts == [])
    }

    @Test func theLastPartIsKeptWithTheTurnAndNotBesideIt() {
        var kiosk = Kiosk.answering(ms: 1000)
        kiosk.transcribe("item_u1", response: "resp_t")
        kiosk.receive(.done("resp_1"))
        let actions = kiosk.give(.heard(frames: frames(1000)))
        #expect(actions.parts == [] && actions.turns.count == 1)
    }

    @Test func theAnswerIsKeptWhileTranscriptsAreAwaited() {
        var kiosk = Kiosk.answering(ms: 1000)
        kiosk.receive(.said("Good day", "resp_1", "item_a1"), .done("resp_1"))
        let heard = AssistantPart(status: .completed, text: "Good day", playedMs: 1000)
        #expect(kiosk.give(.heard(frames: frames(1000))).parts == [Self.part(.assistant(heard))])
    }

    @Test func whatIsSwitchedOffIsNoPart() {
        var configuration = SessionConfiguration.pushToTalk()
        configuration.outOfBand = .off
        configuration.builtInModel = nil
        var kiosk = Kiosk.ready(configuration)
        #expect((kiosk.talk() + kiosk.commit("item_u1")).parts == [])
    }
}
