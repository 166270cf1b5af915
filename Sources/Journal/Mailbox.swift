import Glibc
import Synchronization

internal import CLinux

/// What joins the runner and the journal thread: entries to append one way, reports the other.
///
/// The lock is held for moving values only, never during a call that may block.
final class Mailbox: Sendable {
    struct Entry: Sendable {
        let kind: String
        let members: String
        let durable: Bool
        let atMs: Int64
    }

    /// Entries that wait for a disk that is full or slow: hours of turns.
    static let entryLimit = 4096
    /// Bytes of their members, so that long answers cannot use up a small board's memory.
    static let byteLimit = 4 << 20
    /// Requests that wait; one takes a second or so.
    static let requestLimit = 8
    /// Reports nobody took; the newest are kept.
    static let reportLimit = 64

    private struct State {
        var entries: [Entry] = []
        var bytes = 0
        var dropped = 0
        var requests: [(id: Int, forgetting: Forgetting)] = []
        var reports: [JournalWriter.Report] = []
        var isClosing = false
    }

    /// Readable when reports wait.
    let reportSignal: Int32
    private let wakeSignal: Int32
    private let doneSignal: Int32
    private let state = Mutex(State())

    init() throws(JournalError) {
        var signals: [Int32] = []
        for _ in 0..<3 {
            let signal = clinux_eventfd()
            guard signal >= 0 else {
                for open in signals { close(open) }
                throw .failed(path: "journal thread", step: "eventfd", errno: -signal)
            }
            signals.append(signal)
        }
        (reportSignal, wakeSignal, doneSignal) = (signals[0], signals[1], signals[2])
    }

    deinit {
        close(reportSignal)
        close(wakeSignal)
        close(doneSignal)
    }

    // MARK: The runner's side

    /// Takes an entry unless the mailbox is closing; drops the oldest ones when it is over a limit.
    func put(_ entry: Entry) -> Bool {
        let isTaken = state.withLock { state in
            guard !state.isClosing else { return false }
            state.entries.append(entry)
            state.bytes += entry.members.utf8.count
            var surplus = 0
            while state.entries.count - surplus > Self.entryLimit || state.bytes > Self.byteLimit {
                state.bytes -= state.entries[surplus].members.utf8.count
                surplus += 1
            }
            if surplus > 0 {
                state.entries.removeFirst(surplus)
                if state.dropped == 0 {
                    report(.fault("journal: too many entries wait for the disk, the oldest are dropped"), &state)
                }
                state.dropped += surplus
            }
            return true
        }
        _ = clinux_eventfd_signal(wakeSignal)
        return isTaken
    }

    /// Takes a request, to be answered by a report `.forgot`, unless the mailbox is closing.
    func put(_ forgetting: Forgetting, id: Int) -> Bool {
        let isTaken = state.withLock { state in
            guard !state.isClosing, state.requests.count < Self.requestLimit else { return false }
            state.requests.append((id, forgetting))
            return true
        }
        _ = clinux_eventfd_signal(wakeSignal)
        return isTaken
    }

    func takeReports() -> [JournalWriter.Report] {
        // Cleared before the reports are taken: one that comes in between signals again.
        _ = clinux_eventfd_clear(reportSignal)
        return state.withLock { state in
            defer { state.reports = [] }
            return state.reports
        }
    }

    /// Refuses further entries and asks the thread to end; false when that was done before.
    func beginClosing() -> Bool {
        let isFirst = state.withLock { state in
            defer { state.isClosing = true }
            return !state.isClosing
        }
        _ = clinux_eventfd_signal(wakeSignal)
        return isFirst
    }

    /// Waits until the thread has ended its work; false after `limitMs`.
    func waitUntilDone(limitMs: Int32) -> Bool {
        Self.wait(for: doneSignal, limitMs: limitMs)
    }

    // MARK: The thread's side

    var isClosing: Bool { state.withLock { $0.isClosing } }
    var waitingEntries: Int { state.withLock { $0.entries.count } }

    /// The oldest entry, which is then the caller's.
    func takeEntry() -> Entry? {
        state.withLock { state in
            guard !state.entries.isEmpty else { return nil }
            let entry = state.entries.removeFirst()
            state.bytes -= entry.members.utf8.count
            return entry
        }
    }

    /// The oldest request, which is then the caller's.
    func takeRequest() -> (id: Int, forgetting: Forgetting)? {
        state.withLock { $0.requests.isEmpty ? nil : $0.requests.removeFirst() }
    }

    /// Waits for an entry or the end, at most `limitMs`; false when neither came.
    func wait(limitMs: Int32) -> Bool {
        defer { _ = clinux_eventfd_clear(wakeSignal) }
        return Self.wait(for: wakeSignal, limitMs: limitMs)
    }

    /// Adds a report. Two `.durable` in a row become the later one, which covers the earlier.
    func report(_ report: JournalWriter.Report) {
        state.withLock { self.report(report, &$0) }
    }

    /// Says how many entries were dropped, once the disk takes entries again.
    func reportDropped() {
        state.withLock { state in
            guard state.dropped > 0 else { return }
            report(.fault("journal: \(state.dropped) entries were dropped while the disk took none"), &state)
            state.dropped = 0
        }
    }

    func done() {
        _ = clinux_eventfd_signal(doneSignal)
    }

    private func report(_ report: JournalWriter.Report, _ state: inout State) {
        if case .durable = report, case .durable? = state.reports.last { state.reports.removeLast() }
        if state.reports.count == Self.reportLimit { state.reports.removeFirst() }
        state.reports.append(report)
        _ = clinux_eventfd_signal(reportSignal)
    }

    private static func wait(for signal: Int32, limitMs: Int32) -> Bool {
        var request = pollfd(fd: signal, events: Int16(POLLIN), revents: 0)
        return poll(&request, 1, limitMs) > 0
    }
}
