/// Looks for words in the texts of entries.
///
/// Letters match whatever their case, by Unicode's lower-case mapping (`Ä` is `ä`; `ß` is not `ss`), and however they
/// are composed (`é` is `e` and an accent).
struct TextSearch {
    /// Shown of a text on either side of what was found.
    static let contextCharacters = 40

    private let words: [[Character]]
    private let isCaseSensitive: Bool
    /// What the lines of entries with all words hold, at least.
    private let probes: [ByteSearch]
    private let hasIdeographs: Bool

    init(_ words: [String], isCaseSensitive: Bool = false) {
        self.isCaseSensitive = isCaseSensitive
        self.words = words.map { word in word.map { isCaseSensitive ? $0 : Self.lowercased($0) } }
        probes = self.words.compactMap { Self.probe($0, isCaseSensitive) }.map { ByteSearch($0) }
        hasIdeographs = words.joined().unicodeScalars.contains { Self.ideographs.contains($0.value) }
    }

    /// A look at a line as it is, which never misses one that `lines` finds something in.
    func mayBeIn(_ line: ArraySlice<UInt8>) -> Bool {
        probes.allSatisfy { $0.isIn(line) } || Self.escape.isIn(line)
            || hasIdeographs && Self.compatibilityIdeographs.contains { $0.isIn(line) }
    }

    // MARK: Bytes

    /// Any character may be written so in JSON.
    private static let escape = ByteSearch(#"\u"#.utf8)
    /// Of Cyrillic: 32 letters and their capitals, 32 before them. In Unicode's tables nothing else is equal to any of
    /// them but `й`, which may be two characters.
    private static let cyrillic: ClosedRange<UInt32> = 0x0430...0x044F
    private static let cyrillicShortI: UInt32 = 0x0439
    private static let ideographs: ClosedRange<UInt32> = 0x4E00...0x9FFF
    /// Those that are equal to an ideograph: U+F900 to U+FAFF and U+2F800 to U+2FA1F.
    private static let compatibilityIdeographs = [
        ByteSearch([[0xEF], Array(0xA4...0xAB)]), ByteSearch([[0xF0], [0xAF]]),
    ]

    /// The longest part of a word whose spellings are all known, as the bytes that may stand at each place. Nil when
    /// there is none.
    private static func probe(_ word: [Character], _ isCaseSensitive: Bool) -> [[UInt8]]? {
        var longest: [[UInt8]] = []
        var part: [[UInt8]] = []
        for character in word {
            part = spellings(character, isCaseSensitive).map { part + $0 } ?? []
            if part.count > longest.count { longest = part }
        }
        return longest.isEmpty ? nil : longest
    }

    /// The bytes of a character at each place, those of its capital too; nil when it may be written in more ways.
    private static func spellings(_ character: Character, _ isCaseSensitive: Bool) -> [[UInt8]]? {
        let scalars = Array(character.unicodeScalars)
        guard scalars.count == 1 else { return nil }
        let value = scalars[0].value
        switch value {
        case ideographs: return String(character).utf8.map { [$0] }
        case cyrillic.lowerBound - 32...cyrillic.upperBound:
            let small = value < cyrillic.lowerBound ? value + 32 : value
            guard small != cyrillicShortI else { return nil }
            let both = isCaseSensitive ? [value] : [small, small - 32]
            let bytes = both.compactMap(Unicode.Scalar.init).map { Array(String(Character($0)).utf8) }
            return [bytes.map { $0[0] }, bytes.map { $0[1] }]
        // Letters and digits of ASCII. `k` is also the small letter of the Kelvin sign; what JSON may escape is no
        // letter.
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A:
            let byte = UInt8(value)
            if byte | 0x20 == UInt8(ascii: "k") { return nil }
            return [isCaseSensitive || byte < 0x41 ? [byte] : [byte | 0x20, byte & 0xDF]]
        default: return nil
        }
    }

    // MARK: Characters

    /// A line for each text of the entry that has one of the words, when it has all of them; else none.
    /// - Parameter isMarked: with bold letters, as terminals show them.
    func lines(_ entry: KnownEntry, isMarked: Bool) -> [String] {
        let passages = EntryText.passages(entry)
        let texts = passages.map { Letters($0.text) }
        let matches = texts.map { text in words.map { text.ranges(of: $0, isCaseSensitive) } }
        guard words.indices.allSatisfy({ word in matches.contains { !$0[word].isEmpty } }) else { return [] }
        let head = "\(EntryText.seconds(entry.at)) \(EntryText.reference(entry)) "
        return passages.indices.compactMap { index in
            let found = matches[index].flatMap { $0 }.sorted { $0.lowerBound < $1.lowerBound }
            guard let first = found.first else { return nil }
            let window = max(0, first.lowerBound - Self.contextCharacters)
                ..< min(texts[index].count, first.upperBound + Self.contextCharacters)
            let rest = found.filter { $0.upperBound > window.upperBound }.count
            let shown = Self.text(texts[index], window, isMarked ? found : [])
            return ConsoleText.escaped(head + passages[index].who) + ": " + shown
                + (rest > 0 ? " (\(rest) more)\n" : "\n")
        }
    }

    /// What lies in `window`, escaped, with dots where something is left out.
    private static func text(_ text: Letters, _ window: Range<Int>, _ marked: [Range<Int>]) -> String {
        var shown = window.lowerBound > 0 ? "…" : ""
        var index = window.lowerBound
        for range in marked where range.lowerBound >= index && range.upperBound <= window.upperBound {
            shown += ConsoleText.escaped(text[index..<range.lowerBound])
            shown += "\u{1b}[1m" + ConsoleText.escaped(text[range]) + "\u{1b}[0m"
            index = range.upperBound
        }
        shown += ConsoleText.escaped(text[index..<window.upperBound])
        return shown + (window.upperBound < text.count ? "…" : "")
    }

    /// As it is when its small letter is more than one character.
    fileprivate static func lowercased(_ character: Character) -> Character {
        if let byte = character.asciiValue { return Character(Unicode.Scalar(lowercased(byte))) }
        let text = character.lowercased()
        return text.count == 1 ? Character(text) : character
    }

    fileprivate static func lowercased(_ byte: UInt8) -> UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
    }
}

/// A text letter by letter: the bytes of one in ASCII, which is ten times as fast, the characters of any other.
private enum Letters {
    case ascii([UInt8])
    case characters([Character])

    init(_ text: String) {
        let bytes = Array(text.utf8)
        self = bytes.allSatisfy { $0 < 0x80 } ? .ascii(bytes) : .characters(Array(text))
    }

    var count: Int {
        switch self {
        case .ascii(let bytes): bytes.count
        case .characters(let characters): characters.count
        }
    }

    subscript(range: Range<Int>) -> String {
        switch self {
        case .ascii(let bytes): String(decoding: bytes[range], as: UTF8.self)
        case .characters(let characters): String(characters[range])
        }
    }

    /// - Parameter word: in small letters, unless they matter.
    func ranges(of word: [Character], _ isCaseSensitive: Bool) -> [Range<Int>] {
        switch self {
        case .ascii(let bytes):
            // Two characters of ASCII that are one: CR LF.
            let wanted = Array(String(word).utf8)
            guard wanted.allSatisfy({ $0 < 0x80 }) else { return [] }
            return Self.ranges(of: wanted, in: bytes) {
                $0 == $1 || !isCaseSensitive && TextSearch.lowercased($0) == $1
            }
        case .characters(let characters):
            return Self.ranges(of: word, in: characters) {
                $0 == $1 || !isCaseSensitive && TextSearch.lowercased($0) == $1
            }
        }
    }

    @inline(__always)
    private static func ranges<Letter>(
        of word: [Letter], in text: [Letter], isEqual: (Letter, Letter) -> Bool
    ) -> [Range<Int>] {
        var ranges: [Range<Int>] = []
        var start = 0
        while start + word.count <= text.count {
            if word.indices.allSatisfy({ isEqual(text[start + $0], word[$0]) }) {
                ranges.append(start..<start + word.count)
                start += word.count
            } else {
                start += 1
            }
        }
        return ranges
    }
}
