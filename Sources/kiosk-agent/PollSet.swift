import Glibc

/// One poll(2): what to wait for, and what turned out to be ready.
struct PollSet {
    private var descriptors: [pollfd] = []

    mutating func removeAll() { descriptors.removeAll(keepingCapacity: true) }

    /// Nil is a room that waits for nothing now.
    mutating func add(_ descriptor: Int32?, events: Int16 = Int16(POLLIN)) {
        if let descriptor { descriptors.append(pollfd(fd: descriptor, events: events, revents: 0)) }
    }

    /// Blocks until a descriptor is ready or the instant has come. A signal ends the wait early.
    mutating func wait(until deadline: SuspendingClock.Instant?) {
        var timeoutMs: Int32 = -1
        if let deadline {
            let left = deadline - SuspendingClock.now
            // Rounded up: waking a moment early would only mean another round.
            timeoutMs = left <= .zero ? 0 : Int32(min(left / .milliseconds(1) + 1, 60_000))
        }
        _ = poll(&descriptors, nfds_t(descriptors.count), timeoutMs)
    }

    /// Whether anything happened at the descriptor, errors and hang-ups included.
    func isReady(_ descriptor: Int32?) -> Bool {
        guard let descriptor else { return false }
        return descriptors.contains { $0.fd == descriptor && $0.revents != 0 }
    }
}
