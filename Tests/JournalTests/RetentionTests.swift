import Foundation
import Testing

@testable import Journal

@Suite struct RetentionTests {
    private let folder = JournalFolder()
    /// Two entries of `JournalFolder.fill` and a footer.
    private static let pairBytes: Int64 = 92 * 2 + 256
    private static let startMs: Int64 = 1_795_256_102_123

    private func limits(days: Int = 0, bytes: Int64 = 0) -> JournalLimits {
        var limits = JournalLimits()
        limits.segmentBytes = Self.pairBytes
        limits.retentionDays = days
        limits.retentionBytes = bytes
        return limits
    }

    private func clock(day: Int) -> WallClock { WallClock { Self.startMs + Int64(day) * WallClock.dayMs } }

    /// Appends as many entries on each of the days.
    private func fill(_ limits: JournalLimits, days: ClosedRange<Int>, entries: Int = 2) throws {
        for day in days {
            var journal = try folder.open(limits, clock: clock(day: day))
            for number in 1...entries {
                try journal.append(kind: "turn", members: #"{"text":"turn \#(number)"}"#, durable: false)
            }
        }
    }

    /// `seq` from the first entry that is left on, without gap, and the kinds.
    private func kinds() throws -> (firstSeq: Int, kinds: [String]) {
        var reader = JournalReader(directory: folder.path)
        var seqs: [UInt64] = []
        var kinds: [String] = []
        try reader.read { entry in
            seqs.append(entry.seq)
            kinds.append(EntryLine(entry.line)?.kind ?? "")
        }
        #expect(seqs == Array(seqs[0]..<seqs[0] + UInt64(seqs.count)))
        #expect(try JournalVerification(directory: folder.path).findings == [])
        return (Int(seqs[0]), kinds)
    }

    @Test func withoutLimitsNothingGoes() throws {
        try fill(limits(), days: 0...20)
        #expect(try kinds().firstSeq == 1)
    }

    @Test func segmentsGoWhenTheirLastEntryIsTooOldAndTheJournalSaysSo() throws {
        try fill(limits(days: 2), days: 0...0, entries: 3)
        // Two days are not more than two days.
        try fill(limits(days: 2), days: 2...2, entries: 1)
        #expect(try kinds().kinds == ["turn", "turn", "sealed", "turn", "sealed", "turn"])
        try fill(limits(days: 2), days: 3...3, entries: 1)
        let (firstSeq, kinds) = try kinds()
        #expect(firstSeq == 4)
        #expect(kinds == ["turn", "sealed", "turn", "retention", "sealed", "turn"])
        let entry = try #require(try retentionEntries().first)
        #expect(entry["segments"] as? Int == 1)
        #expect(entry["first_seq"] as? Int == 1)
        #expect(entry["last_seq"] as? Int == 3)
    }

    private func retentionEntries() throws -> [[String: Any]] {
        var entries: [[String: Any]] = []
        for name in try folder.names(".jsonl") {
            for line in try folder.contents(name).split(separator: 10) {
                let entry = try JSONSerialization.jsonObject(with: Data(line)) as? [String: Any]
                if let entry, entry["kind"] as? String == "retention" { entries.append(entry) }
            }
        }
        return entries
    }

    @Test func oldestSegmentsGoWhileAllTakeTooMuch() throws {
        try fill(limits(bytes: 5 * Self.pairBytes), days: 0...0, entries: 60)
        let total = try folder.names(".jsonl").map { try folder.contents($0).count }.reduce(0, +)
        #expect(total <= 6 * Int(Self.pairBytes))
        #expect(try folder.names(".jsonl").count >= 4)
        #expect(try kinds().firstSeq > 30)
    }

    @Test func openingRemovesWhatBecameTooOldMeanwhile() throws {
        try fill(limits(), days: 0...0, entries: 6)
        let before = try folder.names(".jsonl").count
        #expect(before == 3)
        _ = try folder.open(limits(days: 1), clock: clock(day: 30))
        // The newest stays, however old: `seq` goes on from it.
        #expect(try folder.names(".jsonl").first != JournalFolder.segment(1))
        #expect(try kinds().kinds.contains("retention"))
    }

    @Test func onlySegmentStays() throws {
        try fill(limits(), days: 0...0, entries: 1)
        _ = try folder.open(limits(days: 1, bytes: 1), clock: clock(day: 3000))
        #expect(try kinds().kinds.filter { $0 == "turn" }.count == 1)
    }

    @Test func sideFilesGoWithTheirSegments() throws {
        try fill(limits(), days: 0...0, entries: 6)
        try folder.write([1, 2, 3], to: JournalFolder.torn(1))
        _ = try folder.open(limits(days: 1), clock: clock(day: 30))
        #expect(try folder.names(".torn") == [])
    }

    @Test func aClockBehindRemovesNothing() throws {
        try fill(limits(), days: 0...0, entries: 6)
        _ = try folder.open(limits(days: 1), clock: WallClock { 0 })
        #expect(try kinds().firstSeq == 1)
    }

    @Test func seqGoesOnAfterEverythingThatCanGoIsGone() throws {
        try fill(limits(), days: 0...0, entries: 6)
        let lastSeq = try folder.open(limits(days: 1), clock: clock(day: 4000)).recovery.lastSeq
        let later = try folder.open(limits(days: 1), clock: clock(day: 9000)).recovery.lastSeq
        #expect(later > lastSeq)
        #expect(try kinds().firstSeq > 1)
    }
}
