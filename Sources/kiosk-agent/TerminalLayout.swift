/// Text in the columns of a terminal: wrapped at words, every line under its label, and nothing in it that could steer
/// the terminal.
struct TerminalLayout: Equatable {
    /// The terminal's width; narrower and wider ones are treated as the nearest of these.
    static let columnsLimit = 32...400
    /// What a terminal has that does not say.
    static let usualColumns = 80
    /// Columns of a label with the space behind it, as `status` has them.
    static let labelColumns = 11
    /// Longest text shown, in characters; at 115200 baud that is half a second.
    static let longestText = 4000

    let columns: Int
    let isASCII: Bool

    init(columns: Int, isASCII: Bool) {
        self.columns = min(max(columns, Self.columnsLimit.lowerBound), Self.columnsLimit.upperBound)
        self.isASCII = isASCII
    }

    /// The last column stays free: some terminals go on to the next line as soon as it is filled.
    var width: Int { columns - 1 }

    /// `label` and beside it the text, which begins behind `indent` spaces and the label's columns; a line each for
    /// every line of the text. "" for no text.
    func paragraph(_ label: String, _ text: String, indent: Int = 2) -> String {
        wrapped(text, first: String(repeating: " ", count: indent) + padded(label), rest: indent + Self.labelColumns)
    }

    /// `first`, the text behind it, and what does not fit below, indented by `rest` spaces.
    func wrapped(_ text: String, first: String, rest: Int) -> String {
        let margin = String(repeating: " ", count: min(rest, width / 2))
        var lines = ""
        var head = first
        for part in limited(text).split(whereSeparator: \.isNewline) {
            for line in broken(shown(String(part)), room: max(width - margin.utf8.count, 1)) {
                lines += trimmed(head + line) + "\n"
                head = margin
            }
        }
        return lines
    }

    /// A line that goes to the right edge, with as much of `title` in it as there is room for.
    func rule(_ title: String) -> String {
        let title = "--- " + (broken(shown(title), room: width - 8).first ?? "") + " "
        return title + String(repeating: "-", count: width - CharacterWidth.columns(title)) + "\n"
    }

    /// On one line, nothing in it but what can be seen.
    func shown(_ text: String) -> String {
        let line = ConsoleText.escaped(text.replacing("\t", with: " "))
        return isASCII ? ASCIIText.text(line) : line
    }

    private func limited(_ text: String) -> String {
        let kept = text.prefix(Self.longestText)
        return kept.endIndex == text.endIndex ? text : kept + " ... (more is in the journal)"
    }

    private func padded(_ label: String) -> String {
        label + String(repeating: " ", count: max(1, Self.labelColumns - label.utf8.count))
    }

    private func trimmed(_ line: String) -> String {
        var line = line[...]
        while line.last == " " { line.removeLast() }
        return String(line)
    }

    /// Lines of at most `room` columns, broken at spaces, and inside a word only where it is longer than a line.
    private func broken(_ text: String, room: Int) -> [String] {
        var lines: [String] = []
        var (line, used) = ("", 0)
        func end() {
            lines.append(line)
            (line, used) = ("", 0)
        }
        for word in text.split(separator: " ") {
            let columns = CharacterWidth.columns(word)
            if used > 0, used + 1 + columns <= room {
                line += " " + word
                used += 1 + columns
                continue
            }
            if used > 0 { end() }
            for character in word {
                let own = CharacterWidth.columns(character)
                if used > 0, used + own > room { end() }
                line.append(character)
                used += own
            }
        }
        if !line.isEmpty { end() }
        return lines
    }
}

extension TerminalLayout {
    /// Terminals of one byte a character, to which bytes of UTF-8 may be commands.
    private static let plainTerminals: Set<String> = ["dumb", "vt52", "vt100", "vt102", "vt220", "vt320", "ansi"]

    /// Whether the terminal is one for ASCII only, as its environment says it (locale(7), term(7)).
    static func isASCII(environment: [String: String]) -> Bool {
        if plainTerminals.contains(environment["TERM"] ?? "dumb") { return true }
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].compactMap { environment[$0] }.first { !$0.isEmpty } ?? "C"
        let characters = locale.lowercased()
        return !characters.hasSuffix("utf-8") && !characters.hasSuffix("utf8")
    }
}
