import Session

/// A settled turn as the console has it.
enum TurnText {
    /// What speaks against its transcripts, and its three blocks.
    static func blocks(_ turn: SettledTurn) -> String {
        let realtime = ConsoleText.block(
            .realtimeTranscript, ConsoleText.text(of: ConsoleText.Transcript(turn.realtime)),
            costs: costs(turn.cost.realtimeTranscript, isUsed: turn.usage.realtimeTranscript != nil))
        let builtIn = ConsoleText.block(
            .builtInTranscript, ConsoleText.text(of: ConsoleText.Transcript(turn.builtIn)),
            costs: costs(turn.cost.builtInTranscript, isUsed: turn.usage.builtInTranscript != nil))
        let assistant = ConsoleText.block(
            .assistant, text(of: turn.assistant),
            costs: costs(turn.cost.assistant, isUsed: turn.usage.assistant != nil) + totals(turn))
        let doubts = turn.review.doubts.map { ConsoleText.state("doubtful transcript: \($0)") }.joined()
        return doubts + realtime + builtIn + assistant
    }

    /// A transcript with what had arrived of one that failed or timed out.
    static func words(of transcript: Transcript) -> String {
        let words = ConsoleText.text(of: ConsoleText.Transcript(transcript))
        return transcript.status == .ok || transcript.text.isEmpty ? words : "\(words) \(transcript.text)"
    }

    /// The whole text of an answer, heard or not; one without stands in angle brackets.
    static func text(of part: AssistantPart) -> String {
        if !part.text.isEmpty { return part.text }
        switch part.status {
        case .none: return "<none>"
        case .cancelled: return "<cancelled>"
        case .failed: return "<failed: \(part.reason ?? "no reason given")>"
        case .completed, .truncated: return "<empty>"
        }
    }

    /// Without usage there is nothing to price; with usage and no price it says so.
    private static func costs(_ usd: Double?, isUsed: Bool) -> [String] { isUsed ? [ConsoleText.cost(usd)] : [] }

    /// What session and day have cost, under a turn that cost something.
    private static func totals(_ turn: SettledTurn) -> [String] {
        guard let totals = turn.totals, turn.usage != TurnUsage() else { return [] }
        let unpriced = totals.day.unpricedTurns
        let note = unpriced == 0 ? "" : ConsoleText.unpriced(unpriced)
        let sums = ConsoleText.totals(session: totals.session.total, day: totals.day.total, note: note)
        let (realtime, builtIn) = (totals.day[.realtimeTranscript], totals.day[.builtInTranscript])
        return [sums] + (totals.day.transcriptRatio.map {
            [ConsoleText.transcripts(realtime: realtime, builtIn: builtIn, ratio: $0)]
        } ?? [])
    }
}

extension ConsoleText.Transcript {
    init(_ transcript: Transcript) {
        switch transcript.status {
        case .ok: self = .ok(transcript.text)
        case .empty: self = .empty
        case .failed: self = .failed(reason: transcript.reason ?? "no reason given")
        case .timeout: self = .timedOut
        case .off: self = .off
        }
    }
}
