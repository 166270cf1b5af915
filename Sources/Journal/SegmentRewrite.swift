import Glibc

/// A segment written anew beside the old one, whose name it takes when it is whole and durable.
///
/// A footer gets the figures of what was written before it.
struct SegmentRewrite: ~Copyable {
    /// As much is written at a time.
    private static let writeBytes = 64 * 1024

    /// What was written.
    private(set) var summary = SegmentSummary()
    private let firstSeq: UInt64
    private let file: File
    // Without a value here: Swift 6.0's compiler crashes on one that is an array, with an initializer that throws.
    private var waiting: [UInt8]

    init(firstSeq: UInt64, in directory: borrowing JournalDirectory) throws(JournalError) {
        let file = try directory.create(directory.rewritePath(firstSeq), flags: O_WRONLY | O_TRUNC)
        self.firstSeq = firstSeq
        self.file = file
        waiting = []
    }

    /// Writes one entry; its line without line feed.
    mutating func write(_ entry: EntryLine, _ line: UnsafeRawBufferPointer) throws(JournalError) {
        if entry.kind == SegmentSummary.kind {
            let atMs = Timestamp.instantMs(of: entry.at) ?? 0
            try writeLine(entry, summary.footer(seq: entry.seq, atMs: atMs))
        } else {
            add(entry, line)
            if waiting.count >= Self.writeBytes { try writeWaiting() }
        }
    }

    /// Writes one entry; its line without line feed.
    mutating func writeLine(_ entry: EntryLine, _ line: [UInt8]) throws(JournalError) {
        line.withUnsafeBytes { add(entry, $0) }
        if waiting.count >= Self.writeBytes { try writeWaiting() }
    }

    /// Makes the segment durable and gives it its name.
    mutating func finish(in directory: borrowing JournalDirectory) throws(JournalError) {
        try writeWaiting()
        try file.syncData()
        try directory.rename(file.path, to: directory.segmentPath(firstSeq))
    }

    private mutating func add(_ entry: EntryLine, _ line: UnsafeRawBufferPointer) {
        summary.add(entry, line)
        waiting += line
        waiting.append(UInt8(ascii: "\n"))
    }

    private mutating func writeWaiting() throws(JournalError) {
        try file.write(waiting[...])
        waiting.removeAll(keepingCapacity: true)
    }
}
