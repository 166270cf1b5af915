import Glibc

/// The journal on a thread of its own, so that the runner never waits for the disk.
///
/// Entries go through a bounded mailbox and are appended in order. While the disk takes none they are kept and
/// tried again; when the mailbox is full the newest are kept, and the drops are counted and reported.
public final class JournalWriter: Sendable {
    /// What the thread tells the runner.
    public enum Report: Sendable, Equatable {
        /// Every entry up to and including this `seq` is on the device.
        case durable(UInt64)
        /// Something went wrong, in one line; said once until it changes.
        case fault(String)
    }

    /// The agent has 2 s after SIGTERM; the rest is for everything else.
    static let closeLimitMs: Int32 = 1500

    /// What opening the journal found.
    public let recovery: Recovery

    private let mailbox: Mailbox
    private let clock: WallClock
    private let thread: pthread_t

    /// Opens the journal (see `Journal`) and starts the thread. Blocks on the disk.
    public convenience init(directory: String, clock: WallClock = .system) throws(JournalError) {
        try self.init(directory: directory, clock: clock, segmentLimitBytes: Journal.segmentLimitBytes)
    }

    init(directory: String, clock: WallClock, segmentLimitBytes: Int64) throws(JournalError) {
        let journal = try Journal(directory: directory, clock: clock, segmentLimitBytes: segmentLimitBytes)
        recovery = journal.recovery
        mailbox = try Mailbox()
        thread = try JournalThread(journal, mailbox).start()
        self.clock = clock
    }

    deinit { close() }

    /// Readable when `takeReports` has something to give; for the runner's poll.
    public var eventDescriptor: Int32 { mailbox.reportSignal }

    /// Hands one entry over and returns whether it was taken: not after `close`. Never blocks on the disk; any thread.
    ///
    /// The entry's `at` is now. For `kind`, `members` and `durable` see `Journal.append`; an entry that it refuses
    /// becomes a `.fault`.
    @discardableResult
    public func append(kind: String, members: String, durable: Bool) -> Bool {
        mailbox.put(Mailbox.Entry(kind: kind, members: members, durable: durable, atMs: clock.nowMs()))
    }

    /// The reports since the last call, oldest first; resets `eventDescriptor`. Never blocks; any thread.
    public func takeReports() -> [Report] {
        mailbox.takeReports()
    }

    /// Appends what waits, makes everything durable, ends the thread and releases the directory.
    ///
    /// Blocks for at most 1.5 s; what a hanging disk did not take by then is a `.fault`. A second call does nothing.
    public func close() {
        guard mailbox.beginClosing() else { return }
        if mailbox.waitUntilDone(limitMs: Self.closeLimitMs) {
            pthread_join(thread, nil)
        } else {
            pthread_detach(thread)
            mailbox.report(.fault("journal: the disk hangs, \(mailbox.waitingEntries + 1) entries may be lost"))
        }
    }
}
