import Realtime
import Testing

@testable import Session

/// Out-of-band and built-in transcripts joined to their turns, and the order of the console.
@Suite struct TranscriptScenarioTests {
    /// A turn whose answer is over and whose transcripts are open.
    private static func answered(_ configuration: SessionConfiguration = .pushToTalk()) -> Kiosk {
        var kiosk = Kiosk.ready(configuration)
        kiosk.talk()
        kiosk.commit("item_1")
        kiosk.receive(.responseCreated(Response(id: "resp_1")), .done("resp_1"))
        return kiosk
    }

    private static func builtIn(_ text: String, of item: ItemID = "item_1") -> ServerEvent {
        .builtInTranscriptCompleted(item, contentIndex: 0, transcript: text, usage: nil)
    }

    private static func transcribed(
        _ text: String, of item: ItemID = "item_1", _ response: ResponseID = "t_1"
    ) -> ServerEvent {
        .responseDone(.transcription(response, of: item, status: .completed, text: text))
    }

    // MARK: The request

    @Test func exactlyOneRequestLeavesForACommittedItemHoweverOftenItIsAnnounced() {
        var kiosk = Kiosk.ready()
        kiosk.talk()
        #expect(kiosk.receive(.inputCommitted("item_1", previous: nil)).transcriptionRequests.isEmpty)
        let known = kiosk.receive(
            .itemAdded(.user("item_1"), previous: nil), .itemDone(.user("item_1"), previous: nil),
            .itemAdded(.user("item_1"), previous: nil))
        #expect(known.transcriptionRequests.count == 1)
    }

    @Test func anItemKnownBeforeItsCommitIsRequestedWithTheCommit() {
        var kiosk = Kiosk.ready()
        kiosk.talk()
        #expect(kiosk.receive(.itemAdded(.user("item_1"), previous: nil)).sent == [])
        #expect(kiosk.receive(.inputCommitted("item_1", previous: nil)).transcriptionRequests.count == 1)
    }

    @Test func onlyTheVisitorsAudioIsTranscribed() {
        var kiosk = Kiosk.ready()
        kiosk.talk()
        kiosk.receive(.inputCommitted("item_1", previous: nil))
        let typed = Item(id: "item_1", role: .user, content: [.init(type: "input_text", text: "x")])
        #expect(kiosk.receive(.itemAdded(typed, previous: nil), .itemAdded(.assistant("item_1"), previous: nil)) == [])
    }

    @Test func theRequestStaysOutOfTheConversationAndNamesItsItem() throws {
        var kiosk = Kiosk.ready()
        kiosk.talk()
        let event = try #require(kiosk.commit("item_1").events.first)
        let request = try #require(event.body.request)
        #expect(event.eventID == "transcription-1-1")
        #expect(request.conversation == .none)
        #expect(request.input == [.reference("item_1")])
        #expect(request.outputModalities == [.text])
        #expect(request.instructions == "transcribe")
        #expect(request.tools == [])
        #expect(request.maxOutputTokens == .tokens(4096))
        #expect(request.metadata == ["purpose": "user-turn-transcription", "item": "item_1"])
    }

    @Test func fullContextSendsNoInput() throws {
        var kiosk = Kiosk.ready(.pushToTalk(outOfBand: .fullContext))
        kiosk.talk()
        let request = try #require(kiosk.commit("item_1").transcriptionRequests.first)
        #expect(request.input == nil)
    }

    @Test func theLastTurnsOfThePresentSessionAreReferencedAndNoOthers() {
        var kiosk = Kiosk.ready(.pushToTalk(outOfBand: .lastTurns(2)))
        var inputs: [[ResponseRequest.InputItem]?] = []
        for item in ["item_1", "item_2", "item_3"] as [ItemID] {
            kiosk.talk()
            inputs += kiosk.commit(item).transcriptionRequests.map(\.input)
            kiosk.receive(.responseCreated(Response(id: "r")), .done("r"))
        }
        _ = kiosk.lose()
        kiosk.run(600)
        kiosk.open("sess_2")
        kiosk.talk()
        inputs += kiosk.commit("item_4").transcriptionRequests.map(\.input)
        #expect(inputs == [
            [.reference("item_1")], [.reference("item_1"), .reference("item_2")],
            [.reference("item_2"), .reference("item_3")], [.reference("item_4")],
        ])
    }

    @Test func noMoreThanFiftyItemsAreReferenced() {
        var kiosk = Kiosk.ready(.pushToTalk(outOfBand: .lastTurns(60)))
        let counts = (1...52).flatMap { kiosk.commit(ItemID(rawValue: "item_\($0)")).transcriptionRequests }
            .map { $0.input?.count }
        #expect(counts.suffix(4) == [49, 50, 50, 50])
    }

    @Test func sixteenItemsMayBeKnownBeforeTheirCommit() {
        var kiosk = Kiosk.ready()
        for number in 1...17 { kiosk.receive(.itemAdded(.user(ItemID(rawValue: "item_\(number)")), previous: nil)) }
        #expect(kiosk.receive(.inputCommitted("item_1", previous: nil)).transcriptionRequests.isEmpty)
        #expect(kiosk.receive(.inputCommitted("item_2", previous: nil)).transcriptionRequests.count == 1)
    }

    @Test func aDeletedItemIsNotReferenced() {
        var kiosk = Kiosk.ready(.pushToTalk(outOfBand: .lastTurns(2)))
        kiosk.talk()
        kiosk.commit("item_1")
        kiosk.receive(.itemDeleted("item_1"))
        kiosk.talk()
        #expect(kiosk.commit("item_2").transcriptionRequests.map(\.input) == [[.reference("item_2")]])
    }

    @Test func switchedOffNothingIsRequested() {
        var kiosk = Kiosk.ready(.pushToTalk(outOfBand: .off))
        kiosk.talk()
        #expect(kiosk.commit("item_1").transcriptionRequests.isEmpty)
        kiosk.receive(.responseCreated(Response(id: "resp_1")), .done("resp_1"))
        #expect(kiosk.receive(Self.builtIn("x")).turns.map(\.realtime) == [.off])
    }

    // MARK: Matching

    @Test func transcriptsOfTwoTurnsAreMatchedByItemWhateverTheirOrder() {
        var kiosk = Self.answered()
        kiosk.talk()
        kiosk.commit("item_2", after: "item_1")
        kiosk.receive(.responseCreated(Response(id: "resp_2")), .done("resp_2"))
        kiosk.receive(.responseCreated(.transcription("t_2", of: "item_2")))
        kiosk.receive(.responseCreated(.transcription("t_1", of: "item_1")))
        kiosk.receive(.outputTextDelta(.part("t_1", "x"), delta: "first"))
        kiosk.receive(.outputTextDelta(.part("t_2", "y"), delta: "second"))
        kiosk.receive(Self.builtIn("zwei", of: "item_2"))
        let late = kiosk.receive(
            .responseDone(.transcription("t_2", of: "item_2", status: .completed)),
            .responseDone(.transcription("t_1", of: "item_1", status: .completed)), Self.builtIn("eins"))
        #expect(late.turns.map(\.realtime.text) == ["second", "first"])
        #expect(late.turns.map(\.builtIn.text) == ["zwei", "eins"])
        #expect(late.shownTurns.map(\.realtime.text) == ["first", "second"])
    }

    @Test func aResponseOfAnotherPurposeIsNoTranscriptAndNoAnswer() {
        var kiosk = Kiosk.ready()
        kiosk.talk()
        kiosk.commit("item_1")
        let foreign = Response(id: "r_x", status: .completed, isOutOfBand: true, metadata: ["purpose": "mischief"])
        #expect(kiosk.receive(.responseCreated(foreign), .responseDone(foreign)) == [])
        #expect(kiosk.receive(.responseCreated(Response(id: "resp_1"))) == [])
    }

    @Test func aTranscriptOfAnUnknownItemIsIgnored() {
        var kiosk = Self.answered()
        #expect(kiosk.receive(
            .responseCreated(.transcription("t_9", of: "item_9")), Self.transcribed("x", of: "item_9", "t_9")) == [])
    }

    @Test func theEndIsMatchedByIDWhenTheServerForgetsTheMetadata() {
        var kiosk = Self.answered()
        kiosk.receive(Self.builtIn("x"), .responseCreated(.transcription("t_1", of: "item_1")))
        let done = kiosk.receive(
            .responseDone(Response(id: "t_1", status: .completed, output: [.assistant("i", text: "hello")])))
        #expect(done.turns.map(\.realtime) == [.heard("hello")])
    }

    @Test func aSecondResponseForTheSameItemDoesNotReplaceTheFirst() {
        var kiosk = Self.answered()
        kiosk.receive(.responseCreated(.transcription("t_1", of: "item_1")), Self.transcribed("other", "t_9"))
        let turns = kiosk.receive(Self.transcribed("hello"), Self.builtIn("x")).turns
        #expect(turns.map(\.realtime.text) == ["hello"])
    }

    // MARK: The ends of an out-of-band transcript

    @Test func aFailedRequestIsRepeatedOnceAndThenTheTurnSettlesAsFailed() {
        var kiosk = Self.answered()
        kiosk.receive(Self.builtIn("x"))
        let failed = ServerEvent.responseDone(.transcription("t_1", of: "item_1", status: .failed, error: "overloaded"))
        #expect(kiosk.receive(failed) == [])
        let retry = kiosk.run(500)
        #expect(retry.events.map(\.eventID) == ["transcription-1-2"] && retry.transcriptionRequests.count == 1)
        let again = kiosk.receive(
            .responseDone(.transcription("t_2", of: "item_1", status: .failed, error: "still overloaded")))
        #expect(again.turns.map(\.realtime) == [.failed("still overloaded")])
        #expect(kiosk.run(20_000).sent == [])
    }

    @Test func aRateLimitedRequestIsRepeatedWhenTheServerSaysSo() {
        var kiosk = Self.answered()
        kiosk.receive(.responseDone(.transcription(
            "t_1", of: "item_1", status: .failed, error: "Rate limit reached. Please try again in 2.5s.")))
        #expect(kiosk.run(2499).sent == [])
        #expect(kiosk.run(1).transcriptionRequests.count == 1)
    }

    @Test func aRefusedRequestIsRepeatedOnce() {
        var kiosk = Self.answered()
        #expect(kiosk.receive(.failure("no such item", eventID: "transcription-1-1")) == [])
        #expect(kiosk.run(500).transcriptionRequests.count == 1)
        kiosk.receive(.failure("no such item", eventID: "transcription-1-1"))
        kiosk.receive(.failure("no such item", eventID: "transcription-1-2"))
        #expect(kiosk.receive(Self.builtIn("x")).turns.map(\.realtime) == [.failed("no such item")])
    }

    @Test func aRateLimitSaidAsAnErrorIsWaitedForAsWell() {
        var kiosk = Self.answered()
        let message = "Rate limit reached for tokens per min (TPM). Please try again in 1.5s."
        #expect(kiosk.receive(.failure(message, code: "rate_limit_exceeded", eventID: "transcription-1-1")) == [])
        #expect(kiosk.run(1499).sent == [])
        #expect(kiosk.run(1).transcriptionRequests.count == 1)
        let again = kiosk.receive(
            Self.builtIn("x"), .failure(message, code: "rate_limit_exceeded", eventID: "transcription-1-2"))
        #expect(again.turns.map(\.realtime) == [.failed(message)] && again.faults.isEmpty)
    }

    @Test func aRefusalOfAnUnknownTurnIsIgnored() {
        var kiosk = Self.answered()
        #expect(kiosk.receive(.failure("x", eventID: "transcription-9-1"), .failure("x", eventID: "answer-9")) == [])
    }

    @Test func transcriptsAreWaitedForFifteenSecondsAfterTheCommit() {
        var kiosk = Self.answered()
        kiosk.receive(
            .responseCreated(.transcription("t_1", of: "item_1")), .outputTextDelta(.part("t_1", "x"), delta: "hel"),
            .builtInTranscriptDelta("item_1", contentIndex: 0, delta: "he"))
        #expect(kiosk.run(14_999).turns.isEmpty)
        let turns = kiosk.run(1).turns
        #expect(turns.map(\.realtime) == [.timeout("hel")] && turns.map(\.builtIn) == [.timeout("he")])
    }

    @Test func wordsAfterTheTimeoutChangeNothing() {
        var kiosk = Self.answered()
        kiosk.run(15_000)
        let late = kiosk.receive(
            .itemAdded(.user("item_1"), previous: nil), .inputCommitted("item_1", previous: nil),
            .responseCreated(.transcription("t_1", of: "item_1")), .outputTextDelta(.part("t_1", "x"), delta: "hel"),
            Self.transcribed("hello"), Self.builtIn("hello"))
        #expect(late + kiosk.run(20_000) == [])
    }

    @Test func nothingSaidIsEmptyOnBothSides() {
        var kiosk = Self.answered()
        let turns = kiosk.receive(Self.transcribed(" "), Self.builtIn("")).turns
        let empty = Transcript(status: .empty, text: "")
        #expect(turns.map(\.realtime) == [empty] && turns.map(\.builtIn) == [empty])
    }

    // MARK: The built-in transcript

    @Test func aBuiltInTranscriptMayComeBeforeEverythingElse() {
        var kiosk = Kiosk.ready()
        kiosk.talk()
        kiosk.receive(.inputCommitted("item_1", previous: nil), Self.builtIn("hello"))
        kiosk.receive(
            .itemAdded(.user("item_1"), previous: nil), .responseCreated(Response(id: "resp_1")), .done("resp_1"))
        #expect(kiosk.receive(Self.transcribed("hello")).turns.map(\.builtIn) == [.heard("hello")])
    }

    @Test func theFirstBuiltInTranscriptStands() {
        var kiosk = Self.answered()
        kiosk.receive(
            Self.builtIn("first"), Self.builtIn("second"),
            .builtInTranscriptFailed("item_1", contentIndex: 0, APIError(message: "late")))
        #expect(kiosk.receive(Self.transcribed("x")).turns.map(\.builtIn) == [.heard("first")])
    }

    @Test func aFailedBuiltInTranscriptKeepsWhatHadArrived() {
        var kiosk = Self.answered()
        kiosk.receive(
            .builtInTranscriptDelta("item_1", contentIndex: 0, delta: "hel"),
            .builtInTranscriptFailed("item_1", contentIndex: 0, APIError(message: "garbled")))
        #expect(kiosk.receive(Self.transcribed("x")).turns.map(\.builtIn) == [.failed("garbled", text: "hel")])
    }

    @Test func aBuiltInTranscriptOfAnUnknownItemIsIgnored() {
        var kiosk = Self.answered()
        #expect(kiosk.receive(
            Self.builtIn("x", of: "item_9"), .builtInTranscriptDelta("item_9", contentIndex: 0, delta: "x"),
            .builtInTranscriptFailed("item_9", contentIndex: 0, APIError(message: "x"))) == [])
    }

    @Test func switchedOffNoBuiltInTranscriptIsWaitedFor() {
        var kiosk = Self.answered(.pushToTalk(builtInModel: nil))
        #expect(kiosk.receive(Self.transcribed("x")).turns.map(\.builtIn) == [.off])
    }

    // MARK: The console

    @Test func twoTurnsThatOverlapAreShownOneAfterTheOther() {
        var kiosk = Self.answered()
        #expect(kiosk.press() == [])
        #expect(kiosk.run(300).lines == [])
        kiosk.receive(Self.transcribed("one"))
        let settled = kiosk.receive(Self.builtIn("one"))
        #expect(settled.map(isShown) == [.entry, .turn, .line])
        #expect(settled.lines == [.speechDetected])
    }

    private enum Shown { case entry, turn, line, other }

    private func isShown(_ action: SessionStateMachine.Action) -> Shown {
        switch action {
        case .record: .entry
        case .showTurn: .turn
        case .show: .line
        default: .other
        }
    }
}
