import Testing

@testable import Session

@Suite struct WordAlignmentTests {
    private func aligned(_ first: String, _ second: String) -> String? {
        WordAlignment(first, second).map { alignment in
            alignment.pieces.map { piece in
                switch piece {
                case .same(let text): text
                case .different(let first, let second): "[\(first)|\(second)]"
                }
            }.joined(separator: " ") + " \(alignment.differingWords)/\(alignment.words)"
        }
    }

    @Test(arguments: [
        ("", "", " 0/0"),
        ("one two", "one two", "one two 0/2"),
        ("one two three", "one too three", "one [two|too] three 1/3"),
        ("one two three", "one three", "one [two|] three 1/3"),
        ("one three", "one two three", "one [|two] three 1/3"),
        ("", "all of it", "[|all of it] 3/3"),
        ("all of it", "", "[all of it|] 3/3"),
        ("I live in seven Main Street", "I live in 11 Maine Street", "I live in [seven Main|11 Maine] Street 2/6"),
        ("a b c", "x y z", "[a b c|x y z] 3/3"),
    ])
    func differencesStandWhereTheyAre(first: String, second: String, wanted: String) {
        #expect(aligned(first, second) == wanted)
    }

    @Test(arguments: [
        ("Yes, please.", "yes please", "Yes, please. 0/2"),
        ("Well - uh - no", "well no", "Well - uh - no 0/2"),
        ("well no", "Well - uh - no", "well no 0/2"),
        ("it's five-fifty", "It\u{2019}s fivefifty!", "it's five-fifty 0/2"),
    ])
    func caseAndPunctuationAndHesitationsAreNoDifference(first: String, second: String, wanted: String) {
        #expect(aligned(first, second) == wanted)
    }

    @Test func aCharacterOfChineseOrJapaneseIsAWordWithoutSpaces() {
        #expect(aligned("我要去北京", "我要去南京") == "我要去 [北|南] 京 1/5")
        #expect(aligned("今日は ok です", "今日は です") == "今日は [ok|] です 1/6")
    }

    @Test func longTranscriptsAreComparedUpToTheLimitAndNotBeyond() {
        let words = Array(repeating: "so", count: WordErrorRate.wordLimit)
        let text = words.joined(separator: " ")
        #expect(WordAlignment(text, text + "rry")?.differingWords == 1)
        #expect(WordAlignment(text, "so")?.differingWords == WordErrorRate.wordLimit - 1)
        #expect(WordAlignment(text, text + " so") == nil)
        #expect(WordAlignment("so", String(repeating: "x", count: 5 * WordErrorRate.characterLimit)) == nil)
    }

    /// Both transcripts can be read from the pieces, and no fewer words would do.
    @Test func nothingIsLostAndTheFewestWordsDiffer() {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<500 {
            let texts = (0..<2).map { _ in
                (0..<Int.random(in: 0...9, using: &random)).map { _ in "w\(Int.random(in: 0..<4, using: &random))" }
            }
            let (one, other) = (texts[0].joined(separator: " "), texts[1].joined(separator: " "))
            guard let alignment = WordAlignment(one, other) else {
                Issue.record("not aligned: \(one) | \(other)")
                continue
            }
            var first: [String] = [], second: [String] = []
            for piece in alignment.pieces {
                switch piece {
                case .same(let text):
                    first.append(text)
                    second.append(text)
                case .different(let here, let there):
                    if !here.isEmpty { first.append(here) }
                    if !there.isEmpty { second.append(there) }
                }
            }
            #expect(first.joined(separator: " ") == one && second.joined(separator: " ") == other)
            if !texts[1].isEmpty {
                let rate = WordErrorRate.rate(of: one, against: other) ?? 0
                let fewest = Int((rate * Double(texts[1].count)).rounded())
                #expect(alignment.differingWords <= fewest, "\(one) | \(other)")
            }
        }
    }
}
