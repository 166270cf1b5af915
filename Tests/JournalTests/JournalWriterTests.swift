import Foundation
import Testing

@testable import Journal

@Suite struct JournalWriterTests {
    private let folder = JournalFolder()
    private var obstacle: String { "\(folder.path)/\(JournalFolder.segment(1))" }

    private func writer() throws -> JournalWriter {
        try JournalWriter(directory: folder.path, clock: JournalFolder.clock)
    }

    /// The reports up to and including the first that `isLast` accepts; waits at most 5 s for each.
    private func reports(
        of writer: JournalWriter, until isLast: (JournalWriter.Report) -> Bool
    ) throws -> [JournalWriter.Report] {
        var reports: [JournalWriter.Report] = []
        while !reports.contains(where: isLast) {
            var request = pollfd(fd: writer.eventDescriptor, events: Int16(POLLIN), revents: 0)
            try #require(poll(&request, 1, 5000) == 1, "no report in 5 s")
            reports += writer.takeReports()
        }
        return reports
    }

    @Test func durableEntryIsAcknowledgedWithItsSeq() throws {
        let writer = try writer()
        #expect(writer.append(kind: "session", members: #"{"event":"opened"}"#, durable: false))
        #expect(writer.append(kind: "turn", members: "{}", durable: true))
        #expect(try reports(of: writer) { $0 == .durable(2) } == [.durable(2)])
        #expect(try folder.kinds() == ["session", "turn"])
        #expect(writer.takeReports() == [])
        var request = pollfd(fd: writer.eventDescriptor, events: Int16(POLLIN), revents: 0)
        #expect(poll(&request, 1, 0) == 0)
    }

    @Test func closeWritesWhatWaitsInOrderAndReleasesTheDirectory() throws {
        let writer = try writer()
        for number in 1...500 { writer.append(kind: "turn", members: #"{"number":\#(number)}"#, durable: false) }
        writer.close()
        #expect(try folder.entries().map { $0["number"] as? Int } == Array(1...500))
        #expect(!writer.append(kind: "turn", members: "{}", durable: true))
        writer.close()
        #expect(try self.writer().recovery?.lastSeq == 500)
    }

    @Test func writerThatIsLetGoClosesItself() throws {
        do {
            let writer = try writer()
            writer.append(kind: "turn", members: "{}", durable: false)
        }
        #expect(try folder.open().recovery.lastSeq == 1)
    }

    @Test func secondWriterIsRefused() throws {
        let writer = try writer()
        #expect(throws: JournalError.inUse(directory: folder.path)) { _ = try self.writer() }
        writer.close()
    }

    @Test func entryThatCanNeverBeAppendedIsAFaultAndTheNextGoesThrough() throws {
        let writer = try writer()
        writer.append(kind: "turn", members: "{\n}", durable: true)
        writer.append(kind: "turn", members: "{}", durable: true)
        #expect(try reports(of: writer) { $0 == .durable(1) } == [
            .fault("entry refused: members: wanted a JSON object on one line"), .durable(1),
        ])
    }

    @Test func entriesTheDiskRefusesAreKeptAndWrittenWhenThereIsRoomAgain() throws {
        let writer = try writer()
        mkdir(obstacle, 0o700)
        writer.append(kind: "turn", members: #"{"number":1}"#, durable: true)
        let refusal = JournalWriter.Report.refusing("\(obstacle): open: Is a directory")
        #expect(try reports(of: writer) { $0 == refusal } == [refusal])
        // Each entry wakes the thread for another try; the same refusal is not said again.
        writer.append(kind: "turn", members: #"{"number":2}"#, durable: true)
        rmdir(obstacle)
        writer.append(kind: "turn", members: #"{"number":3}"#, durable: true)
        let later = try reports(of: writer) { $0 == .durable(3) }
        #expect(later.count { $0 == .resumed } == 1)
        #expect(later.allSatisfy { if case .durable = $0 { true } else { $0 == .resumed } })
        #expect(try folder.entries().map { $0["number"] as? Int } == [1, 2, 3])
    }

    @Test func closeOnADiskThatTakesNothingEndsAndCountsWhatIsLost() throws {
        let writer = try writer()
        mkdir(obstacle, 0o700)
        for _ in 1...3 { writer.append(kind: "turn", members: "{}", durable: true) }
        writer.close()
        #expect(writer.takeReports() == [
            .refusing("\(obstacle): open: Is a directory"),
            .fault("journal: 3 entries could not be written at the end"),
        ])
    }

    @Test func journalThatCannotBeOpenedIsServedWithoutAndOpenedLater() throws {
        try folder.fill(2)
        let lock = "\(folder.path)/lock"
        unlink(lock)
        mkdir(lock, 0o700)
        let writer = try writer()
        #expect(writer.recovery == nil)
        writer.append(kind: "turn", members: #"{"number":3}"#, durable: true)
        let refusal = JournalWriter.Report.refusing("\(lock): open: Is a directory")
        #expect(try reports(of: writer) { $0 == refusal } == [refusal])
        rmdir(lock)
        // Nobody says anything: it looks again by itself.
        let later = try reports(of: writer) { $0 == .durable(3) }
        var found = Recovery()
        found.lastSeq = 2
        #expect(later == [.opened(found), .resumed, .durable(3)])
        #expect(try folder.entries().count == 3)
    }

    @Test func closeOfAJournalThatNeverOpenedCountsWhatIsLost() throws {
        let writer = try JournalWriter(directory: "/dev/null/j")
        writer.append(kind: "turn", members: "{}", durable: true)
        writer.close()
        #expect(writer.takeReports() == [
            .refusing("/dev/null/j: mkdir: Not a directory"),
            .fault("journal: 1 entries could not be written at the end"),
        ])
    }
}
