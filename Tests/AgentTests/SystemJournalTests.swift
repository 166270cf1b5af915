import Foundation
import Glibc
import Realtime
import Session
import Testing

@testable import kiosk_agent

/// Records for systemd's journal, received as it would.
@Suite struct SystemJournalTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// The journal's end, and a stream as the environment names it.
    private func journal() throws -> (descriptor: Int32, journal: SystemJournal) {
        let name = folder.path + "/journal"
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
        let address = try #require(UnixAddress(name))
        try #require(address.withSocketAddress { bind(descriptor, $0, $1) } == 0)
        var status = stat()
        try #require(fstat(descriptor, &status) == 0)
        let journal = SystemJournal(
            environment: ["JOURNAL_STREAM": "\(status.st_dev):\(status.st_ino)"], descriptor: descriptor, socket: name)
        return (descriptor, try #require(journal))
    }

    private func received(_ descriptor: Int32) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: 1 << 18)
        let count = recv(descriptor, &bytes, bytes.count, 0)
        return count > 0 ? Array(bytes[..<count]) : nil
    }

    private static let turn: SettledTurn = {
        var turn = SettledTurn(
            session: "sess_1", number: 3, item: "item_3", realtime: .heard("my words"), builtIn: .heard("my worlds"),
            assistant: AssistantPart(status: .truncated, text: "An answer", playedMs: 40, heardText: "An"),
            cost: TurnCost(assistant: 0.0123, realtimeTranscript: 0.0011),
            review: TranscriptReview(flags: [.disagreement], wordErrorRate: 0.5))
        turn.latency[.firstAudible] = 345
        return turn
    }()

    @Test func aRecordIsItsFieldsInLines() throws {
        let (descriptor, journal) = try journal()
        defer { close(descriptor) }
        let record = SystemJournal.Record(
            kind: "df78579b7237409cbe112cc3a35f9ac7", priority: .notice, message: "a message", fields: [("KIOSK_TURN", "3")])
        #expect(journal.send(record))
        #expect(try #require(received(descriptor)) == Array("""
            MESSAGE=a message
            PRIORITY=5
            MESSAGE_ID=df78579b7237409cbe112cc3a35f9ac7
            SYSLOG_IDENTIFIER=kiosk-agent
            KIOSK_TURN=3

            """.utf8))
    }

    @Test func aValueOfSeveralLinesHasItsLengthAndForgesNoField() throws {
        let (descriptor, journal) = try journal()
        defer { close(descriptor) }
        let text = "one\nPRIORITY=0"
        let record = SystemJournal.Record(kind: "k", priority: .info, message: "m", fields: [("KIOSK_TEXT", text)])
        #expect(journal.send(record))
        let end = Array("KIOSK_TEXT\n".utf8) + [UInt8(text.utf8.count), 0, 0, 0, 0, 0, 0, 0] + Array((text + "\n").utf8)
        #expect(try #require(received(descriptor)).suffix(end.count).elementsEqual(end))
    }

    @Test func aTurnHasItsFiguresAndItsWordsOnlyWhenAsked() {
        let record = SystemJournal.Record(Self.turn, hasText: false)
        #expect(record.message == "[kiosk] turn 3: transcripts ok and ok, answer truncated, 0.013400 USD")
        let fields = Dictionary(uniqueKeysWithValues: record.fields.map { ($0.name, $0.value) })
        #expect(fields == [
            "KIOSK_SESSION": "sess_1", "KIOSK_TURN": "3", "KIOSK_ITEM": "item_3", "KIOSK_REALTIME_STATUS": "ok",
            "KIOSK_BUILT_IN_STATUS": "ok", "KIOSK_ASSISTANT_STATUS": "truncated", "KIOSK_PLAYED_MS": "40",
            "KIOSK_COST_USD": "0.0134", "KIOSK_FLAGS": "disagreement", "KIOSK_WORD_ERROR_RATE": "0.5",
            "KIOSK_FIRST_AUDIBLE_MS": "345",
        ])
        let words = SystemJournal.Record(Self.turn, hasText: true).fields.suffix(3)
        #expect(words.map(\.name) == ["KIOSK_REALTIME_TEXT", "KIOSK_BUILT_IN_TEXT", "KIOSK_ASSISTANT_TEXT"])
        #expect(words.map(\.value) == ["my words", "my worlds", "An"])
    }

    @Test func aFaultIsTheLineOfTheConsoleWithItsClass() {
        let record = SystemJournal.Record(Fault(.link, "broken\u{1b}[2J"))
        #expect(record.message == "[fault] link: broken\\u{1b}[2J")
        #expect(record.priority == .warning && record.fields.map(\.value) == ["link"])
    }

    @Test func withoutAStreamToItThereIsNoJournal() throws {
        let descriptor = open("/dev/null", O_WRONLY)
        defer { close(descriptor) }
        for environment in [[:], ["JOURNAL_STREAM": "1:1"], ["JOURNAL_STREAM": "x"]] {
            #expect(SystemJournal(environment: environment, descriptor: descriptor) == nil)
        }
    }

    @Test func aJournalThatIsGoneTakesNothing() throws {
        let (descriptor, journal) = try journal()
        close(descriptor)
        #expect(!journal.send(SystemJournal.Record(Fault(.link, "broken"))))
    }
}
