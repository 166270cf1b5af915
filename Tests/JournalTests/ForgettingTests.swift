import Foundation
import Testing

@testable import Journal

@Suite struct ForgettingTests {
    private let folder = JournalFolder()
    private static let startMs: Int64 = 1_795_256_102_123
    private static let secret = "my name is Ada"

    /// Two sessions of four turns, a minute each, a task beside each turn, in segments of some entries.
    private func fill() throws {
        var limits = JournalLimits()
        limits.segmentBytes = 900
        let time = Mutable(Self.startMs)
        var journal = try folder.open(limits, clock: WallClock { time.value })
        for session in 1...2 {
            for turn in 1...4 {
                time.value += 60_000
                let text = session == 1 && turn == 3 ? Self.secret : "hello"
                let members = #"{"session":"s\#(session)","turn":\#(turn),"text":"\#(text)"}"#
                try journal.append(kind: "turn", members: members, durable: false)
                try journal.append(kind: "task", members: members, durable: false)
            }
        }
    }

    /// Whether any file of the folder holds the words.
    private func holds(_ words: String) throws -> Bool {
        try folder.names("").contains { name in
            try Data(folder.contents(name)).range(of: Data(words.utf8)) != nil
        }
    }

    private func open() throws -> Journal { try folder.open(clock: WallClock { Self.startMs + 600_000 }) }

    @Test func aTurnIsForgottenWithWhateverNamesIt() throws {
        try fill()
        let before = try folder.entries()
        #expect(try holds(Self.secret))
        var journal = try open()
        let outcome = try journal.forget(.turn(session: "s1", number: 3))
        #expect(outcome == Forgetting.Outcome(entries: 2))
        #expect(try !holds(Self.secret))
        let after = try folder.entries()
        #expect(after.count == before.count)
        #expect(after.map { $0["at"] as? String } == before.map { $0["at"] as? String })
        let tombstones = after.filter { $0["kind"] as? String == "forgotten" }
        #expect(tombstones.map { $0["was"] as? String } == ["turn", "task"])
        #expect(tombstones.allSatisfy { $0["forgotten_at"] as? String == "2026-11-21T10:25:02.123Z" })
        #expect(tombstones.allSatisfy { $0["text"] == nil && $0["session"] == nil })
        #expect(after.count { $0["text"] as? String == "hello" } == 14)
        #expect(try JournalVerification(directory: folder.path).findings == [])
    }

    @Test func whatHappenedBeforeIsForgottenAndSegmentsAreSealedAnew() throws {
        try fill()
        var journal = try open()
        // The fourth turn's own instant is not before it.
        let outcome = try journal.forget(.before(Self.startMs + 4 * 60_000))
        #expect(outcome == Forgetting.Outcome(entries: 6))
        let kinds = try folder.kinds()
        #expect(kinds.count { $0 == "forgotten" } == 6 && kinds.count { $0 == "turn" } == 5)
        let verification = try JournalVerification(directory: folder.path)
        #expect(verification.findings == [] && verification.sealedSegments >= 2)
        #expect(try journal.forget(.before(Self.startMs + 4 * 60_000)) == Forgetting.Outcome())
    }

    /// Root may forget while no agent runs; the agent, which is somebody else, goes on in the same files.
    @Test(.enabled(if: getuid() == 0, "giving files away takes root"))
    func whateverRootWritesBelongsToTheOwnerOfTheDirectory() throws {
        try fill()
        let last = try #require(try folder.names(".jsonl").last)
        try folder.write(folder.contents(last) + Array("half a line".utf8), to: last)
        let nobody: uid_t = 65534
        for name in try folder.names("") + ["."] { #expect(chown("\(folder.path)/\(name)", nobody, nobody) == 0) }
        #expect(unlink("\(folder.path)/lock") == 0)
        do {
            var journal = try open()
            #expect(try journal.forget(.before(Self.startMs + 4 * 60_000)).entries == 6)
            try journal.append(kind: "turn", members: "{}", durable: true)
        }
        let files = try folder.names("")
        #expect(files.contains("lock") && files.contains { $0.hasSuffix(".torn") })
        for name in files {
            var status = stat()
            #expect(stat("\(folder.path)/\(name)", &status) == 0)
            #expect(status.st_uid == nobody && status.st_gid == nobody && status.st_mode & 0o777 == 0o640, "\(name)")
        }
    }

    @Test func theOpenSegmentGoesOnAfterwards() throws {
        try fill()
        var journal = try open()
        let lastSeq = journal.recovery.lastSeq
        #expect(try journal.forget(.before(Self.startMs + 3_600_000)).entries == 16)
        #expect(try journal.append(kind: "turn", members: "{}", durable: true) == lastSeq + 1)
        #expect(try folder.kinds().last == "turn")
        _ = consume journal
        #expect(try open().recovery.findings == [])
        #expect(try JournalVerification(directory: folder.path).findings == [])
    }

    @Test func segmentsWithoutSuchEntriesAreLeftAsTheyAre() throws {
        try fill()
        var journal = try open()
        let names = try folder.names(".jsonl")
        func inodes() throws -> [Int?] {
            try names.map {
                try FileManager.default.attributesOfItem(atPath: folder.path + "/" + $0)[.systemFileNumber] as? Int
            }
        }
        let before = try inodes()
        _ = try journal.forget(.turn(session: "s1", number: 1))
        let after = try inodes()
        #expect(before[0] != after[0])
        #expect(before.dropFirst() == after.dropFirst())
        #expect(try folder.mode(names[0]) == 0o640)
    }

    @Test func damagedBytesThatMayHoldItGo() throws {
        try fill()
        let names = try folder.names(".jsonl")
        for name in names { try folder.write(Array(Self.secret.utf8), to: name.replacing("jsonl", with: "torn")) }
        try folder.write(Array(Self.secret.utf8), to: JournalFolder.torn(5000))
        var journal = try open()
        let outcome = try journal.forget(.before(Self.startMs + 4 * 60_000))
        // Of the segments that begin before it, and the one whose segment is gone.
        let kept = try folder.names(".torn").count
        #expect(outcome.sideFiles == names.count + 1 - kept)
        #expect((1..<names.count).contains(kept))
        #expect(try journal.forget(.turn(session: "s1", number: 3)).sideFiles == kept)
        #expect(try !holds(Self.secret))
    }

    @Test func damageInAnOldSegmentDoesNotOutliveTheRest() throws {
        try fill()
        let name = try folder.names(".jsonl")[0]
        var bytes = try folder.contents(name)
        bytes[60] ^= 1
        try folder.write(bytes, to: name)
        var journal = try open()
        _ = try journal.forget(.before(Self.startMs + 3_600_000))
        #expect(try !holds("hello"))
        #expect(try folder.entries().count == Int(journal.recovery.lastSeq))
        // What took the damaged entry's place happened just now.
        #expect(try folder.entries()[0]["was"] as? String == "fault")
        #expect(try JournalVerification(directory: folder.path).findings == [])
    }

    @Test func anotherTurnOfTheSameNumberStays() throws {
        try fill()
        var journal = try open()
        #expect(try journal.forget(.turn(session: "s", number: 3)) == Forgetting.Outcome())
        #expect(try journal.forget(.turn(session: "s1", number: 33)) == Forgetting.Outcome())
        #expect(try holds(Self.secret))
    }

    @Test func theWriterForgetsOnItsThread() throws {
        try fill()
        let writer = try JournalWriter(directory: folder.path, clock: WallClock { Self.startMs + 600_000 })
        writer.append(kind: "turn", members: #"{"session":"s1","turn":3,"text":"\#(Self.secret)"}"#, durable: false)
        #expect(writer.forget(.turn(session: "s1", number: 3), request: 7))
        var request = pollfd(fd: writer.eventDescriptor, events: Int16(POLLIN), revents: 0)
        #expect(poll(&request, 1, 5000) == 1)
        #expect(writer.takeReports() == [.forgot(request: 7, .success(Forgetting.Outcome(entries: 3)))])
        writer.close()
        #expect(try !holds(Self.secret))
        #expect(!writer.forget(.before(0), request: 8))
    }

    @Test func aRequestToADiskThatRefusesIsAnswered() throws {
        let writer = try JournalWriter(directory: "/dev/null/j")
        #expect(writer.forget(.before(0), request: 1))
        var reports: [JournalWriter.Report] = []
        while reports.count < 2 {
            var request = pollfd(fd: writer.eventDescriptor, events: Int16(POLLIN), revents: 0)
            try #require(poll(&request, 1, 5000) == 1)
            reports += writer.takeReports()
        }
        let failure = JournalError.failed(path: "/dev/null/j", step: "mkdir", errno: ENOTDIR)
        #expect(reports.last == .forgot(request: 1, .failure(failure)))
    }
}
