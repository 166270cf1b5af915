import Realtime
import Testing

@testable import Session

/// Tools in a conversation.
@Suite struct ToolScenarioTests {
    private static var configuration: SessionConfiguration {
        var configuration = SessionConfiguration.pushToTalk()
        configuration.tools = [.fixture("hours"), .fixture("open", seconds: 2)]
        return configuration
    }

    /// A turn whose first response has called `hours`.
    private static func calling(preambleMs: Int = 0, _ names: [String] = ["hours"]) -> (Kiosk, [Kiosk.Action]) {
        var kiosk = Kiosk.ready(configuration, prices: nil)
        kiosk.talk()
        kiosk.commit("item_u1")
        kiosk.receive(.responseCreated(Response(id: "resp_1")))
        if preambleMs > 0 {
            kiosk.receive(
                .outputItemAdded("resp_1", outputIndex: 0, .assistant("item_a1")),
                .said("one moment", "resp_1", "item_a1"), .audio("resp_1", "item_a1", ms: preambleMs))
        }
        let called = kiosk.receive(.called("resp_1", names))
        return (kiosk, called)
    }

    private static func output(_ call: String, _ text: String) -> ClientEvent.Body {
        .createItem(NewItem(.functionCallOutput(callID: call, output: text)), previous: nil)
    }

    private static func settled(_ kiosk: inout Kiosk) -> SettledTurn? {
        kiosk.transcribe("item_u1", response: "resp_t").turns.first
    }

    @Test func theSessionIsToldItsToolsAndThatItMayChoose() {
        let update = Self.configuration.sessionUpdate
        #expect(update.tools == [
            .function(name: "hours", description: "hours", parameters: .object(["type": .string("object")])),
            .function(name: "open", description: "open", parameters: .object(["type": .string("object")])),
        ])
        #expect(update.toolChoice == .automatic)
        #expect(SessionConfiguration.pushToTalk().sessionUpdate.tools == nil)
    }

    @Test func aToolRunsAfterTheResponseIsAnsweredAndTheModelAskedAgain() {
        var (kiosk, called) = Self.calling()
        #expect(called.runs == [ToolRun(id: 1, name: "hours", arguments: "{}")])
        #expect(called.sent == [])
        kiosk.run(300)
        let finished = kiosk.give(.toolFinished(run: 1, .output("9 to 5")))
        #expect(finished.sent == [Self.output("call_resp_1_0", "9 to 5"), .createResponse(ResponseRequest())])
        kiosk.receive(
            .responseCreated(Response(id: "resp_2")), .said("we are open", "resp_2", "item_a2"),
            .audio("resp_2", "item_a2", ms: 1000),
            .responseDone(Response(id: "resp_2", status: .completed, usage: Usage(inputTokens: 40, outputTokens: 5))))
        kiosk.give(.heard(frames: frames(1000)))
        let turn = Self.settled(&kiosk)
        #expect(turn?.assistant == AssistantPart(status: .completed, text: "we are open", playedMs: 1000))
        #expect(turn?.usage.assistant == Usage(inputTokens: 70, outputTokens: 12))
        #expect(turn?.tools == [ToolUse(name: "hours", status: .ok, ms: 300)])
        #expect(kiosk.machine.isIdle)
    }

    @Test func theModelIsAskedAgainWhileItsPreambleIsStillHeardAndAllItsAudioCounts() {
        var (kiosk, _) = Self.calling(preambleMs: 800)
        kiosk.give(.heard(frames: frames(100)))
        #expect(kiosk.give(.toolFinished(run: 1, .output("x"))).answerRequests == 1)
        kiosk.receive(.responseCreated(Response(id: "resp_2")))
        #expect(kiosk.receive(.said("open", "resp_2", "item_a2"), .audio("resp_2", "item_a2", ms: 500)).playedFrames
            == frames(500))
        kiosk.receive(.done("resp_2"))
        kiosk.give(.heard(frames: frames(1299)))
        #expect(!kiosk.machine.isIdle)
        kiosk.give(.heard(frames: frames(1300)))
        #expect(Self.settled(&kiosk)?.assistant
            == AssistantPart(status: .completed, text: "one moment open", playedMs: 1300))
    }

    @Test func severalCallsAreAskedAboutOnceWhenTheLastIsAnswered() {
        var (kiosk, called) = Self.calling(["hours", "open"])
        #expect(called.runs.map(\.name) == ["hours", "open"])
        #expect(kiosk.give(.toolFinished(run: 2, .failed("x"))).answerRequests == 0)
        #expect(kiosk.give(.toolFinished(run: 1, .output("y"))).answerRequests == 1)
    }

    @Test func aCallIsFoundInItsItemAndInTheEndOfItsResponseButRunOnce() {
        var kiosk = Kiosk.ready(Self.configuration)
        kiosk.talk()
        kiosk.commit("item_u1")
        kiosk.receive(.responseCreated(Response(id: "resp_1")))
        let item = Item.call("call_1", "hours")
        #expect(kiosk.receive(.outputItemDone("resp_1", outputIndex: 0, item)).runs == [])
        let done = ServerEvent.responseDone(Response(id: "resp_1", status: .completed, output: [item, item]))
        #expect(kiosk.receive(done).runs.count == 1)
        #expect(kiosk.receive(done).runs.count == 0)
        var other = Kiosk.ready(Self.configuration)
        other.talk()
        other.commit("item_u1")
        other.receive(.responseCreated(Response(id: "resp_1")), .outputItemDone("resp_1", outputIndex: 0, item))
        #expect(other.receive(.done("resp_1")).runs.count == 1)
    }

    @Test func aPressDuringARunEndsTheAnswerAndTheResultIsAddedWithoutAsking() {
        var (kiosk, _) = Self.calling()
        kiosk.run(200)
        let pressed = kiosk.press()
        #expect(pressed.first == .flushPlayback)
        kiosk.give(.flushed(heardFrames: 0))
        let turn = Self.settled(&kiosk)
        #expect(turn?.assistant.status == .cancelled)
        #expect(turn?.tools == [ToolUse(name: "hours", status: .unfinished, ms: 200)])
        let finished = kiosk.give(.toolFinished(run: 1, .output("late")))
        #expect(finished.sent == [Self.output("call_resp_1_0", "late")])
        // The next turn is answered as ever.
        #expect((kiosk.run(400) + kiosk.release() + kiosk.run(200)).answerRequests == 1)
    }

    @Test func aPressWhileAPreambleIsHeardTruncatesIt() {
        var (kiosk, _) = Self.calling(preambleMs: 800)
        kiosk.press()
        #expect(kiosk.give(.flushed(heardFrames: frames(300))).sent
            == [.truncateItem("item_a1", contentIndex: 0, audioEndMs: 300)])
        #expect(Self.settled(&kiosk)?.assistant.status == .truncated)
    }

    @Test func aPressInTheFollowUpAccountsForBothResponses() {
        var (kiosk, _) = Self.calling(preambleMs: 800)
        kiosk.give(.toolFinished(run: 1, .output("x")))
        kiosk.receive(
            .responseCreated(Response(id: "resp_2")), .said("we are open all day", "resp_2", "item_a2"),
            .audio("resp_2", "item_a2", ms: 1000))
        #expect(kiosk.press().sent == [.cancelResponse("resp_2")])
        #expect(kiosk.give(.flushed(heardFrames: frames(1300))).sent
            == [.truncateItem("item_a2", contentIndex: 0, audioEndMs: 500)])
        kiosk.receive(.done("resp_2", .cancelled))
        #expect(Self.settled(&kiosk)?.assistant == AssistantPart(
            status: .truncated, text: "one moment we are open all day", playedMs: 1300,
            heardText: "one moment we are"))
    }

    @Test func callsOfAnInterruptedResponseAreAnsweredAndNotRun() {
        var kiosk = Kiosk.ready(Self.configuration)
        kiosk.talk()
        kiosk.commit("item_u1")
        kiosk.receive(.responseCreated(Response(id: "resp_1")))
        kiosk.press()
        // Its end crossed our cancel on the wire.
        let crossed = kiosk.receive(.called("resp_1", ["open"]))
        #expect(crossed.runs == [])
        #expect(crossed.sent == [Self.output("call_resp_1_0", "not run: the answer was interrupted")])
    }

    @Test(arguments: [Response.Status.cancelled, .failed, .incomplete])
    func aResponseThatDidNotCompleteIsNotContinued(status: Response.Status) {
        var kiosk = Kiosk.ready(Self.configuration)
        kiosk.talk()
        kiosk.commit("item_u1")
        kiosk.receive(.responseCreated(Response(id: "resp_1")))
        let actions = kiosk.receive(.called("resp_1", ["open"], status))
        #expect(actions.runs == [] && actions.answerRequests == 0)
        #expect(actions.sent == [Self.output("call_resp_1_0", "not run: the answer was interrupted")])
        #expect(Self.settled(&kiosk)?.tools.map(\.status) == [.notRun])
    }

    @Test func aCallThatWasCutOffIsNoCall() {
        var kiosk = Kiosk.ready(Self.configuration)
        kiosk.talk()
        kiosk.commit("item_u1")
        kiosk.receive(.responseCreated(Response(id: "resp_1")))
        var item = Item.call("call_1", "open")
        item.status = "incomplete"
        let actions = kiosk.receive(.responseDone(Response(id: "resp_1", status: .incomplete, output: [item])))
        #expect(actions.sent == [] && actions.runs == [])
    }

    @Test func aModelThatCallsForEverMustSpeakAfterEightRounds() {
        var (kiosk, _) = Self.calling()
        for round in 1...8 {
            let requests = kiosk.give(.toolFinished(run: round, .output("x"))).sent.compactMap(\.request)
            #expect(requests.map(\.toolChoice) == [round == 8 ? ToolChoice.never : nil])
            let response = ResponseID(rawValue: "resp_\(round + 1)")
            kiosk.receive(.responseCreated(Response(id: response)))
            let runs = kiosk.receive(.called(response, ["hours"])).runs.count
            #expect(runs == (round < 8 ? 1 : 0))
        }
        let turn = Self.settled(&kiosk)
        #expect(turn?.assistant.status == .completed)
        #expect(turn?.tools.count == 9)
        #expect(turn?.tools.last?.status == .notRun)
    }

    @Test func aFollowUpThatIsRefusedForNowIsAskedForAgain() {
        var (kiosk, _) = Self.calling()
        let event = kiosk.give(.toolFinished(run: 1, .output("x"))).events.last
        #expect(kiosk.receive(.failure(
            "busy", code: "conversation_already_has_active_response", eventID: event?.eventID)).answerRequests == 0)
        #expect(kiosk.run(499).answerRequests == 0)
        #expect(kiosk.run(2).answerRequests == 1)
        kiosk.receive(.failure("busy", code: "invalid_value", eventID: event?.eventID))
        #expect(Self.settled(&kiosk)?.assistant.status == .failed)
    }

    @Test func aFollowUpThatIsNeverMadeFailsTheTurnAfterWhatWasHeard() {
        var (kiosk, _) = Self.calling(preambleMs: 100)
        kiosk.give(.toolFinished(run: 1, .output("x")))
        kiosk.give(.heard(frames: frames(100)))
        kiosk.transcribe("item_u1", response: "resp_t")
        let turn = kiosk.run(15_001).turns.first
        #expect(turn?.assistant == AssistantPart(
            status: .failed, text: "one moment", playedMs: 100, reason: "no answer within 15.0 seconds"))
    }

    @Test func aLostLinkFailsTheTurnAndKeepsTheResultFromTheNextSession() {
        var (kiosk, _) = Self.calling()
        #expect(kiosk.lose().turns.first?.assistant.status == .failed)
        kiosk.run(2000)
        kiosk.open("sess_2")
        #expect(kiosk.give(.toolFinished(run: 1, .output("late"))).sent == [])
    }

    @Test func stoppingDuringARunEndsTheTurn() {
        var (kiosk, _) = Self.calling(preambleMs: 500)
        kiosk.give(.heard(frames: frames(200)))
        let turn = kiosk.give(.stop).turns.first
        #expect(turn?.assistant.status == .truncated)
        #expect(turn?.tools.map(\.status) == [.unfinished])
        #expect(kiosk.give(.toolFinished(run: 1, .output("late"))).sent == [])
    }

    @Test func anOutputThatTheServerRefusesIsAFault() {
        var (kiosk, _) = Self.calling()
        let event = kiosk.give(.toolFinished(run: 1, .output("x"))).events.first
        #expect(kiosk.receive(.failure("no such call", code: "invalid_value", eventID: event?.eventID)).faults
            == [Fault(.tool, "the server did not take a tool's output: no such call")])
    }

    @Test func underServerDetectionTheFollowUpIsAskedForByUs() {
        var configuration = SessionConfiguration.serverVAD()
        configuration.tools = [.fixture("hours")]
        var kiosk = Kiosk.ready(configuration)
        kiosk.receive(.speechStarted("item_u1", audioStartMs: 0), .speechStopped("item_u1", audioEndMs: 500))
        kiosk.commit("item_u1")
        kiosk.receive(.responseCreated(Response(id: "resp_1")))
        #expect(kiosk.receive(.called("resp_1", ["hours"])).runs.count == 1)
        #expect(kiosk.give(.toolFinished(run: 1, .output("x"))).answerRequests == 1)
        #expect(kiosk.receive(.speechStarted("item_u2", audioStartMs: 900)).sent == [.cancelResponse(nil)])
    }
}
