/// What the present session and each day have cost.
///
/// A day is a text that names it, made by the caller's wall clock, which may jump: a board without a clock chip begins
/// in the past. What earlier lives of the program spent is told apart from what this one did, so nothing counts twice.
struct CostLedger: Sendable {
    /// Days remembered of this life: midnight makes one, a clock that is set another.
    static let keptDays = 8

    /// What the present session cost, or the last one.
    private(set) var session = CostSum()
    /// What the day is called; "" until the wall clock was read.
    private(set) var today = ""
    private var own: [String: CostSum] = [:]
    private var before: [String: CostSum] = [:]
    /// The turns of no session at all cost nothing; all others name theirs.
    private var sessionName = ""

    /// What was spent today, by this life and by those before it.
    var day: CostSum {
        var sum = before[today] ?? CostSum()
        if let own = own[today] { sum.add(own) }
        return sum
    }

    /// `day.total`, without its parts: asked for after every input.
    var dayUSD: Double { (before[today]?.total ?? 0) + (own[today]?.total ?? 0) }

    mutating func sessionOpened(_ name: String) {
        session = CostSum()
        sessionName = name
    }

    mutating func dayIs(_ day: String) { today = day }

    /// What the journal says that earlier lives spent.
    mutating func spentBefore(_ sum: CostSum, on day: String) {
        before[day] = sum
        forgetDays(&before)
    }

    mutating func add(_ turn: SettledTurn) {
        if turn.session == sessionName { session.add(turn) }
        own[today, default: CostSum()].add(turn)
        forgetDays(&own)
    }

    /// What was paid for and belongs to no turn.
    mutating func addOther(_ usd: Double) {
        session.addOther(usd)
        own[today, default: CostSum()].addOther(usd)
        forgetDays(&own)
    }

    private func forgetDays(_ days: inout [String: CostSum]) {
        while days.count > Self.keptDays, let oldest = days.keys.filter({ $0 != today }).min() { days[oldest] = nil }
    }
}
