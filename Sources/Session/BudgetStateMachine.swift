/// What may be spent in a day.
public struct Budget: Sendable, Equatable {
    /// USD; nil is no limit.
    public var dailyUSD: Double?
    /// The share of it up to which out-of-band transcripts are asked for, 0 to 1.
    public var outOfBandUntil: Double

    public init(dailyUSD: Double? = nil, outOfBandUntil: Double = 0.8) {
        self.dailyUSD = dailyUSD
        self.outOfBandUntil = outOfBandUntil
    }
}

/// What is still done of a day's budget: everything, all but the out-of-band transcripts, or nothing.
///
/// Goes by the amount that was spent today: less than before means another day.
struct BudgetStateMachine: Sendable {
    enum Input: Equatable {
        /// What was spent today. `openTurn`: the newest turn, which may still be under way.
        case spent(usd: Double, openTurn: TurnID)
        /// No turn up to this one is open.
        case settled(until: TurnID)
    }

    enum Action: Equatable {
        case report(Fault)
        /// Close the session until `resume`.
        case rest
        case resume
    }

    enum State: Equatable {
        /// -> `reduced`, `ending`.
        case open
        /// No out-of-band transcripts. -> `ending`, `open`.
        case reduced
        /// Spent; turns up to this one are still under way. -> `closed`, `open`, `reduced`.
        case ending(lastTurn: TurnID)
        /// Spent; no session. -> `open`, `reduced`.
        case closed
    }

    private(set) var state = State.open
    private let budget: Budget
    /// There is another transcript to fall back to.
    var isReducible: Bool

    init(_ budget: Budget, isReducible: Bool) {
        self.budget = budget
        self.isReducible = isReducible
    }

    /// Whether another out-of-band request may be made.
    var allowsOutOfBand: Bool {
        switch state {
        case .open: true
        case .reduced: false
        case .ending, .closed: !isReducible
        }
    }

    mutating func handle(_ input: Input) -> [Action] {
        switch input {
        case .spent(let usd, let openTurn): spent(usd, openTurn: openTurn)
        case .settled(let turn): settled(until: turn)
        }
    }

    private mutating func spent(_ usd: Double, openTurn: TurnID) -> [Action] {
        guard let limit = budget.dailyUSD else { return [] }
        if usd >= limit { return limitReached(limit, openTurn: openTurn) }
        let isReduced = isReducible && usd >= limit * budget.outOfBandUntil
        switch state {
        case .open:
            guard isReduced else { return [] }
            state = .reduced
            return [.report(Fault(
                .budget, "\(Self.words(usd)) of \(Self.words(limit)) USD are spent today: built-in transcripts only"))]
        case .reduced:
            if !isReduced { state = .open }
            return []
        case .ending:
            // Another day began before the last turn's end: the session never closed.
            state = isReduced ? .reduced : .open
            return []
        case .closed:
            state = isReduced ? .reduced : .open
            return [.resume]
        }
    }

    private mutating func limitReached(_ limit: Double, openTurn: TurnID) -> [Action] {
        switch state {
        case .open, .reduced:
            state = .ending(lastTurn: openTurn)
            return [.report(Fault(
                .budget, "today's \(Self.words(limit)) USD are spent: closed until the day ends (00:00 UTC)"))]
        case .ending, .closed:
            return []
        }
    }

    private mutating func settled(until turn: TurnID) -> [Action] {
        switch state {
        case .ending(let lastTurn) where lastTurn <= turn:
            state = .closed
            return [.rest]
        case .open, .reduced, .ending, .closed:
            return []
        }
    }

    /// Cents, and what is less in millionths.
    private static func words(_ usd: Double) -> String {
        let isCents = usd >= 0.1
        let scale = isCents ? 100 : 1_000_000
        // A sum of dollars beyond this is no sum.
        let units = Int((min(usd, 1e9) * Double(scale)).rounded())
        let fraction = String(units % scale)
        return "\(units / scale)." + String(repeating: "0", count: (isCents ? 2 : 6) - fraction.count) + fraction
    }
}
