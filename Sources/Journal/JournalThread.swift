import Glibc

internal import CLinux

/// The thread that owns the journal.
final class JournalThread {
    /// A refused entry is tried again this often; each try is one small write.
    private static let retryMs: Int32 = 1000
    /// Without entries the age of segments is looked at this often.
    private static let tidyMs: Int32 = 3_600_000
    /// The deepest call chain needs a few KiB; a default stack would lock 8 MiB under mlockall(2).
    private static let stackBytes = 256 * 1024

    private let directory: String
    private let clock: WallClock
    private let limits: JournalLimits
    private let mailbox: Mailbox
    /// nil while it cannot be opened.
    private var journal: Journal?
    /// Why the disk takes nothing, as it was said last; nil again when it does.
    private var refusal: String?

    init(directory: String, clock: WallClock, limits: JournalLimits, _ mailbox: Mailbox) {
        self.directory = directory
        self.clock = clock
        self.limits = limits
        self.mailbox = mailbox
    }

    /// The first try, before the thread starts: what it found, nil when it is to be tried again.
    func openFirst() throws(JournalError) -> Recovery? {
        do {
            return try openJournal()
        } catch .inUse(let directory) {
            throw .inUse(directory: directory)
        } catch {
            refuse(error)
            return nil
        }
    }

    private func openJournal() throws(JournalError) -> Recovery {
        let opened = try Journal(directory: directory, clock: clock, limits: limits)
        let recovery = opened.recovery
        journal = consume opened
        reportFaults()
        return recovery
    }

    /// Starts the thread, which keeps this object alive until it ends.
    func start() throws(JournalError) -> pthread_t {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        pthread_attr_setstacksize(&attributes, Self.stackBytes)
        defer { pthread_attr_destroy(&attributes) }
        var thread = pthread_t()
        // SAFETY: the retained reference is released by the thread, or here when there is none.
        let context = Unmanaged.passRetained(self)
        let failure = pthread_create(
            &thread, &attributes,
            { context in
                // The agent takes signals in the runner only.
                var signals = sigset_t()
                sigfillset(&signals)
                pthread_sigmask(SIG_BLOCK, &signals, nil)
                clinux_name_thread("journal")
                Unmanaged<JournalThread>.fromOpaque(context!).takeRetainedValue().run()
                return nil
            }, context.toOpaque())
        guard failure == 0 else {
            context.release()
            throw .failed(path: "journal thread", step: "pthread_create", errno: failure)
        }
        return thread
    }

    private func run() {
        while let entry = nextEntry() {
            while !append(entry) {
                if mailbox.isClosing {
                    let lost = mailbox.waitingEntries + 1
                    mailbox.report(.fault("journal: \(lost) entries could not be written at the end"))
                    return end()
                }
                _ = mailbox.wait(limitMs: Self.retryMs)
            }
        }
        end()
    }

    /// The next entry, waited for; nil when there will be none.
    private func nextEntry() -> Mailbox.Entry? {
        while true {
            // Read before the mailbox: what was put before the closing is then still seen.
            let isClosing = mailbox.isClosing
            let isOpen = open()
            if let entry = mailbox.takeEntry() { return entry }
            if isOpen, let request = mailbox.takeRequest() {
                forget(request.forgetting, request.id)
                continue
            }
            if isClosing { return nil }
            if !mailbox.wait(limitMs: isOpen ? Self.tidyMs : Self.retryMs) {
                journal?.tidy()
                reportFaults()
            }
        }
    }

    /// Whether the journal is open; tries to open it when it is not.
    private func open() -> Bool {
        guard journal == nil else { return true }
        do {
            mailbox.report(.opened(try openJournal()))
            resume()
            return true
        } catch {
            refuse(error)
            return false
        }
    }

    /// Whether the entry is done with: appended, or never to be.
    private func append(_ entry: Mailbox.Entry) -> Bool {
        guard open() else { return false }
        defer { reportFaults() }
        do {
            let seq = try journal?.append(
                kind: entry.kind, members: entry.members, durable: entry.durable, atMs: entry.atMs)
            if let seq, entry.durable { mailbox.report(.durable(seq)) }
            resume()
            return true
        } catch .refused(let reason) {
            mailbox.report(.fault(JournalError.refused(reason).description))
            return true
        } catch {
            refuse(error)
            return false
        }
    }

    private func forget(_ forgetting: Forgetting, _ id: Int) {
        do throws(JournalError) {
            let outcome = try journal?.forget(forgetting) ?? Forgetting.Outcome()
            mailbox.report(.forgot(request: id, .success(outcome)))
        } catch {
            mailbox.report(.forgot(request: id, .failure(error)))
        }
    }

    private func end() {
        do { try journal?.sync() } catch { refuse(error) }
        journal = nil
        mailbox.done()
    }

    private func reportFaults() {
        for fault in journal?.takeFaults() ?? [] { mailbox.report(.fault("journal: \(fault)")) }
    }

    private func refuse(_ error: JournalError) {
        // Whoever asked shall not wait for a disk that may never come.
        while let request = mailbox.takeRequest() { mailbox.report(.forgot(request: request.id, .failure(error))) }
        guard refusal != error.description else { return }
        refusal = error.description
        mailbox.report(.refusing(error.description))
    }

    private func resume() {
        if refusal != nil { mailbox.report(.resumed) }
        refusal = nil
        mailbox.reportDropped()
    }
}
