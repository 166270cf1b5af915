import MonotonicClock
import Realtime
import Testing

@testable import Session

@Suite struct TaskQueueTests {
    private static func turn(_ number: Int, item: ItemID? = "item_1", session: String = "sess_1") -> SettledTurn {
        SettledTurn(session: session, number: number, item: item, realtime: .off, builtIn: .off, assistant: .none)
    }

    private static func queue(_ tasks: OutOfBandTask..., turns: Int = 1) -> TaskQueue {
        var queue = TaskQueue(tasks)
        queue.sessionOpened("sess_1")
        for number in 0..<turns { queue.turnSettled(turn(number + 1, item: ItemID(rawValue: "item_\(number + 1)"))) }
        return queue
    }

    private static func ask(_ queue: inout TaskQueue, isFree: Bool = true, atMs: Int = 0) -> [ClientEvent] {
        queue.requests(isFree: isFree, at: .ms(atMs)) { count, item in count == 1 ? [item] : ["item_0", item] }
    }

    private static func done(
        _ text: String?, _ status: Response.Status = .completed, id: ResponseID = "resp_t", run: Int = 1,
        error: String? = nil, usage: Usage? = nil
    ) -> Response {
        Response(
            id: id, status: status, error: error.map { APIError(message: $0) }, isOutOfBand: true,
            metadata: ["purpose": "task", "run": "\(run)"],
            output: text.map { [.assistant("item_x", text: $0)] } ?? [], usage: usage)
    }

    /// The task that one answer makes.
    private static func settled(_ task: OutOfBandTask, _ response: Response) -> SettledTask? {
        var queue = queue(task)
        _ = ask(&queue)
        _ = queue.done(response, at: t0)
        return queue.takeSettled().first
    }

    // MARK: Triggers

    @Test func eachTurnOrEveryNthBeginsATask() {
        let third = OutOfBandTask(name: "third", trigger: .everyTurns(3), instructions: "x")
        var queue = Self.queue(.note, third, .summary, turns: 7)
        let names = Self.ask(&queue).compactMap { $0.body.request?.metadata?["task"] }
        #expect(names.filter { $0 == "note" }.count == 7 && names.filter { $0 == "third" }.count == 2)
        #expect(names.count == 9)
    }

    @Test func turnsOfAnotherSessionOrWithoutItemBeginNone() {
        var queue = Self.queue(.note, .summary, turns: 0)
        queue.turnSettled(Self.turn(1, session: "sess_0"))
        queue.turnSettled(Self.turn(1, item: nil))
        queue.endSession(within: .seconds(1), delaysStop: false, at: t0)
        #expect(Self.ask(&queue).isEmpty)
        #expect(queue.isEmpty)
        var unopened = TaskQueue([.note])
        unopened.turnSettled(Self.turn(1, session: ""))
        #expect(unopened.isEmpty)
    }

    // MARK: The request

    @Test func theRequestStaysOutOfTheConversationAndNamesItsTask() throws {
        var queue = Self.queue(OutOfBandTask(
            name: "note", trigger: .everyTurns(1), context: .lastTurns(2), instructions: "note it", maxTokens: 99))
        let event = try #require(Self.ask(&queue).first)
        let request = try #require(event.body.request)
        #expect(event.eventID == "task-1-1")
        #expect(request.conversation == .none && request.outputModalities == [.text] && request.tools == [])
        #expect(request.input == [.reference("item_0"), .reference("item_1")])
        #expect(request.instructions == "note it")
        #expect(request.maxOutputTokens == .tokens(99))
        #expect(request.metadata == ["purpose": "task", "task": "note", "run": "1", "item": "item_1"])
        #expect(Self.ask(&queue).isEmpty)
    }

    @Test func aTaskThatWantsJSONSaysSoAndShowsItsSchema() throws {
        let schema = try JSONSchema(#"{"type": "object"}"#)
        let task = OutOfBandTask(name: "n", trigger: .sessionEnd, instructions: "fill it", output: .json(schema))
        #expect(task.wholeInstructions == "fill it\n\nAnswer with one JSON value and nothing else: no words before or "
            + "after it, no code fence. Its JSON schema:\n{\"type\": \"object\"}")
    }

    @Test func nothingIsAskedWhileSomebodySpeaksUntilTheProgramEnds() {
        var queue = Self.queue(.note)
        #expect(Self.ask(&queue, isFree: false).isEmpty)
        queue.endSession(within: .seconds(1), delaysStop: false, at: t0)
        #expect(Self.ask(&queue, isFree: false).isEmpty, "a session that another one follows is in no hurry")
        queue.endSession(within: .seconds(1), delaysStop: true, at: t0)
        #expect(Self.ask(&queue, isFree: false).count == 1)
    }

    @Test func whoeverNeverPausesIsNotAskedAboutAfterAMinute() {
        var queue = Self.queue(.note)
        #expect(Self.ask(&queue, isFree: false).isEmpty)
        #expect(queue.deadline == .ms(60_000))
        #expect(Self.ask(&queue, isFree: false, atMs: 59_999).isEmpty)
        #expect(queue.takeSettled().isEmpty)
        #expect(Self.ask(&queue, atMs: 60_000).isEmpty)
        #expect(queue.takeSettled().map(\.status) == [.timeout])
        #expect(queue.isEmpty && queue.deadline == nil)
    }

    @Test func thirtyTwoTasksMayWait() {
        var queue = Self.queue(.note, turns: 33)
        #expect(Self.ask(&queue, isFree: false).isEmpty)
        let settled = queue.takeSettled()
        #expect(settled.map(\.status) == [.failed] && settled.map(\.reason) == ["more than 32 tasks wait"])
        #expect(Self.ask(&queue).count == 32)
    }

    // MARK: Results

    @Test func theAnswerIsKeptWithItsTurnAndItsUsage() {
        let task = Self.settled(.note, Self.done("It rains.", usage: Usage(inputTokens: 9)))
        var expected = SettledTask(
            .heard("It rains."), of: .note, session: "sess_1", turn: 1, item: "item_1")
        expected.usage = Usage(inputTokens: 9)
        #expect(task == expected && task?.status == .ok)
    }

    @Test func deltasMakeTheTextAndTheWholeTextReplacesThem() {
        var queue = Self.queue(.note)
        _ = Self.ask(&queue)
        queue.created(Self.done(nil, .inProgress), at: t0)
        #expect(queue.handle(.text(delta: "It "), response: "resp_t", at: t0) == true)
        #expect(queue.handle(.wholeText("It rains."), response: "resp_t", at: t0) == true)
        #expect(queue.handle(.text(delta: "x"), response: "resp_9", at: t0) == false)
        #expect(queue.done(Response(id: "resp_t", status: .completed), at: t0) == true)
        #expect(queue.takeSettled().map(\.text) == ["It rains."])
    }

    @Test func whitespaceIsEmptyAndACutTextIsAFailure() {
        #expect(Self.settled(.note, Self.done(" \n"))?.status == .empty)
        var cut = Self.done("It ra", .incomplete)
        cut.statusReason = "max_output_tokens"
        let task = Self.settled(.note, cut)
        #expect(task?.status == .failed && task?.reason == "incomplete: max_output_tokens" && task?.text == "It ra")
    }

    @Test func aFailedOneIsAskedForOnceMore() {
        var queue = Self.queue(.note)
        _ = Self.ask(&queue)
        queue.refused("no", run: 1, attempt: 1, at: t0)
        #expect(queue.deadline == .ms(500))
        #expect(Self.ask(&queue, isFree: false, atMs: 500).map(\.eventID) == ["task-1-2"])
        queue.refused("late", run: 1, attempt: 1, at: .ms(600))
        #expect(queue.takeSettled().isEmpty)
        _ = queue.done(Self.done(nil, .failed, error: "Rate limit reached. Please try again in 2s."), at: .ms(700))
        #expect(queue.takeSettled().map(\.reason) == ["Rate limit reached. Please try again in 2s."])
    }

    @Test func anAnswerForNobodyIsNoAnswerOfTheConversationEither() {
        var queue = Self.queue(.note)
        #expect(queue.done(Self.done("x", run: 7), at: t0) == true)
        #expect(queue.done(Response(id: "resp_1", status: .completed), at: t0) == false)
        _ = Self.ask(&queue)
        queue.created(Self.done(nil, id: "resp_t"), at: t0)
        #expect(queue.done(Self.done("other", id: "resp_9"), at: t0) == true)
        #expect(queue.takeSettled().isEmpty)
        #expect(queue.done(Self.done("mine"), at: t0) == true)
        #expect(queue.done(Self.done("again"), at: t0) == true)
        #expect(queue.takeSettled().map(\.text) == ["mine"])
    }

    private static let fields = OutOfBandTask(
        name: "fields", trigger: .everyTurns(1), instructions: "x",
        output: .json(try? JSONSchema(#"{"type": "object", "required": ["policy"]}"#)))

    @Test(arguments: [
        #"{"policy": "56B5"}"#, "```json\n{\"policy\": \"56B5\"}\n```", " \n```\n\n{\"policy\":\r\n\"56B5\"}\n```\n",
    ])
    func jsonThatFitsIsKeptAsAValue(text: String) {
        let task = Self.settled(Self.fields, Self.done(text))
        #expect(task?.status == .ok && task?.json == .object(["policy": .string("56B5")]))
    }

    @Test(arguments: [
        ("Sure! {\"policy\": 1}", "not JSON"), ("{\"policy\": ", "not JSON"), ("```", "not JSON"),
        ("```\n```\n```", "not JSON"), ("{}", "policy: is missing"), ("[1]", "wanted object"),
    ])
    func anythingElseIsKeptAsTextWithTheReason(text: String, reason: String) {
        let task = Self.settled(Self.fields, Self.done(text))
        #expect(task?.status == .invalid && task?.reason == reason && task?.text == text && task?.json == nil)
    }

    // MARK: Ends

    @Test func theSessionsEndBeginsItsTasksAndBoundsThemAll() {
        var queue = Self.queue(.note, .summary)
        _ = Self.ask(&queue)
        queue.endSession(within: .seconds(1), delaysStop: true, at: .ms(100))
        #expect(queue.delaysStop && queue.deadline == .ms(1100))
        #expect(Self.ask(&queue, atMs: 100).map(\.body.request?.metadata?["task"]) == ["summary"])
        _ = queue.done(Self.done("done", id: "resp_2", run: 2), at: .ms(500))
        #expect(Self.ask(&queue, atMs: 1100).isEmpty)
        #expect(queue.takeSettled().map(\.status) == [.timeout, .ok])
        queue.endSession(within: .seconds(1), delaysStop: true, at: .ms(1200))
        #expect(queue.isEmpty)
    }

    @Test func aLostSessionFailsWhatWasOpenAndWhatItsEndWouldHaveBegun() {
        var queue = Self.queue(.note, .summary)
        _ = Self.ask(&queue)
        queue.sessionLost("cut")
        let settled = queue.takeSettled()
        #expect(settled.map(\.name) == ["note", "summary"] && settled.map(\.status) == [.failed, .failed])
        #expect(settled.map(\.session) == ["sess_1", "sess_1"] && settled.map(\.reason) == ["cut", "cut"])
        queue.sessionLost("cut")
        queue.turnSettled(Self.turn(2))
        queue.endSession(within: .seconds(1), delaysStop: true, at: t0)
        #expect(queue.isEmpty && !queue.delaysStop)
    }
}
