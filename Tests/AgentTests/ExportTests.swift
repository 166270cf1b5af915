import Foundation
import Journal
import Realtime
import Session
import Testing

@testable import kiosk_agent

/// What `journal export` writes.
@Suite struct ExportTests {
    private let week: JournalWeek

    init() throws { week = try JournalWeek() }

    private func export(_ format: JournalExportCommand.Format) throws -> String {
        var export = JournalExport(format)
        return try export.head + week.entries().map { export.add($0) }.joined() + export.tail
    }

    /// What RFC 4180 says that a text means.
    private func records(_ text: String) throws -> [[String]] {
        var records: [[String]] = [[]]
        var cell = ""
        var isQuoted = false
        var rest = Array(text.unicodeScalars)[...]
        while let scalar = rest.popFirst() {
            switch scalar {
            case "\"" where isQuoted && rest.first == "\"":
                cell.unicodeScalars.append(scalar)
                rest.removeFirst()
            case "\"": isQuoted.toggle()
            case "," where !isQuoted:
                records[records.count - 1].append(cell)
                cell = ""
            case "\r" where !isQuoted && rest.first == "\n":
                rest.removeFirst()
                records[records.count - 1].append(cell)
                cell = ""
                records.append([])
            default: cell.unicodeScalars.append(scalar)
            }
        }
        #expect(!isQuoted && cell == "" && records.removeLast() == [])
        return records
    }

    // MARK: Tables

    @Test func aTableHasAHeadAndARowATurnWithTheTextsAsTheyWere() throws {
        var turn = JournalWeek.turn(1, "He said \"hi\", twice", builtIn: " He said hi\nand left ")
        turn.review = TranscriptReview(wordErrorRate: 0.25, sound: TurnSound(speechMs: 700, meanSquare: 9))
        turn.cost.assistant = 0.0123
        turn.tools = [ToolUse(name: "door", status: .ok, ms: 3)]
        try week.append([
            ("fault", #"{"what":"x"}"#), ("turn", JournalEntry.turn(turn).members), ("task", #"{"text":"x"}"#),
        ])
        let records = try records(export(.csv))
        #expect(records.count == 2)
        #expect(records[0].count == 26 && records[1].count == 26)
        let row = Dictionary(uniqueKeysWithValues: zip(records[0], records[1]))
        #expect(row["seq"] == "2" && row["at"] == "2026-11-21T10:15:01.000Z" && row["turn"] == "1")
        #expect(row["realtime_text"] == "He said \"hi\", twice")
        #expect(row["built_in_text"] == " He said hi\\nand left ")
        #expect(row["word_error_rate"] == "0.25" && row["level_dbfs"] == "-80.8" && row["speech_ms"] == "700")
        #expect(row["assistant_usd"] == "0.0123" && row["realtime_transcript_usd"] == "")
        #expect(row["first_audible_ms"] == "300" && row["first_delta_ms"] == "")
        #expect(row["tools"] == "door=ok" && row["played_ms"] == "1200")
    }

    @Test(arguments: [
        ("=1+1", "'=1+1"), ("+49 30 1234", "'+49 30 1234"), ("-cmd|'/c calc'!A0", "'-cmd|'/c calc'!A0"), ("@SUM(A1)", "'@SUM(A1)"),
        ("  =HYPERLINK(\"http://x\")", "'  =HYPERLINK(\"http://x\")"), ("＝1", "'＝1"), ("\t=1", "\\t=1"), ("\r=1", "\\r=1"),
        ("1-1=0", "1-1=0"), ("'=1", "'=1"), ("", ""), ("\u{1b}[2J", "\\u{1b}[2J"),
    ])
    func noTextOfAVisitorIsAFormula(text: String, cell: String) throws {
        try week.append([.turn(JournalWeek.turn(1, "x", builtIn: text, assistant: AssistantPart(status: .completed, text: text)))])
        let records = try records(export(.csv))
        let row = Dictionary(uniqueKeysWithValues: zip(records[0], records[1]))
        #expect(row["assistant_text"] == cell)
        if !text.allSatisfy(\.isWhitespace) { #expect(row["built_in_text"] == cell) }
    }

    // MARK: To be read

    @Test func aTextHasSessionsTurnsAndTasksAndNoMarkupOfTheirs() throws {
        try week.append([
            ("turn", JournalEntry.turn(JournalWeek.turn(1, "<script>alert(1)</script> *x* # y")).members),
            ("task", #"{"session":"sess_1","turn":1,"name":"sum","status":"ok","text":"[a](b) \u001b[2J"}"#),
            ("turn", JournalEntry.turn(JournalWeek.turn(
                1, "One", session: "sess_2", builtIn: "Won",
                assistant: AssistantPart(status: .truncated, text: "Two", playedMs: 5))).members),
        ])
        #expect(try export(.md) == ##"""
            ## Session sess\_1, 2026-11-21

            ### 10:15:00 UTC, turn 1

            **Visitor:** \<script\>alert(1)\</script\> \*x\* \# y

            **Assistant:** Of course.

            **Task sum:** \[a\](b) \\u\{1b\}\[2J

            ## Session sess\_2, 2026-11-21

            ### 10:15:02 UTC, turn 1

            **Visitor:** One

            **Visitor (built-in transcript):** Won

            **Assistant (truncated):** Two


            """##)
    }

    // MARK: Subtitles

    @Test func cuesStandWhereTheWordsWereHeard() throws {
        var first = JournalWeek.turn(1, "Where is it?", assistant: AssistantPart(status: .completed, text: "Here.", playedMs: 2000))
        first.review.sound = TurnSound(speechMs: 1500, meanSquare: 9)
        first.latency[.builtInTranscript] = 500
        // Its transcript came after the answer had been heard.
        var second = JournalWeek.turn(
            2, "Thank --> <i>you</i>",
            assistant: AssistantPart(status: .truncated, text: "You are welcome.", playedMs: 1000, heardText: "You are"))
        second.latency[.realtimeTranscript] = 4000
        second.review.sound = TurnSound(speechMs: 800, meanSquare: 9)
        let third = JournalWeek.turn(3, "Well", assistant: AssistantPart(status: .cancelled, text: "Not heard."))
        try week.append([.turn(first), .turn(second), .turn(third)], stepMs: 10_000)
        // Settled at 0, 10 and 20 s: spoken until -2.3, 6.0 and 19.7 s; the first word at -3.8 s.
        #expect(try export(.srt) == """
            1
            00:00:00,000 --> 00:00:01,500
            Visitor: Where is it?

            2
            00:00:01,800 --> 00:00:03,800
            Assistant: Here.

            3
            00:00:09,000 --> 00:00:09,800
            Visitor: Thank → ‹i›you‹/i›

            4
            00:00:10,100 --> 00:00:11,100
            Assistant: You are

            5
            00:00:22,500 --> 00:00:23,500
            Visitor: Well


            """)
    }

    @Test func subtitlesAreOfOneSessionAndSayHowManyThereAre() throws {
        try week.append([
            .turn(JournalWeek.turn(1, "One", session: "a")), .turn(JournalWeek.turn(1, "Two", session: "b")),
            .turn(JournalWeek.turn(1, "Three", session: "c")),
        ])
        var export = JournalExport(.srt)
        for entry in try week.entries() { _ = export.add(entry) }
        #expect(export.tail.contains("Visitor: Three") && !export.tail.contains("One") && !export.tail.contains("Two"))
        #expect(export.note == "2 earlier sessions are left out: name one by --session")
        #expect(JournalExport(.srt).note == nil && JournalExport(.srt).tail == "")
    }

    @Test func cuesOfTurnsThatSettledTogetherDoNotOverlap() throws {
        try week.append((1...4).map { .turn(JournalWeek.turn($0, "Word \($0)")) }, stepMs: 10)
        let times = try export(.srt).split(separator: "\n").filter { $0.contains(" --> ") }
        #expect(times.count == 8)
        // Each can be read, and none is over another.
        #expect(times.map { String($0.prefix(12)) } == (0..<8).map { "00:00:0\($0 * 700 / 1000),\($0 * 7 % 10)00" })
        let edges = times.flatMap { $0.split(separator: " --> ") }
        #expect(edges == edges.sorted())
    }
}
