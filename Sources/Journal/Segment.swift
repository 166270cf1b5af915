import Glibc

/// Owner of the segment that is written: whole lines only, whatever the disk does.
struct Segment: ~Copyable {
    /// Bytes of whole lines. What lies behind them is half a line that could not be cut yet.
    private(set) var sizeBytes: Int64
    /// Of the whole lines.
    private(set) var summary: SegmentSummary
    /// What it is named by.
    let firstSeq: UInt64
    private let file: File
    private var hasHalfLine = false
    private var isSynced = true

    /// Opens a segment, which holds what `summary` says, for appending; one that does not exist is created and must be
    /// made durable by its directory.
    init(
        _ firstSeq: UInt64, in directory: borrowing JournalDirectory, summary: SegmentSummary = SegmentSummary()
    ) throws(JournalError) {
        let file = try directory.create(directory.segmentPath(firstSeq), flags: O_WRONLY | O_APPEND)
        sizeBytes = try file.sizeBytes()
        self.file = file
        self.firstSeq = firstSeq
        self.summary = summary
    }

    /// Appends the line (with its line feed) of an entry; with `durable`, returns when it is on the device.
    ///
    /// When that fails the line is cut away again, so the caller may append the same entry later: a failed
    /// fdatasync(2) drops dirty pages, only a new write brings them back.
    mutating func append(
        _ line: [UInt8], seq: UInt64, atMs: Int64, durable: Bool, isFooter: Bool = false
    ) throws(JournalError) {
        if hasHalfLine { try cutHalfLine() }
        isSynced = false
        do {
            try file.write(line[...])
            if durable { try sync() }
        } catch {
            hasHalfLine = true
            // A cut that fails too is repeated before the next line; the first error is the one that says why.
            try? cutHalfLine()
            throw error
        }
        sizeBytes += Int64(line.count)
        line.withUnsafeBytes {
            summary.add(UnsafeRawBufferPointer(rebasing: $0.dropLast()), seq: seq, isFooter: isFooter) { atMs }
        }
    }

    /// Appends the footer and makes everything durable; nothing may be appended after it.
    mutating func seal(seq: UInt64, atMs: Int64) throws(JournalError) {
        let line = try summary.footer(seq: seq, atMs: atMs) + [UInt8(ascii: "\n")]
        try append(line, seq: seq, atMs: atMs, durable: true, isFooter: true)
    }

    /// Makes all appended lines durable (fdatasync(2)).
    mutating func sync() throws(JournalError) {
        if hasHalfLine { try cutHalfLine() }
        guard !isSynced else { return }
        try file.syncData()
        isSynced = true
    }

    private mutating func cutHalfLine() throws(JournalError) {
        try file.truncate(toBytes: sizeBytes)
        hasHalfLine = false
    }
}
