/// What a segment's bytes hold: how far `seq` runs, and the regions that are no entry.
///
/// Reads once from start to end in pieces; memory is bounded by the longest line, not by the segment.
struct SegmentScan {
    /// One or more lines in a row that are no entry.
    struct Damage: Equatable {
        var bytes: Range<Int64>
        /// Counted from 1.
        let firstLine: Int
        var isZeroFilled: Bool
        /// Entries that lay here, as their neighbours tell; nil when no entry follows: the torn tail.
        var lostSeqs: Range<UInt64>?
    }

    /// `seq` of the highest entry, or of the one before the segment when it holds none.
    private(set) var lastSeq: UInt64
    /// `at` of the last entry; nil when there is none.
    private(set) var lastAt: String?
    private(set) var damages: [Damage] = []
    /// Entries missing or repeated where no damage explains it, in words; the first `Recovery.findingsLimit`.
    private(set) var irregularities: [String] = []
    private(set) var sizeBytes: Int64 = 0

    private static let readBytes = 64 * 1024
    private static let lineFeed = UInt8(ascii: "\n")

    private var line: [UInt8] = []
    private var lineStart: Int64 = 0
    private var lineNumber = 1
    private var isLineTooLong = false
    private var isLineZero = true

    /// Scans a segment whose first entry should have `firstSeq`.
    init(_ file: borrowing File, firstSeq: UInt64) throws(JournalError) {
        lastSeq = firstSeq - 1
        while true {
            let piece = try file.read(at: sizeBytes, limit: Self.readBytes)
            if piece.isEmpty { break }
            take(piece)
        }
        if lineStart < sizeBytes { addDamage() }
    }

    private mutating func take(_ piece: [UInt8]) {
        var rest = piece[...]
        while let end = rest.firstIndex(of: Self.lineFeed) {
            collect(rest[..<end])
            rest = rest[(end + 1)...]
            sizeBytes += 1
            endLine()
        }
        collect(rest)
    }

    private mutating func collect(_ part: ArraySlice<UInt8>) {
        sizeBytes += Int64(part.count)
        isLineZero = isLineZero && part.allSatisfy { $0 == 0 }
        isLineTooLong = isLineTooLong || line.count + part.count > EntryLine.limitBytes
        if isLineTooLong { line.removeAll() } else { line += part }
    }

    private mutating func endLine() {
        if !isLineTooLong, let entry = EntryLine(line[...]) {
            addEntry(entry)
        } else {
            addDamage()
        }
        line.removeAll(keepingCapacity: true)
        lineStart = sizeBytes
        lineNumber += 1
        isLineTooLong = false
        isLineZero = true
    }

    private mutating func addEntry(_ entry: EntryLine) {
        let expected = lastSeq + 1
        var missing = expected..<max(expected, entry.seq)
        if let damage = damages.last, damage.lostSeqs == nil {
            // More entries than have room in the damaged bytes were missing before.
            let isExplained = missing.count <= damage.bytes.count / (EntryLine.minimumBytes + 1)
            damages[damages.count - 1].lostSeqs = isExplained ? missing : expected..<expected
            if isExplained { missing = entry.seq..<entry.seq }
        }
        if !missing.isEmpty || entry.seq < expected, irregularities.count < Recovery.findingsLimit {
            let order = "line \(lineNumber): entry \(entry.seq) follows \(lastSeq)"
            irregularities.append(missing.isEmpty ? order : order + ", entries are missing")
        }
        lastSeq = max(lastSeq, entry.seq)
        lastAt = entry.at
    }

    private mutating func addDamage() {
        if let damage = damages.last, damage.bytes.upperBound == lineStart {
            damages[damages.count - 1].bytes = damage.bytes.lowerBound..<sizeBytes
            damages[damages.count - 1].isZeroFilled = damage.isZeroFilled && isLineZero
        } else {
            damages.append(Damage(bytes: lineStart..<sizeBytes, firstLine: lineNumber, isZeroFilled: isLineZero))
        }
    }
}
