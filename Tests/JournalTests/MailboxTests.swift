import Testing

@testable import Journal

@Suite struct MailboxTests {
    private let mailbox: Mailbox

    init() throws {
        mailbox = try Mailbox()
    }

    private func entry(_ members: String) -> Mailbox.Entry {
        Mailbox.Entry(kind: "turn", members: members, durable: false, atMs: 0)
    }

    @Test func entriesComeOutInOrder() {
        for members in ["a", "b", "c"] { #expect(mailbox.put(entry(members))) }
        #expect([mailbox.takeEntry(), mailbox.takeEntry(), mailbox.takeEntry()].map { $0?.members } == ["a", "b", "c"])
        #expect(mailbox.takeEntry() == nil)
    }

    @Test func newestEntriesStayWhenItIsFullAndDropsAreCounted() {
        for number in 0..<Mailbox.entryLimit + 3 { #expect(mailbox.put(entry("\(number)"))) }
        #expect(mailbox.waitingEntries == Mailbox.entryLimit)
        #expect(mailbox.takeEntry()?.members == "3")
        mailbox.reportDropped()
        mailbox.reportDropped()
        #expect(mailbox.takeReports() == [
            .fault("journal: too many entries wait for the disk, the oldest are dropped"),
            .fault("journal: 3 entries were dropped while the disk took none"),
        ])
    }

    @Test func bytesAreLimitedToo() {
        let large = String(repeating: "x", count: Mailbox.byteLimit / 4)
        for _ in 0..<6 { #expect(mailbox.put(entry(large))) }
        #expect(mailbox.waitingEntries == 4)
        #expect(mailbox.put(entry(String(repeating: "x", count: Mailbox.byteLimit + 1))))
        #expect(mailbox.waitingEntries == 0)
        #expect(mailbox.put(entry("small")))
        #expect(mailbox.takeEntry()?.members == "small")
    }

    @Test func closingRefusesEntriesOnceAndForAll() {
        #expect(mailbox.put(entry("a")))
        #expect(mailbox.beginClosing())
        #expect(!mailbox.beginClosing())
        #expect(!mailbox.put(entry("b")))
        #expect(mailbox.takeEntry()?.members == "a")
    }

    @Test func laterDurableCoversTheEarlierAndReportsAreLimited() {
        mailbox.report(.durable(1))
        mailbox.report(.durable(2))
        #expect(mailbox.takeReports() == [.durable(2)])
        for number in 0...Mailbox.reportLimit { mailbox.report(.fault("\(number)")) }
        let reports = mailbox.takeReports()
        #expect(reports.count == Mailbox.reportLimit)
        #expect(reports.first == .fault("1"))
    }

    @Test func waitingForAThreadThatDoesNotEndIsBounded() {
        #expect(!mailbox.waitUntilDone(limitMs: 1))
        mailbox.done()
        #expect(mailbox.waitUntilDone(limitMs: 1))
    }
}
