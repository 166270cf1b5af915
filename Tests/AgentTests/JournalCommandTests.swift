import ArgumentParser
import Foundation
import Journal
import Testing

@testable import kiosk_agent

@Suite struct JournalCommandTests {
    private func exitCode(_ arguments: String...) -> Int32 {
        do {
            var command = try KioskAgent.parseAsRoot(["journal"] + arguments)
            try command.run()
            return 0
        } catch let failure as CommandFailure {
            return failure.status
        } catch {
            return KioskAgent.exitCode(for: error).rawValue
        }
    }

    @Test func wrongUsageExitsWith64() {
        #expect(exitCode() == 64)
        #expect(exitCode("verify") == 64)
        #expect(exitCode("forget", "--journal", "/j") == 64)
        #expect(exitCode("forget", "--journal", "/j", "--before", "yesterday") == 64)
        #expect(exitCode("forget", "--journal", "/j", "--turn", "sess") == 64)
        #expect(exitCode("forget", "--journal", "/j", "--turn", "sess/0") == 64)
        #expect(exitCode("forget", "--journal", "/j", "--turn", "s/1", "--before", "2026-01-01") == 64)
    }

    @Test func verifyTellsByItsExitStatus() throws {
        let folder = try TemporaryFolder()
        let journal = folder.path + "/journal"
        #expect(exitCode("verify", "--journal", journal) == 1)
        #expect(exitCode("forget", "--journal", journal, "--before", "2026-01-01") == 1)
        #expect(access(journal, F_OK) != 0)
        do {
            var journal = try Journal(directory: journal)
            for _ in 0..<3 { try journal.append(kind: "turn", members: "{}", durable: false) }
        }
        #expect(exitCode("verify", "--journal", journal) == 0)
        let segment = journal + "/00000000000000000001.jsonl"
        var bytes = try Data(contentsOf: URL(fileURLWithPath: segment))
        bytes[bytes.firstIndex(of: 10)! + 70] ^= 1
        try bytes.write(to: URL(fileURLWithPath: segment))
        #expect(exitCode("verify", "--journal", journal) == 1)
        #expect(exitCode("verify", "--journal", journal, "--json") == 1)
        let verification = try JournalVerification(directory: journal)
        #expect(JournalVerifyCommand.text(verification) == """
            00000000000000000001.jsonl: line 2: damaged line 2 (\(verification.bytes / 3) bytes, entry 2)
            1 findings: 2 entries (1 to 3) in 1 segments, 0 of them sealed, \(verification.bytes) bytes

            """)
        let json = try JSONSerialization.jsonObject(with: Data(JournalVerifyCommand.json(verification).utf8))
        let members = try #require(json as? [String: Any])
        #expect(members["sound"] as? Bool == false && members["findings_count"] as? Int == 1)
        let finding = try #require((members["findings"] as? [[String: Any]])?.first)
        #expect(finding["file"] as? String == "00000000000000000001.jsonl" && finding["line"] as? Int == 2)
    }

    @Test func forgetBesideAJournalInUseWantsTheAgentsSettings() throws {
        let folder = try TemporaryFolder()
        let journal = try Journal(directory: folder.path + "/journal")
        #expect(exitCode("forget", "--journal", folder.path + "/journal", "--before", "2026-01-01") == 1)
        let settings = try folder.write("journal.directory = 'journal'\ncontrol.socket = 'sock'", to: "kiosk.toml")
        #expect(exitCode("forget", "--config", settings, "--before", "2026-01-01") == 1)
        _ = consume journal
        #expect(exitCode("forget", "--config", settings, "--before", "2026-01-01") == 0)
    }

    @Test func theAgentsAnswerIsUnderstood() throws {
        let outcome = Forgetting.Outcome(entries: 3, sideFiles: 1)
        #expect(ForgottenAnswer(outcome).line == #"{"entries":3,"side_files":1}"#)
        #expect(ForgottenAnswer(line: ForgottenAnswer(outcome).line)?.outcome == outcome)
        #expect(ForgottenAnswer(line: "{}") == nil)
    }

    @Test(arguments: ["before x", "before 1.5", "turn s", "turn s/", "turn s/x", "turn s/-1", "turn \"/1", "all 1"])
    func whatIsNoRequestToForgetIsRefused(words: String) {
        #expect(ControlRequest(line: "journal forget " + words) == nil)
    }
}
