import Glibc

/// An append-only log of entries: `seq` without gap, one checksum a line, in segments `*.jsonl` of a directory.
///
/// Owns the directory: a second `Journal` on it, in this process or another, is refused. All calls block on the
/// disk, so the agent uses it through `JournalWriter`. Segments are named by their first `seq`, 20 digits, and
/// sealed by a footer (see `SegmentSummary`) when they are large or old enough; a clean end does not seal.
///
/// Opening reads the last segment only, whatever the journal's age: an older one was synced before its successor
/// was made, so power loss cannot tear it. What is no entry there moves to the segment's `.torn` file. A torn tail
/// is cut, and its `seq` given again, for nobody was told that it was written. A damaged line between entries is
/// replaced by a `fault` entry (`"class":"journal-damaged"`) with its `seq`, so that every line parses and `seq`
/// has no gap. Each is a finding in `recovery`; none is a refusal.
public struct Journal: ~Copyable {
    /// What opening found.
    public private(set) var recovery: Recovery

    // Variables, though nothing changes them: with constants Swift 6.0 calls no mutating method in an initializer.
    private(set) var directory: JournalDirectory
    private(set) var clock: WallClock
    private var limits: JournalLimits
    private var nextSeq: UInt64
    // Not `Segment?`, which is nil before the initializer sets it: Swift 6.0's compiler crashes on that.
    var segment: Optional<Segment>
    /// What went wrong beside the entries, in words; the caller's since `takeFaults`.
    private var faults: [String]

    /// Opens the journal in `directory`, which is made (mode 0750) when it is missing, and recovers it.
    public init(
        directory path: String, clock: WallClock = .system, limits: JournalLimits = JournalLimits()
    ) throws(JournalError) {
        let directory = try JournalDirectory(path)
        var recovery = Recovery()
        let segment = try Self.recover(directory, atMs: clock.nowMs(), &recovery)
        self.directory = directory
        self.recovery = recovery
        self.clock = clock
        self.limits = limits
        self.segment = consume segment
        faults = []
        nextSeq = recovery.lastSeq + 1
        tidy()
    }

    /// Makes the last segment sound, says what was not, and opens it; nil for a journal whose next entry begins one.
    private static func recover(
        _ directory: borrowing JournalDirectory, atMs: Int64, _ recovery: inout Recovery
    ) throws(JournalError) -> Segment? {
        let segments = try directory.recoverNames(&recovery)
        guard let firstSeq = segments.last else { return nil }
        let formerSeq = try Succession.check(segments, in: directory, &recovery)
        let scan = try SegmentScan(directory.open(firstSeq), firstSeq: firstSeq)
        recovery.lastSeq = max(scan.lastSeq, formerSeq)
        let summary = try SegmentRepair(firstSeq: firstSeq, scan: scan, atMs: atMs).perform(in: directory, &recovery)
        let now = Timestamp.text(atMs)
        if let lastAt = scan.lastAt, now < lastAt {
            recovery.add("clock: \(now) is earlier than the last entry's \(lastAt)")
        }
        // A former segment may run further when segments of two journals were mixed.
        if summary.isSealed || scan.lastSeq < formerSeq { return nil }
        return try Segment(firstSeq, in: directory, summary: summary)
    }

    /// Appends one entry and returns its `seq`.
    ///
    /// - Parameters:
    ///   - kind: 1 to 32 of a-z, 0-9 and `-`; not `sealed`, which is the footer's.
    ///   - members: a JSON object on one line, `{}` when there is nothing to say; it may not set `seq`, `at`, `kind`
    ///     or `crc32c`.
    ///   - durable: return when the entry is on the device (fdatasync(2)).
    ///   - atMs: when it happened, milliseconds since 1970; nil is now.
    /// - Throws: `.refused` for an entry that can never be appended; `.failed` when the disk did not take it. Then
    ///   nothing of it is left in the segment, its `seq` is not used, and the same call may be made again.
    @discardableResult
    public mutating func append(
        kind: String, members: String, durable: Bool, atMs: Int64? = nil
    ) throws(JournalError) -> UInt64 {
        guard kind != SegmentSummary.kind else { throw .refused("kind \(kind): the journal's own") }
        let nowMs = clock.nowMs()
        let atMs = atMs ?? nowMs
        var line = try EntryLine.encode(seq: nextSeq, atMs: atMs, kind: kind, members: members)
        if isSegmentFull(line.count + 1) || isSegmentOld(nowMs) {
            try makingRoom { journal throws(JournalError) in try journal.seal(atMs: nowMs) }
            do { try retain(atMs: nowMs) } catch { faults.append(error.description) }
            line = try EntryLine.encode(seq: nextSeq, atMs: atMs, kind: kind, members: members)
        }
        line.append(UInt8(ascii: "\n"))
        do {
            try write(line, atMs: atMs, durable: durable)
        } catch .failed(_, _, let errno) where limits.makesRoom && [ENOSPC, EDQUOT].contains(errno) {
            try makingRoom { journal throws(JournalError) in
                let line = try EntryLine.encode(seq: journal.nextSeq, atMs: atMs, kind: kind, members: members)
                try journal.write(line + [UInt8(ascii: "\n")], atMs: atMs, durable: durable)
            }
        }
        return nextSeq - 1
    }

    /// Makes all entries durable.
    public mutating func sync() throws(JournalError) {
        try segment?.sync()
    }

    /// Seals a segment that has become too old, and removes what the limits no longer keep: to be called now and then
    /// while no entries come.
    mutating func tidy() {
        let nowMs = clock.nowMs()
        // The entries matter more: what fails here is told, and tried again the next time.
        do {
            if isSegmentOld(nowMs) { try seal(atMs: nowMs) }
            try retain(atMs: nowMs)
        } catch {
            faults.append(error.description)
        }
    }

    /// What went wrong beside the entries since the last call, one line each.
    mutating func takeFaults() -> [String] {
        defer { faults = [] }
        return faults
    }

    // MARK: Segments

    private mutating func isSegmentFull(_ lineBytes: Int) -> Bool {
        guard let sizeBytes = segment?.sizeBytes, sizeBytes > 0 else { return false }
        return sizeBytes + Int64(lineBytes + SegmentSummary.footerBytes) > limits.segmentBytes
    }

    private mutating func isSegmentOld(_ nowMs: Int64) -> Bool {
        guard let firstAtMs = segment?.summary.firstAtMs else { return false }
        return nowMs - firstAtMs > limits.segmentAgeMs
    }

    /// Ends the open segment; the next entry begins another. Nothing happens when it holds no entry.
    private mutating func seal(atMs: Int64) throws(JournalError) {
        guard let entries = segment?.summary.entries, entries > 0 else { return }
        try segment?.seal(seq: nextSeq, atMs: atMs)
        nextSeq += 1
        segment = nil
    }

    /// Writes the line of the next entry, to a new segment when none is open.
    private mutating func write(_ line: [UInt8], atMs: Int64, durable: Bool) throws(JournalError) {
        if segment == nil { segment = try newSegment(firstSeq: nextSeq) }
        try segment?.append(line, seq: nextSeq, atMs: atMs, durable: durable)
        nextSeq += 1
    }

    private func newSegment(firstSeq: UInt64) throws(JournalError) -> Segment {
        let segment = try Segment(firstSeq, in: directory)
        guard segment.sizeBytes == 0 else {
            throw .failed(path: directory.segmentPath(firstSeq), step: "create", errno: EEXIST)
        }
        try directory.syncNames()
        return segment
    }

    // MARK: Retention

    /// Removes what the limits no longer keep, and says so in an entry.
    private mutating func retain(atMs: Int64) throws(JournalError) {
        let retention = Retention(limits: limits, nowMs: atMs)
        guard let removal = try retention.removal(from: directory) else { return }
        do {
            // Said first: after a power loss in between, the same is removed and said again.
            try record(removal, atMs: atMs)
            try directory.perform(removal)
        } catch .failed(_, "write", _) {
            // No room to say it: there is after the removal.
            try directory.perform(removal)
            try record(removal, atMs: atMs)
        }
    }

    private mutating func record(_ removal: Retention.Removal, atMs: Int64) throws(JournalError) {
        let line = try EntryLine.encode(
            seq: nextSeq, atMs: atMs, kind: Retention.Removal.kind, members: removal.members)
        try write(line + [UInt8(ascii: "\n")], atMs: atMs, durable: true)
    }

    /// Does what needs room on the disk; when it is full and the limits say so, removes the oldest segments one by one
    /// until it is done, and says in an entry what was removed.
    private mutating func makingRoom(
        _ body: (inout Journal) throws(JournalError) -> Void
    ) throws(JournalError) {
        var removed: Retention.Removal?
        while true {
            do {
                try body(&self)
                break
            } catch .failed(let path, let step, let errno) where [ENOSPC, EDQUOT].contains(errno) {
                guard limits.makesRoom, let oldest = try Retention.oldest(in: directory) else {
                    throw .failed(path: path, step: step, errno: errno)
                }
                try directory.perform(oldest)
                removed = Retention.Removal(
                    segments: (removed?.segments ?? 0) + 1, firstSeq: removed?.firstSeq ?? oldest.firstSeq,
                    lastSeq: oldest.lastSeq)
            }
        }
        guard let removed else { return }
        do { try record(removed, atMs: clock.nowMs()) } catch { faults.append(error.description) }
    }

    /// Checks that a journal could be written in `directory`, and leaves nothing behind but the directory.
    ///
    /// Works beside an agent that has the journal open. Blocks on the disk.
    public static func checkWritable(directory: String) throws(JournalError) {
        try JournalDirectory.make(directory)
        let path = "\(directory)/check.\(getpid())"
        let file = try File(path, flags: O_WRONLY | O_CREAT)
        defer { unlink(path) }
        try file.write(Array("writable\n".utf8)[...])
        try file.syncData()
    }
}
