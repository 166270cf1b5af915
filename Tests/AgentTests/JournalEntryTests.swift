import Foundation
import Realtime
import Session
import Testing

@testable import kiosk_agent

/// The members of entries, and what the console says of doubtful ones.
@Suite struct JournalEntryTests {
    private static func turn(_ review: TranscriptReview) -> SettledTurn {
        SettledTurn(
            session: "sess_1", number: 1, item: "item_1", realtime: .heard("a"), builtIn: .heard("b"),
            assistant: .none, review: review)
    }

    private static func members(_ entry: JournalEntry) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(entry.members.utf8)) as? [String: Any])
    }

    private static let doubtful = TranscriptReview(
        flags: [.disagreement, .tooLongForSpeech, .quiet], wordErrorRate: 2.0 / 3,
        sound: TurnSound(speechMs: 440, meanSquare: 9))

    @Test func flagsAndFiguresOfATurnAreItsMembers() throws {
        let members = try Self.members(.turn(Self.turn(Self.doubtful)))
        #expect(members["flags"] as? [String] == ["disagreement", "too_long_for_speech", "quiet"])
        #expect(members["word_error_rate"] as? Double == 0.667)
        #expect(members["speech_ms"] as? Int == 440)
        // 10 log10(9 / 32768²) is -80.77.
        #expect(members["level_dbfs"] as? Double == -80.8)
    }

    @Test func whatIsNotKnownIsLeftOut() throws {
        let members = try Self.members(.turn(Self.turn(TranscriptReview())))
        for name in ["flags", "word_error_rate", "speech_ms", "level_dbfs"] { #expect(members[name] == nil) }
        #expect(members.count == 10)
    }

    @Test func digitalSilenceHasALevel() {
        #expect(TurnSound(speechMs: 0, meanSquare: 0).levelDBFS == -100)
        #expect(TurnSound(speechMs: 1, meanSquare: 1e-9).levelDBFS == -100)
        #expect(TurnSound(speechMs: 1, meanSquare: 32_768 * 32_768).levelDBFS == 0)
    }

    @Test func eachDoubtIsSaidInWords() {
        #expect(Self.doubtful.doubts == [
            "67 % of the words differ between the two",
            "more words than 0.4 s of speech can hold",
            "hardly any sound was heard (-80.8 dBFS)",
        ])
        #expect(TranscriptReview(wordErrorRate: 0.5).doubts == [])
    }

    @Test func aPartHasTheNameItHasInItsTurn() throws {
        let text = Transcript.failed("no", text: "he")
        let heard = AssistantPart(status: .truncated, text: "Good day", playedMs: 40, heardText: "Good")
        let parts: [(TurnPart.Content, String, [String: Any])] = [
            (.realtime(text), "realtime", ["status": "failed", "text": "he", "reason": "no"]),
            (.builtIn(.heard("hello")), "built_in", ["status": "ok", "text": "hello"]),
            (.assistant(heard), "assistant",
                ["status": "truncated", "text": "Good day", "played_ms": 40, "heard_text": "Good"]),
        ]
        for (content, name, wanted) in parts {
            let entry = JournalEntry(.part(TurnPart(session: "sess_1", number: 2, item: "item_1", content: content)))
            let members = try Self.members(entry)
            #expect(entry.kind == "part")
            #expect(Set(members.keys) == ["session", "turn", "item", name])
            #expect(members["session"] as? String == "sess_1" && members["turn"] as? Int == 2)
            #expect(members["item"] as? String == "item_1")
            #expect(members[name] as? NSDictionary == wanted as NSDictionary)
        }
    }

    // MARK: Tasks

    private static func task(_ text: String, _ output: OutOfBandTask.Output, turn: Int = 3) -> SettledTask {
        SettledTask(
            .heard(text), of: OutOfBandTask(name: "t", trigger: .sessionEnd, instructions: "x", output: output),
            session: "sess_1", turn: turn, item: "item_3")
    }

    @Test func aTextIsKeptWithItsUsageAndItsCost() throws {
        var task = Self.task("All went well.", .text)
        task.usage = Usage(inputTokens: 5)
        task.cost = 0.0001234567891
        let entry = JournalEntry.task(task)
        #expect(entry.kind == "task")
        let members = try Self.members(entry)
        #expect(members["session"] as? String == "sess_1" && members["name"] as? String == "t")
        #expect(members["turn"] as? Int == 3 && members["item"] as? String == "item_3")
        #expect(members["status"] as? String == "ok" && members["text"] as? String == "All went well.")
        #expect((members["cost_usd"] as? [String: Any])?["task"] as? Double == 0.000123457)
        #expect(((members["usage"] as? [String: Any])?["task"] as? [String: Any])?["input_tokens"] as? Int == 5)
        #expect(members["json"] == nil && members["reason"] == nil)
    }

    @Test func jsonIsKeptAsAValueAndWhatIsNoneAsTextWithTheReason() throws {
        let good = try Self.members(.task(Self.task("```\n{\"a\": [1, null]}\n```", .json(nil))))
        #expect(good["text"] == nil)
        #expect(((good["json"] as? [String: Any])?["a"] as? [Any])?.count == 2)
        let bad = try Self.members(.task(Self.task("Sure! {}", .json(nil))))
        #expect(bad["status"] as? String == "invalid" && bad["text"] as? String == "Sure! {}")
        #expect(bad["reason"] as? String == "not JSON" && bad["json"] == nil)
        #expect((bad["cost_usd"] as? [String: Any])?["task"] is NSNull)
    }
}
