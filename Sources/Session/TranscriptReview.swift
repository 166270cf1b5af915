/// What speaks against a turn's transcripts: a model that hears nothing may write something all the same.
///
/// Nothing is ever dropped for it; the flags are the reader's warning.
public struct TranscriptReview: Sendable, Equatable {
    public enum Flag: String, Sendable, CaseIterable {
        /// The two transcripts have little in common.
        case disagreement
        /// Nobody speaks so many words in the time that was spoken.
        case tooLongForSpeech = "too_long_for_speech"
        /// There are words, but hardly any sound.
        case quiet
    }

    /// In the order of `Flag`.
    public var flags: [Flag]
    /// Of the out-of-band transcript against the built-in one; nil when one of the two is missing, or both are empty.
    public var wordErrorRate: Double?
    /// nil when the turn's audio was not measured.
    public var sound: TurnSound?

    /// More than half of the words differ. Two good transcripts of noisy speech differ in a tenth to a third of them;
    /// one that was made up shares hardly a word with the other.
    public static let toleratedErrorRate = 0.5
    /// Letters, digits and spaces a second that nobody exceeds. The fastest of seven languages has 8 syllables a second
    /// without pauses (Pellegrino and others, Language 87, 2011), of about 3.5 characters with the space.
    public static let charactersPerSecond = 30.0
    /// Characters that no speech has to account for: one short word may last a tenth of a second.
    public static let freeCharacters = 15.0
    /// A syllable is one character of Chinese or Japanese, and about so many of an alphabet.
    static let charactersPerIdeograph = 4
    /// -60 dBFS. The peaks of speech are 12 to 18 dB above its mean, so even they stay below -42 dBFS, where the noise
    /// of a quiet room through a microphone of usual gain is.
    public static let quietMeanSquare = 32_768.0 * 32_768.0 / 1_000_000

    public init(flags: [Flag] = [], wordErrorRate: Double? = nil, sound: TurnSound? = nil) {
        self.flags = flags
        self.wordErrorRate = wordErrorRate
        self.sound = sound
    }

    init(realtime: Transcript, builtIn: Transcript, sound: TurnSound?) {
        let isComparable = [realtime, builtIn].allSatisfy { $0.status == .ok || $0.status == .empty }
        let rate = isComparable ? WordErrorRate.rate(of: realtime.text, against: builtIn.text) : nil
        let texts = [realtime, builtIn].filter { $0.status == .ok }.map(\.text)
        var flags: [Flag] = []
        if let rate, rate > Self.toleratedErrorRate { flags.append(.disagreement) }
        if let sound, !texts.isEmpty {
            let limit = Self.freeCharacters + Self.charactersPerSecond * Double(sound.speechMs) / 1000
            if texts.contains(where: { Double(Self.length(of: $0)) > limit }) { flags.append(.tooLongForSpeech) }
            if sound.meanSquare < Self.quietMeanSquare { flags.append(.quiet) }
        }
        self.init(flags: flags, wordErrorRate: rate, sound: sound)
    }

    private static func length(of text: String) -> Int {
        text.reduce(0) { $0 + ($1.isIdeograph ? charactersPerIdeograph : 1) }
    }
}
