/// Which segments are to go by the limits, oldest first. Never the newest: `seq` goes on from it.
struct Retention {
    /// What was removed, as the entry `retention` says it.
    struct Removal: Equatable {
        /// The kind of that entry.
        static let kind = "retention"

        var segments: Int
        let firstSeq: UInt64
        var lastSeq: UInt64

        var members: String {
            #"{"segments":\#(segments),"first_seq":\#(firstSeq),"last_seq":\#(lastSeq)}"#
        }
    }

    let limits: JournalLimits
    let nowMs: Int64

    /// The removal that the limits ask for; nil when none.
    func removal(from directory: borrowing JournalDirectory) throws(JournalError) -> Removal? {
        guard limits.retentionDays > 0 || limits.retentionBytes > 0 else { return nil }
        let segments = try directory.segments()
        var sizes: [Int64] = []
        for firstSeq in segments { sizes.append(try directory.open(firstSeq).sizeBytes()) }
        var totalBytes = sizes.reduce(0, +)
        var removal: Removal?
        for (index, firstSeq) in segments.enumerated().dropLast() {
            let isTooOld = try isTooOld(directory.open(firstSeq))
            guard isTooOld || limits.retentionBytes > 0 && totalBytes > limits.retentionBytes else { break }
            totalBytes -= sizes[index]
            removal = Removal(
                segments: index + 1, firstSeq: segments[0], lastSeq: segments[index + 1] - 1)
        }
        return removal
    }

    /// The oldest segment alone, to make room; nil when it is the only one.
    static func oldest(in directory: borrowing JournalDirectory) throws(JournalError) -> Removal? {
        let segments = try directory.segments()
        guard segments.count > 1 else { return nil }
        return Removal(segments: 1, firstSeq: segments[0], lastSeq: segments[1] - 1)
    }

    private func isTooOld(_ segment: borrowing File) throws(JournalError) -> Bool {
        guard limits.retentionDays > 0, let last = try SegmentTail.read(segment),
            let atMs = Timestamp.instantMs(of: last.at)
        else { return false }
        return nowMs - atMs > Int64(limits.retentionDays) * WallClock.dayMs
    }
}

extension JournalDirectory {
    /// Removes the segments of a removal, and their side files.
    borrowing func perform(_ removal: Retention.Removal) throws(JournalError) {
        for firstSeq in try segments() where firstSeq <= removal.lastSeq {
            _ = try removeSideFile(firstSeq)
            try remove(segmentPath(firstSeq))
        }
        try syncNames()
    }
}
