/// Whether the segments of a journal follow each other: by their names, and the last entry of each.
///
/// Looks at the newest only, so that opening takes no longer with the years; `verify` looks at all.
enum Succession {
    /// Two months of days.
    static let segmentsLimit = 64

    /// `seq` of the last entry before the last segment, 0 when there is none; what is amiss goes to `recovery`.
    static func check(
        _ segments: [UInt64], in directory: borrowing JournalDirectory, _ recovery: inout Recovery
    ) throws(JournalError) -> UInt64 {
        var lastSeq: UInt64 = 0
        let newest = segments.suffix(segmentsLimit)
        for (firstSeq, nextSeq) in zip(newest, newest.dropFirst()) {
            let path = directory.segmentPath(firstSeq)
            guard let last = try SegmentTail.read(directory.open(firstSeq)) else {
                recovery.add("\(path): its last line is no entry")
                continue
            }
            if let words = words(after: last.seq, nextSeq) { recovery.add("\(path): \(words)") }
            lastSeq = max(lastSeq, last.seq)
        }
        return lastSeq
    }

    /// What is amiss between the last entry of a segment and the first of the next; nil when nothing is.
    static func words(after lastSeq: UInt64, _ nextSeq: UInt64) -> String? {
        if nextSeq > lastSeq + 1 {
            return "a segment is missing after it: entries \(lastSeq + 1) to \(nextSeq - 1)"
        }
        if nextSeq <= lastSeq { return "entries \(nextSeq) to \(lastSeq) stand in the next segment, too" }
        return nil
    }
}
