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
    /// Any character may be written so in JSON.
    private static let escape = ByteSearch(#"\u"#.utf8)

    init(_ words: [String], isCaseSensitive: Bool = false) {
        self.isCaseSensitive = isCaseSensitive
        self.words = words.map { word in word.map { isCaseSensitive ? $0 : Self.lowercased($0) } }
        probes = self.words.compactMap(Self.probe).map { ByteSearch($0, ignoresCase: !isCaseSensitive) }
    }

    /// The longest part of a word that every spelling of it has as these bytes: letters and digits of ASCII, but for
    /// `k`, which is also the small letter of the Kelvin sign. What JSON may escape is not among them.
    private static func probe(_ word: [Character]) -> [UInt8]? {
        let parts = word.split { character in
            guard let byte = character.asciiValue, character.isLetter || character.isNumber else { return true }
            return byte | 0x20 == UInt8(ascii: "k")
        }
        return parts.max { $0.count < $1.count }?.compactMap(\.asciiValue)
    }

    /// A look at a line as it is, which never misses one that `lines` finds something in.
    func mayBeIn(_ line: ArraySlice<UInt8>) -> Bool {
        probes.allSatisfy { $0.isIn(line) } || Self.escape.isIn(line)
    }

    /// A line for each text of the entry that has one of the words, when it has all of them; else none.
    /// - Parameter isMarked: with bold letters, as terminals show them.
    func lines(_ entry: KnownEntry, isMarked: Bool) -> [String] {
        let passages = EntryText.passages(entry)
        let texts = passages.map { Array($0.text) }
        let matches = texts.map { text in words.map { ranges(of: $0, in: text) } }
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
    private static func text(_ text: [Character], _ window: Range<Int>, _ marked: [Range<Int>]) -> String {
        var shown = window.lowerBound > 0 ? "…" : ""
        var index = window.lowerBound
        for range in marked where range.lowerBound >= index && range.upperBound <= window.upperBound {
            shown += ConsoleText.escaped(String(text[index..<range.lowerBound]))
            shown += "\u{1b}[1m" + ConsoleText.escaped(String(text[range])) + "\u{1b}[0m"
            index = range.upperBound
        }
        shown += ConsoleText.escaped(String(text[index..<window.upperBound]))
        return shown + (window.upperBound < text.count ? "…" : "")
    }

    private func ranges(of word: [Character], in text: [Character]) -> [Range<Int>] {
        var ranges: [Range<Int>] = []
        var start = 0
        while start + word.count <= text.count {
            if isAt(start, word, text) {
                ranges.append(start..<start + word.count)
                start += word.count
            } else {
                start += 1
            }
        }
        return ranges
    }

    private func isAt(_ start: Int, _ word: [Character], _ text: [Character]) -> Bool {
        for index in word.indices {
            let character = text[start + index]
            if character != word[index], isCaseSensitive || Self.lowercased(character) != word[index] { return false }
        }
        return true
    }

    /// As it is when its small letter is more than one character.
    private static func lowercased(_ character: Character) -> Character {
        if let byte = character.asciiValue {
            let isCapital = (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
            return isCapital ? Character(Unicode.Scalar(byte | 0x20)) : character
        }
        let text = character.lowercased()
        return text.count == 1 ? Character(text) : character
    }
}
