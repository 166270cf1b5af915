import Foundation
import Testing

@testable import Journal

@Suite struct RecoveryTests {
    private let folder = JournalFolder()
    private let first = JournalFolder.segment(1)

    /// Three entries, and the offsets at which their lines end.
    private func threeEntries() throws -> (bytes: [UInt8], ends: [Int]) {
        try folder.fill(3)
        let bytes = try folder.contents(first)
        return (bytes, bytes.indices.filter { bytes[$0] == UInt8(ascii: "\n") }.map { $0 + 1 })
    }

    @Test func segmentCutAtAnyByteKeepsTheWholeLinesAndMovesTheRest() throws {
        let (bytes, ends) = try threeEntries()
        for cut in 0...bytes.count {
            try folder.write(Array(bytes[..<cut]), to: first)
            unlink("\(folder.path)/\(JournalFolder.torn(1))")
            let whole = ends.last { $0 <= cut } ?? 0
            var journal = try folder.open()
            #expect(journal.recovery.lastSeq == UInt64(ends.count { $0 <= cut }))
            let torn = "\(folder.path)/\(JournalFolder.torn(1))"
            let finding = "\(folder.path)/\(first): torn tail of \(cut - whole) bytes moved to \(torn)"
            #expect(journal.recovery.findings == (cut == whole ? [] : [finding]))
            #expect(try folder.contents(first) == Array(bytes[..<whole]))
            if cut > whole { #expect(try folder.contents(JournalFolder.torn(1)) == Array(bytes[whole..<cut])) }
            try journal.append(kind: "turn", members: "{}", durable: false)
            #expect(try folder.entries().count == ends.count { $0 <= cut } + 1)
        }
    }

    @Test(arguments: [0x01, 0x20, 0x80] as [UInt8])
    func bitFlippedInAnyByteIsFoundAndSeqHasNoGap(bit: UInt8) throws {
        let (bytes, ends) = try threeEntries()
        for offset in bytes.indices {
            var flipped = bytes
            flipped[offset] ^= bit
            try folder.write(flipped, to: first)
            unlink("\(folder.path)/\(JournalFolder.torn(1))")
            var journal = try folder.open()
            #expect(journal.recovery.findings.count == 1, "offset \(offset)")
            #expect(try folder.contents(JournalFolder.torn(1)).count > 0)
            try journal.append(kind: "turn", members: "{}", durable: false)
            let isLineEnd = ends.contains(offset + 1)
            let damaged = ends.count { $0 <= offset }
            // A lost line end takes two entries with it; damage that reaches the end is a torn tail.
            let reachesEnd = damaged == 2 || (isLineEnd && damaged == 1)
            let lost = isLineEnd && damaged < 2 ? 2 : 1
            #expect(try folder.kinds() == (reachesEnd
                ? Array(repeating: "turn", count: 3 - lost + 1)
                : (0..<4).map { (damaged..<damaged + lost).contains($0) ? "fault" : "turn" }), "offset \(offset)")
        }
    }

    @Test func damagedLineInTheMiddleIsReplacedAndKeptAside() throws {
        var (bytes, ends) = try threeEntries()
        bytes[ends[0] + 60] ^= 1
        try folder.write(bytes, to: first)
        let recovery = try folder.open().recovery
        #expect(recovery.lastSeq == 3)
        #expect(recovery.findings == [
            "\(folder.path)/\(first): damaged line 2 (\(ends[1] - ends[0]) bytes, entry 2) moved to "
                + "\(folder.path)/\(JournalFolder.torn(1))"
        ])
        #expect(try folder.contents(JournalFolder.torn(1)) == Array(bytes[ends[0]..<ends[1]]))
        let entries = try folder.entries()
        #expect(entries.map { $0["kind"] as? String } == ["turn", "fault", "turn"])
        #expect(entries[1]["class"] as? String == "journal-damaged")
        #expect(try folder.mode(first) == 0o640)
        #expect(try folder.open().recovery.findings == [])
    }

    @Test func damageInTheMiddleAndATornTailAreBothMoved() throws {
        var (bytes, ends) = try threeEntries()
        bytes[10] ^= 1
        bytes.removeLast(5)
        try folder.write(bytes, to: first)
        let recovery = try folder.open().recovery
        #expect(recovery.lastSeq == 2)
        #expect(recovery.findings.count == 2)
        #expect(try folder.kinds() == ["fault", "turn"])
        #expect(try folder.contents(JournalFolder.torn(1)) == Array(bytes[..<ends[0]] + bytes[ends[1]...]))
    }

    @Test func linesPutBetweenEntriesAreMovedWithoutASubstitute() throws {
        let (bytes, ends) = try threeEntries()
        try folder.write(Array(bytes[..<ends[0]]) + Array("\n\nnot an entry\n".utf8) + bytes[ends[0]...], to: first)
        let recovery = try folder.open().recovery
        #expect(recovery.findings.map { $0.contains("damaged line 2 (15 bytes, no entry missing)") } == [true])
        #expect(try folder.contents(first) == bytes)
    }

    @Test func zeroFilledTailIsCalledSo() throws {
        let (bytes, _) = try threeEntries()
        try folder.write(bytes + [UInt8](repeating: 0, count: 5000), to: first)
        let recovery = try folder.open().recovery
        #expect(recovery.findings.map { $0.contains("zero-filled tail of 5000 bytes") } == [true])
        #expect(try folder.contents(first) == bytes)
    }

    @Test func tornTailThatEndsInZerosSaysHowMany() throws {
        let (bytes, _) = try threeEntries()
        try folder.write(bytes + Array(#"{"seq":4,"at""#.utf8) + [UInt8](repeating: 0, count: 4083), to: first)
        let recovery = try folder.open().recovery
        #expect(recovery.findings.map { $0.contains("torn tail of 4096 bytes, the last 4083 of them zero,") } == [true])
        #expect(try folder.contents(first) == bytes)
    }

    @Test func zeroFilledTailLongerThanAnyEntryIsCounted() throws {
        let (bytes, _) = try threeEntries()
        try folder.write(bytes + [UInt8](repeating: 0, count: EntryLine.limitBytes + 700_000), to: first)
        let recovery = try folder.open().recovery
        #expect(recovery.findings.map { $0.contains("zero-filled tail of 1748576 bytes") } == [true])
        #expect(try folder.contents(first) == bytes)
    }

    @Test func endlessLineIsMovedWithoutBeingHeldInMemory() throws {
        let (bytes, _) = try threeEntries()
        let long = [UInt8](repeating: UInt8(ascii: "x"), count: EntryLine.limitBytes + 70_000)
        try folder.write(bytes + long + [UInt8(ascii: "\n")], to: first)
        let recovery = try folder.open().recovery
        #expect(recovery.lastSeq == 3)
        #expect(try folder.contents(first) == bytes)
        #expect(try folder.contents(JournalFolder.torn(1)).count == long.count + 1)
    }

    @Test func laterTornTailsAreAddedToTheSideFile() throws {
        for tail in ["{\"seq\":", "more"] {
            try folder.fill(1)
            try folder.write(try folder.contents(first) + Array(tail.utf8), to: first)
        }
        #expect(try folder.open().recovery.lastSeq == 2)
        #expect(try folder.contents(JournalFolder.torn(1)) == Array("{\"seq\":more".utf8))
        #expect(try folder.mode(JournalFolder.torn(1)) == 0o640)
    }

    @Test func missingAndRepeatedEntriesAreToldAndLeft() throws {
        let (bytes, ends) = try threeEntries()
        let disorder = Array(bytes[..<ends[0]]) + bytes[ends[1]...] + bytes[..<ends[0]]
        try folder.write(disorder, to: first)
        let recovery = try folder.open().recovery
        #expect(recovery.lastSeq == 3)
        #expect(recovery.findings == [
            "\(folder.path)/\(first): line 2: entry 3 follows 1, entries are missing",
            "\(folder.path)/\(first): line 3: entry 1 follows 3, it stands twice",
        ])
        #expect(try folder.contents(first) == disorder)
    }

    @Test func gapLargerThanTheDamageIsNotFilled() throws {
        let late = try EntryLine.encode(seq: EntryLine.seqLimit, atMs: 0, kind: "turn", members: "{}")
        try folder.write(Array("damaged\n".utf8) + late + [UInt8(ascii: "\n")], to: first)
        let recovery = try folder.open().recovery
        #expect(recovery.lastSeq == EntryLine.seqLimit)
        #expect(recovery.findings.count == 2)
        #expect(try folder.contents(first) == late + [UInt8(ascii: "\n")])
    }

    @Test func emptyLastSegmentContinuesWithItsName() throws {
        try folder.fill(2)
        try folder.write([], to: JournalFolder.segment(3))
        #expect(try folder.open().recovery.lastSeq == 2)
        try folder.fill(1)
        #expect(try folder.entries().count == 3)
    }

    @Test func whollyDamagedLastSegmentContinuesWithItsName() throws {
        try folder.fill(2)
        try folder.write(Array("?\n?".utf8), to: JournalFolder.segment(3))
        #expect(try folder.open().recovery.lastSeq == 2)
        #expect(try folder.contents(JournalFolder.torn(3)) == Array("?\n?".utf8))
        #expect(try folder.contents(JournalFolder.segment(3)) == [])
    }

    @Test func filesThatAreNoSegmentsAreToldAndLeft() throws {
        try folder.fill(1)
        let strangers = ["7.jsonl", "00000000000000000000.jsonl", "99999999999999999999.jsonl", "x.jsonl"]
        for name in strangers { try folder.write(Array("x".utf8), to: name) }
        let recovery = try folder.open().recovery
        #expect(recovery.lastSeq == 1)
        #expect(recovery.findings == strangers.sorted().map { "\($0): not a segment of this journal, left as it is" })
        for name in strangers { #expect(try folder.contents(name) == Array("x".utf8)) }
    }

    @Test func leftoverOfAnUnfinishedRewriteIsRemoved() throws {
        let (bytes, _) = try threeEntries()
        try folder.write(Array("half".utf8), to: "00000000000000000001.rewrite")
        #expect(try folder.open().recovery.findings == [])
        #expect(try folder.names(".rewrite") == [])
        #expect(try folder.contents(first) == bytes)
    }

    @Test func clockBehindTheLastEntryIsTold() throws {
        try folder.fill(1)
        let recovery = try folder.open(clock: WallClock { 1_000_000_000_000 }).recovery
        #expect(recovery.findings == [
            "clock: 2001-09-09T01:46:40.000Z is earlier than the last entry's 2026-11-21T10:15:02.123Z"
        ])
    }

    @Test func findingsAreLimitedAndCounted() {
        var recovery = Recovery()
        for number in 1...25 { recovery.add("finding \(number)") }
        #expect(recovery.findings.count == Recovery.findingsLimit)
        #expect(recovery.findings[18] == "finding 19")
        #expect(recovery.findings.last == "and 6 more findings")
    }
}
