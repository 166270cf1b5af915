import Session

/// What was heard in a session, as subtitles (SubRip). Time 0 is the first word.
///
/// An entry says when its turn settled. When words were spoken and heard follows from that, from the latencies, and
/// from how long speech and answer lasted; where the entry does not say, it is estimated.
struct Subtitles {
    private struct Cue {
        var startMs, endMs: Int64
        let text: String
    }

    /// Sessions before the one that is written.
    private(set) var otherSessions = 0
    private var session: String?
    private var cues: [Cue] = []

    /// Of speech whose length is not known: 15 characters a second.
    private static let msPerCharacter: Int64 = 67
    private static let estimateMs: ClosedRange<Int64> = 1000...10_000
    /// Shorter ones cannot be read.
    private static let leastMs: Int64 = 700

    mutating func add(_ entry: KnownEntry) {
        guard case .turn(let turn) = entry.content else { return }
        if let session, session != turn.session {
            otherSessions += 1
            cues = []
        }
        session = turn.session
        let playedMs = Int64(turn.assistant.playedMs)
        let firstAudibleMs = Int64(turn.latency[.firstAudible] ?? 0)
        let transcriptsMs = [turn.latency[.realtimeTranscript], turn.latency[.builtInTranscript]]
            .compactMap { $0 }.max() ?? 0
        // A turn settles with the last of its parts.
        let spokenMs = entry.atMs - max(firstAudibleMs + playedMs, Int64(transcriptsMs))
        let words = turn.realtime.status == .ok ? turn.realtime.text : turn.builtIn.text
        if !words.isEmpty {
            let lengthMs = Self.lengthMs(turn.review.sound?.speechMs, words)
            cues.append(Cue(startMs: spokenMs - lengthMs, endMs: spokenMs, text: "Visitor: " + words))
        }
        let heard = turn.assistant.heardText ?? turn.assistant.text
        if playedMs > 0, !heard.isEmpty {
            let startMs = spokenMs + firstAudibleMs
            cues.append(Cue(startMs: startMs, endMs: startMs + playedMs, text: "Assistant: " + heard))
        }
    }

    private static func lengthMs(_ speechMs: Int?, _ words: String) -> Int64 {
        if let speechMs, speechMs > 0 { return Int64(speechMs) }
        let guess = Int64(words.count) * msPerCharacter
        return min(max(guess, estimateMs.lowerBound), estimateMs.upperBound)
    }

    /// In the order of their times, none over another.
    var text: String {
        var cues = cues.sorted { $0.startMs < $1.startMs }
        guard let firstMs = cues.first?.startMs else { return "" }
        for index in cues.indices.dropFirst() {
            cues[index].startMs = max(cues[index].startMs, cues[index - 1].startMs + Self.leastMs)
            cues[index - 1].endMs = min(
                max(cues[index - 1].endMs, cues[index - 1].startMs + Self.leastMs), cues[index].startMs)
        }
        if let last = cues.indices.last { cues[last].endMs = max(cues[last].endMs, cues[last].startMs + Self.leastMs) }
        return cues.enumerated().map { index, cue in
            let times = [cue.startMs, cue.endMs].map { Self.time($0 - firstMs) }.joined(separator: " --> ")
            return "\(index + 1)\n\(times)\n\(Self.plain(cue.text))\n\n"
        }.joined()
    }

    /// `00:01:02,345`
    private static func time(_ ms: Int64) -> String {
        func digits(_ number: Int64, _ width: Int) -> String {
            let text = String(number)
            return String(repeating: "0", count: max(0, width - text.count)) + text
        }
        return digits(ms / 3_600_000, 2) + ":" + digits(ms / 60_000 % 60, 2) + ":" + digits(ms / 1000 % 60, 2)
            + "," + digits(ms % 1000, 3)
    }

    /// One line without an arrow of times, and with other brackets: players take some for tags, and there is no escape.
    private static func plain(_ text: String) -> String {
        String(ConsoleText.escaped(text).replacing("-->", with: "→").map { character -> Character in
            switch character {
            case "<": "‹"
            case ">": "›"
            case "{": "("
            case "}": ")"
            default: character
            }
        })
    }
}
