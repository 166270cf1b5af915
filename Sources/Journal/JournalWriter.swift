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
        /// Something went wrong, in one line.
        case fault(String)
        /// The disk takes no entries, or there is no journal to open, in one line; said once until it changes. Entries
        /// wait and are tried again; `resumed` says when they are written.
        case refusing(String)
        case resumed
        /// The request of that number is done, or why it is not, in one line.
        case forgot(request: Int, Result<Forgetting.Outcome, JournalError>)
        /// The journal that could not be opened at the start is open now.
        case opened(Recovery)
    }

    /// The agent has 2 s after SIGTERM; the rest is for everything else.
    static let closeLimitMs: Int32 = 1500

    /// What opening the journal found; nil when it could not be opened: it is tried again, and `.opened` says it then.
    public let recovery: Recovery?

    private let mailbox: Mailbox
    private let clock: WallClock
    private let thread: pthread_t

    /// Opens the journal (see `Journal`) and starts the thread. Blocks on the disk.
    ///
    /// A directory that cannot be written is no reason not to serve: entries wait until it can. One that another
    /// process uses is an error.
    public init(
        directory: String, clock: WallClock = .system, limits: JournalLimits = JournalLimits()
    ) throws(JournalError) {
        mailbox = try Mailbox()
        self.clock = clock
        let thread = JournalThread(directory: directory, clock: clock, limits: limits, mailbox)
        recovery = try thread.openFirst()
        self.thread = try thread.start()
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

    /// Asks for entries to be forgotten (see `Journal.forget`) after all that were handed over before; a report
    /// `.forgot` with that number says when they are. False when there is no room for it, or after `close`.
    public func forget(_ forgetting: Forgetting, request: Int) -> Bool {
        mailbox.put(forgetting, id: request)
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
