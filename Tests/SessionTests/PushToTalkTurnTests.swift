import Realtime
import Testing

@testable import Session

/// Push-to-talk turns through the whole machine.
@Suite struct PushToTalkTurnTests {
    @Test func theFirstFrameOfASessionIsItsConfiguration() {
        var kiosk = Kiosk()
        #expect(kiosk.give(.start) == [.show(.connecting), .connect])
        let actions = kiosk.give(.connected)
        #expect(actions.count == 1)
        guard case .sessionUpdate(let update)? = actions.sent.first else {
            Issue.record("no session.update: \(actions)")
            return
        }
        #expect(ClientEvent(.sessionUpdate(update)).encoded().contains("\"turn_detection\":null"))
    }

    @Test func noAudioLeavesBeforeTheUpdateIsConfirmed() {
        var kiosk = Kiosk()
        kiosk.give(.start, .connected)
        kiosk.press()
        var actions = kiosk.run(500) + kiosk.receive(.sessionCreated(SessionInfo(id: "sess_1")))
        actions += kiosk.run(500)
        #expect(actions.audio.isEmpty && actions.sent.isEmpty)
        #expect(kiosk.receive(.sessionUpdated(SessionInfo(id: "sess_1"))).audio == [0..<frames(1000)])
    }

    @Test func anOpenedSessionIsRecordedAndShown() {
        var kiosk = Kiosk()
        kiosk.give(.start)
        #expect(kiosk.open("sess_1").suffix(2)
            == [.record(.sessionOpened("sess_1")), .show(.ready(session: "sess_1"))])
        #expect(kiosk.machine.indicator == .ready)
    }

    @Test func aTurnSendsPreRollSpeechAndTailThenCommitsAndAsks() {
        var kiosk = Kiosk.ready()
        let actions = kiosk.talk(500)
        #expect(actions.audio == [frames(700)..<frames(1700)])
        #expect(actions.sent == [.commit, .createResponse(ResponseRequest())])
        #expect(actions.lines == [.speechDetected, .speechEnded])
        #expect(kiosk.machine.indicator == .thinking)
    }

    @Test func capturedAudioIsInAHurryFromThePressUntilTheCommit() {
        var kiosk = Kiosk.ready()
        #expect(!kiosk.machine.status().wantsFrames)
        kiosk.press()
        #expect(kiosk.machine.status().wantsFrames)
        kiosk.run(500)
        kiosk.release()
        #expect(kiosk.machine.status().wantsFrames)
        kiosk.run(190)
        #expect(kiosk.machine.status().wantsFrames)
        #expect(kiosk.run(10).sent.first == .commit)
        #expect(!kiosk.machine.status().wantsFrames)
        kiosk.press()
        kiosk.run(50)
        kiosk.release()
        #expect(!kiosk.machine.status().wantsFrames)
    }

    @Test func aTapSendsNothingAndLeavesNoEntry() {
        var kiosk = Kiosk.ready()
        let actions = kiosk.press() + kiosk.run(99) + kiosk.release() + kiosk.run(2000)
        #expect(actions == [])
    }

    @Test func theMachineIsIdleFromTheStartAndNotFromThePressUntilTheTurnHasSettled() {
        var kiosk = Kiosk.ready()
        #expect(kiosk.machine.isIdle)
        kiosk.press()
        #expect(!kiosk.machine.isIdle)
        kiosk.run(500)
        kiosk.release()
        #expect(!kiosk.machine.isIdle)
        // Nothing comes from the server: the transcripts' limits end the turn.
        kiosk.run(60_000)
        #expect(kiosk.machine.isIdle)
        kiosk.press()
        kiosk.run(50)
        kiosk.release()
        #expect(kiosk.machine.isIdle)
    }

    @Test func nothingLeavesWhileTheButtonIsUp() {
        var kiosk = Kiosk.ready()
        #expect(kiosk.run(2000) == [])
    }

    @Test func aWholeTurnIsRecordedBeforeItIsShown() {
        var kiosk = Kiosk.ready()
        kiosk.talk()
        kiosk.commit("item_u1")
        kiosk.receive(
            .responseCreated(Response(id: "resp_1")), .outputItemAdded("resp_1", outputIndex: 0, .assistant("item_a1")),
            .said("Good day", "resp_1", "item_a1"))
        let play = kiosk.receive(.audio("resp_1", "item_a1", ms: 400))
        #expect(play.playedFrames == frames(400) && play.lines == [.assistantSpeaking])
        #expect(kiosk.machine.indicator == .speaking)
        kiosk.receive(.done("resp_1"))
        #expect(kiosk.transcribe("item_u1", response: "resp_t", text: "hello").turns == [])
        #expect(kiosk.give(.heard(frames: frames(399))) == [])

        let whole = SettledTurn(
            session: "sess_1", number: 1, item: "item_u1", realtime: .heard("hello"), builtIn: .heard("hello"),
            assistant: AssistantPart(status: .completed, text: "Good day", playedMs: 400),
            review: TranscriptReview(wordErrorRate: 0))
        let actions = kiosk.give(.heard(frames: frames(400)))
        #expect(actions.turns == [whole] && actions.shownTurns == [whole])
        let isRecorded = actions.first.map { if case .record(.turn) = $0 { true } else { false } }
        #expect(actions.count == 2 && isRecorded == true)
        #expect(kiosk.machine.indicator == .ready)
        #expect(kiosk.machine.deadline == nil)
    }

    @Test func turnsAreNumberedWithinTheirSession() {
        var kiosk = Kiosk.ready()
        var numbers: [Int] = []
        for turn in 1...3 {
            kiosk.talk()
            kiosk.commit(ItemID(rawValue: "item_\(turn)"))
            let response = ResponseID(rawValue: "resp_\(turn)")
            kiosk.receive(.responseCreated(Response(id: response)), .done(response))
            let item = ItemID(rawValue: "item_\(turn)")
            numbers += kiosk.transcribe(item, response: ResponseID(rawValue: "t_\(turn)")).turns.map(\.number)
        }
        #expect(numbers == [1, 2, 3])
    }

    @Test func aPressWithinTheTailMakesOneAnswerToBothTurns() {
        var kiosk = Kiosk.ready()
        var actions = kiosk.press() + kiosk.run(500) + kiosk.release() + kiosk.run(50)
        actions += kiosk.press() + kiosk.run(500) + kiosk.release() + kiosk.run(200)
        #expect(actions.commits == 2)
        #expect(actions.answerRequests == 1)
        kiosk.commit("item_1")
        #expect(kiosk.transcribe("item_1", response: "resp_t").turns.map(\.assistant) == [AssistantPart.none])
    }

    @Test func aJammedButtonSendsTwoMinutesOnce() {
        var kiosk = Kiosk.ready()
        let actions = kiosk.press() + kiosk.run(130_000)
        #expect(actions.commits == 1)
        #expect(actions.audio == [frames(700)..<frames(121_200)])
    }

    @Test func aCommitThatTheServerRefusesEndsTheTurnInWords() {
        for error in [
            ServerEvent.failure("buffer too small", code: "input_audio_buffer_commit_empty", eventID: "commit-1"),
            .failure("buffer too small", code: "input_audio_buffer_commit_empty"),
        ] {
            var kiosk = Kiosk.ready()
            kiosk.talk()
            #expect(kiosk.receive(error).faults == [Fault(.turn, "the server did not take the turn: buffer too small")])
            #expect(kiosk.receive(error) == [])
            kiosk.receive(.responseCreated(Response(id: "resp_1")))
            let turns = kiosk.receive(.done("resp_1")).turns
            #expect(turns.map(\.realtime) == [.failed("buffer too small")] && turns.map(\.item) == [nil])
        }
    }

    @Test func aCommitThatIsNeverAnsweredDoesNotTakeTheNextTurnsItem() {
        var kiosk = Kiosk.ready()
        kiosk.talk()
        kiosk.receive(.responseCreated(Response(id: "resp_1")), .done("resp_1"))
        let lost = kiosk.run(15_000).turns
        #expect(lost.map(\.realtime.status) == [.timeout] && lost.map(\.item) == [nil])
        #expect(kiosk.machine.oldestNeededFrame > frames(10_000))
        kiosk.talk()
        kiosk.commit("item_2")
        kiosk.receive(.responseCreated(Response(id: "resp_2")), .done("resp_2"))
        #expect(kiosk.transcribe("item_2", response: "resp_t").turns.map(\.item) == ["item_2"])
    }

    @Test func aTurnThatIsNotCommittedYetIsNotSettledEvenWhenNothingElseIsOpen() {
        var kiosk = Kiosk.ready(.pushToTalk(outOfBand: .off, builtInModel: nil))
        var actions = kiosk.press() + kiosk.run(500) + kiosk.release() + kiosk.run(50)
        actions += kiosk.press() + kiosk.run(500)
        #expect(actions.commits == 1 && actions.turns.isEmpty)
        #expect(kiosk.commit("item_1").turns.map(\.item) == ["item_1"])
    }

    @Test func anItemThatTheServerCommittedByItselfSettlesWithoutAnAnswer() {
        var kiosk = Kiosk.ready()
        kiosk.press()
        kiosk.run(300)
        kiosk.commit("item_x")
        #expect(kiosk.machine.indicator == .listening)
        #expect(kiosk.transcribe("item_x", response: "resp_t").turns.map(\.assistant) == [AssistantPart.none])
        let actions = kiosk.release() + kiosk.run(200)
        #expect(actions.lines == [.speechEnded] && actions.commits == 1)
    }

    @Test func aCommitSaidTwiceIsOneTurn() {
        var kiosk = Kiosk.ready()
        kiosk.talk()
        kiosk.commit("item_1")
        kiosk.talk()
        #expect(kiosk.receive(.inputCommitted("item_1", previous: nil)) == [])
        let request = kiosk.commit("item_2").transcriptionRequests
        #expect(request.map { $0.metadata?["item"] } == ["item_2"])
    }

    @Test func theServersWordsOnSpeechAreIgnoredWithPushToTalk() {
        var kiosk = Kiosk.answering()
        #expect(kiosk.receive(.speechStarted("item_x", audioStartMs: 0), .speechStopped("item_x", audioEndMs: 1)) == [])
    }

    // MARK: Asking for an answer

    @Test func theRequestWaitsForTheActiveResponse() {
        var kiosk = Kiosk.answering()
        kiosk.press()
        kiosk.give(.flushed(heardFrames: 0))
        let actions = kiosk.run(500) + kiosk.release() + kiosk.run(200)
        #expect(actions.commits == 1 && actions.answerRequests == 0)
        #expect(kiosk.receive(.done("resp_1", .cancelled)).answerRequests == 1)
    }

    @Test func aRequestRefusedBecauseOfAnActiveResponseIsRepeated() {
        var kiosk = Kiosk.ready()
        kiosk.talk()
        kiosk.commit("item_1")
        let busy = ServerEvent.failure("busy", code: "conversation_already_has_active_response", eventID: "answer-1")
        #expect(kiosk.receive(busy) == [])
        #expect(kiosk.run(499).answerRequests == 0)
        #expect(kiosk.run(1).events == [ClientEvent(.createResponse(ResponseRequest()), eventID: "answer-1")])
        kiosk.receive(.failure("busy", code: "conversation_already_has_active_response"))
        #expect(kiosk.run(500).answerRequests == 1)
    }

    @Test func anAnswerThatNeverComesFailsAfterFifteenSeconds() {
        var kiosk = Kiosk.ready()
        kiosk.talk()
        kiosk.commit("item_1")
        kiosk.transcribe("item_1", response: "resp_t")
        let turns = kiosk.run(15_000).turns
        #expect(turns.map(\.assistant.status) == [.failed])
    }

    @Test func anAnswerThatFailsIsSaidAndKept() {
        var kiosk = Kiosk.ready()
        kiosk.talk()
        kiosk.commit("item_1")
        kiosk.transcribe("item_1", response: "resp_t")
        let actions = kiosk.receive(
            .responseDone(Response(id: "resp_1", status: .failed, error: APIError(message: "overloaded"))))
        #expect(actions.faults == [Fault(.turn, "the answer failed: overloaded")])
        #expect(actions.turns.map(\.assistant) == [AssistantPart(status: .failed, reason: "overloaded")])
    }

    // MARK: Errors and rubbish

    @Test(arguments: [
        ServerEvent.failure("not found", code: "item_not_found"), .failure("x", code: "item_truncate_invalid_item_id"),
        .failure("Audio content of 9ms is already shorter than 10ms", code: "invalid_value"),
        .failure("Only model output audio messages can be truncated"),
        .failure("no active response found", code: "response_cancel_not_active"),
        .failure("whatever", code: "odd", eventID: "bookkeeping"), .failure("60 minutes", code: "session_expired"),
        .ignored(type: "brand.new"), .rateLimitsUpdated([]), .inputCleared,
    ])
    func harmlessWordsOfTheServerAreNotReported(event: ServerEvent) {
        var kiosk = Kiosk.ready()
        #expect(kiosk.receive(event) == [])
    }

    @Test func otherErrorsAreReported() {
        var kiosk = Kiosk.ready()
        #expect(kiosk.receive(.failure("hiccup", eventID: "nonsense-1")).faults
            == [Fault(.server, "the server reports: hiccup")])
    }

    @Test func unreadableMessagesAreReportedFiveTimesASession() {
        var kiosk = Kiosk.ready()
        let reports = (0..<20).flatMap { _ in kiosk.give(.receivedUndecodable("junk")).faults }
        #expect(reports.count == 5)
    }

    @Test(arguments: [
        "commit-x", "commit", "answer-1-2", "transcription-1", "configure-1", "", "commit-99999999999999999999",
    ])
    func aForeignEventIDIsNoneOfOurs(text: String) {
        #expect(OwnEventID(text) == nil)
    }

    @Test(arguments: [
        OwnEventID.commit(TurnID(rawValue: 3)), .answer(TurnID(rawValue: 4)),
        .transcription(TurnID(rawValue: 5), attempt: 2), .bookkeeping,
    ])
    func ourEventIDsAreReadBack(id: OwnEventID) {
        #expect(OwnEventID(id.text) == id)
    }

    @Test func aModelWithoutAPriceIsSaidOnce() throws {
        var configuration = SessionConfiguration.pushToTalk(builtInModel: nil)
        configuration.model = "gpt-unheard-of"
        var kiosk = Kiosk.ready(configuration, prices: try PriceTable.builtIn.get())
        var faults: [Fault] = []
        for turn in 1...2 {
            let item = ItemID(rawValue: "item_\(turn)"), response = ResponseID(rawValue: "resp_\(turn)")
            kiosk.talk()
            kiosk.commit(item)
            kiosk.transcribe(item, response: ResponseID(rawValue: "t_\(turn)"))
            kiosk.receive(.responseCreated(Response(id: response)))
            let done = kiosk.receive(
                .responseDone(Response(id: response, status: .completed, usage: Usage(inputTokens: 5))))
            #expect(done.turns.map(\.cost) == [TurnCost()])
            faults += done.faults
        }
        #expect(faults.map(\.class) == [.price])
    }

    @Test func aTurnIsPricedByItsThreeUsages() throws {
        var kiosk = Kiosk.ready(prices: try PriceTable.builtIn.get())
        kiosk.talk()
        kiosk.commit("item_1")
        let tokens = Usage(inputTokens: 1_000_000)
        kiosk.receive(
            .responseDone(.transcription("t", of: "item_1", status: .completed, text: "x", usage: tokens)),
            .builtInTranscriptCompleted("item_1", contentIndex: 0, transcript: "x", usage: .duration(seconds: 60)),
            .responseCreated(Response(id: "resp_1")))
        let done = kiosk.receive(.responseDone(Response(id: "resp_1", status: .completed, usage: tokens)))
        #expect(done.turns.map(\.cost)
            == [TurnCost(assistant: 4, realtimeTranscript: 4, builtInTranscript: 0.006)])
    }
}
