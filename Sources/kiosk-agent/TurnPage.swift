import Session

/// A turn as the serial console shows it, a paragraph each for visitor, assistant, cost and doubts.
///
/// Where the two transcripts differ in some words these are marked, `[-Realtime transcript-]{+transcription model+}`;
/// where they differ in most, both stand whole.
struct TurnPage {
    let layout: TerminalLayout

    /// Longest marked share of a text that still reads well.
    private static let readableShare = 0.5

    func text(_ turn: ConsoleEntry, cost: String?) -> String {
        var page = visitor(turn)
        if let assistant = turn.assistant { page += layout.paragraph("assistant", Self.words(of: assistant)) }
        for tool in turn.tools { page += layout.paragraph("tool", "\(tool.name): \(tool.status), \(tool.ms) ms") }
        if let cost { page += layout.paragraph("cost", cost) }
        for doubt in doubts(turn) { page += layout.paragraph("doubtful", doubt) }
        return page
    }

    // MARK: The visitor's words

    func visitor(_ turn: ConsoleEntry) -> String {
        if turn.trigger == "idle-timeout" {
            return layout.paragraph("visitor", "<nobody spoke: the assistant does>")
        }
        let (realtime, builtIn) = (turn.realtime, turn.builtIn)
        guard let realtime, let builtIn else {
            return [("realtime", realtime), ("model", builtIn)].map { label, one in
                one.map { layout.paragraph(label, Self.words(of: $0)) } ?? ""
            }.joined()
        }
        switch (realtime.status, builtIn.status) {
        case ("ok", "ok"): return both(realtime.text, builtIn.text)
        case (let one, let other) where one == other && realtime == builtIn:
            return layout.paragraph("visitor", Self.words(of: realtime)) + note("both transcripts")
        case (_, "off") where realtime.status != "off" && builtIn.reason == nil:
            return layout.paragraph("visitor", Self.words(of: realtime)) + note("Realtime transcript; the other is off")
        case ("off", _) where realtime.reason == nil:
            return layout.paragraph("visitor", Self.words(of: builtIn))
                + note("transcription model; the other is off")
        default:
            return layout.paragraph("realtime", Self.words(of: realtime))
                + layout.paragraph("model", Self.words(of: builtIn))
        }
    }

    private func both(_ realtime: String, _ builtIn: String) -> String {
        guard realtime != builtIn else {
            return layout.paragraph("visitor", realtime) + note("both transcripts the same")
        }
        guard let alignment = WordAlignment(realtime, builtIn) else {
            return layout.paragraph("realtime", realtime) + layout.paragraph("model", builtIn)
                + note("too long to be compared")
        }
        guard alignment.differingWords > 0 else {
            return layout.paragraph("visitor", realtime) + note("both transcripts have the same words")
        }
        let count = "\(alignment.differingWords) of \(alignment.words) words differ"
        guard Double(alignment.differingWords) <= Double(alignment.words) * Self.readableShare else {
            return layout.paragraph("realtime", realtime) + layout.paragraph("model", builtIn) + note(count)
        }
        let marked = alignment.pieces.map(Self.marked).joined(separator: " ")
        return layout.paragraph("visitor", marked) + note("\(count): [-Realtime-] {+transcription model+}")
    }

    private static func marked(_ piece: WordAlignment.Piece) -> String {
        switch piece {
        case .same(let text): text
        case .different(let first, ""): "[-\(first)-]"
        case .different("", let second): "{+\(second)+}"
        case .different(let first, let second): "[-\(first)-]{+\(second)+}"
        }
    }

    private func note(_ words: String) -> String { layout.paragraph("", "(\(words))") }

    static func words(of transcript: ConsoleEntry.Transcript) -> String {
        let state: String
        switch transcript.status {
        case "ok": return transcript.text
        case "timeout": state = "<timed out>"
        case "failed", "off": state = "<\(transcript.status)\(transcript.reason.map { ": \($0)" } ?? "")>"
        default: state = "<\(transcript.status)>"
        }
        return transcript.text.isEmpty ? state : "\(state) \(transcript.text)"
    }

    // MARK: The assistant's

    /// What was heard, and in angle brackets what became of it.
    static func words(of assistant: ConsoleEntry.Assistant) -> String {
        let reason = assistant.reason.map { ": \($0)" } ?? ""
        switch assistant.status {
        case "completed":
            if assistant.text.isEmpty { return "<empty\(reason)>" }
            return assistant.text + (reason.isEmpty ? "" : " <incomplete\(reason)>")
        case "truncated":
            let tenths = max(0, min(assistant.playedMs, 1_000_000_000)) / 100
            let heard = assistant.heardText ?? ""
            return (heard.isEmpty ? "" : heard + " ") + "<interrupted after \(tenths / 10).\(tenths % 10) s\(reason)>"
        case "cancelled": return "<interrupted before it was heard>"
        case "none": return "<no answer>"
        default: return "<\(assistant.status)\(reason)>" + (assistant.text.isEmpty ? "" : " " + assistant.text)
        }
    }

    private func doubts(_ turn: ConsoleEntry) -> [String] {
        turn.flags.map { flag in
            TranscriptReview.Flag(rawValue: flag).map {
                TranscriptReview.doubt(
                    $0, wordErrorRate: turn.wordErrorRate, speechMs: turn.speechMs, levelDBFS: turn.levelDBFS)
            } ?? flag
        }
    }
}
