import Foundation
import Journal
import Realtime
import Session
import Testing

@testable import kiosk_agent

/// What `journal tail` and `journal show` make of entries.
@Suite struct EntryTextTests {
    private let week: JournalWeek

    init() throws { week = try JournalWeek() }

    private func fill() throws {
        try week.append([
            ("session", #"{"event":"opened","session":"sess_1","reason":"start","kept_turns":0}"#),
            ("turn", JournalEntry.turn(JournalWeek.turn(1, "Good\u{1b}[2J day")).members),
            ("turn", JournalEntry.turn(JournalWeek.turn(
                2, "My number is 5", builtIn: "My number is nine",
                assistant: AssistantPart(status: .truncated, text: "I have found it.", playedMs: 900))).members),
            ("task", #"{"session":"sess_1","turn":2,"name":"sum","status":"ok","text":"a\u202eb"}"#),
            ("fault", #"{"class":"link","what":"api: \u0007gone"}"#),
            ("sealed", #"{"entries":5}"#), ("part", #"{"session":"sess_1","turn":3,"realtime":{"status":"ok","text":"x"}}"#),
            ("tomorrow", "{}"),
        ])
    }

    @Test func textHasALineForEachThingThatWasSaidOrHappened() throws {
        try fill()
        #expect(try week.entries().compactMap(EntryText.lines).joined() == """
            2026-11-21T10:15:00Z - session sess_1 opened: start
            2026-11-21T10:15:01Z 1 visitor: Good\\u{1b}[2J day
            2026-11-21T10:15:01Z 1 assistant: Of course.
            2026-11-21T10:15:02Z 2 visitor: My number is 5
            2026-11-21T10:15:02Z 2 visitor (built-in): My number is nine
            2026-11-21T10:15:02Z 2 assistant, interrupted after 900 ms: I have found it.
            2026-11-21T10:15:03Z 2 task sum: a\\u{202e}b
            2026-11-21T10:15:04Z - fault link: api: \\u{7}gone

            """)
    }

    @Test func consoleHasTheBlocksOfStandardOutput() throws {
        try fill()
        let text = try week.entries().compactMap(EntryText.console).joined()
        #expect(text.contains("""
            [kiosk] 2026-11-21T10:15:02Z turn 2 of sess_1
            === User turn (Realtime transcript) ===
            My number is 5

            === User turn (Transcription model) ===
            My number is nine

            === Assistant response ===
            I have found it.

            [kiosk] 2026-11-21T10:15:03Z task sum: a\\u{202e}b
            [fault] link: 2026-11-21T10:15:04Z api: \\u{7}gone

            """))
        #expect(!text.unicodeScalars.contains("\u{1b}") && !text.unicodeScalars.contains("\u{202e}"))
    }

    @Test(arguments: [
        (SettledTurn(
            session: "", number: 1, item: nil, realtime: .off, builtIn: .timeout("He"), assistant: .none),
         ["visitor: <timed out>", "assistant: <none>"]),
        (SettledTurn(
            session: "", number: 1, item: nil, realtime: .heard("Hi"), builtIn: .off,
            assistant: AssistantPart(status: .cancelled, text: "Well")),
         ["visitor: Hi", "assistant, not heard: Well"]),
        (SettledTurn(
            session: "", number: 1, item: nil, realtime: .heard("Hi"), builtIn: .failed("x"),
            assistant: AssistantPart(status: .failed, text: "We", reason: "lost")),
         ["visitor: Hi", "visitor (built-in): <failed: x>", "assistant, failed (lost): We"]),
    ])
    func whatIsNotThereIsSaid(turn: SettledTurn, lines: [String]) throws {
        try week.append([.turn(turn)])
        let text = try week.entries().compactMap(EntryText.lines).joined()
        #expect(text == lines.map { "2026-11-21T10:15:00Z 1 \($0)\n" }.joined())
    }

    // MARK: The end of a journal

    private func end(_ turns: Int) throws -> (seqs: [UInt64], lastSeq: UInt64?) {
        var reader = JournalReader(directory: week.path)
        var end = JournalTailCommand.End()
        try end.read(turns: turns, from: &reader)
        return (end.lines.compactMap { KnownEntry($0[...])?.seq }, end.lastSeq)
    }

    @Test func theEndIsThatOfTheLastTurnsAndWhatFollowedThem() throws {
        try fill()
        #expect(try end(1).seqs == [3, 4, 5, 6, 7, 8])
        #expect(try end(2).seqs == [2, 3, 4, 5, 6, 7, 8])
        #expect(try end(3).seqs == [1, 2, 3, 4, 5, 6, 7, 8])
        #expect(try end(0).seqs == [] && end(0).lastSeq == 8)
        #expect(try end(1).lastSeq == 8)
    }

    @Test func aNightOfFaultsIsNotShownWhole() throws {
        try week.append([.turn(JournalWeek.turn(1, "Hello"))])
        try week.append([(kind: String, members: String)](repeating: ("fault", #"{"what":"x"}"#), count: 120))
        #expect(try end(1).seqs == (72...121).map { UInt64($0) })
        #expect(try end(3).seqs.count == 121)
    }

    // MARK: One turn

    private func found(_ reference: String) throws -> [UInt64] {
        var entries = TurnEntries(directory: week.path)
        return try entries.read(try #require(TurnReference(reference))).map(\.entry.seq)
    }

    @Test func aTurnIsFoundByNumberSessionItemAndEntry() throws {
        try fill()
        try week.append([.turn(JournalWeek.turn(1, "Other", session: "sess_2")), .turn(JournalWeek.turn(2, "sess_1", session: ""))])
        try week.append([("session", #"{"event":"opened","session":"sess_3"}"#)])
        #expect(try found("sess_1/2") == [3, 4])
        #expect(try found("item_sess_1_2") == [3, 4])
        #expect(try found("seq:4") == [3, 4])
        #expect(try found("seq:5") == [5])
        #expect(try found("/2") == [10])
        #expect(try found("2") == [10])
        #expect(try found("sess_2/1") == [9])
        #expect(try found("sess_1/3") == [7])
        #expect(try found("sess_1/9") == [] && found("seq:99") == [] && found("item_x") == [] && found("9") == [])
    }

    @Test(arguments: ["", "0", "-1", "seq:", "seq:x", "seq:-1", "sess_1/", "sess_1/x", "sess_1/0"])
    func whatNamesNoTurnIsRefused(text: String) { #expect(TurnReference(text) == nil) }

    @Test func forgottenTurnsAreCounted() throws {
        try fill()
        var entries = TurnEntries(directory: week.path)
        #expect(try entries.forgotten() == nil)
        try week.append([
            ("forgotten", #"{"was":"turn","forgotten_at":"2026-11-22T00:00:00.000Z"}"#),
            ("forgotten", #"{"was":"task","forgotten_at":"2026-11-23T00:00:00.000Z"}"#),
        ])
        try week.damage(#""turn":2,"#)
        _ = try entries.read(.number(2))
        let forgotten = try #require(try entries.forgotten())
        #expect(entries.damagedLines == 1)
        #expect(forgotten.turns == 1 && forgotten.lastAt == "2026-11-22T00:00:00.000Z")
        #expect(try found("seq:9") == [9])
    }

    @Test func theReportOfATurnHasAllThereIs() throws {
        var turn = JournalWeek.turn(
            2, "My number", builtIn: "Your number",
            assistant: AssistantPart(status: .truncated, text: "I have it.", playedMs: 900, heardText: "I have"))
        turn.review = TranscriptReview(
            flags: [.disagreement], wordErrorRate: 0.625, sound: TurnSound(speechMs: 800, meanSquare: 9))
        turn.usage.assistant = Usage(inputTokens: 12, outputTokens: 3)
        turn.cost.assistant = 0.0123
        turn.tools = [ToolUse(name: "door", status: .ok, ms: 35)]
        try week.append([("part", #"{"session":"sess_1","turn":2,"realtime":{"status":"ok","text":"My"}}"#)])
        try week.append([.turn(turn)])
        try week.append([("task", #"{"session":"sess_1","turn":2,"name":"sum","status":"ok","text":"\u001b[0mWell."}"#)])
        #expect(TurnReport.text(try week.entries()) == """
            turn        2 of session sess_1, item item_sess_1_2
            settled     2026-11-21T10:15:00.000Z, entry 2
            Realtime    My number
            built-in    Your number
            differ      62.5 % of the words
            doubt       63 % of the words differ between the two
            speech      800 ms at -80.8 dBFS
            assistant   truncated, 900 ms heard
                        I have it.
            heard       I have
            tool        door: ok, 35 ms
            latency     first audible 300 ms
            cost        assistant 0.012300 USD (12 tokens in, 3 out)
            task        sum, ok, entry 3, 2026-11-21T10:15:00.000Z
                        \\u{1b}[0mWell.

            """)
    }

    @Test func ofATurnThatNeverSettledThereAreItsParts() throws {
        try week.append([
            ("part", #"{"session":"sess_1","turn":2,"built_in":{"status":"ok","text":"My"}}"#),
            ("part", #"{"session":"sess_1","turn":2,"realtime":{"status":"timeout","text":""}}"#),
            ("part", #"{"session":"sess_1","turn":2,"assistant":{"status":"truncated","text":"I","played_ms":5}}"#),
        ])
        #expect(TurnReport.text(try week.entries()) == """
            part        built-in, entry 1, 2026-11-21T10:15:00.000Z
                        My
            part        Realtime, entry 2, 2026-11-21T10:15:01.000Z
                        <timed out>
            part        assistant, entry 3, 2026-11-21T10:15:02.000Z
                        I

            """)
    }
}
