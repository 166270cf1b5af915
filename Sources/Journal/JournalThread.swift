import Glibc

internal import CLinux

/// The thread that owns the journal.
final class JournalThread {
    /// A refused entry is tried again this often; each try is one small write.
    private static let retryMs: Int32 = 1000
    /// The deepest call chain needs a few KiB; a default stack would lock 8 MiB under mlockall(2).
    private static let stackBytes = 256 * 1024

    private var journal: Journal?
    private let mailbox: Mailbox
    /// The last fault that was said; nil again when an entry was appended.
    private var saidFault: String?

    init(_ journal: consuming Journal, _ mailbox: Mailbox) {
        self.journal = consume journal
        self.mailbox = mailbox
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
                mailbox.wait(limitMs: Self.retryMs)
            }
        }
        end()
    }

    /// The next entry, waited for; nil when there will be none.
    private func nextEntry() -> Mailbox.Entry? {
        while true {
            // Read before the mailbox: what was put before the closing is then still seen.
            let isClosing = mailbox.isClosing
            if let entry = mailbox.takeEntry() { return entry }
            if isClosing { return nil }
            mailbox.wait(limitMs: -1)
        }
    }

    /// Whether the entry is done with: appended, or never to be.
    private func append(_ entry: Mailbox.Entry) -> Bool {
        do {
            let seq = try journal?.append(
                kind: entry.kind, members: entry.members, durable: entry.durable, atMs: entry.atMs)
            if let seq, entry.durable { mailbox.report(.durable(seq)) }
            saidFault = nil
            mailbox.reportDropped()
            return true
        } catch .refused(let reason) {
            mailbox.report(.fault(JournalError.refused(reason).description))
            return true
        } catch {
            say(error)
            return false
        }
    }

    private func end() {
        do { try journal?.sync() } catch { say(error) }
        journal = nil
        mailbox.done()
    }

    private func say(_ error: JournalError) {
        guard saidFault != error.description else { return }
        saidFault = error.description
        mailbox.report(.fault(error.description))
    }
}
