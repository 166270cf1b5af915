import Session

/// Turns as a table, comma-separated (RFC 4180): a head, a row each, line ends of CR LF.
///
/// Control characters are escaped as on the console, so that a row is a line. A text that a spreadsheet would take for
/// a formula begins with an apostrophe: what a visitor says must not be run.
enum TurnTable {
    static var head: String { line(columns.map { quoted($0.name) }) }

    /// Nil for what is no turn.
    static func row(_ entry: KnownEntry) -> String? {
        guard case .turn(let turn) = entry.content else { return nil }
        return line(columns.map { $0.cell(entry, turn) })
    }

    private struct Column {
        let name: String
        let cell: (KnownEntry, SettledTurn) -> String
    }

    private static func text(_ name: String, _ value: @escaping (KnownEntry, SettledTurn) -> String) -> Column {
        Column(name: name) { quoted(harmless(ConsoleText.escaped(value($0, $1)))) }
    }

    private static func number<Number: Numeric & CustomStringConvertible>(
        _ name: String, _ value: @escaping (KnownEntry, SettledTurn) -> Number?
    ) -> Column {
        Column(name: name) { value($0, $1)?.description ?? "" }
    }

    private static func latency(_ mark: TurnLatency.Mark) -> Column {
        number("\(mark.rawValue)_ms") { $1.latency[mark] }
    }

    private static var columns: [Column] {
        [
            number("seq") { entry, _ in entry.seq }, text("at") { entry, _ in entry.at },
            text("session") { $1.session }, number("turn") { $1.number }, text("item") { $1.item?.rawValue ?? "" },
            text("realtime_status") { $1.realtime.status.rawValue }, text("realtime_text") { $1.realtime.text },
            text("built_in_status") { $1.builtIn.status.rawValue }, text("built_in_text") { $1.builtIn.text },
            number("word_error_rate") { $1.review.wordErrorRate },
            text("flags") { $1.review.flags.map(\.rawValue).joined(separator: " ") },
            text("assistant_status") { $1.assistant.status.rawValue },
            text("assistant_text") { $1.assistant.text }, text("heard_text") { $1.assistant.heardText ?? "" },
            number("played_ms") { $1.assistant.playedMs }, number("speech_ms") { $1.review.sound?.speechMs },
            number("level_dbfs") { $1.review.sound?.levelDBFS },
        ] + TurnLatency.Mark.allCases.map(latency) + [
            number("assistant_usd") { $1.cost.assistant },
            number("realtime_transcript_usd") { $1.cost.realtimeTranscript },
            number("built_in_transcript_usd") { $1.cost.builtInTranscript },
            text("tools") { $1.tools.map { "\($0.name)=\($0.status.rawValue)" }.joined(separator: " ") },
            text("trigger") { $1.isTimeout ? "idle-timeout" : "" },
        ]
    }

    /// The wide ones are signs of formulas to some spreadsheets as well.
    private static let formulaSigns: Set<Character> = ["=", "+", "-", "@", "＝", "＋", "－", "＠"]

    private static func harmless(_ text: String) -> String {
        let first = text.first { !$0.isWhitespace }
        return first.map(formulaSigns.contains) ?? false ? "'" + text : text
    }

    private static func quoted(_ text: String) -> String {
        let isPlain = text.utf8.allSatisfy { $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: ",") }
            && text.first != " " && text.last != " "
        return isPlain ? text : "\"" + text.replacing("\"", with: "\"\"") + "\""
    }

    private static func line(_ cells: [String]) -> String { cells.joined(separator: ",") + "\r\n" }
}
