import Foundation
import Journal
import Realtime
import Session
import Testing

@testable import kiosk_agent

/// What the serial console shows of a journal: entries as the agent writes them, text as the terminal gets it.
@Suite struct ConsolePageTests {
    private let folder: TemporaryFolder
    /// 2026-11-21T10:15:02Z, which is 11:15:02 in Bonn.
    private static let atMs: Int64 = 1_795_256_102_000
    private static func bonn(_: Int) -> LocalTime.Zone { LocalTime.Zone(offsetS: 3600, name: "CET") }

    init() throws { folder = try TemporaryFolder() }

    private static func turn(
        _ number: Int = 3, realtime: Transcript = .heard("When do you open?"),
        builtIn: Transcript = .heard("When do you open?"),
        assistant: AssistantPart = AssistantPart(status: .completed, text: "At nine.", playedMs: 900)
    ) -> SettledTurn {
        SettledTurn(
            session: "sess_1", number: number, item: "item_1", realtime: realtime, builtIn: builtIn,
            assistant: assistant)
    }

    /// Its clock stands, too: entries of another day than the clock's would each end a segment.
    private func journal() throws -> Journal {
        try Journal(directory: folder.path + "/journal", clock: WallClock { Self.atMs })
    }

    private func write(_ entries: [JournalEntry], atMs: Int64 = atMs) throws {
        var journal = try journal()
        for entry in entries {
            try journal.append(kind: entry.kind, members: entry.members, durable: false, atMs: atMs)
        }
    }

    private func write(_ kind: String, _ members: String, atMs: Int64 = atMs) throws {
        var journal = try journal()
        try journal.append(kind: kind, members: members, durable: false, atMs: atMs)
    }

    private func console(columns: Int = 80, isASCII: Bool = false) -> ConsoleJournal {
        ConsoleJournal(
            directory: folder.path + "/journal", layout: TerminalLayout(columns: columns, isASCII: isASCII),
            zone: Self.bonn(_:))
    }

    /// All that is shown, without the rule of the day.
    private func shown(columns: Int = 80, isASCII: Bool = false) -> String {
        var console = console(columns: columns, isASCII: isASCII)
        return console.news().joined().split(separator: "\n", omittingEmptySubsequences: false).dropFirst()
            .joined(separator: "\n")
    }

    private func shown(_ turn: SettledTurn) throws -> String {
        try write([.turn(turn)])
        return shown()
    }

    // MARK: Turns

    @Test func aTurnOfWhichBothTranscriptsAgree() throws {
        try write([.turn(Self.turn())])
        var console = console()
        #expect(console.news() == ["""
            --- 2026-11-21, times in CET (UTC+01:00) --------------------------------------
            11:15:02  turn 3
              visitor    When do you open?
                         (both transcripts the same)
              assistant  At nine.

            """])
        #expect(console.news() == [])
    }

    @Test func wordsThatDifferAreMarked() throws {
        let turn = Self.turn(
            realtime: .heard("I live in Lisbon Street 7"), builtIn: .heard("I live in Lisburn Street."))
        #expect(try shown(turn).hasPrefix("""
            11:15:02  turn 3
              visitor    I live in [-Lisbon-]{+Lisburn+} Street [-7-]
                         (2 of 6 words differ: [-Realtime-] {+transcription model+})

            """))
    }

    @Test func transcriptsWithLittleInCommonStandWhole() throws {
        let turn = Self.turn(realtime: .heard("Thank you for watching!"), builtIn: .heard("When do you open?"))
        #expect(try shown(turn).hasPrefix("""
            11:15:02  turn 3
              realtime   Thank you for watching!
              model      When do you open?
                         (4 of 4 words differ)

            """))
    }

    @Test func sameWordsInOtherSpellingAreNotMarked() throws {
        let turn = Self.turn(realtime: .heard("When do you open?"), builtIn: .heard("when do you open"))
        #expect(try shown(turn).contains("When do you open?\n             (both transcripts have the same words)\n"))
    }

    @Test(arguments: [
        (Transcript.timeout("When do"), Transcript.heard("When?"),
            "  realtime   <timed out> When do\n  model      When?\n"),
        (.failed("no answer"), .heard("When?"), "  realtime   <failed: no answer>\n  model      When?\n"),
        (.heard(""), .heard(" "), "  visitor    <empty>\n             (both transcripts)\n"),
        (.off, .heard("When?"), "  visitor    When?\n             (transcription model; the other is off)\n"),
        (.heard("When?"), .off, "  visitor    When?\n             (Realtime transcript; the other is off)\n"),
        (Transcript(status: .off, text: "", reason: "budget"), .heard("When?"),
            "  realtime   <off: budget>\n  model      When?\n"),
        (.off, .off, "  visitor    <off>\n             (both transcripts)\n"),
    ])
    func aTranscriptThatIsNotOkSaysWhy(realtime: Transcript, builtIn: Transcript, wanted: String) throws {
        #expect(try shown(Self.turn(realtime: realtime, builtIn: builtIn)).contains("turn 3\n" + wanted))
    }

    @Test(arguments: [
        (AssistantPart(status: .truncated, text: "At nine. Or ten.", playedMs: 2149, heardText: "At nine."),
            "At nine. <interrupted after 2.1 s>"),
        (AssistantPart(status: .cancelled, text: "At"), "<interrupted before it was heard>"),
        (AssistantPart(status: .failed, reason: "server_error"), "<failed: server_error>"),
        (.none, "<no answer>"), (AssistantPart(status: .completed), "<empty>"),
        (AssistantPart(status: .completed, text: "At", reason: "max_tokens"), "At <incomplete: max_tokens>"),
    ])
    func whatTheAssistantSaidIsWhatWasHeard(assistant: AssistantPart, words: String) throws {
        #expect(try shown(Self.turn(assistant: assistant)).hasSuffix("  assistant  \(words)\n"))
    }

    @Test func flagsToolsAndASilenceAreSaidInWords() throws {
        var turn = Self.turn(realtime: .off)
        turn.isTimeout = true
        turn.review = TranscriptReview(
            flags: [.disagreement, .tooLongForSpeech, .quiet], wordErrorRate: 0.625,
            sound: TurnSound(speechMs: 240, meanSquare: 0))
        turn.tools = [ToolUse(name: "opening_hours", status: .ok, ms: 120)]
        #expect(try shown(turn) == """
            11:15:02  turn 3
              visitor    <nobody spoke: the assistant does>
              assistant  At nine.
              tool       opening_hours: ok, 120 ms
              doubtful   63 % of the words differ between the two
              doubtful   more words than 0.2 s of speech can hold
              doubtful   hardly any sound was heard (-100.0 dBFS)

            """)
    }

    // MARK: Costs

    @Test func aTurnHasItsCostAndThatOfItsDay() throws {
        var turn = Self.turn()
        turn.usage.assistant = Usage(inputTokens: 1)
        turn.cost.assistant = 0.0123
        try write([.turn(turn), .turn(turn)], atMs: Self.atMs - WallClock.dayMs)
        // More than the backlog between: its turns count although they are not read.
        try write([.turn(turn)])
        try write("note", #"{"text":"\#(String(repeating: "x", count: 600_000))"}"#)
        try write([.turn(turn)])
        var unpriced = turn
        unpriced.cost.assistant = nil
        try write([.turn(unpriced)])
        var console = console()
        let costs = console.news().joined().split(separator: "\n").filter { $0.hasPrefix("  cost") }
        #expect(costs == [
            "  cost       0.012300 USD, today 0.024600 USD",
            "  cost       not known, today 0.024600 USD (1 turn without a price)",
        ])
        #expect(console.page.dayCost.contains("  turns      3 (1 turn without a price)\n"))
        #expect(console.page.dayCost.contains("  together   0.024600 USD\n"))
    }

    // MARK: Other entries

    @Test func sessionsFaultsAndTheRestAreALineEach() throws {
        try write([
            .sessionOpened("sess_1", reason: .start, keptTurns: 0),
            .sessionOpened("sess_2", reason: .renewed, keptTurns: 1),
            .sessionClosed("sess_2", reason: "the kiosk stops"),
            .fault(Fault(.link, "api.openai.com:443: connect: Connection refused\u{1B}[2J")),
            .contextTrimmed(ContextMembers(session: "sess_2", deletedItems: 8, keptTurns: 6, summary: nil)),
        ])
        try write("task", #"{"name":"summary","status":"ok","text":"A visitor asked.","turn":1}"#)
        try write("task", #"{"name":"form","status":"failed","reason":"timeout","json":{"a":1}}"#)
        try write("spooled", #"{"spoken_at":"2026-11-20T08:00:00.000Z","transcript":{"status":"ok","text":"Hello?"}}"#)
        #expect(shown() == """
            11:15:02  session sess_1 (start)
            11:15:02  session sess_2 (renewed), told 1 earlier turn
            11:15:02  session closed: the kiosk stops
            11:15:02  FAULT link: api.openai.com:443: connect: Connection
                         refused\\u{1b}[2J
            11:15:02  the conversation forgot 8 items
            11:15:02  task summary: A visitor asked.
            11:15:02  task form (failed: timeout): {"a":1}
            11:15:02  said without a connection at 2026-11-20 09:00:00: Hello?

            """)
    }

    @Test func anEntryOfAnotherVersionIsShownAsFarAsItGoes() throws {
        try write(
            "turn", #"{"turn":"three","session":7,"realtime":[],"assistant":{"status":"hummed"},"flags":["odd"]}"#)
        try write("turn", #"{"built_in":{"status":"ok","text":"Hi"},"assistant":{"played_ms":1e300},"tools":[1,{}]}"#)
        try write("fault", "{}")
        try write("unheard-of", #"{"text":"x"}"#)
        #expect(shown() == """
            11:15:02  turn 0, no session
              visitor    <off>
                         (both transcripts)
              assistant  <failed: status hummed>
            11:15:02  turn 0, no session
              visitor    Hi
                         (transcription model; the other is off)
              assistant  <no answer>
            11:15:02  FAULT :

            """)
    }

    // MARK: Parts

    @Test func partsAreShownOnlyOfTurnsThatNeverSettle() throws {
        for (turn, part, status) in [(1, "built_in", "ok"), (2, "built_in", "ok"), (2, "assistant", "completed")] {
            let members = #"{"session":"sess_1","turn":\#(turn),"item":"i","\#(part)":{"status":"\#(status)","text":"So"}}"#
            try write("part", members)
        }
        try write([.turn(Self.turn(1))])
        var console = console()
        #expect(console.news().joined().contains("turn 1\n"))
        try write([.sessionOpened("sess_2", reason: .start, keptTurns: 0)], atMs: Self.atMs + 60_000)
        #expect(console.news().joined() == """
            11:15:02  turn 2, never settled
              model      So
              assistant  So
            11:16:02  session sess_2 (start)

            """)
        try write([.sessionOpened("sess_3", reason: .start, keptTurns: 0)])
        #expect(console.news().joined() == "11:15:02  session sess_3 (start)\n")
    }

    @Test func partsOfTurnsThatNeverEndTakeBoundedMemory() throws {
        var journal = try journal()
        for turn in 0..<1000 {
            let members = #"{"session":"s","turn":\#(turn),"realtime":{"status":"ok","text":"\#(turn)"}}"#
            try journal.append(kind: "part", members: members, durable: false, atMs: Self.atMs)
        }
        let opened = JournalEntry.sessionOpened("sess_2", reason: .start, keptTurns: 0)
        try journal.append(kind: opened.kind, members: opened.members, durable: false, atMs: Self.atMs)
        #expect(shown().split(separator: "\n").filter { $0.contains("never settled") }.count
            == 3 * ConsolePage.openTurns)
    }

    // MARK: The journal

    @Test func theBacklogIsTheLastTurnsUnderTheirDay() throws {
        try write((1...9).map { .turn(Self.turn($0)) })
        try write([.fault(Fault(.link, "gone"))])
        var console = console()
        let lines = console.backlog(turns: 2).joined().split(separator: "\n").map(String.init)
        #expect(lines.first?.hasPrefix("--- 2026-11-21, times in CET") == true)
        #expect(lines.filter { $0.contains("turn ") } == ["11:15:02  turn 8", "11:15:02  turn 9"])
        #expect(lines.last == "11:15:02  FAULT link: gone")
        try write([.turn(Self.turn(10))], atMs: Self.atMs + WallClock.dayMs)
        #expect(console.news().joined().hasPrefix("--- 2026-11-22, times in CET (UTC+01:00) "))
    }

    @Test func aJournalThatCannotBeReadIsSaidOnceAndReadLater() throws {
        var console = console()
        #expect(console.backlog(turns: 3) == [])
        try folder.write("", to: "journal")
        #expect(console.news() == ["journal: \(folder.path)/journal: opendir: Not a directory\n"])
        #expect(console.news() == [])
        try FileManager.default.removeItem(atPath: folder.path + "/journal")
        try write([.turn(Self.turn())])
        #expect(console.news().count == 1)
        try FileManager.default.removeItem(atPath: folder.path + "/journal")
        try folder.write("", to: "journal")
        #expect(console.news().count == 1, "said again, for it was well in between")
    }

    @Test func noLineIsTooLongAndNothingSteersTheTerminal() throws {
        let text = "\u{1B}]0;x\u{7}東京へ\u{202E} " + String(repeating: "überlang", count: 30) + "\n\r\t\u{9B}2J é"
        try write([
            .turn(Self.turn(realtime: .heard(text), builtIn: .heard(text + " x"),
                assistant: AssistantPart(status: .truncated, text: text, playedMs: 1, heardText: text))),
            .turn(Self.turn(realtime: .failed(text), builtIn: .heard(""))), .fault(Fault(.server, text)),
            .sessionOpened(text, reason: .start, keptTurns: 0), .sessionClosed(text, reason: text),
        ])
        for isASCII in [false, true] {
            for columns in [32, 40, 80, 132] {
                let lines = shown(columns: columns, isASCII: isASCII).split(separator: "\n")
                #expect(lines.count > 10)
                for line in lines {
                    #expect(CharacterWidth.columns(line) < columns)
                    #expect(line.unicodeScalars.allSatisfy { $0.value >= 0x20 && !(0x7F...0x9F).contains($0.value) })
                    #expect(!line.unicodeScalars.contains("\u{202E}"))
                    #expect(!isASCII || line.utf8.allSatisfy { $0 < 0x7F })
                }
            }
        }
    }

    // MARK: Time

    @Test func aTimeIsThatOfTheWallClock() {
        let at = "2026-11-21T23:30:05.999Z"
        let utc = LocalTime(at: at) { _ in LocalTime.Zone(offsetS: 0, name: "UTC") }
        #expect(utc?.day == "2026-11-21" && utc?.time == "23:30:05" && utc?.zone.words == "UTC")
        let delhi = LocalTime(at: at) { _ in LocalTime.Zone(offsetS: 19_800, name: "IST") }
        #expect(delhi?.day == "2026-11-22" && delhi?.time == "05:00:05" && delhi?.zone.words == "IST (UTC+05:30)")
        let west = LocalTime(at: at) { _ in LocalTime.Zone(offsetS: -12_600, name: "") }
        #expect(west?.time == "20:00:05" && west?.zone.words == "UTC-03:30")
        #expect(LocalTime(at: "yesterday", zone: Self.bonn(_:)) == nil)
        #expect(LocalTime(at: "", zone: Self.bonn(_:)) == nil)
    }
}
