import Realtime
import Testing

@testable import Session

/// The share of an answer's text that goes with the share of its audio that was heard.
@Suite struct HeardTextTests {
    private static let parts: [ContentPart] = (0..<3).map {
        .part("resp_1", ItemID(rawValue: "item_\($0)"), output: $0)
    }

    private static func text(_ texts: String...) -> AnswerText {
        var text = AnswerText()
        // In another order than they are spoken in.
        for (part, words) in zip(parts, texts).reversed() { text.append(words, to: part) }
        return text
    }

    private static func heard(_ index: Int, _ heardFrames: Int, of frames: Int) -> Playout.Segment {
        Playout.Segment(part: parts[index], frames: frames, heardFrames: heardFrames)
    }

    @Test func itemsHeardWhollyPartlyAndNotAtAllGiveTheirShareEach() {
        let text = Self.text("One two three.", "four five six seven", "eight nine")
        let heard = [Self.heard(0, 500, of: 500), Self.heard(1, 500, of: 1000), Self.heard(2, 0, of: 800)]
        #expect(text.heard(of: heard) == "One two three. four five")
        #expect(text.whole == "One two three. four five six seven eight nine")
    }

    @Test func stretchesOfOneItemCountTogether() {
        let text = Self.text("one two three four")
        #expect(text.heard(of: [Self.heard(0, 300, of: 300), Self.heard(0, 0, of: 300)]) == "one two")
    }

    @Test func noWordIsCutInTwo() {
        // 11 of 17 characters are "hello wonde": the second word was not heard out.
        #expect(Self.text("hello wonderful x").heard(of: [Self.heard(0, 650, of: 1000)]) == "hello")
        #expect(Self.text("hello wonderful x").heard(of: [Self.heard(0, 295, of: 1000)]) == "hello")
        #expect(Self.text("wonderful").heard(of: [Self.heard(0, 900, of: 1000)]) == "")
    }

    @Test func textWithoutAudioWasNotHeard() {
        #expect(Self.text("one two").heard(of: []) == "")
        #expect(Self.text("one two").heard(of: [Self.heard(0, 0, of: 0)]) == "")
        #expect(AnswerText().heard(of: [Self.heard(0, 10, of: 10)]) == "")
    }
}
