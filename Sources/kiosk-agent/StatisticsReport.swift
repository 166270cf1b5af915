import FoundationEssentials
import Session

/// The figures of a journal, for people and for tools.
struct StatisticsReport {
    let statistics: JournalStatistics
    let segments: Int
    let sizeBytes: Int64
    /// Lines that were no entries, or none that can be read.
    let damagedLines: Int

    // MARK: For people

    /// A line each.
    var text: String {
        let statistics = statistics
        guard let firstAt = statistics.firstAt, let lastAt = statistics.lastAt else {
            return "nothing was written\n" + damage
        }
        var lines = [
            ("time", "\(firstAt) to \(lastAt), \(statistics.days.count) days with entries"),
            ("entries", "\(statistics.entries) in \(segments) segments of \(Self.megabytes(sizeBytes)) MB"),
            ("turns", "\(statistics.turns) in \(statistics.sessions.count) sessions"),
            ("assistant", Self.counts(statistics.assistant, AssistantPart.Status.allCases)),
            ("Realtime", Self.counts(statistics.realtime, Transcript.Status.allCases)),
            ("built-in", Self.counts(statistics.builtIn, Transcript.Status.allCases)),
        ]
        if let rate = statistics.wordErrorRate {
            lines.append(("differ", "\(Self.percent(rate.mean)) % of the words on average (\(rate.turns) turns)"))
        }
        if !statistics.flags.isEmpty {
            lines.append(("doubtful", Self.counts(statistics.flags, TranscriptReview.Flag.allCases)))
        }
        for mark in TurnLatency.Mark.allCases where statistics.latencies.count(of: mark) > 0 {
            let figures = Self.percents.map { "p\($0) \(statistics.latencies.percentile($0, of: mark) ?? 0) ms" }
            let name = mark.rawValue.replacing("_", with: " ")
            let turns = statistics.latencies.count(of: mark)
            lines.append(("latency", "\(name): \(figures.joined(separator: ", ")) (\(turns) turns)"))
        }
        if !statistics.toolCalls.isEmpty { lines.append(("tools", Self.counts(statistics.toolCalls))) }
        if !statistics.tasks.isEmpty { lines.append(("tasks", Self.counts(statistics.tasks))) }
        let parts = CostPart.allCases.map { "\($0.words) \(ConsoleText.sixDecimals(statistics.cost[$0]) ?? "unknown")" }
        let unpriced = statistics.cost.unpricedTurns
        lines.append(("cost", "\(ConsoleText.usd(statistics.cost.total)): \(parts.joined(separator: ", "))"
            + (unpriced > 0 ? "; \(unpriced) turns without a price" : "")))
        lines.append(("faults", statistics.faults.isEmpty ? "none" : Self.counts(statistics.faults)))
        lines += statistics.interruptions.sorted { $0.key < $1.key }.map { cause, own in
            ("sound", "\(own.count) times interrupted for more than a second, \(Self.tenths(own.seconds)) s: \(cause)")
        }
        if statistics.forgotten > 0 { lines.append(("forgotten", "\(statistics.forgotten) entries")) }
        return lines.map { label, text in
            label + String(repeating: " ", count: 11 - label.count) + ConsoleText.escaped(text) + "\n"
        }.joined() + damage
    }

    static let percents = [50, 95, 99]

    private var damage: String {
        damagedLines == 0 ? "" : "damaged    \(damagedLines) line\(damagedLines == 1 ? "" : "s"), not counted\n"
    }

    private static func counts<Key: RawRepresentable<String> & Hashable>(
        _ counts: [Key: Int], _ order: [Key]
    ) -> String {
        let words = order.compactMap { key in counts[key].map { "\($0) \(key.rawValue.replacing("_", with: " "))" } }
        return words.isEmpty ? "none" : words.joined(separator: ", ")
    }

    /// The most frequent first.
    private static func counts(_ counts: [String: Int]) -> String {
        let sorted = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
        return sorted.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
    }

    private static func megabytes(_ bytes: Int64) -> Double { tenths(Double(bytes) / 1e6) }

    static func tenths(_ number: Double) -> Double { (number * 10).rounded() / 10 }

    /// To a tenth of a percent.
    static func percent(_ share: Double) -> Double { tenths(min(max(share, 0), 1e6) * 100) }

    // MARK: For tools

    private struct Members: Encodable {
        struct Percentiles: Encodable { let count: Int, p50, p95, p99: Int? }
        struct Rate: Encodable { let turns: Int, mean: Double? }
        struct Sound: Encodable { let count: Int, seconds: Double }

        let firstAt, lastAt: String?
        let days, sessions, turns, entries, segments, damagedLines, forgotten, unpricedTurns: Int
        let sizeBytes: Int64
        let assistant, realtime, builtIn, flags, tools, tasks, faults: [String: Int]
        let wordErrorRate: Rate
        let latency: [String: Percentiles]
        let cost: [String: Double]
        let interruptions: [String: Sound]

        enum CodingKeys: String, CodingKey {
            case days, sessions, turns, entries, segments, forgotten, assistant, realtime, flags, tools, tasks, faults
            case interruptions
            case firstAt = "first_at", lastAt = "last_at", damagedLines = "damaged_lines", sizeBytes = "size_bytes"
            case builtIn = "built_in", wordErrorRate = "word_error_rate", latency = "latency_ms", cost = "cost_usd"
            case unpricedTurns = "unpriced_turns"
        }
    }

    /// One JSON object on one line.
    var json: String {
        func named<Key: RawRepresentable<String>>(_ counts: [Key: Int]) -> [String: Int] {
            Dictionary(uniqueKeysWithValues: counts.map { ($0.key.rawValue, $0.value) })
        }
        let statistics = statistics
        let latency = TurnLatency.Mark.allCases.map { mark in
            let values = Self.percents.map { statistics.latencies.percentile($0, of: mark) }
            return (mark.rawValue, Members.Percentiles(
                count: statistics.latencies.count(of: mark), p50: values[0], p95: values[1], p99: values[2]))
        }
        let cost = CostPart.allCases.map { ($0.rawValue, JournalEntry.rounded(statistics.cost[$0])) }
            + [("total", JournalEntry.rounded(statistics.cost.total))]
        let rate = statistics.wordErrorRate
        let members = Members(
            firstAt: statistics.firstAt, lastAt: statistics.lastAt, days: statistics.days.count,
            sessions: statistics.sessions.count, turns: statistics.turns, entries: statistics.entries,
            segments: segments, damagedLines: damagedLines, forgotten: statistics.forgotten,
            unpricedTurns: statistics.cost.unpricedTurns, sizeBytes: sizeBytes, assistant: named(statistics.assistant),
            realtime: named(statistics.realtime), builtIn: named(statistics.builtIn), flags: named(statistics.flags),
            tools: statistics.toolCalls, tasks: statistics.tasks, faults: statistics.faults,
            wordErrorRate: Members.Rate(turns: rate?.turns ?? 0, mean: rate.map { ($0.mean * 1e4).rounded() / 1e4 }),
            latency: Dictionary(uniqueKeysWithValues: latency), cost: Dictionary(uniqueKeysWithValues: cost),
            interruptions: statistics.interruptions.mapValues {
                Members.Sound(count: $0.count, seconds: Self.tenths($0.seconds))
            })
        return JournalEntry.json(members)
    }
}

extension CostPart {
    var words: String {
        switch self {
        case .assistant: "assistant"
        case .realtimeTranscript: "Realtime transcripts"
        case .builtInTranscript: "built-in transcripts"
        case .other: "other"
        }
    }
}
