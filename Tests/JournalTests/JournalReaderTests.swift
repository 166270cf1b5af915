import Foundation
import Testing

@testable import Journal

@Suite struct JournalReaderTests {
    private let folder = JournalFolder()
    private static let dayMs = WallClock.dayMs
    /// 2026-11-21T00:00:00Z.
    private static let startMs: Int64 = 1_795_219_200_000

    /// Three entries on each of two days; segments as small as they get.
    private func fill(segmentLimitBytes: Int64 = JournalLimits().segmentBytes) throws {
        for number in 0..<6 {
            let atMs = Self.startMs + Int64(number / 3) * Self.dayMs + Int64(number) * 1000
            let seq = UInt64(number + 1)
            let line = try EntryLine.encode(seq: seq, atMs: atMs, kind: "turn", members: #"{"turn":\#(number)}"#)
            try folder.append(line, seq: seq, segmentLimitBytes: segmentLimitBytes)
        }
        // As if written when they say, whatever day it is.
        for name in try folder.names(".jsonl") { try touch(name, dayOffset: 1) }
    }

    private func seqs(day: String? = nil, upTo lastSeq: UInt64 = .max) throws -> [UInt64] {
        var reader = JournalReader(directory: folder.path)
        var seqs: [UInt64] = []
        try reader.read(day: day, upTo: lastSeq) { seqs.append($0.seq) }
        return seqs
    }

    private func touch(_ name: String, dayOffset: Int) throws {
        let date = Date(timeIntervalSince1970: Double(Self.startMs) / 1000 + Double(dayOffset) * 86_400)
        try FileManager.default.setAttributes([.modificationDate: date], ofItemAtPath: folder.path + "/" + name)
    }

    @Test func everyEntryIsHandedOverInOrderWithItsLine() throws {
        try fill(segmentLimitBytes: 400)
        #expect(try folder.names(".jsonl").count == 2)
        #expect(try seqs() == [1, 2, 3, 4, 5, 6])
        var reader = JournalReader(directory: folder.path)
        var lines: [String] = []
        try reader.read { lines.append(String(decoding: $0.line, as: UTF8.self)) }
        #expect(lines.first?.hasPrefix(#"{"seq":1,"at":"2026-11-21T00:00:00.000Z","kind":"turn","turn":0,"#) == true)
        #expect(reader.firstDay == "2026-11-21" && reader.lastDay == "2026-11-22")
        #expect(reader.damagedLines == 0)
    }

    @Test func aDayHasItsOwnEntriesOnly() throws {
        try fill()
        #expect(try seqs(day: "2026-11-21") == [1, 2, 3])
        #expect(try seqs(day: "2026-11-22") == [4, 5, 6])
        #expect(try seqs(day: "2026-11-20") == [])
        #expect(try seqs(day: "2026-11-22", upTo: 5) == [4, 5])
    }

    @Test func aSegmentLastWrittenBeforeTheDayIsNotRead() throws {
        try fill()
        let name = try #require(try folder.names(".jsonl").first)
        try touch(name, dayOffset: 0)
        #expect(try seqs(day: "2026-11-22") == [])
        try touch(name, dayOffset: 1)
        #expect(try seqs(day: "2026-11-22") == [4, 5, 6])
        try touch(name, dayOffset: 400)
        #expect(try seqs(day: "2026-11-22") == [4, 5, 6])
    }

    @Test func damagedLinesAreCountedAndHalfALineAtTheEndIsNot() throws {
        try fill()
        let name = try #require(try folder.names(".jsonl").first)
        var bytes = try folder.contents(name)
        let second = try #require(bytes.firstIndex(of: 10)) + 1
        bytes[second + 70] ^= 1
        try folder.write(bytes + Array(#"{"seq":7,"at":"2026-11-22T"#.utf8), to: name)
        var reader = JournalReader(directory: folder.path)
        var seqs: [UInt64] = []
        try reader.read { seqs.append($0.seq) }
        #expect(seqs == [1, 3, 4, 5, 6])
        #expect(reader.damagedLines == 1)
    }

    @Test func aLineLongerThanAnyEntryIsPassedOver() throws {
        try fill()
        let name = try #require(try folder.names(".jsonl").first)
        let bytes = try folder.contents(name)
        let second = try #require(bytes.firstIndex(of: 10)) + 1
        let junk = [UInt8](repeating: 120, count: 3 << 20) + [10]
        try folder.write(Array(bytes[..<second]) + junk + Array(bytes[second...]), to: name)
        #expect(try seqs() == [1, 2, 3, 4, 5, 6])
    }

    @Test func otherFilesAndAnOpenJournalAreNoObstacle() throws {
        try fill()
        try folder.write(Array("{}\n".utf8), to: "notes.jsonl")
        try folder.write([1, 2, 3], to: JournalFolder.torn(1))
        let journal = try folder.open()
        var reader = JournalReader(directory: folder.path)
        var count = 0
        try reader.read { _ in count += 1 }
        #expect(count == 6 && reader.damagedLines == 0)
        #expect(journal.recovery.lastSeq == 6)
    }

    // MARK: A time, and a look at the line

    private func seqs(
        since: String?, until: String? = nil, where isWanted: (ArraySlice<UInt8>) -> Bool = { _ in true },
        limit: Int = .max
    ) throws -> [UInt64] {
        var reader = JournalReader(directory: folder.path)
        var seqs: [UInt64] = []
        try reader.read(since: since, until: until, where: isWanted) {
            seqs.append($0.seq)
            return seqs.count < limit
        }
        return seqs
    }

    @Test func aTimeHasItsOwnEntriesOnly() throws {
        try fill(segmentLimitBytes: 200)
        #expect(try seqs(since: nil) == [1, 2, 3, 4, 5, 6])
        #expect(try seqs(since: nil, limit: 2) == [1, 2])
        #expect(try seqs(since: "2026-11-21T00:00:02.000Z", until: "2026-11-22T00:00:04.000Z") == [3, 4])
        #expect(try seqs(since: "2026-11-22T00:00:05.001Z") == [])
    }

    @Test func aLineThatIsNotWantedIsStillChecked() throws {
        try fill()
        let name = try #require(try folder.names(".jsonl").first)
        var bytes = try folder.contents(name)
        let second = try #require(bytes.firstIndex(of: 10)) + 1
        bytes[second + 70] ^= 1
        try folder.write(bytes, to: name)
        var reader = JournalReader(directory: folder.path)
        var seqs: [UInt64] = []
        try reader.read(since: nil, until: nil, where: { String(decoding: $0, as: UTF8.self).contains(#""turn":4,"#) }) {
            seqs.append($0.seq)
            return true
        }
        #expect(seqs == [5] && reader.damagedLines == 1)
        #expect(reader.segments == 1 && reader.sizeBytes == Int64(bytes.count))
    }

    @Test func footersAreEntriesLikeOthers() throws {
        var journal = try folder.open(segmentLimitBytes: 200)
        for _ in 0..<4 { try journal.append(kind: "turn", members: "{}", durable: false) }
        let all = try seqs(since: nil)
        #expect(all.count > 4 && all == Array(1...UInt64(all.count)))
        #expect(try seqsFromTheEnd().seqs == all.reversed())
        var follower = JournalFollower(directory: folder.path, from: .oldest)
        var followed: [UInt64] = []
        try follower.read { followed.append($0.seq) }
        #expect(followed == all)
    }

    // MARK: From the end

    private func seqsFromTheEnd(limit: Int = .max) throws -> (seqs: [UInt64], damagedLines: Int) {
        var reader = JournalReader(directory: folder.path)
        var seqs: [UInt64] = []
        try reader.readBackwards {
            seqs.append($0.seq)
            return seqs.count < limit
        }
        return (seqs, reader.damagedLines)
    }

    @Test(arguments: [200, JournalLimits().segmentBytes])
    func fromTheEndTheNewestIsFirst(segmentLimitBytes: Int64) throws {
        try fill(segmentLimitBytes: segmentLimitBytes)
        #expect(try seqsFromTheEnd().seqs == [6, 5, 4, 3, 2, 1])
        #expect(try seqsFromTheEnd(limit: 2).seqs == [6, 5])
        #expect(try seqsFromTheEnd().damagedLines == 0)
    }

    /// Lines of every length around the size of a read, so that their ends fall on each side of its edge.
    @Test func fromTheEndLinesMayCrossTheEdgesOfReads() throws {
        var journal = try folder.open()
        for number in 0..<40 {
            let text = String(repeating: "x", count: 65_536 / 3 + number * 7 - 200)
            try journal.append(kind: "turn", members: #"{"text":"\#(text)"}"#, durable: false)
        }
        #expect(try seqsFromTheEnd().seqs == (1...40).reversed().map { UInt64($0) })
        try journal.append(
            kind: "turn", members: #"{"text":"\#(String(repeating: "y", count: 1_000_000))"}"#, durable: false)
        #expect(try seqsFromTheEnd(limit: 3).seqs == [41, 40, 39])
    }

    @Test func fromTheEndDamageAndHalfALineArePassedOver() throws {
        try fill()
        let name = try #require(try folder.names(".jsonl").first)
        let bytes = try folder.contents(name)
        let second = try #require(bytes.firstIndex(of: 10)) + 1
        let junk = [UInt8](repeating: 120, count: 3 << 20) + [10]
        let half = Array(#"{"seq":7,"at":"2026-11-22T"#.utf8)
        try folder.write(Array(bytes[..<second]) + junk + Array(bytes[second...]) + half, to: name)
        #expect(try seqsFromTheEnd().seqs == [6, 5, 4, 3, 2, 1])
        try folder.write(Array(bytes[..<second]) + [120, 10] + Array(bytes[second...]), to: name)
        #expect(try seqsFromTheEnd().seqs == [6, 5, 4, 3, 2, 1])
        #expect(try seqsFromTheEnd().damagedLines == 1)
        try folder.write([], to: name)
        #expect(try seqsFromTheEnd().seqs == [])
    }

    @Test func withoutAFolderItSaysSo() throws {
        #expect(throws: JournalError.self) { try self.seqs() }
    }

    @Test func theDayOfAnInstantIsThatOfItsTimestamp() {
        #expect(WallClock.day(atMs: Self.startMs) == "2026-11-21")
        #expect(WallClock.day(atMs: Self.startMs - 1) == "2026-11-20")
    }
}
