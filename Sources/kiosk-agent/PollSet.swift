import CLinux
import Glibc
import MonotonicClock
import Transport

/// One ppoll(2): what to wait for, and what turned out to be ready.
struct PollSet {
    private var descriptors: [pollfd] = []

    mutating func removeAll() { descriptors.removeAll(keepingCapacity: true) }

    /// Nil is a room that waits for nothing now.
    mutating func add(_ descriptor: Int32?, events: Int16 = Int16(POLLIN)) {
        if let descriptor { descriptors.append(pollfd(fd: descriptor, events: events, revents: 0)) }
    }

    /// Blocks until a descriptor is ready or the instant has come. A signal ends the wait early.
    mutating func wait(until deadline: Instant?) {
        var timeoutNs: Int64 = -1
        if let deadline {
            // Not in whole milliseconds: a button is debounced by such a wait.
            timeoutNs = min(max(deadline.ns - Instant.now.ns, 0), 60_000_000_000)
        }
        _ = clinux_poll(&descriptors, UInt(descriptors.count), timeoutNs)
    }

    /// The same for a command that has nothing else to wait for.
    static func wait(for request: PollRequest?, until deadline: Instant?) {
        var polls = PollSet()
        if let request { polls.add(request.fd, events: request.events) }
        polls.wait(until: deadline)
    }

    /// Whether anything happened at the descriptor, errors and hang-ups included.
    func isReady(_ descriptor: Int32?) -> Bool {
        guard let descriptor else { return false }
        return descriptors.contains { $0.fd == descriptor && $0.revents != 0 }
    }
}
