/// The words of the console, as pure functions. Every line ends with a line break.
///
/// Texts come from the network, so control characters are shown escaped. A backslash in a text stays as it is: texts
/// are compared verbatim by tools, and an escape can only be mistaken for text that spells the same escape.
enum ConsoleText {
    /// The three blocks of a turn, in their order.
    enum Heading: String, CaseIterable, Sendable {
        case realtimeTranscript = "User turn (Realtime transcript)"
        case builtInTranscript = "User turn (Transcription model)"
        case assistant = "Assistant response"
    }

    /// How a transcript ended.
    enum Transcript: Equatable, Sendable {
        case ok(String)
        case empty
        case failed(reason: String)
        case timedOut
        case off
    }

    /// `[kiosk] speech detected`
    static func state(_ words: String) -> String {
        "[kiosk] " + escaped(words) + "\n"
    }

    /// One of a turn's three blocks: heading, text, `[cost]` lines, an empty line.
    /// - Parameter costs: lines made by `cost`.
    static func block(_ heading: Heading, _ text: String, costs: [String] = []) -> String {
        "=== \(heading.rawValue) ===\n" + escaped(text) + "\n" + costs.joined() + "\n"
    }

    /// The text of a transcript's block; one that is not ok stands in angle brackets.
    static func text(of transcript: Transcript) -> String {
        switch transcript {
        case .ok(let text): text
        case .empty: "<empty>"
        case .failed(let reason): "<failed: \(reason)>"
        case .timedOut: "<timed out>"
        case .off: "<off>"
        }
    }

    /// `[cost] 0.001100 USD (41 tokens in, 12 out)`; `dollars` is nil when no price is known.
    static func cost(_ dollars: Double?, note: String = "") -> String {
        let note = note.isEmpty ? "" : " (" + escaped(note) + ")"
        return "[cost] " + (dollars.map(usd) ?? "unknown") + note + "\n"
    }

    /// `[cost] session 0.012345 USD, today 0.234567 USD`
    static func totals(session: Double, day: Double, note: String = "") -> String {
        let note = note.isEmpty ? "" : " (" + escaped(note) + ")"
        return "[cost] session \(usd(session)), today \(usd(day))" + note + "\n"
    }

    /// `[cost] transcripts today 0.004100 and 0.000324 USD, ratio 12.7`: the Realtime ones and the built-in ones. The
    /// ratio is that of the turns which have both.
    static func transcripts(realtime: Double, builtIn: Double, ratio: Double) -> String {
        let tenths = Int((min(max(ratio, 0), 1e9) * 10).rounded())
        return "[cost] transcripts today \(sixDecimals(realtime) ?? "unknown") and \(usd(builtIn)), "
            + "ratio \(tenths / 10).\(tenths % 10)\n"
    }

    /// `2 turns without a price`
    static func unpriced(_ turns: Int) -> String { "\(turns) turn\(turns == 1 ? "" : "s") without a price" }

    /// `0.012345 USD`, or `unknown`.
    static func usd(_ dollars: Double) -> String { sixDecimals(dollars).map { $0 + " USD" } ?? "unknown" }

    /// `[fault] link: api.openai.com:443: connect: Connection refused`, for standard error.
    static func fault(_ faultClass: String, _ words: String) -> String {
        "[fault] " + escaped(faultClass) + ": " + escaped(words) + "\n"
    }

    /// `text` with every control character (C0, DEL, C1), line or paragraph separator, and bidirectional mark,
    /// embedding, override or isolate written as `\n`, `\r`, `\t` or `\u{1b}`: the result is one line and cannot steer
    /// a terminal.
    static func escaped(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: isControl) else { return text }
        var line = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\n": line += "\\n"
            case "\r": line += "\\r"
            case "\t": line += "\\t"
            case _ where isControl(scalar): line += "\\u{" + String(scalar.value, radix: 16) + "}"
            default: line.unicodeScalars.append(scalar)
            }
        }
        return line
    }

    /// `line`, a JSON text, with what `escaped` escapes written as JSON does: `\u009b`. It means the same.
    static func escapedJSON(_ line: String) -> String {
        guard line.unicodeScalars.contains(where: isControl) else { return line }
        return line.unicodeScalars.reduce(into: "") { text, scalar in
            guard isControl(scalar) else { return text.unicodeScalars.append(scalar) }
            let digits = String(scalar.value, radix: 16)
            text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        }
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x00...0x1F, 0x7F...0x9F: true
        case 0x061C, 0x200E, 0x200F, 0x202A...0x202E, 0x2066...0x2069: true
        case 0x2028, 0x2029: true
        default: false
        }
    }

    /// Nil for what is no sensible amount.
    static func sixDecimals(_ dollars: Double) -> String? {
        guard dollars.isFinite, dollars >= 0, dollars < 1e9 else { return nil }
        let millionths = Int((dollars * 1e6).rounded())
        let fraction = String(millionths % 1_000_000)
        return "\(millionths / 1_000_000)." + String(repeating: "0", count: 6 - fraction.count) + fraction
    }
}
