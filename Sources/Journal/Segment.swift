import Glibc

/// Owner of the segment that is written: whole lines only, whatever the disk does.
struct Segment: ~Copyable {
    /// Bytes of whole lines. What lies behind them is half a line that could not be cut yet.
    private(set) var sizeBytes: Int64
    private let file: File
    private var hasHalfLine = false
    private var isSynced = true

    /// Opens a segment for appending; one that does not exist is created and must be made durable by its directory.
    init(_ path: String) throws(JournalError) {
        let file = try File(path, flags: O_WRONLY | O_CREAT | O_APPEND)
        try file.setMode()
        sizeBytes = try file.sizeBytes()
        self.file = file
    }

    /// Appends one line (with its line feed); with `durable`, returns when it is on the device.
    ///
    /// When that fails the line is cut away again, so the caller may append the same entry later: a failed
    /// fdatasync(2) drops dirty pages, only a new write brings them back.
    mutating func append(_ line: [UInt8], durable: Bool) throws(JournalError) {
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
