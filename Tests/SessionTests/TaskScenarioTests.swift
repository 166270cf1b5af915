import Realtime
import Testing

@testable import Session

/// Out-of-band tasks beside the turns of a kiosk, and at its end.
@Suite struct TaskScenarioTests {
    private static func configuration(_ tasks: OutOfBandTask...) -> SessionConfiguration {
        var configuration = SessionConfiguration.pushToTalk(outOfBand: .off, builtInModel: nil)
        configuration.tasks = tasks
        return configuration
    }

    /// A kiosk after one turn without an audible answer.
    private static func afterATurn(_ tasks: OutOfBandTask...) -> (Kiosk, [SessionStateMachine.Action]) {
        var configuration = configuration()
        configuration.tasks = tasks
        var kiosk = Kiosk.ready(configuration)
        kiosk.talk()
        kiosk.commit("item_1")
        let actions = kiosk.receive(.responseCreated(Response(id: "resp_1")), .done("resp_1"))
        return (kiosk, actions)
    }

    private static func answer(_ text: String, usage: Usage? = nil) -> ServerEvent {
        .responseDone(Response(
            id: "resp_t1", status: .completed, isOutOfBand: true, metadata: ["purpose": "task", "run": "1"],
            output: [.assistant("item_x", text: text)], usage: usage))
    }

    @Test func aTaskIsAskedForWhenItsTurnHasSettledAndItsResultIsKeptAndShown() {
        var (kiosk, actions) = Self.afterATurn(.note)
        #expect(actions.tasksAsked == ["note"] && actions.turns.count == 1)
        let result = kiosk.receive(Self.answer("It rains."))
        #expect(result.tasks.map(\.text) == ["It rains."] && result.tasks.map(\.turn) == [1])
        #expect(result.lines == [.task(name: "note", "It rains.")])
        #expect(kiosk.receive(Self.answer("Twice.")).isEmpty)
        #expect(kiosk.run(70_000).tasks.isEmpty)
    }

    @Test func itsTokensArePriced() throws {
        var configuration = Self.configuration(.note)
        configuration.model = "gpt-realtime"
        var kiosk = Kiosk.ready(configuration, prices: try PriceTable.builtIn.get())
        kiosk.talk()
        kiosk.commit("item_1")
        kiosk.receive(.responseCreated(Response(id: "resp_1")), .done("resp_1"))
        let usage = Usage(
            inputTokens: 1000, outputTokens: 100, inputDetails: .init(textTokens: 1000),
            outputDetails: .init(textTokens: 100))
        let cost = try #require(kiosk.receive(Self.answer("x", usage: usage)).tasks.first?.cost)
        #expect(abs(cost - (1000 * 4.0 + 100 * 16.0) / 1e6) < 1e-9)
    }

    @Test func aTaskWaitsForTheVisitorToPause() {
        var configuration = Self.configuration(.note)
        configuration.outOfBand = .lastTurns(1)
        var kiosk = Kiosk.ready(configuration)
        kiosk.talk()
        kiosk.commit("item_1")
        kiosk.receive(.responseCreated(Response(id: "resp_1")), .done("resp_1"))
        kiosk.press()
        kiosk.run(200)
        let settled = kiosk.receive(
            .responseDone(.transcription("t_1", of: "item_1", status: .completed, text: "hello")))
        #expect(settled.turns.count == 1 && settled.tasksAsked.isEmpty)
        var actions = kiosk.release() + kiosk.run(300) + kiosk.commit("item_2")
        actions += kiosk.receive(.responseCreated(Response(id: "resp_2")))
        #expect(actions.tasksAsked.isEmpty, "the answer to the second turn comes first")
        #expect(kiosk.receive(.done("resp_2")).tasksAsked == ["note"])
    }

    @Test func aPressWhileATaskIsAnsweredCancelsNothingOfIt() {
        var (kiosk, _) = Self.afterATurn(.note)
        #expect(kiosk.press().sent.isEmpty)
        #expect(kiosk.receive(Self.answer("It rains.")).tasks.count == 1)
    }

    @Test func aServerThatNamesNoConversationDoesNotMakeATasksResponseAnAnswer() {
        var (kiosk, _) = Self.afterATurn(.note)
        let response = Response(id: "resp_t1", metadata: ["purpose": "task", "run": "1"])
        #expect(kiosk.receive(.responseCreated(response), .said("It rains.", "resp_t1", "item_x")) == [])
        let done = kiosk.receive(.done("resp_t1"))
        #expect(done.tasks.map(\.text) == ["It rains."] && done.sent.isEmpty)
    }

    @Test func aRefusedTaskIsRepeatedOnceAndNoFault() {
        var (kiosk, _) = Self.afterATurn(.note)
        #expect(kiosk.receive(.failure("no", eventID: "task-1-1")).isEmpty)
        #expect(kiosk.run(500).tasksAsked == ["note"])
        let again = kiosk.receive(.failure("still no", eventID: "task-1-2"))
        #expect(again.tasks.map(\.reason) == ["still no"] && again.faults.isEmpty)
    }

    @Test func aTaskThatIsNeverAnsweredTimesOutAfterAMinute() {
        var (kiosk, _) = Self.afterATurn(.note)
        #expect(kiosk.run(59_999).tasks.isEmpty)
        #expect(kiosk.run(1).tasks.map(\.status) == [.timeout])
    }

    @Test func aLostLinkFailsTheTasksOfItsSessionBeforeTheSessionIsClosed() {
        var (kiosk, _) = Self.afterATurn(.note, .summary)
        let actions = kiosk.lose()
        #expect(actions.tasks.map(\.status) == [.failed, .failed])
        let reason = "connection lost: connection reset"
        #expect(actions.tasks.map(\.reason) == [reason, reason])
        let entries = actions.compactMap { if case .record(let entry) = $0 { entry } else { nil } }
        if case .sessionClosed? = entries.last {} else { Issue.record("the session's end is not the last entry") }
    }

    @Test func whatATaskCostCountsForTheDayAndTheBudgetThatIsSpentAsksForNoOther() throws {
        var configuration = Self.configuration(.note)
        configuration.model = "gpt-realtime"
        configuration.builtInModel = "gpt-4o-transcribe"
        // One answer to a task costs 0.0056 USD.
        configuration.budget = Budget(dailyUSD: 0.01, outOfBandUntil: 0.5)
        var kiosk = Kiosk.ready(configuration, prices: try PriceTable.builtIn.get())
        let usage = Usage(
            inputTokens: 1000, outputTokens: 100, inputDetails: .init(textTokens: 1000),
            outputDetails: .init(textTokens: 100))
        var asked: [String] = []
        var declined: [String?] = []
        for turn in 1...2 {
            kiosk.talk()
            let item = ItemID(rawValue: "item_\(turn)")
            let response = ResponseID(rawValue: "resp_\(turn)")
            kiosk.commit(item)
            kiosk.receive(.builtInTranscriptCompleted(item, contentIndex: 0, transcript: "a", usage: nil))
            let settled = kiosk.receive(.responseCreated(Response(id: response)), .done(response))
            asked += settled.tasksAsked
            declined += settled.tasks.map(\.reason)
            if turn == 1 { kiosk.receive(Self.answer("x", usage: usage)) }
        }
        #expect(asked == ["note"] && declined == ["the daily budget is spent"])
        #expect(abs(kiosk.machine.figures.costs.dayUSD - 0.0056) < 1e-9)
    }

    // MARK: The end

    @Test func withoutTasksTheStopWaitsForNothing() {
        var (kiosk, _) = Self.afterATurn()
        #expect(kiosk.give(.stop).contains(.close(reason: "stopped")))
        var (other, _) = Self.afterATurn(.note)
        other.receive(Self.answer("x"))
        #expect(other.give(.stop).contains(.close(reason: "stopped")))
    }

    @Test func theStopWaitsForTheSummaryAndThenClosesTheSession() {
        var (kiosk, _) = Self.afterATurn(.summary)
        let stop = kiosk.give(.stop)
        #expect(stop.tasksAsked == ["summary"] && !stop.contains(.close(reason: "stopped")))
        let deaf = kiosk.press() + kiosk.run(300) + kiosk.release()
        #expect(deaf == [])
        let created = Response(id: "resp_t1", isOutOfBand: true, metadata: ["purpose": "task", "run": "1"])
        kiosk.receive(.responseCreated(created), .outputTextDelta(.part("resp_t1", "x"), delta: "All "))
        let end = kiosk.receive(
            .outputTextDone(.part("resp_t1", "x"), text: "All went well."),
            .responseDone(Response(id: "resp_t1", status: .completed)))
        #expect(end.tasks.map(\.text) == ["All went well."])
        #expect(end.suffix(2) == [.record(.sessionClosed("sess_1", reason: "stopped")), .close(reason: "stopped")])
        #expect(kiosk.lose() == [.stopped])
    }

    @Test func theStopWaitsOneSecondAndNoLonger() {
        var (kiosk, _) = Self.afterATurn(.summary)
        kiosk.give(.stop)
        #expect(kiosk.run(999) == [])
        let end = kiosk.run(1)
        #expect(end.tasks.map(\.status) == [.timeout] && end.contains(.close(reason: "stopped")))
        #expect(kiosk.run(400).last == .stopped)
    }

    @Test func aBudgetThatTheLastTurnSpentDoesNotKeepTheStopFromItsEnd() {
        var configuration = Self.configuration(.note)
        configuration.budget = Budget(dailyUSD: 1)
        var kiosk = Kiosk.ready(configuration)
        kiosk.talk()
        kiosk.commit("item_1")
        var spent = CostSum()
        spent.addOther(2)
        // The turn under way is paid for to its end, which is the program's.
        kiosk.give(.today("2026-11-21"), .spentBefore(spent, day: "2026-11-21"))
        let stop = kiosk.give(.stop)
        #expect(!stop.contains(.show(.budgetSpent)))
        #expect((stop + kiosk.run(1000)).contains(.close(reason: "stopped")))
    }

    @Test func aLinkLostMeanwhileEndsTheStop() {
        var (kiosk, _) = Self.afterATurn(.summary)
        kiosk.give(.stop)
        let end = kiosk.lose()
        #expect(end.tasks.map(\.status) == [.failed] && end.last == .stopped)
        #expect(!end.contains(.connect))
    }

    @Test func aRefusalMeanwhileIsRepeatedWithinTheSecond() {
        var (kiosk, _) = Self.afterATurn(.summary)
        kiosk.give(.stop)
        #expect(kiosk.receive(.failure("no", eventID: "task-1-1"), .failure("other")).isEmpty)
        #expect(kiosk.run(500).tasksAsked == ["summary"])
        #expect(kiosk.give(.stop).isEmpty)
        #expect(kiosk.receive(Self.answer("x")).last == .close(reason: "stopped"))
    }

    @Test func aTurnThatTheStopEndsGetsItsTaskToo() {
        var kiosk = Kiosk.ready(Self.configuration(.note))
        kiosk.talk()
        kiosk.commit("item_1")
        #expect(kiosk.give(.stop).tasksAsked == ["note"])
    }

    @Test func withoutASessionNothingIsWaitedFor() {
        var (kiosk, _) = Self.afterATurn(.summary)
        _ = kiosk.lose()
        #expect(kiosk.give(.stop).last == .stopped)
    }
}

extension [SessionStateMachine.Action] {
    var tasks: [SettledTask] {
        compactMap { if case .record(.task(let task)) = $0 { task } else { nil } }
    }

    /// Names of the tasks that are asked for.
    var tasksAsked: [String] {
        sent.compactMap(\.request).filter { $0.metadata?["purpose"] == "task" }.compactMap { $0.metadata?["task"] }
    }
}
