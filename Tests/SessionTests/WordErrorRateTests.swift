import Testing

@testable import Session

@Suite struct WordErrorRateTests {
    /// Two texts, the words to insert, remove or change, and the reference's words.
    private static let counted: [(String, String, Int, Int)] = [
        ("the cat sat", "the cat sat", 0, 3), ("the cat", "the cat sat", 1, 3),
        ("the cat sat down", "the cat sat", 1, 3),
        ("the dog sat", "the cat sat", 1, 3), ("sat cat the", "the cat sat", 2, 3), ("ab cd ef", "gh", 3, 1),
        ("one two three four", "one", 3, 1), ("", "one two", 2, 2), ("one", "", 1, 1),
    ]

    @Test func eachInsertedMissingOrChangedWordCountsOnce() throws {
        for (hypothesis, reference, errors, words) in Self.counted {
            let found = try #require(WordErrorRate.rate(of: hypothesis, against: reference))
            #expect(abs(found - Double(errors) / Double(words)) < 1e-9, "\(hypothesis) against \(reference)")
        }
    }

    @Test(arguments: [("", ""), (" \n", "..."), ("um", "Uh, uh!")])
    func twoTextsWithoutWordsHaveNoRate(hypothesis: String, reference: String) {
        #expect(WordErrorRate.rate(of: hypothesis, against: reference) == nil)
    }

    private static let alike: [(String, String)] = [
        ("What time do you CLOSE today?", "what time, do you close today"),
        ("My policy number is 56B5-12C0.", "My policy number is 5 6 B 5 1 2 C 0"),
        ("My name is Ada, A, D, A.", "my name is Ada ADA"), ("Um, yes, uh, please", "Yes please."),
        ("Don't e-mail me", "dont email me"), ("caf\u{65}\u{301}", "CAF\u{C9}"), ("Straße 5.5", "straße 5,5"),
        ("ich \u{2026} \u{201E}ja\u{201C}", "Ich, ja"), ("ähm, gut", "gut"),
    ]

    @Test func howWordsAreWrittenDoesNotCount() {
        for (hypothesis, reference) in Self.alike {
            #expect(WordErrorRate.rate(of: hypothesis, against: reference) == 0, "\(hypothesis) against \(reference)")
        }
    }

    @Test func aScriptWithoutSpacesIsComparedByCharacter() {
        #expect(WordErrorRate.words(of: "何時に閉まりますか？OK 5") == [
            "何", "時", "に", "閉", "ま", "り", "ま", "す", "か", "ok", "5",
        ])
        #expect(WordErrorRate.rate(of: "我要退款", against: "我要付款") == 0.25)
    }

    @Test func noMoreThanSixHundredWordsAreCompared() throws {
        let long = String(repeating: "word ", count: 100_000)
        let other = String(repeating: "other ", count: 599) + "word " + String(repeating: "other ", count: 100_000)
        #expect(WordErrorRate.words(of: long).count == 600)
        let rate = try #require(WordErrorRate.rate(of: long, against: other))
        #expect(abs(rate - 599.0 / 600) < 1e-9)
        #expect(WordErrorRate.words(of: String(repeating: "x", count: 1_000_000)).map(\.count) == [6600])
        #expect(WordErrorRate.words(of: String(repeating: "字", count: 9000)).count == 600)
    }

    @Test func noLongerTextIsFarFromItselfAndTheRateIsSymmetricForEqualLengths() {
        var random = SplitMix64(state: 7)
        let vocabulary = ["one", "two", "3", "vier", "五", "six-six", "um", ".", "a"]
        for _ in 0..<300 {
            let texts = (0..<2).map { _ in
                (0..<Int.random(in: 1...40, using: &random))
                    .map { _ in vocabulary.randomElement(using: &random)! }.joined(separator: " ")
            }
            let words = texts.map { WordErrorRate.words(of: $0) }
            if !words[0].isEmpty { #expect(WordErrorRate.rate(of: texts[0], against: texts[0]) == 0) }
            guard !words[0].isEmpty, !words[1].isEmpty else { continue }
            let there = WordErrorRate.rate(of: texts[0], against: texts[1])! * Double(words[1].count)
            let back = WordErrorRate.rate(of: texts[1], against: texts[0])! * Double(words[0].count)
            #expect(abs(there - back) < 1e-9)
            let most = Double(max(words[0].count, words[1].count))
            let least = Double(abs(words[0].count - words[1].count))
            #expect(there <= most && there >= least)
        }
    }
}
