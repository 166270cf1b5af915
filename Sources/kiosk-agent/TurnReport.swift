import Realtime
import Session

/// Everything about one turn, a line each, for people.
enum TurnReport {
    /// - Parameter entries: those of one turn, or one that belongs to none.
    static func text(_ entries: [KnownEntry]) -> String {
        let isSettled = entries.contains { if case .turn = $0.content { true } else { false } }
        let labelled = entries.flatMap { entry -> [(String, String)] in
            switch entry.content {
            case .turn(let turn): lines(turn, entry)
            // The turn says the same.
            case .part where isSettled: []
            default: lines(entry)
            }
        }
        return labelled.map { label, text in
            let space = String(repeating: " ", count: max(1, labelWidth - label.count))
            return label + space + ConsoleText.escaped(text) + "\n"
        }.joined()
    }

    private static let labelWidth = 12

    private static func lines(_ entry: KnownEntry) -> [(String, String)] {
        let place = "entry \(entry.seq), \(entry.at)"
        return switch entry.content {
        case .task(let task): [("task", "\(task.name), \(task.state), \(place)"), ("", task.words)]
        case .part(.realtime(let transcript)): [("part", "Realtime, \(place)"), ("", TurnText.words(of: transcript))]
        case .part(.builtIn(let transcript)): [("part", "built-in, \(place)"), ("", TurnText.words(of: transcript))]
        case .part(.assistant(let part)): [("part", "assistant, \(place)"), ("", TurnText.text(of: part))]
        case .forgotten(let was, let at):
            [("forgotten", "a \(was) of \(entry.at), removed at \(at), entry \(entry.seq)")]
        default:
            [(entry.kind, place)] + (EntryText.lines(entry).map { [("", String($0.dropLast()))] } ?? [])
        }
    }

    private static func lines(_ turn: SettledTurn, _ entry: KnownEntry) -> [(String, String)] {
        let session = turn.session.isEmpty ? "no session" : "session \(turn.session)"
        var lines = [
            ("turn", "\(turn.number) of \(session), item \(turn.item?.rawValue ?? "none")"),
            ("settled", "\(entry.at), entry \(entry.seq)"),
        ]
        if turn.isTimeout { lines.append(("began by", "nobody: a long silence")) }
        lines += [("Realtime", TurnText.words(of: turn.realtime)), ("built-in", TurnText.words(of: turn.builtIn))]
        if let rate = turn.review.wordErrorRate {
            lines.append(("differ", "\(StatisticsReport.percent(rate)) % of the words"))
        }
        lines += turn.review.doubts.map { ("doubt", $0) }
        if let sound = turn.review.sound {
            lines.append(("speech", "\(sound.speechMs) ms at \(sound.levelDBFS) dBFS"))
        }
        lines += assistant(turn.assistant)
        lines += turn.tools.map { ("tool", "\($0.name): \($0.status.rawValue), \($0.ms) ms") }
        let latencies = TurnLatency.Mark.allCases.compactMap { mark in
            turn.latency[mark].map { "\(mark.rawValue.replacing("_", with: " ")) \($0) ms" }
        }
        if !latencies.isEmpty { lines.append(("latency", latencies.joined(separator: ", "))) }
        return lines + costs(turn)
    }

    private static func assistant(_ part: AssistantPart) -> [(String, String)] {
        let reason = part.reason.map { ": \($0)" } ?? ""
        var lines = [("assistant", "\(part.status.rawValue)\(reason), \(part.playedMs) ms heard")]
        if !part.text.isEmpty { lines.append(("", part.text)) }
        if let heard = part.heardText { lines.append(("heard", heard)) }
        return lines
    }

    private static func costs(_ turn: SettledTurn) -> [(String, String)] {
        var builtInUsage: Usage?
        if case .tokens(let usage)? = turn.usage.builtInTranscript { builtInUsage = usage }
        let parts: [(String, Bool, Double?, Usage?)] = [
            ("assistant", turn.usage.assistant != nil, turn.cost.assistant, turn.usage.assistant),
            ("Realtime transcript", turn.usage.realtimeTranscript != nil, turn.cost.realtimeTranscript,
             turn.usage.realtimeTranscript),
            ("built-in transcript", turn.usage.builtInTranscript != nil, turn.cost.builtInTranscript, builtInUsage),
        ]
        return parts.compactMap { name, isUsed, usd, usage in
            guard isUsed || usd != nil else { return nil }
            let tokens = usage.map { " (\($0.inputTokens ?? 0) tokens in, \($0.outputTokens ?? 0) out)" } ?? ""
            return ("cost", "\(name) \(usd.map(ConsoleText.usd) ?? "unknown")\(tokens)")
        }
    }
}
