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

    /// Repairs the segment on disk, says so in `recovery`, and returns what it then holds. Nothing happens to a sound
    /// segment.
    func perform(
        in directory: borrowing JournalDirectory, _ recovery: inout Recovery
    ) throws(JournalError) -> SegmentSummary {
        let path = directory.segmentPath(firstSeq)
        for irregularity in scan.irregularities {
            recovery.add("\(path): line \(irregularity.line): \(irregularity.words)")
        }
        guard let last = scan.damages.last else { return scan.summary }
        let segment = try File(path, flags: O_RDWR)
        try save(segment, in: directory)
        var summary = scan.summary
        if scan.isDamagedInside {
            summary = try rewrite(segment, in: directory)
        } else {
            try segment.truncate(toBytes: last.bytes.lowerBound)
            try segment.syncData()
        }
        let side = directory.tornPath(firstSeq)
        for damage in scan.damages { recovery.add("\(path): \(damage.words) moved to \(side)") }
        return summary
    }

    private func save(_ segment: borrowing File, in directory: borrowing JournalDirectory) throws(JournalError) {
        let side = try directory.create(directory.tornPath(firstSeq), flags: O_WRONLY | O_APPEND)
        let sizeBytes = try side.sizeBytes()
        do {
            for damage in scan.damages { try copy(damage.bytes, of: segment, to: side) }
            try side.syncData()
        } catch {
            // A full disk is tried again: the side file shall not grow with every try.
            try? side.truncate(toBytes: sizeBytes)
            throw error
        }
        try directory.syncNames()
    }

    /// Writes the sound lines, and an entry for each lost one, to a new file that then takes the segment's name.
    private func rewrite(
        _ segment: borrowing File, in directory: borrowing JournalDirectory
    ) throws(JournalError) -> SegmentSummary {
        var rewrite = try SegmentRewrite(firstSeq: firstSeq, in: directory)
        var reader = LineReader()
        var damages = scan.damages[...]
        while let line = try reader.next(segment) {
            if let damage = damages.first, damage.bytes.lowerBound <= line.range.lowerBound {
                // Once for all lines of a damage.
                if damage.bytes.lowerBound == line.range.lowerBound {
                    for seq in damage.lostSeqs ?? 0..<0 { try substitute(seq, in: &rewrite) }
                }
                if damage.bytes.upperBound <= line.range.upperBound { damages.removeFirst() }
            } else if let entry = EntryLine(line.bytes) {
                try rewrite.write(entry, line.bytes)
            }
        }
        try rewrite.finish(in: directory)
        return rewrite.summary
    }

    /// The line that stands where a damaged entry was, so that `seq` has no gap.
    private func substitute(_ seq: UInt64, in rewrite: inout SegmentRewrite) throws(JournalError) {
        let line = try EntryLine.encode(
            seq: seq, atMs: atMs, kind: "fault",
            members: #"{"class":"journal-damaged","what":"the entry that stood here was damaged; see the .torn file"}"#)
        if let entry = EntryLine(line[...]) { try rewrite.writeLine(entry, line) }
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
}

extension SegmentScan.Damage {
    /// What is damaged, and which entries that costs.
    var words: String {
        guard let lost = lostSeqs else {
            if zeroBytes == bytes.count { return "zero-filled tail of \(bytes.count) bytes" }
            return "torn tail of \(bytes.count) bytes" + (zeroBytes > 0 ? ", the last \(zeroBytes) of them zero," : "")
        }
        let entries =
            switch lost.count {
            case 0: "no entry missing"
            case 1: "entry \(lost.lowerBound)"
            default: "entries \(lost.lowerBound) to \(lost.upperBound - 1)"
            }
        return "damaged line \(firstLine) (\(bytes.count) bytes, \(entries))"
    }
}
