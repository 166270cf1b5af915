import Glibc
import Session

extension TranscriptReview {
    /// What is doubtful about the transcripts, in words, each flag with its figure.
    var doubts: [String] { flags.map(doubt) }

    private func doubt(_ flag: Flag) -> String {
        switch flag {
        case .disagreement:
            // As far as figures that were read from a file may go.
            let percent = Int((min(max(wordErrorRate ?? 1, 0), 1000) * 100).rounded())
            return "\(percent) % of the words differ between the two"
        case .tooLongForSpeech:
            let tenths = (min(max(sound?.speechMs ?? 0, 0), 1_000_000_000) + 50) / 100
            return "more words than \(tenths / 10).\(tenths % 10) s of speech can hold"
        case .quiet:
            return "hardly any sound was heard (\(sound?.levelDBFS ?? 0) dBFS)"
        }
    }
}

extension TurnSound {
    /// Below the last bit of 16; what digital silence is said to have.
    static let silenceDBFS = -100.0

    /// RMS in dBFS, to a tenth.
    var levelDBFS: Double {
        guard meanSquare > 0 else { return Self.silenceDBFS }
        return max(Self.silenceDBFS, (100 * log10(meanSquare / (32_768 * 32_768))).rounded() / 10)
    }
}
