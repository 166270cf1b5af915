import Foundation
import Testing

@testable import Journal

/// A segment of two hundred entries cut at every byte, and with every byte flipped: opened for real each time, in a
/// folder in memory where there is one.
@Suite struct DamageSweepTests {
    private static let entries = 200
    /// Shares of a sweep that run side by side.
    private static let shares = 4

    /// What was acknowledged: lines and where they end.
    private struct Segment {
        let bytes: [UInt8]
        let lines: [ArraySlice<UInt8>]
        /// Offset behind each line's line feed.
        let ends: [Int]

        /// The line that a byte lies in.
        func line(of offset: Int) -> Int { ends.firstIndex { offset < $0 } ?? ends.count }
    }

    private static let segment = Result {
        var bytes: [UInt8] = []
        for seq in 1...UInt64(entries) {
            bytes += try EntryLine.encode(
                seq: seq, atMs: 1_795_256_102_123, kind: "turn", members: #"{"n":\#(seq % 7)}"#) + [10]
        }
        let lines = bytes.split(separator: 10)
        let ends = bytes.indices.filter { bytes[$0] == 10 }.map { $0 + 1 }
        return Segment(bytes: bytes, lines: lines, ends: ends)
    }

    /// A folder with one segment, written with plain system calls: forty thousand times.
    private final class Folder {
        let path: String
        private let segment, torn: String

        init() {
            let parent = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : NSTemporaryDirectory()
            path = "\(parent)/journal-sweep-\(UUID().uuidString)"
            mkdir(path, 0o750)
            segment = "\(path)/\(JournalFolder.segment(1))"
            torn = "\(path)/\(JournalFolder.torn(1))"
        }

        deinit { try? FileManager.default.removeItem(atPath: path) }

        func write(_ bytes: [UInt8], count: Int) {
            unlink(torn)
            let file = open(segment, O_WRONLY | O_CREAT | O_TRUNC, 0o640)
            #expect(Glibc.write(file, bytes, count) == count)
            close(file)
        }

        func read(_ space: inout [UInt8]) -> Int {
            let file = open(segment, O_RDONLY)
            defer { close(file) }
            return Glibc.read(file, &space, space.count)
        }

        func openJournal() throws -> Recovery {
            try Journal(directory: path, clock: JournalFolder.clock).recovery
        }

        var hasTorn: Bool { access(torn, F_OK) == 0 }
    }

    @Test(.timeLimit(.minutes(4)), arguments: 0..<shares)
    func aSegmentCutAtAnyByteKeepsEveryWholeLine(share: Int) throws {
        let segment = try Self.segment.get()
        let folder = Folder()
        var space = [UInt8](repeating: 0, count: segment.bytes.count + 4096)
        var wrong: [Int] = []
        for cut in stride(from: share, through: segment.bytes.count, by: Self.shares) {
            folder.write(segment.bytes, count: cut)
            let whole = segment.line(of: cut)
            let end = whole == 0 ? 0 : segment.ends[whole - 1]
            let recovery = try folder.openJournal()
            let count = folder.read(&space)
            let isKept = count == end && memcmp(space, segment.bytes, end) == 0
            let isTold = recovery.findings.count == (cut == end ? 0 : 1) && folder.hasTorn == (cut != end)
            if !isKept || !isTold || recovery.lastSeq != UInt64(whole) { wrong.append(cut) }
        }
        #expect(wrong == [])
    }

    /// The damaged entry becomes a fault with its `seq`; a line feed that is lost takes the entries on both sides, and
    /// the last entry is a torn tail. Every other entry stays as it is, to the byte.
    @Test(.timeLimit(.minutes(4)), arguments: 0..<shares)
    func aSegmentWithAnyByteFlippedKeepsEveryOtherLine(share: Int) throws {
        let segment = try Self.segment.get()
        let folder = Folder()
        var space = [UInt8](repeating: 0, count: segment.bytes.count + 4096)
        var flipped = segment.bytes
        var wrong: [Int] = []
        for offset in stride(from: share, to: segment.bytes.count, by: Self.shares) {
            // Each bit in its turn; 0x20 among them, which leaves a letter a letter.
            let bit = UInt8(1) << UInt8(offset % 8)
            flipped[offset] ^= bit
            folder.write(flipped, count: flipped.count)
            flipped[offset] ^= bit
            let first = segment.line(of: offset)
            // The flip of another byte may make it a line feed, which parts the line in two and costs no neighbour.
            let isLineEnd = segment.bytes[offset] == 10
            let last = isLineEnd ? min(first + 1, Self.entries - 1) : first
            let recovery = try folder.openJournal()
            let count = folder.read(&space)
            let isTail = last == Self.entries - 1
            if recovery.findings.count != 1 || !folder.hasTorn
                || recovery.lastSeq != UInt64(isTail ? first : Self.entries)
                || !Self.isRepaired(space[..<count], segment, first...last, isTail: isTail)
            {
                wrong.append(offset)
            }
        }
        #expect(wrong == [])
    }

    /// Whether the bytes are the segment's, the `lost` lines replaced by faults, or cut away at the end.
    private static func isRepaired(
        _ bytes: ArraySlice<UInt8>, _ segment: Segment, _ lost: ClosedRange<Int>, isTail: Bool
    ) -> Bool {
        let start = lost.lowerBound == 0 ? 0 : segment.ends[lost.lowerBound - 1]
        guard bytes.count >= start, equal(bytes[..<start], segment.bytes[..<start]) else { return false }
        let rest = bytes[start...]
        if isTail { return rest.isEmpty }
        let behind = segment.bytes[segment.ends[lost.upperBound]...]
        guard rest.count > behind.count, equal(rest.suffix(behind.count), behind) else { return false }
        let faults = rest.dropLast(behind.count).split(separator: 10)
        return faults.count == lost.count && zip(faults, lost).allSatisfy { line, index in
            EntryLine(line).map { $0.kind == "fault" && $0.seq == UInt64(index + 1) } ?? false
        }
    }

    /// As `elementsEqual`, which a debug build takes a hundred times as long for.
    private static func equal(_ a: ArraySlice<UInt8>, _ b: ArraySlice<UInt8>) -> Bool {
        guard a.count == b.count, !a.isEmpty else { return a.count == b.count }
        return a.withUnsafeBytes { a in
            b.withUnsafeBytes { b in memcmp(a.baseAddress!, b.baseAddress!, a.count) == 0 }
        }
    }
}
