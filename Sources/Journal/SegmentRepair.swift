import Glibc

/// Moves what is no entry from a segment to its side file, so that every line of the segment is an entry.
///
/// The side file is durable before the segment changes: a power loss in between saves the same bytes twice,
/// never not at all.
struct SegmentRepair {
    private static let copyBytes = 64 * 1024

    private let firstSeq: UInt64
    private let scan: SegmentScan
    private let atMs: Int64

    init(firstSeq: UInt64, scan: SegmentScan, atMs: Int64) {
        self.firstSeq = firstSeq
        self.scan = scan
        self.atMs = atMs
    }

    /// Repairs the segment on disk and says so in `recovery`. Nothing happens to a sound segment.
    func perform(in directory: borrowing JournalDirectory, _ recovery: inout Recovery) throws(JournalError) {
        let path = directory.segmentPath(firstSeq)
        for irregularity in scan.irregularities { recovery.add("\(path): \(irregularity)") }
        guard let last = scan.damages.last else { return }
        let segment = try File(path, flags: O_RDWR)
        try save(segment, in: directory)
        if scan.damages.count == 1, last.lostSeqs == nil {
            try segment.truncate(toBytes: last.bytes.lowerBound)
            try segment.syncData()
        } else {
            try rewrite(segment, in: directory)
        }
        let side = directory.tornPath(firstSeq)
        for damage in scan.damages { recovery.add("\(path): \(words(damage)) moved to \(side)") }
    }

    private func save(_ segment: borrowing File, in directory: borrowing JournalDirectory) throws(JournalError) {
        let side = try File(directory.tornPath(firstSeq), flags: O_WRONLY | O_CREAT | O_APPEND)
        try side.setMode()
        for damage in scan.damages { try copy(damage.bytes, of: segment, to: side) }
        try side.syncData()
        try directory.syncNames()
    }

    /// Writes the sound lines, and an entry for each lost one, to a new file that then takes the segment's name.
    private func rewrite(_ segment: borrowing File, in directory: borrowing JournalDirectory) throws(JournalError) {
        let path = directory.rewritePath(firstSeq)
        let file = try File(path, flags: O_WRONLY | O_CREAT | O_TRUNC)
        try file.setMode()
        var sound: Int64 = 0
        for damage in scan.damages {
            try copy(sound..<damage.bytes.lowerBound, of: segment, to: file)
            for seq in damage.lostSeqs ?? 0..<0 { try file.write(substitute(seq)[...]) }
            sound = damage.bytes.upperBound
        }
        try copy(sound..<scan.sizeBytes, of: segment, to: file)
        try file.syncData()
        try directory.rename(path, to: directory.segmentPath(firstSeq))
    }

    /// The line that stands where a damaged entry was, so that `seq` has no gap.
    private func substitute(_ seq: UInt64) throws(JournalError) -> [UInt8] {
        try EntryLine.encode(
            seq: seq, atMs: atMs, kind: "fault",
            members: #"{"class":"journal-damaged","what":"the entry that stood here was damaged; see the .torn file"}"#
        ) + [UInt8(ascii: "\n")]
    }

    private func copy(
        _ range: Range<Int64>, of source: borrowing File, to target: borrowing File
    ) throws(JournalError) {
        var offset = range.lowerBound
        while offset < range.upperBound {
            let limit = Int(min(Int64(Self.copyBytes), range.upperBound - offset))
            let bytes = try source.read(at: offset, limit: limit)
            if bytes.isEmpty { return }
            try target.write(bytes[...])
            offset += Int64(bytes.count)
        }
    }

    private func words(_ damage: SegmentScan.Damage) -> String {
        let bytes = damage.bytes.count
        guard let lost = damage.lostSeqs else {
            return "\(damage.isZeroFilled ? "zero-filled" : "torn") tail of \(bytes) bytes"
        }
        let entries =
            switch lost.count {
            case 0: "no entry missing"
            case 1: "entry \(lost.lowerBound)"
            default: "entries \(lost.lowerBound) to \(lost.upperBound - 1)"
            }
        return "damaged line \(damage.firstLine) (\(bytes) bytes, \(entries))"
    }
}
