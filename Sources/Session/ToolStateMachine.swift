import MonotonicClock
import Realtime

/// The tools that the model called: each is run, bounded, and answered exactly once.
///
/// A call stands in the conversation for ever, so each gets an answer: its output, or words about what went wrong.
struct ToolStateMachine: Sendable {
    enum Input: Equatable {
        /// A response ended with calls. `isToRun` is false when nobody waits for them any more.
        case called([ToolCall], turn: TurnID?, isToRun: Bool)
        case finished(run: Int, ToolResult)
        /// The conversation that the calls stand in is gone.
        case sessionLost
        case deadlineReached
    }

    enum Action: Equatable {
        case run(ToolRun)
        case answer(call: String, output: String)
        /// Every call of the turn's response has its answer.
        case allAnswered(TurnID)
        case report(Fault)
    }

    private struct Run {
        let id: Int
        let call: ToolCall
        let turn: TurnID
        let startedAt: Instant
        let deadline: Instant
        /// There is no conversation left to answer in.
        var isVoid = false
        /// The turn is settled and lists it as unfinished.
        var isListed = false
    }

    /// Calls of one response that are run; more are a model gone astray.
    static let callLimit = 8
    /// Runs at a time, those of interrupted turns included.
    static let runLimit = 16
    /// Longest arguments, in bytes.
    static let argumentsLimit = 64 << 10
    /// A run ends itself at its limit; so long after it, it never will.
    static let grace = Duration.seconds(1)
    /// Uses kept for one turn's entry.
    static let useLimit = 64
    /// Answered calls of the session that are remembered, should a server say one again.
    static let memoryLimit = 64

    /// The instant of the input at hand, to be told before any.
    var now: Instant {
        get {
            guard let instant else { preconditionFailure("asked before it was told the time") }
            return instant
        }
        set { instant = newValue }
    }
    private var instant: Instant?
    private var tools: [SessionTool]
    private var runs: [Run] = []
    private var uses: [TurnID: [ToolUse]] = [:]
    private var answeredCalls: [String] = []
    private var lastRun = 0

    init(_ tools: [SessionTool]) { self.tools = tools }

    var deadline: Instant? { runs.reduce(nil) { earlier($0, $1.deadline) } }

    /// Other tools from now on; runs go on.
    mutating func offer(_ tools: [SessionTool]) { self.tools = tools }

    mutating func handle(_ input: Input) -> [Action] {
        switch input {
        case .called(let calls, let turn, let isToRun): called(calls, turn: turn, isToRun: isToRun)
        case .finished(let run, let result): finished(run, result)
        case .sessionLost: sessionLost()
        case .deadlineReached: deadlineReached()
        }
    }

    /// What the turn called, for its entry; a run that goes on is listed as unfinished, and its result still answered.
    mutating func takeUses(of turn: TurnID) -> [ToolUse] {
        var all = uses.removeValue(forKey: turn) ?? []
        for index in runs.indices where runs[index].turn == turn {
            runs[index].isListed = true
            let run = runs[index]
            all.append(ToolUse(name: run.call.name, status: .unfinished, ms: ms(since: run.startedAt)))
        }
        return all
    }

    private mutating func called(_ calls: [ToolCall], turn: TurnID?, isToRun: Bool) -> [Action] {
        var actions: [Action] = []
        for (index, call) in calls.filter({ !answeredCalls.contains($0.id) }).enumerated() {
            answeredCalls = answeredCalls.suffix(Self.memoryLimit - 1) + [call.id]
            guard isToRun, let turn else {
                if let turn { note(ToolUse(name: call.name, status: .notRun, ms: 0), of: turn) }
                actions.append(.answer(call: call.id, output: "not run: the answer was interrupted"))
                continue
            }
            if let problem = problem(of: call, index: index) {
                note(ToolUse(name: call.name, status: .failed, ms: 0), of: turn)
                actions += [
                    .answer(call: call.id, output: "error: \(problem)"),
                    .report(Fault(.tool, "\(call.name): \(problem)")),
                ]
            } else {
                actions.append(.run(start(call, turn: turn)))
            }
        }
        guard isToRun, let turn else { return actions }
        return actions + allAnswered(turn)
    }

    /// Why the call cannot be run; words for the model and the operator.
    private func problem(of call: ToolCall, index: Int) -> String? {
        guard tools.contains(where: { $0.name == call.name }) else { return "no such tool" }
        if index >= Self.callLimit { return "more than \(Self.callLimit) calls at once" }
        if runs.count >= Self.runLimit { return "more than \(Self.runLimit) tools run already" }
        if call.arguments.utf8.count > Self.argumentsLimit { return "arguments of more than 65536 bytes" }
        guard !call.isBare else { return nil }
        guard case .object? = JSONValue(json: Array(call.arguments.utf8)) else {
            return "the arguments are no JSON object"
        }
        return nil
    }

    private mutating func start(_ call: ToolCall, turn: TurnID) -> ToolRun {
        lastRun += 1
        let limit = tools.first { $0.name == call.name }?.limit ?? .zero
        runs.append(Run(id: lastRun, call: call, turn: turn, startedAt: now, deadline: now + limit + Self.grace))
        return ToolRun(id: lastRun, name: call.name, arguments: call.isBare ? "{}" : call.arguments)
    }

    private mutating func finished(_ id: Int, _ result: ToolResult) -> [Action] {
        // Given up at its deadline: its call was answered then.
        guard let index = runs.firstIndex(where: { $0.id == id }) else { return [] }
        let run = runs.remove(at: index)
        let name = run.call.name
        let (status, output, problem): (ToolUse.Status, String, String?) = switch result {
        case .output(let text): (.ok, text.isEmpty ? "ok" : text, nil)
        // What went wrong inside is the operator's to know, and nothing to read out.
        case .failed(let words): (.failed, "error: the tool failed", words)
        case .timedOut: (.timeout, "error: the tool took too long", "not done within its time")
        }
        if !run.isListed { note(ToolUse(name: name, status: status, ms: ms(since: run.startedAt)), of: run.turn) }
        let reports = problem.map { [Action.report(Fault(.tool, "\(name): \($0)"))] } ?? []
        guard !run.isVoid else { return reports }
        return [.answer(call: run.call.id, output: output)] + reports + allAnswered(run.turn)
    }

    private func allAnswered(_ turn: TurnID) -> [Action] {
        runs.contains { $0.turn == turn } ? [] : [.allAnswered(turn)]
    }

    private mutating func sessionLost() -> [Action] {
        for index in runs.indices { runs[index].isVoid = true }
        answeredCalls = []
        return []
    }

    private mutating func deadlineReached() -> [Action] {
        runs.filter { $0.deadline <= now }.map(\.id).flatMap { finished($0, .timedOut) }
    }

    private mutating func note(_ use: ToolUse, of turn: TurnID) {
        guard uses[turn, default: []].count < Self.useLimit else { return }
        uses[turn, default: []].append(use)
    }

    private func ms(since instant: Instant) -> Int { Int((now - instant) / .milliseconds(1)) }
}

extension ToolCall {
    /// No arguments at all, which some models write as nothing.
    fileprivate var isBare: Bool { arguments.allSatisfy(\.isWhitespace) }
}
