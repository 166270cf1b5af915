import Glibc
import Session

extension TranscriptReview {
    /// What the console says of a doubtful transcript, a line each.
    var doubts: [String] {
        flags.map { flag in
            switch flag {
            case .disagreement:
                let percent = Int(((wordErrorRate ?? 1) * 100).rounded())
                return "doubtful transcript: \(percent) % of the words differ between the two"
            case .tooLongForSpeech:
                let tenths = ((sound?.speechMs ?? 0) + 50) / 100
                return "doubtful transcript: more words than \(tenths / 10).\(tenths % 10) s of speech can hold"
            case .quiet:
                return "doubtful transcript: hardly any sound was heard (\(sound?.levelDBFS ?? 0) dBFS)"
            }
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
