import MonotonicClock
import Realtime

/// What is counted beside the conversation: money and time.
struct SessionFigures: Sendable {
    var costs = CostLedger()
    var counted = CountedUsage()
    var clocks = TurnClocks()
    var budget: BudgetStateMachine
    /// Models whose missing price was said.
    var unpriced: Set<String> = []
    /// When the present session was opened.
    var sessionOpenedAt: Instant?

    init(_ configuration: SessionConfiguration) {
        budget = BudgetStateMachine(configuration.budget, isReducible: configuration.builtInModel != nil)
    }
}

/// What a session and a day have cost so far.
public struct CostTotals: Sendable, Equatable {
    public var session: CostSum
    public var day: CostSum
}

// Money.
extension SessionStateMachine {
    mutating func changed(_ body: (inout SessionFigures) -> Void) -> [Action] {
        body(&figures)
        return []
    }

    /// Why a transcript is not asked for, and why the session is closed; the journal's words.
    static let budgetReason = "the daily budget is spent"

    /// The turn has settled: counted, and told what it cost and how long it took.
    mutating func account(for settled: SettledTurn, _ id: TurnID) -> SettledTurn {
        var turn = settled
        turn.latency = figures.clocks.takeSettled(id)
        figures.costs.add(turn)
        turn.totals = CostTotals(session: figures.costs.session, day: figures.costs.day)
        return turn
    }

    mutating func sayUnpriced(_ turn: SettledTurn) -> [Action] {
        var models: [String] = []
        let (usage, cost) = (turn.usage, turn.cost)
        if usage.assistant != nil && cost.assistant == nil
            || usage.realtimeTranscript != nil && cost.realtimeTranscript == nil { models.append(configuration.model) }
        if usage.builtInTranscript != nil, cost.builtInTranscript == nil, let model = configuration.builtInModel {
            models.append(model)
        }
        return models.filter { figures.unpriced.insert($0).inserted }
            .map { .report(Fault(.price, "\($0): no price known for its usage, its turns are kept without cost")) }
    }

    /// Whether the out-of-band transcript may be asked for; the turn does without when not. A second attempt belongs to
    /// what was begun.
    mutating func isTranscriptAllowed(_ attempt: Int, of turn: TurnID) -> Bool {
        guard attempt == 1, !figures.budget.allowsOutOfBand else { return true }
        turns.declineTranscript(of: turn, Self.budgetReason)
        return false
    }

    /// What follows from the money that was spent: less is asked for, the session ends, or begins again another day.
    mutating func followBudget(at now: Instant) -> [Action] {
        guard configuration.budget.dailyUSD != nil, !isStopping else { return [] }
        return budgetHandle(.spent(usd: figures.costs.dayUSD, openTurn: turns.newest), at: now)
            + budgetHandle(.settled(until: turns.settledUntil), at: now)
    }

    private mutating func budgetHandle(_ input: BudgetStateMachine.Input, at now: Instant) -> [Action] {
        figures.budget.handle(input).flatMap { action -> [Action] in
            switch action {
            case .report(let fault): return [.report(fault)]
            case .rest:
                let hadSession = link.readySession != nil
                switchFailed()
                let actions = [.show(.budgetSpent)] + linkHandle(.rest(reason: Self.budgetReason), at: now)
                // Who has just been answered is told; at a start nobody is there.
                guard hadSession else { return actions }
                return actions + promptsHandle(.spent, at: now) + followPrompts(at: now)
            case .resume: return [.show(.openAgain)] + linkHandle(.resume, at: now)
            }
        }
    }
}

// Time.
extension SessionStateMachine {
    /// The first words or sounds of an answer. Before the event is handled.
    mutating func noteFirstDelta(_ event: ServerEvent, at now: Instant) {
        let part: ContentPart
        switch event {
        case .outputAudioDelta(let delta, _), .outputTextDelta(let delta, _), .outputTranscriptDelta(let delta, _):
            part = delta
        default: return
        }
        if let turn = answers.turn(of: part.response) { figures.clocks.came(.firstDelta, of: turn, at: now) }
    }

    /// Playback went on: the first frame of an answer may be among what was heard.
    mutating func noteFirstAudible(at now: Instant) {
        guard figures.clocks.awaits(.firstAudible) else { return }
        for response in playout.responses {
            guard let turn = answers.turn(of: response), figures.clocks.awaits(.firstAudible, of: turn)
            else { continue }
            let heardFrames = playout.segments(of: response).reduce(0) { $0 + $1.heardFrames }
            guard heardFrames > 0 else { continue }
            // Playback tells a period late; what was heard of the answer meanwhile says how late.
            figures.clocks.came(.firstAudible, of: turn, at: now - .seconds(heardFrames) / sessionRate)
        }
    }

    /// Transcripts that have become known with this event.
    mutating func noteTranscripts(at now: Instant) {
        for (turn, realtime, builtIn) in turns.transcripts {
            if realtime?.isSaid == true { figures.clocks.came(.realtimeTranscript, of: turn, at: now) }
            if builtIn?.isSaid == true { figures.clocks.came(.builtInTranscript, of: turn, at: now) }
        }
    }
}

extension Transcript {
    /// The server said what it heard, be it nothing.
    fileprivate var isSaid: Bool {
        switch status {
        case .ok, .empty: true
        case .failed, .timeout, .off: false
        }
    }
}

// For who asks how the kiosk is.
extension SessionStateMachine {
    /// A look at the machine from outside.
    public struct Report: Sendable, Equatable {
        /// How far the link has come, in a word for tools.
        public enum Link: String, Sendable {
            case connecting, ready, waiting, refused, closed
            case overBudget = "over-budget"
        }

        /// What is done of the day's budget.
        public enum BudgetState: String, Sendable { case open, reduced, spent }

        public var link: Link
        public var detection: SessionConfiguration.Detection
        public var session: String?
        public var sessionAge: Duration?
        public var openTurns: Int
        public var latencies: LatencyHistory
        public var day: String
        public var totals: CostTotals
        public var budget: Budget
        public var budgetState: BudgetState
    }

    public func report(at now: Instant) -> Report {
        Report(
            link: linkWord, detection: configuration.detection, session: link.readySession,
            sessionAge: link.readySession == nil ? nil : figures.sessionOpenedAt.map { now - $0 },
            openTurns: turns.transcripts.count, latencies: figures.clocks.history, day: figures.costs.today,
            totals: CostTotals(session: figures.costs.session, day: figures.costs.day), budget: configuration.budget,
            budgetState: budgetWord)
    }

    private var linkWord: Report.Link {
        switch link.state {
        case .ready: .ready
        case .idle, .connecting, .greeting, .configuring: .connecting
        case .waiting, .leaving: link.trouble == .refused ? .refused : .waiting
        case .resting: .overBudget
        case .closing, .stopped: .closed
        }
    }

    private var budgetWord: Report.BudgetState {
        switch figures.budget.state {
        case .open: .open
        case .reduced: .reduced
        case .ending, .closed: .spent
        }
    }
}
