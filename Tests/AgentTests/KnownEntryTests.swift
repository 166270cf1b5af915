import Foundation
import Journal
import Realtime
import Session
import Testing

@testable import kiosk_agent

/// What is read back from a journal.
@Suite struct KnownEntryTests {
    private let week: JournalWeek

    init() throws { week = try JournalWeek() }

    private static var whole: SettledTurn {
        var turn = SettledTurn(
            session: "sess_1", number: 3, item: "item_3", realtime: .heard("My \"number\"\nis 5\u{1b}[2J."),
            builtIn: .failed("no audio", text: "My"),
            assistant: AssistantPart(
                status: .truncated, text: "I have found it.", playedMs: 2140, heardText: "I have", reason: "interrupted"),
            usage: TurnUsage(
                assistant: Usage(inputTokens: 7, outputTokens: 9), realtimeTranscript: Usage(inputTokens: 5),
                builtInTranscript: .duration(seconds: 2)),
            cost: TurnCost(assistant: 0.0123, realtimeTranscript: nil, builtInTranscript: 0.0004),
            review: TranscriptReview(
                flags: [.disagreement, .quiet], wordErrorRate: 0.75, sound: TurnSound(speechMs: 900, meanSquare: 9)))
        for (index, mark) in TurnLatency.Mark.allCases.enumerated() { turn.latency[mark] = 100 + index }
        turn.tools = [ToolUse(name: "door", status: .notRun, ms: 5)]
        turn.isTimeout = true
        return turn
    }

    @Test func aTurnIsReadBackAsItWasWritten() throws {
        try week.append([.turn(Self.whole)])
        let entry = try #require(try week.entries().first)
        #expect(entry.seq == 1 && entry.at == "2026-11-21T10:15:00.000Z" && entry.atMs == JournalWeek.startMs)
        #expect(entry.session == "sess_1" && entry.turn == 3 && entry.item == "item_3")
        guard case .turn(var turn) = entry.content else { throw TestFailure("no turn") }
        // The journal has its level to a tenth of a decibel.
        #expect(turn.review.sound?.levelDBFS == -80.8)
        turn.review.sound = Self.whole.review.sound
        #expect(turn == Self.whole)
    }

    @Test func otherKindsAreKnownByWhatTheySay() throws {
        try week.append([
            ("session", #"{"event":"opened","session":"s","reason":"renewed","kept_turns":3}"#),
            ("fault", #"{"class":"link","what":"no way"}"#),
            ("task", #"{"session":"s","turn":2,"name":"sum","status":"ok","text":"All well."}"#),
            ("task", #"{"session":"s","turn":2,"name":"form","status":"ok","json":{"b":[1,null],"a":"x"}}"#),
            ("task", #"{"session":"s","turn":2,"name":"form","status":"failed","reason":"no link","text":""}"#),
            ("spooled", #"{"spoken_at":"2026-11-20T08:00:00Z","model":"m","transcript":{"status":"ok","text":"Hi"}}"#),
            ("context", #"{"event":"trimmed","session":"s","deleted_items":4,"kept_turns":2,"summary":"They met."}"#),
            ("usage", #"{"session":"s","source":"resp_1","model":"m","usage":{},"cost_usd":0.5}"#),
            ("part", #"{"session":"s","turn":4,"realtime":{"status":"ok","text":"Hello"}}"#),
            ("forgotten", #"{"was":"turn","forgotten_at":"2026-11-22T00:00:00.000Z"}"#),
            ("sealed", #"{"entries":9}"#), ("retention", "{}"), ("tomorrow", #"{"session":5,"turn":"x"}"#),
        ])
        let form = KnownEntry.Task(name: "form", status: "ok", words: #"{"a":"x","b":[1,null]}"#, reason: nil)
        #expect(try week.entries().map(\.content) == [
            .session(event: "opened", reason: "renewed", keptTurns: 3), .fault(class: "link", what: "no way"),
            .task(KnownEntry.Task(name: "sum", status: "ok", words: "All well.", reason: nil)), .task(form),
            .task(KnownEntry.Task(name: "form", status: "failed", words: "", reason: "no link")),
            .spooled(spokenAt: "2026-11-20T08:00:00Z", .heard("Hi")), .trimmed(items: 4, summary: "They met."),
            .usage(source: "resp_1", usd: 0.5), .part(.realtime(.heard("Hello"))),
            .forgotten(was: "turn", at: "2026-11-22T00:00:00.000Z"), .housekeeping, .housekeeping, .other,
        ])
    }

    /// Members that are missing, of another type, or of another version: a turn is a turn all the same.
    @Test(arguments: [
        "{}", #"{"session":1,"turn":"a","item":null,"realtime":3,"built_in":[],"assistant":"x"}"#,
        #"{"usage":7,"cost_usd":[1],"latency_ms":"x","tools":[1],"flags":"x","word_error_rate":"nan"}"#,
        #"{"usage":{"assistant":"x"},"cost_usd":{"assistant":-1},"latency_ms":{"first_delta":null},"flags":["x"]}"#,
    ])
    func aTurnOfAnyShapeIsATurn(members: String) throws {
        try week.append([("turn", members)])
        guard case .turn(let turn)? = try week.entries().first?.content else { throw TestFailure("no turn") }
        #expect(turn.realtime == .off && turn.builtIn == .off && turn.assistant == .none)
        #expect(turn.cost == TurnCost() && turn.review.flags == [] && turn.tools == [])
    }

    @Test func aStatusOfALaterVersionIsSaid() throws {
        try week.append([("turn", #"{"realtime":{"status":"redacted"},"assistant":{"status":"hummed","text":"Mm."}}"#)])
        guard case .turn(let turn)? = try week.entries().first?.content else { throw TestFailure("no turn") }
        #expect(turn.realtime == .failed("status redacted"))
        #expect(turn.assistant == AssistantPart(status: .failed, text: "Mm.", reason: "status hummed"))
    }

    @Test func aLineThatIsNoJSONIsNotKnown() {
        #expect(KnownEntry(Array("{}".utf8)[...]) == nil)
        #expect(KnownEntry(Array(#"{"seq":1,"at":"x","kind":"turn""#.utf8)[...]) == nil)
        #expect(KnownEntry(Array(#"{"seq":-1,"at":"x","kind":"turn"}"#.utf8)[...]) == nil)
    }

    @Test func theHeadOfALineSaysWhetherItIsATurn() throws {
        try week.append([("turn", "{}"), ("fault", #"{"what":"\",\"kind\":\"turn\""}"#), ("turned", "{}")])
        #expect(try week.lines().map { KnownEntry.isTurn($0[...]) } == [true, false, false])
    }
}

struct TestFailure: Error {
    let words: String
    init(_ words: String) { self.words = words }
}
