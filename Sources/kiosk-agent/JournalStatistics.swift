import Journal
import Session

/// What a journal's entries say together: how much was said, how well it was heard, how long visitors waited, what it
/// cost, and what went wrong. All of it day by day (UTC), too.
struct JournalStatistics {
    /// A time in which no sound was captured or heard, of more than a second: shorter ones are in no journal.
    struct Interruptions: Equatable {
        var count = 0
        var seconds = 0.0
    }

    struct Day {
        /// By the status of the assistant's part.
        var turns: [AssistantPart.Status: Int] = [:]
        var latencies = LatencyHistory(keptTurns: .max)
        var costs = JournalCosts()
        var faults: [String: Int] = [:]
        /// By their cause, in words.
        var interruptions: [String: Interruptions] = [:]
    }

    private(set) var entries = 0
    private(set) var unreadable = 0
    private(set) var firstAt: String?
    private(set) var lastAt: String?
    private(set) var days: [String: Day] = [:]
    private(set) var sessions: Set<String> = []
    private(set) var realtime: [Transcript.Status: Int] = [:]
    private(set) var builtIn: [Transcript.Status: Int] = [:]
    private(set) var latencies = LatencyHistory(keptTurns: .max)
    private(set) var wordErrorRates: [Double] = []
    private(set) var flags: [TranscriptReview.Flag: Int] = [:]
    private(set) var toolCalls: [String: Int] = [:]
    private(set) var tasks: [String: Int] = [:]
    private(set) var cost = CostSum()
    private(set) var forgotten = 0
    /// Words of faults, how often, and when the last one was; at most `faultTextsLimit`.
    private(set) var faultTexts: [String: (count: Int, lastAt: String)] = [:]

    /// Faults with figures in them are all different; more texts than this are not told apart.
    private static let faultTextsLimit = 1000

    var turns: Int { assistant.values.reduce(0, +) }
    var assistant: [AssistantPart.Status: Int] { sum(\.turns) }
    var faults: [String: Int] { sum(\.faults) }

    var interruptions: [String: Interruptions] {
        days.values.reduce(into: [:]) { sums, day in
            for (cause, own) in day.interruptions {
                sums[cause, default: Interruptions()].count += own.count
                sums[cause, default: Interruptions()].seconds += own.seconds
            }
        }
    }

    /// The mean of the turns that have one, and how many those are.
    var wordErrorRate: (mean: Double, turns: Int)? {
        guard !wordErrorRates.isEmpty else { return nil }
        return (wordErrorRates.reduce(0, +) / Double(wordErrorRates.count), wordErrorRates.count)
    }

    private func sum<Key>(_ part: KeyPath<Day, [Key: Int]>) -> [Key: Int] {
        days.values.reduce(into: [:]) { $0.merge($1[keyPath: part], uniquingKeysWith: +) }
    }

    /// Takes in the entries of a time, and hands each that can be read to `seen`. Blocks for as long as the disk takes.
    mutating func read(
        _ reader: inout JournalReader, since: String?, until: String?, seen: (KnownEntry) -> Void = { _ in }
    ) throws(JournalError) {
        try reader.read(since: since, until: until) { entry in
            if let known = KnownEntry(entry.line) {
                add(known, of: entry)
                seen(known)
            } else {
                unreadable += 1
            }
            return true
        }
        cost = days.values.reduce(into: CostSum()) { $0.add($1.costs.sum) }
    }

    private mutating func add(_ known: KnownEntry, of entry: JournalReader.Entry) {
        entries += 1
        firstAt = min(firstAt ?? known.at, known.at)
        lastAt = max(lastAt ?? known.at, known.at)
        if let session = known.session, !session.isEmpty { sessions.insert(session) }
        let name = String(known.at.prefix(10))
        var day = days.removeValue(forKey: name) ?? Day()
        defer { days[name] = day }
        day.costs.add(entry)
        switch known.content {
        case .turn(let turn): add(turn, to: &day)
        case .fault(let faultClass, let what):
            day.faults[faultClass, default: 0] += 1
            if let (cause, seconds) = Self.interruption(faultClass, what) {
                day.interruptions[cause, default: Interruptions()].count += 1
                day.interruptions[cause, default: Interruptions()].seconds += seconds
            }
            if faultTexts.count < Self.faultTextsLimit || faultTexts[what] != nil {
                faultTexts[what] = ((faultTexts[what]?.count ?? 0) + 1, known.at)
            }
        case .task(let task): tasks[task.status, default: 0] += 1
        case .forgotten: forgotten += 1
        case .part, .session, .spooled, .trimmed, .usage, .housekeeping, .other: break
        }
    }

    private mutating func add(_ turn: SettledTurn, to day: inout Day) {
        day.turns[turn.assistant.status, default: 0] += 1
        day.latencies.add(turn.latency)
        latencies.add(turn.latency)
        realtime[turn.realtime.status, default: 0] += 1
        builtIn[turn.builtIn.status, default: 0] += 1
        if let rate = turn.review.wordErrorRate { wordErrorRates.append(rate) }
        for flag in turn.review.flags { flags[flag, default: 0] += 1 }
        for tool in turn.tools { toolCalls[tool.status.rawValue, default: 0] += 1 }
    }

    /// `hw:1,0: capture: interrupted for 1.4 s: the card stood still`, as audio faults have it.
    private static func interruption(_ faultClass: String, _ what: String) -> (cause: String, seconds: Double)? {
        let words = ": interrupted for "
        guard faultClass == Fault.Class.audio.rawValue, let start = what.firstRange(of: words)?.upperBound,
            let end = what[start...].firstRange(of: ": ")
        else { return nil }
        let parts = what[start..<end.lowerBound].split(separator: " ")
        guard parts.count == 2, let number = Double(parts[0]), number.isFinite else { return nil }
        return (String(what[end.upperBound...]), parts[1] == "ms" ? number / 1000 : number)
    }
}
