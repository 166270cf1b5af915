import Foundation
import Testing

@testable import Journal

@Suite struct JournalTests {
    private let folder = JournalFolder()

    @Test func firstEntryHasSeqOneAndTheMembersGiven() throws {
        var journal = try folder.open()
        #expect(journal.recovery == Recovery())
        #expect(try journal.append(kind: "turn", members: #"{"turn":3,"text":"hello"}"#, durable: true) == 1)
        #expect(try journal.append(kind: "session", members: "{}", durable: false) == 2)
        let entries = try folder.entries()
        #expect(entries.map { $0["kind"] as? String } == ["turn", "session"])
        #expect(entries[0]["at"] as? String == "2026-11-21T10:15:02.123Z")
        #expect(entries[0]["turn"] as? Int == 3)
        #expect(entries[0]["text"] as? String == "hello")
    }

    @Test func entryKeepsTheTimeItHappened() throws {
        var journal = try folder.open()
        try journal.append(kind: "turn", members: "{}", durable: false, atMs: 0)
        #expect(try folder.entries()[0]["at"] as? String == "1970-01-01T00:00:00.000Z")
    }

    @Test func seqContinuesOverRestarts() throws {
        for run in 1...3 {
            var journal = try folder.open()
            #expect(journal.recovery.lastSeq == UInt64(run - 1) * 2)
            #expect(journal.recovery.findings == [])
            try journal.append(kind: "session", members: "{}", durable: false)
            try journal.append(kind: "turn", members: "{}", durable: true)
        }
        #expect(try folder.entries().count == 6)
        #expect(try folder.names(".jsonl") == [JournalFolder.segment(1)])
    }

    @Test func directoryIsMadeWithItsParentsAndFilesAreNotForOthers() throws {
        let nested = "\(folder.path)/a/b"
        var journal = try Journal(directory: nested)
        try journal.append(kind: "turn", members: "{}", durable: true)
        #expect(try folder.mode("a") == 0o750)
        #expect(try folder.mode("a/b") == 0o750)
        #expect(try folder.mode("a/b/\(JournalFolder.segment(1))") == 0o640)
    }

    @Test func segmentOfAnotherModeGetsItsOwn() throws {
        try folder.fill(1)
        chmod("\(folder.path)/\(JournalFolder.segment(1))", 0o600)
        try folder.fill(1)
        #expect(try folder.mode(JournalFolder.segment(1)) == 0o640)
    }

    @Test func secondJournalOnTheDirectoryIsRefusedUntilTheFirstEnds() throws {
        do {
            let first = try folder.open()
            #expect(throws: JournalError.inUse(directory: folder.path)) { _ = try folder.open() }
            #expect(JournalError.inUse(directory: "/j").description == "/j: journal in use by another process")
            _ = consume first
        }
        #expect(try folder.open().recovery.lastSeq == 0)
    }

    @Test func checkOfTheDirectoryWorksBesideAJournalAndLeavesNoFile() throws {
        let journal = try folder.open()
        try Journal.checkWritable(directory: folder.path)
        #expect(try folder.names("") == ["lock"])
        _ = consume journal
    }

    @Test(arguments: ["/proc/none/journal", "/dev/null", "/dev/null/journal", ""])
    func directoryThatCannotBeIsOneLine(path: String) {
        for open in [{ _ = try Journal(directory: path) }, { try Journal.checkWritable(directory: path) }] {
            #expect {
                try open()
            } throws: { error in
                (error as? JournalError)?.description.contains("\n") == false
            }
        }
    }

    @Test func errorNamesFileCallAndReason() {
        #expect(throws: JournalError.failed(path: "/dev/null/journal", step: "mkdir", errno: ENOTDIR)) {
            _ = try Journal(directory: "/dev/null/journal")
        }
        #expect(JournalError.failed(path: "/j/1.jsonl", step: "write", errno: ENOSPC).description
            == "/j/1.jsonl: write: No space left on device")
    }

    @Test func refusedEntryUsesNoSeqAndWritesNothing() throws {
        var journal = try folder.open()
        for members in ["{\"a\":\"\n\"}", #"{"seq":9}"#, "]"] {
            do {
                try journal.append(kind: "turn", members: members, durable: false)
                Issue.record("\(members) was taken")
            } catch {}
        }
        #expect(try journal.append(kind: "turn", members: "{}", durable: false) == 1)
        #expect(try folder.entries().count == 1)
    }
}
