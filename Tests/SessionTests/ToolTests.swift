import MonotonicClock
import Realtime
import Testing

@testable import Session

/// Each call is run when somebody waits for it, and answered once, whatever becomes of it.
@Suite struct ToolTests {
    private static let turn = TurnID(rawValue: 1)

    private static func machine() -> ToolStateMachine {
        var tools = ToolStateMachine([.fixture("hours"), .fixture("open", seconds: 2)])
        tools.now = t0
        return tools
    }

    private static func call(_ id: String, _ name: String = "hours", _ arguments: String = "{}") -> ToolCall {
        ToolCall(Item(id: "item_c", type: "function_call", callID: id, name: name, arguments: arguments))!
    }

    @Test func callsAreRunAtOnceAndTheTurnGoesOnWhenAllAreAnswered() {
        var tools = Self.machine()
        let called = tools.handle(.called(
            [Self.call("call_1", "hours", #"{"day":"x"}"#), Self.call("call_2", "open")], turn: Self.turn,
            isToRun: true))
        #expect(called == [
            .run(ToolRun(id: 1, name: "hours", arguments: #"{"day":"x"}"#)),
            .run(ToolRun(id: 2, name: "open", arguments: "{}")),
        ])
        tools.now = .ms(700)
        #expect(tools.handle(.finished(run: 2, .output("done"))) == [.answer(call: "call_2", output: "done")])
        #expect(tools.handle(.finished(run: 1, .output("")))
            == [.answer(call: "call_1", output: "ok"), .allAnswered(Self.turn)])
        #expect(tools.takeUses(of: Self.turn) == [
            ToolUse(name: "open", status: .ok, ms: 700), ToolUse(name: "hours", status: .ok, ms: 700),
        ])
        #expect(tools.takeUses(of: Self.turn) == [])
        #expect(tools.deadline == nil)
    }

    @Test(arguments: [
        (ToolResult.failed("exit status 3: no chip"), "error: the tool failed", "hours: exit status 3: no chip"),
        (.timedOut, "error: the tool took too long", "hours: not done within its time"),
    ])
    func aFailureIsToldToTheModelAndExplainedToTheOperator(result: ToolResult, told: String, said: String) {
        var tools = Self.machine()
        _ = tools.handle(.called([Self.call("call_1")], turn: Self.turn, isToRun: true))
        #expect(tools.handle(.finished(run: 1, result)) == [
            .answer(call: "call_1", output: told), .report(Fault(.tool, said)), .allAnswered(Self.turn),
        ])
    }

    @Test(arguments: [
        ("gone", "{}", "no such tool"), ("hours", "{", "the arguments are no JSON object"),
        ("hours", "[1]", "the arguments are no JSON object"), ("hours", "\"x\"", "the arguments are no JSON object"),
        ("hours", String(repeating: " ", count: 70_000) + "{", "arguments of more than 65536 bytes"),
    ])
    func aCallThatCannotBeRunIsAnsweredAtOnce(name: String, arguments: String, problem: String) {
        var tools = Self.machine()
        #expect(tools.handle(.called([Self.call("call_1", name, arguments)], turn: Self.turn, isToRun: true)) == [
            .answer(call: "call_1", output: "error: \(problem)"), .report(Fault(.tool, "\(name): \(problem)")),
            .allAnswered(Self.turn),
        ])
        #expect(tools.takeUses(of: Self.turn) == [ToolUse(name: name, status: .failed, ms: 0)])
    }

    @Test func noArgumentsAreAnEmptyObject() {
        var tools = Self.machine()
        let called = tools.handle(.called([Self.call("call_1", "hours", " ")], turn: Self.turn, isToRun: true))
        #expect(called == [.run(ToolRun(id: 1, name: "hours", arguments: "{}"))])
    }

    @Test func aRunThatNeverEndsIsGivenUpASecondAfterItsLimitAndItsLateResultIsNothing() {
        var tools = Self.machine()
        _ = tools.handle(.called([Self.call("call_1", "open")], turn: Self.turn, isToRun: true))
        #expect(tools.deadline == .ms(3000))
        tools.now = .ms(2999)
        #expect(tools.handle(.deadlineReached) == [])
        tools.now = .ms(3000)
        #expect(tools.handle(.deadlineReached).first
            == .answer(call: "call_1", output: "error: the tool took too long"))
        #expect(tools.handle(.finished(run: 1, .output("late"))) == [])
    }

    @Test func callsThatNobodyWaitsForAreAnsweredButNotRun() {
        var tools = Self.machine()
        #expect(tools.handle(.called([Self.call("call_1")], turn: Self.turn, isToRun: false))
            == [.answer(call: "call_1", output: "not run: the answer was interrupted")])
        #expect(tools.takeUses(of: Self.turn) == [ToolUse(name: "hours", status: .notRun, ms: 0)])
    }

    @Test func aCallThatIsSaidAgainIsAnsweredOnce() {
        var tools = Self.machine()
        _ = tools.handle(.called([Self.call("call_1")], turn: Self.turn, isToRun: true))
        #expect(tools.handle(.called([Self.call("call_1")], turn: nil, isToRun: false)) == [])
        _ = tools.handle(.sessionLost)
        #expect(tools.handle(.called([Self.call("call_1")], turn: nil, isToRun: false))
            == [.answer(call: "call_1", output: "not run: the answer was interrupted")])
    }

    @Test func callsAndRunsAreLimited() {
        var tools = Self.machine()
        func runs(_ turn: Int, _ count: Int) -> Int {
            let calls = (0..<count).map { Self.call("call_\(turn)_\($0)") }
            let actions = tools.handle(.called(calls, turn: TurnID(rawValue: turn), isToRun: true))
            let answers = actions.filter { if case .answer = $0 { true } else { false } }
            let runs = actions.filter { if case .run = $0 { true } else { false } }
            #expect(answers.count + runs.count == count)
            return runs.count
        }
        #expect(runs(1, 100) == 8)
        #expect(runs(2, 5) == 5)
        #expect(runs(3, 8) == 3)
        #expect(runs(4, 1) == 0)
        #expect(tools.takeUses(of: TurnID(rawValue: 1)).count == 64 + 8)
    }

    @Test func aResultForALostSessionIsKeptFromTheNextOne() {
        var tools = Self.machine()
        _ = tools.handle(.called([Self.call("call_1")], turn: Self.turn, isToRun: true))
        #expect(tools.handle(.sessionLost) == [])
        #expect(tools.takeUses(of: Self.turn) == [ToolUse(name: "hours", status: .unfinished, ms: 0)])
        #expect(tools.handle(.finished(run: 1, .output("x"))) == [])
    }
}

extension ServerEvent {
    /// The end of a response that called so many tools; `call_<response>_<n>` are their ids.
    static func called(
        _ response: ResponseID, _ names: [String], _ status: Response.Status = .completed
    ) -> ServerEvent {
        let items = names.enumerated().map { Item.call("call_\(response.rawValue)_\($0)", $1) }
        return .responseDone(Response(
            id: response, status: status, output: items, usage: Usage(inputTokens: 30, outputTokens: 7)))
    }
}

extension [SessionStateMachine.Action] {
    var runs: [ToolRun] {
        compactMap { if case .runTool(let run) = $0 { run } else { nil } }
    }
}
