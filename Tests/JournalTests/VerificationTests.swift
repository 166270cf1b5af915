import Foundation
import Testing

@testable import Journal

@Suite struct VerificationTests {
    private let folder = JournalFolder()
    private let first = JournalFolder.segment(1)

    /// Two entries and a footer in each, two entries in the last: 1-3, 4-6, 7-9, 10-11.
    private func fourSegments() throws { try folder.fill(8, segmentLimitBytes: 96 * 2 + 256) }

    private func findings() throws -> [String] {
        try JournalVerification(directory: folder.path).findings.map(\.description)
    }

    /// The lines of a segment, line feeds included.
    private func lines(_ name: String) throws -> [[UInt8]] {
        try folder.contents(name).split(separator: 10).map { $0 + [10] }
    }

    @Test func soundJournalHasNoFindings() throws {
        try fourSegments()
        let verification = try JournalVerification(directory: folder.path)
        #expect(verification.isSound)
        #expect(verification.segments == 4 && verification.sealedSegments == 3)
        #expect(verification.entries == 11 && verification.firstSeq == 1 && verification.lastSeq == 11)
        let bytes = try folder.names(".jsonl").map { try folder.contents($0).count }.reduce(0, +)
        #expect(verification.bytes == Int64(bytes))
    }

    @Test func emptyFolderIsSoundAndNoFolderIsAnError() throws {
        #expect(throws: JournalError.self) { try JournalVerification(directory: folder.path) }
        _ = try folder.open()
        #expect(try JournalVerification(directory: folder.path).isSound)
    }

    @Test func itReadsBesideAnOpenJournalAndWritesNothing() throws {
        var journal = try folder.open()
        try journal.append(kind: "turn", members: "{}", durable: false)
        let names = try folder.names("")
        #expect(try findings() == [])
        #expect(try folder.names("") == names)
    }

    /// Every byte of every segment, one bit in its turn: none goes unseen.
    @Test func anyFlippedByteIsFound() throws {
        try fourSegments()
        for name in try folder.names(".jsonl") {
            let bytes = try folder.contents(name)
            for offset in bytes.indices {
                var flipped = bytes
                flipped[offset] ^= 1 << UInt8(offset % 8)
                try folder.write(flipped, to: name)
                let verification = try JournalVerification(directory: folder.path)
                // Of the last line feed only half a line is left, as of an entry that is being written.
                let isHalfLine = name == JournalFolder.segment(10) && offset == bytes.count - 1
                #expect(verification.isSound == isHalfLine, "\(name) at \(offset)")
                if isHalfLine { #expect(verification.halfLineBytes == 93) }
            }
            try folder.write(bytes, to: name)
        }
        #expect(try findings() == [])
    }

    @Test func damagedLineIsNamedWithItsEntry() throws {
        try fourSegments()
        var bytes = try folder.contents(JournalFolder.segment(4))
        bytes[70] ^= 1
        try folder.write(bytes, to: JournalFolder.segment(4))
        #expect(try findings() == ["\(JournalFolder.segment(4)): line 1: damaged line 1 (92 bytes, entry 4)"])
    }

    @Test func halfALineIsBeingWrittenAtTheEndOnly() throws {
        try fourSegments()
        let half = Array(#"{"seq":12,"at":"20"#.utf8)
        let last = JournalFolder.segment(10)
        try folder.write(try folder.contents(last) + half, to: last)
        let verification = try JournalVerification(directory: folder.path)
        #expect(verification.isSound && verification.halfLineBytes == 18)
        try folder.write(try folder.contents(first) + half, to: first)
        #expect(try findings() == ["\(first): line 4: torn tail of 18 bytes"])
    }

    @Test func zerosAtTheEndAreNotBeingWritten() throws {
        try fourSegments()
        let last = JournalFolder.segment(10)
        try folder.write(try folder.contents(last) + [0, 0, 0], to: last)
        #expect(try findings() == ["\(last): line 3: zero-filled tail of 3 bytes"])
    }

    @Test func missingSegmentIsFoundWhereverItWas() throws {
        try fourSegments()
        let middle = JournalFolder.segment(4)
        let bytes = try folder.contents(middle)
        unlink("\(folder.path)/\(middle)")
        #expect(try findings() == ["\(first): a segment is missing after it: entries 4 to 6"])
        try folder.write(bytes, to: middle)
        unlink("\(folder.path)/\(first)")
        #expect(try findings() == ["\(middle): entries 1 to 3 are missing before it"])
    }

    @Test func removedEntryIsFoundThoughEveryLineIsSound() throws {
        try fourSegments()
        let lines = try lines(first)
        try folder.write(lines[0] + lines[2], to: first)
        let found = try findings()
        #expect(found.first == "\(first): line 2: entry 3 follows 1, entries are missing")
        #expect(found.count == 2)
        #expect(found.last?.contains("line 2: the footer does not fit") == true)
    }

    @Test func repeatedEntryIsFound() throws {
        try fourSegments()
        let last = JournalFolder.segment(10)
        let lines = try lines(last)
        try folder.write(lines[0] + lines[1] + lines[0], to: last)
        #expect(try findings() == ["\(last): line 3: entry 10 follows 11, it stands twice"])
    }

    @Test func entryBehindAFooterIsFound() throws {
        try fourSegments()
        let (sealed, last) = (JournalFolder.segment(7), JournalFolder.segment(10))
        try folder.write(try folder.contents(sealed) + folder.contents(last), to: sealed)
        unlink("\(folder.path)/\(last)")
        #expect(try findings() == ["\(sealed): line 4: entry 10 follows the footer"])
    }

    @Test func strangerNamedAsASegmentIsFound() throws {
        try fourSegments()
        try folder.write(Array("x".utf8), to: "x.jsonl")
        #expect(try findings() == ["x.jsonl: not a segment of this journal"])
    }

    @Test func listOfFindingsIsLimitedAndAllAreCounted() throws {
        for number in 0..<JournalVerification.findingsLimit + 5 { try folder.write([], to: "\(number).jsonl") }
        let verification = try JournalVerification(directory: folder.path)
        #expect(verification.findings.count == JournalVerification.findingsLimit)
        #expect(verification.findingsCount == JournalVerification.findingsLimit + 5)
    }
}
