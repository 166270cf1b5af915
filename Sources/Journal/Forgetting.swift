import Glibc

/// Which entries are to be forgotten for good.
public enum Forgetting: Sendable, Equatable {
    /// Those that happened before an instant, in milliseconds since 1970.
    case before(Int64)
    /// Those of a turn: whatever names its session and its number.
    case turn(session: String, number: Int)

    /// What was done.
    public struct Outcome: Sendable, Equatable {
        /// Entries that say nothing any more.
        public internal(set) var entries: Int
        /// Files of damaged bytes that were removed.
        public internal(set) var sideFiles: Int

        public init(entries: Int = 0, sideFiles: Int = 0) {
            self.entries = entries
            self.sideFiles = sideFiles
        }
    }

    /// The kind of what stands in a forgotten entry's place: same `seq` and `at`, what it `was`, and `forgotten_at`.
    static let kind = "forgotten"
    /// Nothing that anybody said, and what holds the journal together.
    private static let keptKinds: Set<String> = [kind, SegmentSummary.kind, Retention.Removal.kind]

    /// Whether an entry is one of those.
    func includes(_ entry: EntryLine, _ line: UnsafeRawBufferPointer) -> Bool {
        guard !Self.keptKinds.contains(entry.kind) else { return false }
        switch self {
        case .before(let instantMs): return entry.at < Timestamp.text(instantMs)
        case .turn(let session, let number):
            guard let members = ObjectSyntax.members(of: line) else { return false }
            func has(_ name: String, _ value: String) -> Bool {
                members.contains { line[$0.name].elementsEqual(name.utf8) && line[$0.value].elementsEqual(value.utf8) }
            }
            return has("session", "\"\(session)\"") && has("turn", "\(number)")
        }
    }

    /// The line that takes a forgotten entry's place.
    static func tombstone(of entry: EntryLine, nowMs: Int64) throws(JournalError) -> [UInt8] {
        try EntryLine.encode(
            seq: entry.seq, atMs: Timestamp.instantMs(of: entry.at) ?? nowMs, kind: kind,
            members: #"{"was":"\#(entry.kind)","forgotten_at":"\#(Timestamp.text(nowMs))"}"#)
    }
}

extension Journal {
    /// Removes what entries say, for good, and the side files that may hold it; `seq` keeps its order.
    ///
    /// Each segment that has such an entry is written anew, and takes its place when that is durable: after a power
    /// loss it is as before or as wanted. What the disk's blocks held is the file system's to overwrite.
    public mutating func forget(_ forgetting: Forgetting) throws(JournalError) -> Forgetting.Outcome {
        try sync()
        var outcome = Forgetting.Outcome()
        for firstSeq in try directory.segments() {
            let count = try forget(forgetting, in: firstSeq)
            outcome.entries += count
            if try isForgotten(forgetting, sideFileOf: firstSeq), try directory.removeSideFile(firstSeq) {
                outcome.sideFiles += 1
            }
        }
        outcome.sideFiles += try directory.removeOrphanedSideFiles()
        try directory.syncNames()
        return outcome
    }

    /// Forgets entries of one segment; how many.
    private mutating func forget(_ forgetting: Forgetting, in firstSeq: UInt64) throws(JournalError) -> Int {
        let nowMs = clock.nowMs()
        var reader = LineReader()
        var count = 0
        do {
            let file = try directory.open(firstSeq)
            while let line = try reader.next(file) {
                if let entry = EntryLine(line.bytes), forgetting.includes(entry, line.bytes) { count += 1 }
            }
        }
        guard count > 0 else { return 0 }
        let isOpen = segment?.firstSeq == firstSeq
        // Of an older segment nobody has looked at what is damaged.
        if !isOpen { try repair(firstSeq, atMs: nowMs) }
        let file = try directory.open(firstSeq)
        var rewrite = try SegmentRewrite(firstSeq: firstSeq, in: directory)
        reader = LineReader()
        while let line = try reader.next(file) {
            guard let entry = EntryLine(line.bytes) else { continue }
            if forgetting.includes(entry, line.bytes) {
                let tombstone = try Forgetting.tombstone(of: entry, nowMs: nowMs)
                if let entry = EntryLine(tombstone[...]) { try rewrite.writeLine(entry, tombstone) }
            } else {
                try rewrite.write(entry, line.bytes)
            }
        }
        try rewrite.finish(in: directory)
        if isOpen {
            segment = nil
            segment = try Segment(firstSeq, in: directory, summary: rewrite.summary)
        }
        return count
    }

    private func repair(_ firstSeq: UInt64, atMs: Int64) throws(JournalError) {
        let scan = try SegmentScan(directory.open(firstSeq), firstSeq: firstSeq)
        var findings = Recovery()
        _ = try SegmentRepair(firstSeq: firstSeq, scan: scan, atMs: atMs).perform(in: directory, &findings)
    }

    /// Whether a segment's side file may hold what is forgotten. Nobody can tell whose the damaged bytes are.
    private func isForgotten(_ forgetting: Forgetting, sideFileOf firstSeq: UInt64) throws(JournalError) -> Bool {
        switch forgetting {
        case .turn: return true
        case .before(let instantMs):
            var reader = LineReader()
            let file = try directory.open(firstSeq)
            guard let line = try reader.next(file), let first = EntryLine(line.bytes) else { return true }
            return first.at < Timestamp.text(instantMs)
        }
    }
}

extension JournalDirectory {
    /// Removes the side file of a segment; false when there is none.
    borrowing func removeSideFile(_ firstSeq: UInt64) throws(JournalError) -> Bool {
        do { try remove(tornPath(firstSeq)) } catch .failed(_, _, errno: ENOENT) { return false }
        return true
    }

    /// Removes side files whose segments are gone; how many.
    borrowing func removeOrphanedSideFiles() throws(JournalError) -> Int {
        let known = Set(try segments())
        var count = 0
        for name in try Self.names(in: path) {
            guard let firstSeq = Self.firstSeq(ofSideFile: name), !known.contains(firstSeq) else { continue }
            if try removeSideFile(firstSeq) { count += 1 }
        }
        return count
    }
}
