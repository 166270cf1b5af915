/// When which piece of a part is sent, relative to its first delta.
struct SpeechPlan {
    /// One delta.
    enum Delta: Equatable {
        case text(String)
        /// Bytes of the part's audio.
        case audio(Range<Int>)
    }

    private(set) var deltas: [(afterMs: Double, delta: Delta)] = []
    /// When everything has been sent.
    private(set) var lengthMs = 0.0

    /// A part of text alone, some words every 5 to 25 ms.
    init(text: String, random: inout SeededRandom) {
        for words in SpeechPlan.pieces(of: text, random: &random) {
            deltas.append((lengthMs, .text(words)))
            lengthMs += Double.random(in: 5...25, using: &random)
        }
    }

    /// A part of audio: uneven pieces at some multiple of real time, the transcript ahead of them.
    init(
        text: String, audioBytes: Int, timing: Timing, splitsSamples: Bool, inOneFrame: Bool,
        random: inout SeededRandom
    ) {
        let factor =
            switch timing.pace {
            case .varied: Double.random(in: 4...10, using: &random)
            case .factor(let factor): factor
            case .burst: Double.infinity
            }
        let audioMs = Double(audioBytes) / 48
        let leadMs = Double(Int.random(in: timing.transcriptLeadMs, using: &random))
        let pieces = SpeechPlan.pieces(of: text, random: &random)
        var said = 0
        for piece in pieces {
            let place = audioMs * Double(said) / Double(max(text.utf8.count, 1))
            deltas.append((max(place - leadMs, 0) / factor, .text(piece)))
            said += piece.utf8.count
        }
        var sent = 0
        while sent < audioBytes {
            let end =
                inOneFrame
                ? audioBytes
                : min(
                    sent + SpeechPlan.pieceBytes(isFirst: sent == 0, splitsSamples: splitsSamples, random: &random),
                    audioBytes)
            // The first piece follows the first words at once.
            deltas.append((5 + Double(sent) / 48 / factor, .audio(sent..<end)))
            sent = end
        }
        deltas.sort { $0.afterMs < $1.afterMs }
        lengthMs = 10 + audioMs / factor
    }

    /// The first piece has 50 to 100 ms, the others 200 to 400, one in twenty up to 1.2 s; no round number of ms.
    private static func pieceBytes(isFirst: Bool, splitsSamples: Bool, random: inout SeededRandom) -> Int {
        let isLong = Int.random(in: 0..<20, using: &random) == 0
        let ms = isFirst ? 50...100 : isLong ? 400...1_200 : 200...400
        let frames = Int.random(in: ms.lowerBound * 24...ms.upperBound * 24, using: &random)
        return frames * 2 + (splitsSamples ? 1 : 0)
    }

    /// A text in pieces of one to three words, each after the first with its leading space.
    static func pieces(of text: String, random: inout SeededRandom) -> [String] {
        var pieces: [String] = []
        var words = text.split(separator: " ", omittingEmptySubsequences: false)[...]
        while !words.isEmpty {
            let count = min(Int.random(in: 1...3, using: &random), words.count)
            let piece = words.prefix(count).joined(separator: " ")
            pieces.append(pieces.isEmpty ? piece : " " + piece)
            words = words.dropFirst(count)
        }
        return pieces == [""] ? [] : pieces
    }
}
