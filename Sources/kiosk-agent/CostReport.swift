import FoundationEssentials
import Session

/// What a day cost, for people and for tools.
struct CostReport {
    let day: String
    let costs: JournalCosts
    /// Lines of the journal that were no entries.
    let damagedLines: Int

    // MARK: For people

    private static let columns = [
        "time", "session", "turns", "assistant", "Realtime tr.", "built-in tr.", "other", "USD",
    ]

    /// A line a session, and their sum.
    var text: String {
        guard !costs.sessions.isEmpty else { return "\(day): nothing was said\n" + damage }
        var rows = [Self.columns]
        rows += costs.sessions.map { Self.row(String($0.at.dropFirst(11).prefix(5)), $0.name, $0.sum) }
        rows.append(Self.row("", day, costs.sum))
        let widths = Self.columns.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        var text = rows.map { row in
            // Words to the left, figures to the right.
            let cells = zip(row, widths).enumerated().map { column, cell in
                Self.padded(cell.0, to: cell.1, isFigure: column > 1)
            }
            return Self.trimmed(cells.joined(separator: "  ")) + "\n"
        }.joined()
        if let ratio = costs.sum.transcriptRatio {
            text += ConsoleText.transcripts(
                realtime: costs.sum[.realtimeTranscript], builtIn: costs.sum[.builtInTranscript], ratio: ratio
            ).replacing("[cost] transcripts today", with: "transcripts")
        }
        if let counted { text += "counted as \(counted)\n" }
        if costs.sum.unpricedTurns > 0 {
            text += "\(costs.sum.unpricedTurns) of \(costs.sum.turns) turns used something without a known price\n"
        }
        return text + damage
    }

    private var damage: String {
        damagedLines == 0 ? "" : "\(damagedLines) line\(damagedLines == 1 ? " is" : "s are") damaged and not counted\n"
    }

    /// What was counted, all parts together: `text in 0.001234, audio out 0.003904`.
    private var counted: String? {
        let detail = Self.detail(costs.sum)
        let words = CostDetail.Kind.allCases.filter { detail[$0] > 0 }.map { kind in
            kind.rawValue.replacing("_", with: " ") + " " + (ConsoleText.sixDecimals(detail[kind]) ?? "unknown")
        }
        return words.isEmpty ? nil : words.joined(separator: ", ")
    }

    private static func detail(_ sum: CostSum) -> CostDetail {
        CostPart.allCases.reduce(into: CostDetail()) { $0.add(sum.detail(of: $1)) }
    }

    private static func row(_ time: String, _ name: String, _ sum: CostSum) -> [String] {
        let parts = CostPart.allCases.map { ConsoleText.sixDecimals(sum[$0]) ?? "unknown" }
        let total = (ConsoleText.sixDecimals(sum.total) ?? "unknown") + (sum.unpricedTurns > 0 ? "+" : "")
        // The names are the network's.
        let name = name.isEmpty ? "(none)" : ConsoleText.escaped(String(name.prefix(40)))
        return [time, name, String(sum.turns)] + parts + [total]
    }

    private static func padded(_ text: String, to width: Int, isFigure: Bool) -> String {
        let space = String(repeating: " ", count: max(0, width - text.count))
        return isFigure ? space + text : text + space
    }

    private static func trimmed(_ line: String) -> String {
        var line = line
        while line.last == " " { line.removeLast() }
        return line
    }

    // MARK: For tools

    private struct Members: Encodable {
        struct Sum: Encodable {
            let turns, unpricedTurns: Int
            let costs: [String: Double]
            let details: [String: [String: Double]]
            let transcriptRatio: Double?

            enum CodingKeys: String, CodingKey {
                case turns
                case unpricedTurns = "unpriced_turns", costs = "cost_usd", details = "cost_detail_usd"
                case transcriptRatio = "transcript_ratio"
            }

            init(_ sum: CostSum) {
                turns = sum.turns
                unpricedTurns = sum.unpricedTurns
                var costs = CostPart.allCases.map { ($0.rawValue, Self.rounded(sum[$0])) }
                costs.append(("total", Self.rounded(sum.total)))
                self.costs = Dictionary(uniqueKeysWithValues: costs)
                details = Dictionary(uniqueKeysWithValues: CostPart.allCases.map { part in
                    let detail = sum.detail(of: part)
                    let amounts = CostDetail.Kind.allCases.map { ($0.rawValue, Self.rounded(detail[$0])) }
                    return (part.rawValue, Dictionary(uniqueKeysWithValues: amounts.filter { $0.1 > 0 }))
                }.filter { !$0.1.isEmpty })
                transcriptRatio = sum.transcriptRatio
            }

            private static func rounded(_ usd: Double) -> Double { (usd * 1e9).rounded() / 1e9 }
        }

        struct SessionSum: Encodable {
            let session, at: String
            let sum: Sum
        }

        let day: String
        let sum: Sum
        let sessions: [SessionSum]
        let damagedLines: Int

        enum CodingKeys: String, CodingKey {
            case day, sum, sessions
            case damagedLines = "damaged_lines"
        }
    }

    /// One JSON object on one line.
    var json: String {
        let members = Members(
            day: day, sum: Members.Sum(costs.sum),
            sessions: costs.sessions.map {
                Members.SessionSum(session: $0.name, at: $0.at, sum: Members.Sum($0.sum))
            }, damagedLines: damagedLines)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // Sums of finite figures, which may still be beyond any number.
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "infinity", negativeInfinity: "-infinity", nan: "nan")
        guard let json = try? encoder.encode(members) else {
            preconditionFailure("a cost report consists of nothing that JSON cannot write")
        }
        return String(decoding: json, as: UTF8.self)
    }
}
