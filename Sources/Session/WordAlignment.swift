/// Where two transcripts of the same speech differ, word by word, in the words as they were written.
///
/// Words are the same by the rule of `WordErrorRate`: case, punctuation and hesitations do not count.
public struct WordAlignment: Sendable, Equatable {
    public enum Piece: Sendable, Equatable {
        /// As the first transcript writes it.
        case same(String)
        /// One of the two may be "".
        case different(first: String, second: String)
    }

    public let pieces: [Piece]
    /// Of the transcript that has more.
    public let words: Int
    /// Those that are in one transcript only; a changed one counts once.
    public let differingWords: Int

    /// Nil when one has more words than are compared.
    public init?(_ first: String, _ second: String) {
        guard let first = Self.tokens(first), let second = Self.tokens(second) else { return nil }
        var joiner = Joiner()
        for step in Self.steps(first, second) { joiner.add(step) }
        joiner.end()
        pieces = joiner.pieces
        differingWords = joiner.differingWords
        words = max(first.lazy.filter(\.isWord).count, second.lazy.filter(\.isWord).count)
    }

    /// What stands between two spaces, or one Chinese or Japanese character.
    private struct Token {
        let text: String
        /// What is compared; "" for punctuation and hesitations.
        let key: String
        /// Follows the one before without a space.
        let isGlued: Bool

        var isWord: Bool { !key.isEmpty }
    }

    private enum Step {
        case same(Token)
        case first(Token)
        case second(Token)
    }

    private static func tokens(_ text: String) -> [Token]? {
        guard text.utf8.count <= 4 * WordErrorRate.characterLimit else { return nil }
        var tokens: [Token] = []
        for part in text.split(whereSeparator: \.isWhitespace) {
            var isGlued = false
            var rest = part
            while let character = rest.first {
                let end = character.isIdeograph
                    ? rest.index(after: rest.startIndex) : rest.firstIndex(where: \.isIdeograph) ?? rest.endIndex
                let word = String(rest[..<end])
                let key = WordErrorRate.words(of: word).joined()
                tokens.append(Token(text: word, key: key, isGlued: isGlued))
                rest = rest[end...]
                isGlued = true
            }
        }
        return tokens.count <= WordErrorRate.wordLimit ? tokens : nil
    }

    /// From one transcript to the other in the fewest words (Levenshtein).
    private static func steps(_ first: [Token], _ second: [Token]) -> [Step] {
        let width = second.count + 1
        // 600 words at most each, so the costs fit.
        var costs = [UInt16](repeating: 0, count: (first.count + 1) * width)
        for column in second.indices { costs[column + 1] = costs[column] + weight(second[column]) }
        for row in first.indices {
            let (above, here) = (row * width, (row + 1) * width)
            costs[here] = costs[above] + weight(first[row])
            for column in second.indices {
                let isSame = first[row].key == second[column].key
                costs[here + column + 1] = min(
                    isSame ? costs[above + column] : .max, costs[above + column + 1] + weight(first[row]),
                    costs[here + column] + weight(second[column]),
                    change(first[row], second[column], costs[above + column]))
            }
        }
        var steps: [Step] = []
        var (row, column) = (first.count, second.count)
        while row > 0 || column > 0 {
            let cost = costs[row * width + column]
            if row > 0, column > 0 {
                let (one, other) = (first[row - 1], second[column - 1])
                let before = costs[(row - 1) * width + column - 1]
                if one.key == other.key, before == cost {
                    steps.append(.same(one))
                    (row, column) = (row - 1, column - 1)
                    continue
                }
                if one.key != other.key, change(one, other, before) == cost {
                    steps += [.second(other), .first(one)]
                    (row, column) = (row - 1, column - 1)
                    continue
                }
            }
            if row > 0, costs[(row - 1) * width + column] + weight(first[row - 1]) == cost {
                steps.append(.first(first[row - 1]))
                row -= 1
            } else {
                steps.append(.second(second[column - 1]))
                column -= 1
            }
        }
        return steps.reversed()
    }

    private static func weight(_ token: Token) -> UInt16 { token.isWord ? 1 : 0 }

    private static func change(_ one: Token, _ other: Token, _ before: UInt16) -> UInt16 {
        one.isWord && other.isWord ? before + 1 : .max
    }

    /// Neighbours of one kind become one piece.
    private struct Joiner {
        private(set) var pieces: [Piece] = []
        private(set) var differingWords = 0
        private var same = ""
        private var first: [Token] = []
        private var second: [Token] = []

        mutating func add(_ step: Step) {
            switch step {
            case .first(let token) where token.isWord: first.append(token)
            case .second(let token) where token.isWord: second.append(token)
            case .same(let token), .first(let token):
                endDifference()
                same = Self.joined(same, token)
            // Punctuation or a hesitation that only the second has.
            case .second: break
            }
            if !first.isEmpty || !second.isEmpty { endSame() }
        }

        mutating func end() {
            endSame()
            endDifference()
        }

        private mutating func endSame() {
            if !same.isEmpty { pieces.append(.same(same)) }
            same = ""
        }

        private mutating func endDifference() {
            guard !first.isEmpty || !second.isEmpty else { return }
            pieces.append(.different(
                first: first.reduce("", Self.joined), second: second.reduce("", Self.joined)))
            differingWords += max(first.count, second.count)
            (first, second) = ([], [])
        }

        private static func joined(_ text: String, _ token: Token) -> String {
            text.isEmpty || token.isGlued ? text + token.text : text + " " + token.text
        }
    }
}
