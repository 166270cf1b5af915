import Glibc

/// An append-only log of entries: `seq` without gap, one checksum a line, in segments `*.jsonl` of a directory.
///
/// Owns the directory: a second `Journal` on it, in this process or another, is refused. All calls block on the
/// disk, so the agent uses it through `JournalWriter`. Segments are named by their first `seq`, 20 digits, and
/// sealed (synced, then left alone) at `segmentLimitBytes`.
///
/// Opening reads the last segment only, whatever the journal's age: an older one was synced before its successor
/// was made, so power loss cannot tear it. What is no entry there moves to the segment's `.torn` file. A torn tail
/// is cut, and its `seq` given again, for nobody was told that it was written. A damaged line between entries is
/// replaced by a `fault` entry (`"class":"journal-damaged"`) with its `seq`, so that every line parses and `seq`
/// has no gap. Each is a finding in `recovery`; none is a refusal.
public struct Journal: ~Copyable {
    /// A segment is sealed before it grows beyond this: some ten thousand turns, and opening reads no more.
    public static let segmentLimitBytes: Int64 = 8 << 20

    /// What opening found.
    public let recovery: Recovery

    private let directory: JournalDirectory
    private let clock: WallClock
    private let segmentLimitBytes: Int64
    private var nextSeq: UInt64
    // Not `Segment?`, which is nil before the initializer sets it: Swift 6.0's compiler crashes on that.
    private var segment: Optional<Segment>

    /// Opens the journal in `directory`, which is made (mode 0750) when it is missing, and recovers it.
    public init(directory: String, clock: WallClock = .system) throws(JournalError) {
        try self.init(directory: directory, clock: clock, segmentLimitBytes: Self.segmentLimitBytes)
    }

    init(directory path: String, clock: WallClock, segmentLimitBytes: Int64) throws(JournalError) {
        let directory = try JournalDirectory(path)
        var recovery = Recovery()
        let segment = try Self.recover(directory, atMs: clock.nowMs(), &recovery)
        self.directory = directory
        self.recovery = recovery
        self.clock = clock
        self.segmentLimitBytes = segmentLimitBytes
        self.segment = consume segment
        nextSeq = recovery.lastSeq + 1
    }

    /// Makes the last segment sound, says what was not, and opens it; nil for an empty journal.
    private static func recover(
        _ directory: borrowing JournalDirectory, atMs: Int64, _ recovery: inout Recovery
    ) throws(JournalError) -> Segment? {
        guard let firstSeq = try directory.lastSegment(&recovery) else { return nil }
        let scan = try SegmentScan(try File(directory.segmentPath(firstSeq), flags: O_RDONLY), firstSeq: firstSeq)
        recovery.lastSeq = scan.lastSeq
        try SegmentRepair(firstSeq: firstSeq, scan: scan, atMs: atMs).perform(in: directory, &recovery)
        let now = Timestamp.text(atMs)
        if let lastAt = scan.lastAt, now < lastAt {
            recovery.add("clock: \(now) is earlier than the last entry's \(lastAt)")
        }
        return try Segment(directory.segmentPath(firstSeq))
    }

    /// Appends one entry and returns its `seq`.
    ///
    /// - Parameters:
    ///   - kind: 1 to 32 of a-z, 0-9 and `-`.
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
        let seq = nextSeq
        let line = try EntryLine.encode(seq: seq, atMs: atMs ?? clock.nowMs(), kind: kind, members: members)
            + [UInt8(ascii: "\n")]
        if let sizeBytes = segment?.sizeBytes, sizeBytes > 0, sizeBytes + Int64(line.count) > segmentLimitBytes {
            try segment?.sync()
            segment = nil
        }
        if segment == nil { segment = try newSegment(firstSeq: seq) }
        try segment?.append(line, durable: durable)
        nextSeq += 1
        return seq
    }

    /// Makes all entries durable.
    public mutating func sync() throws(JournalError) {
        try segment?.sync()
    }

    private borrowing func newSegment(firstSeq: UInt64) throws(JournalError) -> Segment {
        let path = directory.segmentPath(firstSeq)
        let segment = try Segment(path)
        guard segment.sizeBytes == 0 else { throw .failed(path: path, step: "create", errno: EEXIST) }
        try directory.syncNames()
        return segment
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
