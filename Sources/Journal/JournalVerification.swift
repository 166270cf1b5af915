import Glibc

/// What a look at every byte of a journal's folder finds: beside the agent that writes it, or on a copy elsewhere.
///
/// Takes no lock and writes nothing. Checks each line's checksum, `seq` over all segments, and each footer. Half a line
/// at the end of the last segment is one being written.
public struct JournalVerification: Sendable {
    /// Something that is not as the journal writes it.
    public struct Finding: Sendable, Equatable {
        /// The file's name.
        public let file: String
        /// Counted from 1; nil for the file as a whole.
        public let line: Int?
        public let words: String

        /// `00000000000000000001.jsonl: line 7: …`.
        public var description: String { file + ": " + (line.map { "line \($0): " } ?? "") + words }
    }

    /// More findings than this tell nobody anything new; the rest is counted.
    public static let findingsLimit = 1000

    public private(set) var findings: [Finding] = []
    /// All findings, those beyond the limit, too.
    public private(set) var findingsCount = 0
    public private(set) var segments = 0
    /// Those with a footer.
    public private(set) var sealedSegments = 0
    public private(set) var entries = 0
    public private(set) var bytes: Int64 = 0
    /// `seq` of the first and last entry; 0 without any.
    public private(set) var firstSeq: UInt64 = 0
    public private(set) var lastSeq: UInt64 = 0
    /// Half a line at the end of the last segment, in bytes.
    public private(set) var halfLineBytes: Int64 = 0

    public var isSound: Bool { findingsCount == 0 }

    private let directory: String
    /// Up to which entry the journal says that it has removed segments.
    private var removedSeq: UInt64 = 0
    /// The segment before: its name, and its last `seq`.
    private var former: (name: String, lastSeq: UInt64)?
    private var firstName = ""

    /// Reads the whole folder; blocks for as long as that takes, with memory for one line.
    public init(directory: String) throws(JournalError) {
        self.directory = directory
        let names = try JournalDirectory.names(in: directory).sorted()
        for name in names where JournalDirectory.isForeign(name) {
            add(name, nil, "not a segment of this journal")
        }
        let segments = names.filter { JournalDirectory.firstSeq(of: $0) != nil }
        for (index, name) in segments.enumerated() {
            do {
                try verify(name, isLast: index == segments.count - 1)
            } catch .failed(let path, let step, let errno) where !(step == "open" && errno == ENOENT) {
                add(name, nil, JournalError.failed(path: path, step: step, errno: errno).description)
            } catch {
                // Removed since the names were read, as the oldest are: the next is held against the one before it.
            }
        }
        // Known only now: the entry that says it stands behind the gap.
        if firstSeq > 1, removedSeq + 1 < firstSeq {
            add(firstName, nil, "entries \(removedSeq + 1) to \(firstSeq - 1) are missing before it")
        }
    }

    private mutating func verify(_ name: String, isLast: Bool) throws(JournalError) {
        let named = JournalDirectory.firstSeq(of: name) ?? 1
        let file = try File(directory + "/" + name, flags: O_RDONLY)
        var scan = SegmentScan(firstSeq: named)
        var reader = LineReader()
        while let line = try reader.next(file) {
            if let entry = scan.take(line), entry.kind == Retention.Removal.kind {
                removedSeq = max(removedSeq, Self.number("last_seq", in: line.bytes) ?? 0)
            }
        }
        segments += 1
        entries += scan.summary.entries
        bytes += scan.sizeBytes
        if scan.summary.isSealed { sealedSegments += 1 }
        if let former, let words = Succession.words(after: former.lastSeq, named) { add(former.name, nil, words) }
        tell(scan, of: name, isLast: isLast)
        if firstName.isEmpty {
            firstName = name
            firstSeq = named
        }
        lastSeq = max(lastSeq, scan.lastSeq)
        former = (name, scan.lastSeq)
    }

    private mutating func tell(_ scan: SegmentScan, of name: String, isLast: Bool) {
        for irregularity in scan.irregularities { add(name, irregularity.line, irregularity.words) }
        for damage in scan.damages {
            let isBeingWritten = isLast && damage.lostSeqs == nil && damage.isHalfLine
                && damage.lines == 1 && damage.zeroBytes == 0
            if isBeingWritten {
                halfLineBytes = Int64(damage.bytes.count)
            } else {
                add(name, damage.firstLine, damage.words)
            }
        }
    }

    private mutating func add(_ file: String, _ line: Int?, _ words: String) {
        findingsCount += 1
        if findings.count < Self.findingsLimit { findings.append(Finding(file: file, line: line, words: words)) }
    }

    /// The value of a member of an entry, when it is a whole number.
    private static func number(_ name: String, in line: UnsafeRawBufferPointer) -> UInt64? {
        let member = ObjectSyntax.members(of: line)?.first { line[$0.name].elementsEqual(name.utf8) }
        return member.flatMap { UInt64(String(decoding: line[$0.value], as: UTF8.self)) }
    }
}
