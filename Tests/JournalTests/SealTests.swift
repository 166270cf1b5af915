import Foundation
import Testing

@testable import Journal

@Suite struct SealTests {
    private let folder = JournalFolder()
    private let first = JournalFolder.segment(1)

    /// Large enough for two entries of `JournalFolder.fill` and a footer.
    private static let twoEntries: Int64 = 92 * 2 + 256

    /// When all that `JournalFolder.clock` has stamped is too old.
    private static let dayLater = WallClock { 1_795_256_102_123 + WallClock.dayMs + 1 }

    private func footers() throws -> [[String: Any]] {
        try folder.entries().filter { $0["kind"] as? String == "sealed" }
    }

    @Test func fullSegmentGetsAFooterAndIsFollowedByOneNamedByItsFirstSeq() throws {
        try folder.fill(4, segmentLimitBytes: Self.twoEntries)
        try folder.fill(3, segmentLimitBytes: Self.twoEntries)
        #expect(try folder.names(".jsonl") == [1, 4, 7, 10].map(JournalFolder.segment))
        let pair = ["turn", "turn", "sealed"]
        #expect(try folder.kinds() == pair + pair + pair + ["turn"])
        for name in try folder.names(".jsonl") { #expect(try folder.contents(name).count <= Self.twoEntries) }
    }

    /// The checksum is of the bytes before the footer, computed here from the file.
    @Test func footerSaysWhatStandsBeforeIt() throws {
        try folder.fill(5, segmentLimitBytes: Self.twoEntries)
        let footer = try #require(try footers().last)
        #expect(footer["seq"] as? Int == 6)
        #expect(footer["entries"] as? Int == 2)
        #expect(footer["first_seq"] as? Int == 4)
        #expect(footer["last_seq"] as? Int == 5)
        let bytes = try folder.contents(JournalFolder.segment(4))
        let start = try #require(bytes.dropLast().lastIndex(of: 10)) + 1
        let checksum = String(format: "%08x", CRC32C.checksum(bytes[..<start]))
        #expect(footer["segment_crc32c"] as? String == checksum)
    }

    @Test func segmentContinuedAfterARestartIsSealedAsOneWhole() throws {
        for _ in 0..<4 { try folder.fill(1, segmentLimitBytes: 92 * 3 + 256) }
        #expect(try folder.kinds() == ["turn", "turn", "turn", "sealed", "turn"])
        let scan = try SegmentScan(try File(folder.path + "/" + first, flags: O_RDONLY), firstSeq: 1)
        #expect(scan.irregularities == [])
        #expect(scan.summary.isSealed && scan.summary.entries == 4)
    }

    @Test func cleanEndDoesNotSeal() throws {
        try folder.fill(2)
        try folder.fill(2)
        #expect(try folder.kinds() == ["turn", "turn", "turn", "turn"])
    }

    @Test func entryLargerThanASegmentGetsOneOfItsOwn() throws {
        try folder.fill(2, segmentLimitBytes: 10)
        #expect(try folder.names(".jsonl") == [1, 3].map(JournalFolder.segment))
    }

    @Test func segmentWhoseFirstEntryIsOldIsSealedByTheNextEntry() throws {
        var limits = JournalLimits()
        limits.segmentAgeMs = 3000
        let time = Mutable<Int64>(0)
        var journal = try folder.open(limits, clock: WallClock { time.value })
        for atMs: Int64 in [0, 3000, 3001, 6001, 6002] {
            time.value = atMs
            try journal.append(kind: "turn", members: "{}", durable: false)
        }
        #expect(try folder.kinds() == ["turn", "turn", "sealed", "turn", "turn", "sealed", "turn"])
        #expect(try folder.names(".jsonl") == [1, 4, 7].map(JournalFolder.segment))
    }

    @Test func oldSegmentIsSealedAtTheOpening() throws {
        try folder.fill(2)
        let journal = try folder.open(clock: Self.dayLater)
        #expect(journal.recovery.lastSeq == 2)
        #expect(try folder.kinds() == ["turn", "turn", "sealed"])
    }

    @Test func clockThatWentBackwardsSealsNothing() throws {
        try folder.fill(1)
        var journal = try folder.open(clock: WallClock { 0 })
        try journal.append(kind: "turn", members: "{}", durable: false)
        #expect(try folder.kinds() == ["turn", "turn"])
    }

    @Test func sealedSegmentIsNotContinued() throws {
        try folder.fill(2)
        do { _ = try folder.open(clock: Self.dayLater) }
        #expect(try folder.open(clock: Self.dayLater).recovery.findings == [])
        try folder.fill(1)
        #expect(try folder.names(".jsonl") == [1, 4].map(JournalFolder.segment))
        #expect(try folder.kinds() == ["turn", "turn", "sealed", "turn"])
    }

    @Test func footerCutInHalfIsWrittenAgain() throws {
        try folder.fill(2)
        do { _ = try folder.open(clock: Self.dayLater) }
        let bytes = try folder.contents(first)
        let start = try #require(bytes.dropLast().lastIndex(of: 10)) + 1
        for cut in start..<bytes.count {
            try folder.write(Array(bytes[..<cut]), to: first)
            _ = try folder.open(clock: Self.dayLater)
            #expect(try folder.contents(first) == bytes)
        }
    }

    @Test func damageInASealedSegmentLeavesAFooterThatFits() throws {
        try folder.fill(3)
        do { _ = try folder.open(clock: Self.dayLater) }
        var bytes = try folder.contents(first)
        bytes[bytes.firstIndex(of: 10)! + 70] ^= 1
        try folder.write(bytes, to: first)
        #expect(try folder.open(clock: Self.dayLater).recovery.findings.count == 1)
        #expect(try folder.kinds() == ["turn", "fault", "turn", "sealed"])
        let scan = try SegmentScan(try File(folder.path + "/" + first, flags: O_RDONLY), firstSeq: 1)
        #expect(scan.irregularities == [] && scan.damages == [])
    }

    @Test func footerThatDoesNotFitIsTold() throws {
        try folder.fill(3)
        do { _ = try folder.open(clock: Self.dayLater) }
        let lines = try folder.contents(first).split(separator: 10)
        let other = try EntryLine.encode(seq: 2, atMs: 5, kind: "turn", members: "{}")
        try folder.write(Array((lines[0..<1] + [other[...]] + lines[2...]).joined(separator: [10])) + [10], to: first)
        let findings = try folder.open(clock: Self.dayLater).recovery.findings
        #expect(findings.count == 1)
        #expect(findings.first?.contains("line 4: the footer does not fit the entries before it") == true)
    }

    @Test func kindOfTheFooterIsNotForTheCaller() throws {
        var journal = try folder.open()
        do {
            try journal.append(kind: "sealed", members: "{}", durable: false)
            Issue.record("a footer was taken")
        } catch {
            #expect(error == .refused("kind sealed: the journal's own"))
        }
    }

    private static func line(_ seq: UInt64) throws -> [UInt8] {
        try EntryLine.encode(seq: seq, atMs: 0, kind: "turn", members: "{}") + [10]
    }

    // MARK: Succession

    private func fourSegments() throws { try folder.fill(8, segmentLimitBytes: Self.twoEntries) }

    @Test func missingSegmentIsTold() throws {
        try fourSegments()
        unlink("\(folder.path)/\(JournalFolder.segment(4))")
        #expect(try folder.open().recovery.findings == [
            "\(folder.path)/\(first): a segment is missing after it: entries 4 to 6"
        ])
    }

    @Test func missingFirstSegmentsAreNoFinding() throws {
        try fourSegments()
        unlink("\(folder.path)/\(first)")
        #expect(try folder.open().recovery.findings == [])
    }

    @Test func entriesThatStandInTwoSegmentsAreTold() throws {
        try fourSegments()
        try folder.write(try folder.contents(first), to: JournalFolder.segment(2))
        #expect(try folder.open().recovery.findings == [
            "\(folder.path)/\(first): entries 2 to 3 stand in the next segment, too"
        ])
    }

    @Test func lastSegmentOfAnotherJournalDoesNotMakeSeqRepeat() throws {
        try fourSegments()
        let (last, other) = (JournalFolder.segment(10), JournalFolder.segment(11))
        try folder.write(try folder.contents(last) + Self.line(12) + Self.line(13), to: last)
        try folder.write(Self.line(11), to: other)
        let journal = try folder.open()
        #expect(journal.recovery.lastSeq == 13)
        #expect(journal.recovery.findings == [
            "\(folder.path)/\(last): entries 11 to 13 stand in the next segment, too"
        ])
        _ = consume journal
        try folder.fill(1)
        #expect(try folder.names(".jsonl").last == JournalFolder.segment(14))
    }

    @Test func segmentsOfAJournalWithoutFootersFollowEachOther() throws {
        var bytes: [UInt8] = []
        for seq in 1...4 as ClosedRange<UInt64> {
            bytes += try Self.line(seq)
            if seq % 2 == 0 {
                try folder.write(bytes, to: JournalFolder.segment(Int(seq) - 1))
                bytes = []
            }
        }
        let recovery = try folder.open().recovery
        #expect(recovery.lastSeq == 4)
        #expect(recovery.findings.count == 0)
    }
}

/// A value that a clock's closure reads and the test changes.
final class Mutable<Value: Sendable>: @unchecked Sendable {
    // SAFETY: one thread only, the test's.
    var value: Value
    init(_ value: Value) { self.value = value }
}
