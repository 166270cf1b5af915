import Session

/// What was said, to be read: a heading a session, a paragraph a person. Whatever looks like Markdown or HTML in a text
/// is shown as it was said.
struct MarkdownExport {
    private var session: String?

    mutating func add(_ entry: KnownEntry) -> String {
        switch entry.content {
        case .turn(let turn):
            let shown = turn.realtime.status == .ok ? turn.realtime : turn.builtIn
            var lines = [("Visitor", ConsoleText.text(of: ConsoleText.Transcript(shown)))]
            if turn.realtime.status == .ok, turn.builtIn.status == .ok, turn.realtime.text != turn.builtIn.text {
                lines.append(("Visitor (built-in transcript)", turn.builtIn.text))
            }
            lines += turn.review.doubts.map { ("Doubtful transcript", $0) }
            let how = turn.assistant.status == .completed ? "" : " (\(turn.assistant.status.rawValue))"
            lines.append(("Assistant\(how)", TurnText.text(of: turn.assistant)))
            return heading(entry) + "### \(Self.time(entry.at)), turn \(turn.number)\n\n" + Self.paragraphs(lines)
        case .task(let task):
            let words = task.words.isEmpty ? task.state : task.words
            return heading(entry) + Self.paragraphs([("Task \(task.name)", words)])
        case .spooled(let spokenAt, let transcript):
            let words = ConsoleText.text(of: ConsoleText.Transcript(transcript))
            return heading(entry) + Self.paragraphs([("Visitor, spoken at \(spokenAt)", words)])
        default: return ""
        }
    }

    private mutating func heading(_ entry: KnownEntry) -> String {
        let name = entry.session ?? ""
        guard name != session else { return "" }
        session = name
        let words = name.isEmpty ? "No session" : "Session " + name
        return "## \(Self.escaped(words)), \(Self.escaped(String(entry.at.prefix(10))))\n\n"
    }

    private static func paragraphs(_ lines: [(String, String)]) -> String {
        lines.map { "**\(escaped($0)):** \(escaped($1))\n\n" }.joined()
    }

    /// `10:15:02 UTC`
    private static func time(_ at: String) -> String { escaped(String(at.dropFirst(11).prefix(8))) + " UTC" }

    /// What CommonMark gives a meaning anywhere in a line; digits and signs have one only where a line begins.
    private static func escaped(_ text: String) -> String {
        ConsoleText.escaped(text).reduce(into: "") { escaped, character in
            if #"\`*_{}[]<>#|~&!$"#.contains(character) { escaped.append("\\") }
            escaped.append(character)
        }
    }
}
