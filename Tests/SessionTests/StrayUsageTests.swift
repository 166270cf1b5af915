import Realtime
import Testing

@testable import Session

/// Usage that comes too late for its turn is counted all the same, and once.
@Suite struct StrayUsageTests {
    private static let usage = Usage(
        inputTokens: 1000, outputTokens: 100, inputDetails: .init(textTokens: 1000),
        outputDetails: .init(textTokens: 100))
    /// 1000 text tokens in at 4.00 and 100 out at 16.00 USD a million.
    private static let cost = 0.0056

    private static func kiosk() throws -> Kiosk {
        var kiosk = Kiosk.ready(.pushToTalk(), prices: try PriceTable.builtIn.get())
        kiosk.talk()
        kiosk.commit("item_1")
        kiosk.receive(.responseCreated(Response(id: "resp_1")), .done("resp_1"))
        return kiosk
    }

    private static func strays(_ actions: [Kiosk.Action]) -> [StrayUsage] {
        actions.compactMap { if case .record(.usage(let stray)) = $0 { stray } else { nil } }
    }

    @Test func transcriptsThatComeAfterTheirTurnWasGivenUp() throws {
        var kiosk = try Self.kiosk()
        #expect(kiosk.run(16_000).turns.map(\.realtime.status) == [.timeout])
        let spent = kiosk.machine.figures.costs.dayUSD
        let late = ServerEvent.responseDone(.transcription(
            "resp_t", of: "item_1", status: .completed, text: "hello", usage: Self.usage))
        let strays = Self.strays(kiosk.receive(late, late))
        #expect(strays.map(\.source) == ["resp_t"] && strays.map(\.session) == ["sess_1"])
        let built = ServerEvent.builtInTranscriptCompleted(
            "item_1", contentIndex: 0, transcript: "hello", usage: .duration(seconds: 60))
        let builtIn = Self.strays(kiosk.receive(built, built))
        #expect(builtIn.map(\.usage) == [.builtInTranscript(.duration(seconds: 60))])
        let builtInCost = try #require(builtIn.first?.cost)
        #expect(abs(kiosk.machine.figures.costs.dayUSD - spent - Self.cost - builtInCost) < 1e-9)
    }

    @Test func whatATurnHasTakenIsNoStrayWhenItIsSaidAgain() throws {
        var kiosk = try Self.kiosk()
        let done = ServerEvent.responseDone(.transcription(
            "resp_t", of: "item_1", status: .completed, text: "hello", usage: Self.usage))
        let built = ServerEvent.builtInTranscriptCompleted(
            "item_1", contentIndex: 0, transcript: "hello", usage: .duration(seconds: 60))
        let actions = kiosk.receive(.responseCreated(.transcription("resp_t", of: "item_1")), done, built)
        #expect(actions.turns.first?.usage.realtimeTranscript == Self.usage)
        #expect(Self.strays(actions + kiosk.receive(done, built)) == [])
    }

    @Test func anAnswerThatNobodyAskedForIsPaidForToo() throws {
        var kiosk = try Self.kiosk()
        let other = ServerEvent.responseDone(Response(id: "resp_9", status: .cancelled, usage: Self.usage))
        let strays = Self.strays(kiosk.receive(.responseCreated(Response(id: "resp_9")), other))
        #expect(strays.map(\.source) == ["resp_9"])
        #expect(abs((strays.first?.cost ?? 0) - Self.cost) < 1e-9)
    }

    @Test func bothAttemptsAtATranscriptAreItsUsage() throws {
        var kiosk = try Self.kiosk()
        kiosk.receive(
            .responseCreated(.transcription("resp_t1", of: "item_1")),
            .responseDone(.transcription("resp_t1", of: "item_1", status: .failed, usage: Self.usage)))
        kiosk.run(1000)
        kiosk.receive(
            .responseCreated(.transcription("resp_t2", of: "item_1")),
            .responseDone(.transcription("resp_t2", of: "item_1", status: .completed, text: "hi", usage: Self.usage)))
        let turn = kiosk.receive(.builtInTranscriptCompleted("item_1", contentIndex: 0, transcript: "hi", usage: nil))
        #expect(turn.turns.first?.usage.realtimeTranscript == Self.usage + Self.usage)
    }
}
