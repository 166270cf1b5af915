import ArgumentParser
import Foundation
import Journal
import Testing

@testable import kiosk_agent

/// Which journal, and which time of it.
@Suite struct JournalOptionsTests {
    /// 2026-11-21T10:15:00Z.
    private static let nowMs: Int64 = 1_795_256_100_000

    @Test(arguments: [
        ("2026-11-21", "2026-11-21T00:00:00.000Z"), ("2026-11-21T10:15:02.5+01:00", "2026-11-21T09:15:02.500Z"),
        ("0s", "2026-11-21T10:15:00.000Z"), ("90s", "2026-11-21T10:13:30.000Z"), ("30m", "2026-11-21T09:45:00.000Z"),
        ("2h", "2026-11-21T08:15:00.000Z"), ("3d", "2026-11-18T10:15:00.000Z"), ("1w", "2026-11-14T10:15:00.000Z"),
        ("999999w", "0000-01-01T00:00:00.000Z"),
    ])
    func aTimeIsADayAnInstantOrAnAge(text: String, at: String) throws {
        #expect(TimeArgument.instantMs(of: text, nowMs: Self.nowMs).map(WallClock.text) == at)
        let options = try SpanOptions.parse(["--since", text, "--until", text])
        let span = options.span(nowMs: Self.nowMs)
        #expect(span.since == at && span.until == at)
    }

    @Test(arguments: ["h", "2", "2y", "-2h", "+2h", "2 h", "1234567h", "2.5h", "٢h", "yesterday", "2026-13-01"])
    func whatIsNoneIsRefusedWithWhatWasWanted(text: String) {
        #expect(TimeArgument.instantMs(of: text, nowMs: Self.nowMs) == nil)
        let line = errorLine { try SpanOptions.parse(["--since=" + text]) }
        #expect(line.contains("--since \(text): wanted YYYY-MM-DD (00:00 UTC), RFC 3339, or an age such as 90s"))
    }

    @Test func withoutTimesThereIsNoLimit() throws {
        let span = try SpanOptions.parse([]).span(nowMs: Self.nowMs)
        #expect(span.since == nil && span.until == nil)
    }

    @Test func aJournalIsNamedByItsFolderOrBySettings() throws {
        let folder = try TemporaryFolder()
        let settings = try folder.write("journal.directory = 'kept'", to: "kiosk.toml")
        #expect(try JournalOptions.parse(["--journal", "a/b"]).folder() == "a/b")
        #expect(try JournalOptions.parse(["--config", settings]).folder() == folder.path + "/kept")
        #expect(try JournalOptions.parse(["--config", settings, "--journal", "c"]).folder() == "c")
        #expect(errorLine { try JournalOptions.parse([]) }.contains("wanted --config FILE or --journal FOLDER"))
        #expect(throws: CommandFailure.self) { try JournalOptions.parse(["--config", folder.path + "/x"]).folder() }
    }

    private func errorLine<Options: ParsableArguments>(_ body: () throws -> Options) -> String {
        do { _ = try body() } catch { return Options.message(for: error) }
        return "no error"
    }
}
