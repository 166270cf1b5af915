/// What a segment's bytes hold: how far `seq` runs, what its footer says, and the regions that are no entry.
///
/// Takes the lines of a segment from start to end; reads and writes nothing.
struct SegmentScan {
    /// One or more lines in a row that are no entry.
    struct Damage: Equatable {
        var bytes: Range<Int64>
        /// Counted from 1.
        let firstLine: Int
        var lines: Int
        /// How many zero bytes it ends with.
        var zeroBytes: Int64
        /// Its last line has no line feed.
        var isHalfLine: Bool
        /// Entries that lay here, as their neighbours tell; nil when no entry follows: the torn tail.
        var lostSeqs: Range<UInt64>?
    }

    /// Something amiss where no damage explains it.
    struct Irregularity: Equatable {
        let line: Int
        let seq: UInt64
        let words: String
    }

    /// `seq` of the highest entry, or of the one before the segment when it holds none.
    private(set) var lastSeq: UInt64
    /// `at` of the last entry; nil when there is none.
    private(set) var lastAt: String?
    private(set) var damages: [Damage] = []
    /// Entries missing or repeated, a footer that does not fit; the first `Recovery.findingsLimit`.
    private(set) var irregularities: [Irregularity] = []
    /// Bytes of all lines.
    private(set) var sizeBytes: Int64 = 0
    /// The entries. Of a segment with damage in its middle the checksum is that of the sound lines.
    private(set) var summary = SegmentSummary()

    /// To scan a segment whose first entry should have `firstSeq`.
    init(firstSeq: UInt64) {
        lastSeq = firstSeq - 1
    }

    /// Scans a file.
    init(_ file: borrowing File, firstSeq: UInt64) throws(JournalError) {
        self.init(firstSeq: firstSeq)
        var reader = LineReader()
        while let line = try reader.next(file) { take(line) }
    }

    /// Whether bytes between entries are no entries, so that cutting the end does not make the segment sound.
    var isDamagedInside: Bool { damages.contains { $0.lostSeqs != nil } }

    /// Takes the next line; the entry that it is, nil when it is none.
    @discardableResult
    mutating func take(_ line: LineReader.Line) -> EntryLine? {
        sizeBytes = line.range.upperBound
        guard line.hasLineFeed, !line.isTooLong, let entry = EntryLine(line.bytes) else {
            addDamage(line)
            return nil
        }
        add(entry, line)
        return entry
    }

    private mutating func add(_ entry: EntryLine, _ line: LineReader.Line) {
        let expected = lastSeq + 1
        var missing = expected..<max(expected, entry.seq)
        if let damage = damages.last, damage.lostSeqs == nil {
            // More entries than have room in the damaged bytes were missing before.
            let isExplained = missing.count <= damage.bytes.count / (EntryLine.minimumBytes + 1)
            damages[damages.count - 1].lostSeqs = isExplained ? missing : expected..<expected
            if isExplained { missing = entry.seq..<entry.seq }
        }
        if !missing.isEmpty {
            note(line, entry, "entry \(entry.seq) follows \(lastSeq), entries are missing")
        } else if entry.seq < expected {
            note(line, entry, "entry \(entry.seq) follows \(lastSeq), it stands twice")
        }
        if summary.isSealed { note(line, entry, "entry \(entry.seq) follows the footer") }
        if entry.kind == SegmentSummary.kind { check(footer: entry, line) }
        summary.add(entry, line.bytes)
        lastSeq = max(lastSeq, entry.seq)
        lastAt = entry.at
    }

    private mutating func check(footer: EntryLine, _ line: LineReader.Line) {
        // Whatever is damaged is told anyway.
        guard damages.isEmpty, let atMs = Timestamp.instantMs(of: footer.at),
            let wanted = try? summary.footer(seq: footer.seq, atMs: atMs), !wanted.elementsEqual(line.bytes)
        else { return }
        let members = String(decoding: line.bytes, as: UTF8.self)
        note(line, footer, "the footer does not fit the entries before it: \(members), wanted \(summary.footerMembers)")
    }

    private mutating func note(_ line: LineReader.Line, _ entry: EntryLine, _ words: String) {
        guard irregularities.count < Recovery.findingsLimit else { return }
        irregularities.append(Irregularity(line: line.number, seq: entry.seq, words: words))
    }

    private mutating func addDamage(_ line: LineReader.Line) {
        if let damage = damages.last, damage.bytes.upperBound == line.range.lowerBound {
            damages[damages.count - 1].bytes = damage.bytes.lowerBound..<line.range.upperBound
            damages[damages.count - 1].lines += 1
            damages[damages.count - 1].zeroBytes = line.zeroBytes
            damages[damages.count - 1].isHalfLine = !line.hasLineFeed
        } else {
            damages.append(Damage(
                bytes: line.range, firstLine: line.number, lines: 1, zeroBytes: line.zeroBytes,
                isHalfLine: !line.hasLineFeed))
        }
    }
}
