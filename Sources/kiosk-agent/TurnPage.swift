import Session

/// A turn as the serial console shows it, a paragraph each for visitor, assistant, cost and doubts.
///
/// Where the two transcripts differ in some words these are marked, `[-Realtime transcript-]{+transcription model+}`;
/// where they differ in most, both stand whole.
struct TurnPage {
    let layout: TerminalLayout

    /// Longest marked share of a text that still reads well.
    private static let readableShare = 0.5

    func text(_ turn: SettledTurn, cost: String?) -> String {
        var page = visitor(turn) + assistant(turn.assistant)
        for tool in turn.tools {
            page += layout.paragraph("tool", "\(tool.name): \(tool.status.rawValue), \(tool.ms) ms")
        }
        if let cost { page += layout.paragraph("cost", cost) }
        for doubt in turn.review.doubts { page += layout.paragraph("doubtful", doubt) }
        return page
    }

    /// What was kept of a turn that never settled.
    func text(_ part: TurnPart.Content) -> String {
        switch part {
        case .realtime(let transcript): realtime(transcript)
        case .builtIn(let transcript): builtIn(transcript)
        case .assistant(let part): assistant(part)
        }
    }

    // MARK: The visitor's words

    private func visitor(_ turn: SettledTurn) -> String {
        if turn.isTimeout { return layout.paragraph("visitor", "<nobody spoke: the assistant does>") }
        let (one, other) = (turn.realtime, turn.builtIn)
        if one.status == .ok, other.status == .ok { return both(one.text, other.text) }
        if one == other { return visitor(one, note: "both transcripts") }
        if other == .off { return visitor(one, note: "Realtime transcript; the other is off") }
        if one == .off { return visitor(other, note: "transcription model; the other is off") }
        return realtime(one) + builtIn(other)
    }

    private func visitor(_ transcript: Transcript, note words: String) -> String {
        layout.paragraph("visitor", Self.words(of: transcript)) + note(words)
    }

    private func realtime(_ transcript: Transcript) -> String {
        layout.paragraph("realtime", Self.words(of: transcript))
    }

    private func builtIn(_ transcript: Transcript) -> String {
        layout.paragraph("model", Self.words(of: transcript))
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

    static func words(of transcript: Transcript) -> String {
        if transcript.status == .off, let reason = transcript.reason { return "<off: \(reason)>" }
        return TurnText.words(of: transcript)
    }

    // MARK: The assistant's words

    private func assistant(_ part: AssistantPart) -> String { layout.paragraph("assistant", Self.words(of: part)) }

    /// What was heard, and in angle brackets what became of it.
    private static func words(of part: AssistantPart) -> String {
        let reason = part.reason.map { ": \($0)" } ?? ""
        switch part.status {
        case .completed:
            if part.text.isEmpty { return "<empty\(reason)>" }
            return part.text + (reason.isEmpty ? "" : " <incomplete\(reason)>")
        case .truncated:
            let tenths = max(0, min(part.playedMs, 1_000_000_000)) / 100
            let heard = part.heardText ?? ""
            return (heard.isEmpty ? "" : heard + " ") + "<interrupted after \(tenths / 10).\(tenths % 10) s\(reason)>"
        case .cancelled: return "<interrupted before it was heard>"
        case .none: return "<no answer>"
        case .failed: return "<failed\(reason)>" + (part.text.isEmpty ? "" : " " + part.text)
        }
    }
}
