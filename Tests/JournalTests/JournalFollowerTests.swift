import Foundation
import Testing

@testable import Journal

@Suite struct JournalFollowerTests {
    private let folder = JournalFolder()

    /// A reader that remembers; one per test.
    private final class Follower {
        var follower: JournalFollower
        private(set) var lines: [String] = []

        init(_ folder: JournalFolder, from start: JournalFollower.Start = .oldest) {
            follower = JournalFollower(directory: folder.path, from: start)
        }

        /// What comes now.
        func seqs() throws -> [UInt64] {
            var seqs: [UInt64] = []
            try follower.read {
                seqs.append($0.seq)
                lines.append(String(decoding: $0.line, as: UTF8.self))
            }
            return seqs
        }
    }

    /// Without footers: every `seq` is a turn's.
    private func append(
        _ seqs: ClosedRange<Int>, segmentLimitBytes: Int64 = JournalLimits().segmentBytes,
        atMs: Int64 = JournalFolder.clock.nowMs()
    ) throws {
        for seq in seqs {
            let members = #"{"turn":\#(seq)}"#
            let line = try EntryLine.encode(seq: UInt64(seq), atMs: atMs, kind: "turn", members: members)
            try folder.append(line, seq: UInt64(seq), segmentLimitBytes: segmentLimitBytes)
        }
    }

    private func line(_ seq: UInt64, at atMs: Int64 = JournalFolder.clock.nowMs()) throws -> [UInt8] {
        try EntryLine.encode(seq: seq, atMs: atMs, kind: "turn", members: "{}") + [10]
    }

    @Test func entriesComeOnceAndInOrderOverAllSegments() throws {
        let follower = Follower(folder)
        try append(1...3, segmentLimitBytes: 200)
        #expect(try follower.seqs() == [1, 2, 3])
        #expect(try follower.seqs() == [])
        try append(4...9, segmentLimitBytes: 200)
        #expect(try folder.names(".jsonl").count > 2)
        #expect(try follower.seqs() == [4, 5, 6, 7, 8, 9])
        #expect(follower.follower.lastSeq == 9)
        #expect(follower.lines.last?.hasPrefix(#"{"seq":9,"at":"#) == true)
    }

    @Test func aFolderThatComesLaterIsFollowedFromItsFirstEntry() throws {
        let follower = Follower(folder)
        #expect(try follower.seqs() == [])
        try append(1...2)
        #expect(try follower.seqs() == [1, 2])
    }

    @Test func anEntryIsHandedOverWhenItIsWholeWhereverTheWriteWasCut() throws {
        let follower = Follower(folder)
        let bytes = try line(1) + line(2)
        var found: [UInt64] = []
        for count in 0...bytes.count {
            try folder.write(Array(bytes[..<count]), to: JournalFolder.segment(1))
            let now = try follower.seqs()
            if !now.isEmpty { #expect(bytes[count - 1] == 10) }
            found += now
        }
        #expect(found == [1, 2])
        #expect(follower.follower.damagedLines == 0)
    }

    @Test func aRewrittenSegmentIsNotHandedOverAgainAndWhatFollowsIs() throws {
        let follower = Follower(folder)
        try append(1...3)
        #expect(try follower.seqs() == [1, 2, 3])
        // Shorter, of the same name, with the third entry and one more.
        let name = JournalFolder.segment(1)
        try folder.write(line(3) + line(4), to: "new")
        #expect(rename(folder.path + "/new", folder.path + "/" + name) == 0)
        #expect(try follower.seqs() == [4])
        // Without what was handed over, and older than it: still the same journal.
        try folder.write(line(1, at: 0) + line(2, at: 0), to: "new")
        #expect(rename(folder.path + "/new", folder.path + "/" + name) == 0)
        #expect(try follower.seqs() == [])
        try folder.write(line(5), to: JournalFolder.segment(5))
        #expect(try follower.seqs() == [5])
    }

    @Test func aFileOfTheSameNumberThatHasOtherLinesIsReadFromItsStart() throws {
        let follower = Follower(folder)
        try folder.write(line(1) + line(2), to: JournalFolder.segment(1))
        #expect(try follower.seqs() == [1, 2])
        // Longer, written in place; where the reader was there is the middle of a line.
        let long = try EntryLine.encode(seq: 2, atMs: 0, kind: "turn", members: #"{"text":"longer"}"#) + [10]
        try folder.write(long + line(3) + line(4), to: JournalFolder.segment(1))
        #expect(try follower.seqs() == [3, 4])
        #expect(follower.follower.damagedLines == 0)
    }

    @Test func anotherJournalInTheSameFolderIsReadFromItsBeginning() throws {
        let follower = Follower(folder)
        try append(1...3)
        #expect(try follower.seqs() == [1, 2, 3])
        try FileManager.default.removeItem(atPath: folder.path)
        #expect(try follower.seqs() == [])
        try append(1...2, atMs: JournalFolder.clock.nowMs() + 1000)
        #expect(try follower.seqs() == [1, 2])
        // Of an older name than the one read last.
        try FileManager.default.removeItem(atPath: folder.path)
        try folder.write(line(70), to: JournalFolder.segment(70))
        #expect(try follower.seqs() == [70])
        try FileManager.default.removeItem(atPath: folder.path)
        try folder.write(line(1), to: JournalFolder.segment(1))
        #expect(try follower.seqs() == [1])
    }

    @Test func aSegmentThatRetentionTookIsPassedOver() throws {
        try append(1...9, segmentLimitBytes: 200)
        let follower = Follower(folder)
        let names = try folder.names(".jsonl")
        try FileManager.default.removeItem(atPath: folder.path + "/" + names[0])
        let found = try follower.seqs()
        #expect(found.first == JournalDirectory.firstSeq(of: names[1]) && found.last == 9)
    }

    @Test func whatIsNoEntryIsPassedOverAndCounted() throws {
        let follower = Follower(folder)
        var damaged = try line(2)
        damaged[70] ^= 1
        try folder.write(line(1) + damaged + [10, 0, 0, 10] + line(3), to: JournalFolder.segment(1))
        #expect(try follower.seqs() == [1, 3])
        #expect(follower.follower.damagedLines == 3)
    }

    @Test func aLineLongerThanAnyEntryCostsBoundedMemoryAndNotItsNeighbours() throws {
        let follower = Follower(folder)
        let long = [UInt8](repeating: 120, count: 3 * EntryLine.limitBytes) + [10]
        try folder.write(line(1) + long + line(2), to: JournalFolder.segment(1))
        #expect(try follower.seqs() == [1, 2])
    }

    @Test func itBeginsAfterAnEntry() throws {
        try append(1...9, segmentLimitBytes: 200)
        for seq: UInt64 in 0...9 {
            #expect(try Follower(folder, from: .after(seq)).seqs() == Array((seq + 1)..<10))
        }
        let ahead = Follower(folder, from: .after(11))
        #expect(try ahead.seqs() == [])
        try append(10...12)
        #expect(try ahead.seqs() == [12])
    }

    /// All lines have the same length.
    @Test(arguments: [Int64(200), 1 << 20]) func itBeginsWithTheNewestBytes(segmentLimitBytes: Int64) throws {
        try append(1...9, segmentLimitBytes: segmentLimitBytes)
        let size = Int64(try line(1).count + #","turn":1"#.utf8.count)
        for count in 0...9 {
            let newest = Array(UInt64(10 - count)..<10)
            let exact = Follower(folder, from: .last(bytes: Int64(count) * size))
            #expect(try exact.seqs() == newest)
            #expect(try Follower(folder, from: .last(bytes: Int64(count) * size + 1)).seqs() == newest)
        }
        #expect(try Follower(folder, from: .last(bytes: .max)).seqs() == Array(1...9))
        // It goes on where the journal does.
        let follower = Follower(folder, from: .last(bytes: 0))
        #expect(try follower.seqs() == [])
        try append(10...11, segmentLimitBytes: segmentLimitBytes)
        #expect(try follower.seqs() == [10, 11])
    }

    @Test func aFolderThatCannotBeReadIsAnErrorAndNothingIsLost() throws {
        let follower = Follower(folder)
        try append(1...2)
        #expect(try follower.seqs() == [1, 2])
        let away = folder.path + "-away"
        #expect(rename(folder.path, away) == 0)
        try Data().write(to: URL(fileURLWithPath: folder.path))
        #expect(throws: JournalError.failed(path: folder.path, step: "opendir", errno: ENOTDIR)) {
            try follower.seqs()
        }
        #expect(unlink(folder.path) == 0 && rename(away, folder.path) == 0)
        try append(3...3)
        #expect(try follower.seqs() == [3])
    }
}
