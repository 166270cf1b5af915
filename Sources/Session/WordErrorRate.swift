/// How far two transcripts of the same speech differ: words to insert, remove or change, divided by the reference's.
///
/// 0 is the same words, 1 is as many mistakes as words; a rate may exceed 1. Case, punctuation, hyphens inside words
/// and hesitations do not count, nor whether letters and digits are spelled one by one.
enum WordErrorRate {
    /// Most words compared: two minutes of fast speech (300 words a minute) have 600. The work is their square.
    static let wordLimit = 600
    /// Most characters read for them; words of ten letters, which no language exceeds on average, would fit.
    static let characterLimit = 6600

    /// Sounds of hesitation. One transcriber writes them and the other does not: the first seven are those that the
    /// English normaliser of openai/whisper removes, the others their likes in German and French.
    private static let hesitations: Set<String> = [
        "hmm", "mm", "mhm", "mmm", "uh", "um", "hm", "uhm", "äh", "ähm", "öhm", "euh",
    ]

    /// nil when both are without words: there is nothing to compare.
    static func rate(of hypothesis: String, against reference: String) -> Double? {
        let hypothesis = words(of: hypothesis), reference = words(of: reference)
        if reference.isEmpty { return hypothesis.isEmpty ? nil : 1 }
        return Double(distance(hypothesis, reference)) / Double(reference.count)
    }

    /// Lower-case words without punctuation. A hyphen, an apostrophe or a dot inside a word joins its parts; letters
    /// and digits that stand alone are one word together; Chinese and Japanese have a word a character.
    static func words(of text: String) -> [String] {
        var words: [String] = []
        var word = ""
        /// The last of `words` is made of characters that stood alone.
        var isSpelling = false

        func end() {
            defer { word = "" }
            guard !word.isEmpty, !hesitations.contains(word) else { return }
            let standsAlone = word.count == 1
            if standsAlone, isSpelling, let last = words.indices.last {
                words[last] += word
            } else {
                words.append(word)
            }
            isSpelling = standsAlone
        }

        for character in text.prefix(characterLimit).lowercased() {
            if words.count >= wordLimit { break }
            if character.isIdeograph {
                end()
                words.append(String(character))
                isSpelling = false
            } else if character.isLetter || character.isNumber {
                word.append(character)
            } else if character.isWhitespace || !character.isJoiner {
                end()
            }
        }
        if words.count < wordLimit { end() }
        return words
    }

    /// Levenshtein's distance in words.
    private static func distance(_ first: [String], _ second: [String]) -> Int {
        // Numbers in place of words: comparing texts would be most of the work.
        var numbers: [String: Int] = [:]
        func numbered(_ words: [String]) -> [Int] {
            words.map { word in
                let number = numbers[word] ?? numbers.count
                numbers[word] = number
                return number
            }
        }
        return numbered(first).editDistance(to: numbered(second))
    }
}

extension Character {
    /// Joins the parts of a word: hyphens and apostrophes, typewriter's and printer's, and the dot of "5.5" or "e.g.".
    fileprivate var isJoiner: Bool { "-'.\u{2010}\u{2011}\u{2019}".contains(self) }

    /// A Han or kana character: these scripts put no spaces between words.
    var isIdeograph: Bool {
        switch unicodeScalars.first?.value ?? 0 {
        case 0x3041...0x30FF, 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xF900...0xFAFF, 0x20000...0x3FFFF: true
        default: false
        }
    }
}
