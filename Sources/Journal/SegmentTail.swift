/// The last entry of a segment, found from its end: a segment's length does not matter.
enum SegmentTail {
    /// Enough for a footer and for most entries.
    private static let firstReadBytes = 4096

    /// nil when the file is empty or its last line is no entry.
    static func read(_ file: borrowing File) throws(JournalError) -> EntryLine? {
        let sizeBytes = try file.sizeBytes()
        var limit = firstReadBytes
        while true {
            let start = max(0, sizeBytes - Int64(limit))
            let bytes = try file.read(at: start, limit: limit)
            guard bytes.last == UInt8(ascii: "\n") else { return nil }
            let line = bytes.dropLast()
            if let lineFeed = line.lastIndex(of: UInt8(ascii: "\n")) { return EntryLine(line[(lineFeed + 1)...]) }
            if start == 0 { return EntryLine(line) }
            guard limit <= EntryLine.limitBytes else { return nil }
            limit *= 8
        }
    }
}
