/// What several turns cost together, in USD.
public struct CostSum: Sendable, Equatable {
    public private(set) var turns = 0
    /// Turns of which something was used that has no known price: the sum is too small by that.
    public private(set) var unpricedTurns = 0
    private var parts: [CostPart: Double] = [:]
    private var details: [CostPart: CostDetail] = [:]
    /// Both transcripts of the turns that have both: what may be compared.
    private var compared: (realtime: Double, builtIn: Double) = (0, 0)

    /// What a turn cannot cost: usage comes from a server, and sums of it must stay numbers.
    static let limitUSD = 1e9
    /// Less is nothing: a billionth, as the journal keeps amounts.
    static let leastUSD = 1e-9

    public init() {}

    public var total: Double { CostPart.allCases.reduce(0) { $0 + self[$1] } }

    public subscript(part: CostPart) -> Double { parts[part] ?? 0 }

    /// By what was counted; what an entry said as a sum only is not in it.
    public func detail(of part: CostPart) -> CostDetail { details[part] ?? CostDetail() }

    /// How many times the built-in transcript's price the Realtime one costs, over the turns that have both; nil
    /// without any.
    public var transcriptRatio: Double? {
        compared.builtIn >= Self.leastUSD ? compared.realtime / compared.builtIn : nil
    }

    /// Adds one turn. `isUnpriced`: something that it used has no price.
    public mutating func addTurn(
        _ costs: [CostPart: Double], details: [CostPart: CostDetail] = [:], isUnpriced: Bool = false
    ) {
        turns += 1
        let costs = costs.filter { Self.isAmount($0.value) }
        if isUnpriced { unpricedTurns += 1 }
        for (part, usd) in costs { parts[part, default: 0] += usd }
        for (part, detail) in details where Self.isAmount(detail.total) {
            self.details[part, default: CostDetail()].add(detail)
        }
        if let realtime = costs[.realtimeTranscript], let builtIn = costs[.builtInTranscript] {
            compared = (compared.realtime + realtime, compared.builtIn + builtIn)
        }
    }

    /// Adds what belongs to no turn.
    public mutating func addOther(_ usd: Double) {
        if Self.isAmount(usd) { parts[.other, default: 0] += usd }
    }

    private static func isAmount(_ usd: Double) -> Bool { usd >= 0 && usd < limitUSD }

    public mutating func add(_ other: CostSum) {
        turns += other.turns
        unpricedTurns += other.unpricedTurns
        for (part, usd) in other.parts { parts[part, default: 0] += usd }
        for (part, detail) in other.details { details[part, default: CostDetail()].add(detail) }
        compared = (compared.realtime + other.compared.realtime, compared.builtIn + other.compared.builtIn)
    }

    public static func == (a: CostSum, b: CostSum) -> Bool {
        a.turns == b.turns && a.unpricedTurns == b.unpricedTurns && a.parts == b.parts && a.details == b.details
            && a.compared == b.compared
    }
}

extension CostSum {
    public mutating func add(_ turn: SettledTurn) {
        var costs: [CostPart: Double] = [:]
        costs[.assistant] = turn.cost.assistant
        costs[.realtimeTranscript] = turn.cost.realtimeTranscript
        costs[.builtInTranscript] = turn.cost.builtInTranscript
        addTurn(costs, details: turn.costDetails, isUnpriced: turn.isUnpriced)
    }
}

extension SettledTurn {
    /// Something that it used has no known price.
    public var isUnpriced: Bool {
        usage.assistant != nil && cost.assistant == nil
            || usage.realtimeTranscript != nil && cost.realtimeTranscript == nil
            || usage.builtInTranscript != nil && cost.builtInTranscript == nil
    }
}
