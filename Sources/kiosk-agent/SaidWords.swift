/// Remembers what was said, well enough to know a text that repeats some of it.
struct SaidWords {
    /// As many words in a row are no coincidence.
    static let run = 4
    /// Runs and short texts that are kept, 16 bytes each; what was said later than that is not known.
    static let limit = 500_000

    private var runs: Set<Int> = []
    /// Texts of fewer words, each as a whole.
    private var short: Set<Int> = []

    mutating func add(_ text: String) {
        let words = Self.words(text)
        guard !words.isEmpty, runs.count + short.count < Self.limit else { return }
        if words.count < Self.run {
            short.insert(Self.hash(words[...]))
        } else {
            runs.formUnion(Self.runs(of: words, length: Self.run))
        }
    }

    /// `text` repeats what was said: a run of its words, or all of something short. One word alone is not taken for it,
    /// unless it has a digit in it: a number is said by somebody.
    func occur(in text: String) -> Bool {
        let words = Self.words(text)
        if Self.runs(of: words, length: Self.run).contains(where: runs.contains) { return true }
        return (1..<Self.run).contains { length in
            words.indices.dropLast(length - 1).contains { start in
                let part = words[start..<(start + length)]
                let isTelling = length > 1 || part.contains { $0.contains(where: \.isNumber) }
                return isTelling && short.contains(Self.hash(part))
            }
        }
    }

    private static func runs(of words: [Substring], length: Int) -> Set<Int> {
        guard words.count >= length else { return [] }
        return Set((0...(words.count - length)).map { hash(words[$0..<($0 + length)]) })
    }

    private static func hash(_ words: ArraySlice<Substring>) -> Int {
        var hasher = Hasher()
        for word in words { hasher.combine(word) }
        return hasher.finalize()
    }

    /// Letters and digits; neither case nor punctuation makes a difference.
    private static func words(_ text: String) -> [Substring] {
        text.lowercased().split { !$0.isLetter && !$0.isNumber }
    }
}
