import Glibc

/// Standard output or standard error that never blocks the agent.
///
/// A serial terminal that is stuck or unplugged costs nothing but the oldest lines beyond the limit; they are counted,
/// and the count is shown when there is room again. The journal has them all.
final class ConsoleOutput {
    /// Bytes kept for a terminal that does not take them: an hour of lively talk.
    static let limitBytes = 256 * 1024

    private static let sendFlags = Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL)

    private enum Way {
        /// A regular file: never blocks, and must keep its offset.
        case plain(Int32)
        /// systemd's journal: a socket.
        case socket(Int32)
        /// A terminal or pipe, opened once more so that only we see it non-blocking.
        case reopened(Int32)
    }

    private let way: Way
    private var queue: LineQueue
    /// Nobody reads any more: the other end is closed, or the line was hung up.
    private(set) var isGone = false

    init(descriptor: Int32, limitBytes: Int = limitBytes) {
        queue = LineQueue(limitBytes: limitBytes)
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            way = .plain(descriptor)
            return
        }
        switch status.st_mode & S_IFMT {
        case S_IFSOCK: way = .socket(descriptor)
        case S_IFIFO, S_IFCHR:
            let own = open("/proc/self/fd/\(descriptor)", O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY)
            way = own >= 0 ? .reopened(own) : .plain(descriptor)
        default: way = .plain(descriptor)
        }
    }

    deinit {
        if case .reopened(let own) = way { close(own) }
    }

    /// What poll(2) must wait for so that waiting lines can go; nil when none wait.
    var pollDescriptor: Int32? {
        guard !queue.isEmpty else { return nil }
        switch way {
        case .plain: return nil
        case .socket(let descriptor), .reopened(let descriptor): return descriptor
        }
    }

    /// Writes whole lines, line ends included, in one piece; what cannot go now waits.
    func write(_ text: String) {
        queue.add(text)
        flush()
    }

    /// Writes what can go now. Never blocks.
    func flush() {
        while !queue.isEmpty {
            let written = queue.next().withUnsafeBytes { bytes -> Int in
                switch way {
                case .plain(let descriptor), .reopened(let descriptor):
                    Glibc.write(descriptor, bytes.baseAddress, bytes.count)
                case .socket(let descriptor):
                    send(descriptor, bytes.baseAddress, bytes.count, Self.sendFlags)
                }
            }
            let failure = errno
            if written > 0 {
                queue.written(written)
            } else if failure == EAGAIN {
                return
            } else if failure != EINTR {
                // Nobody reads any more (EPIPE, EIO): there is nobody to tell it to.
                leave()
            }
        }
    }

    /// There is nobody to write to.
    func leave() {
        isGone = true
        queue.removeAll()
    }
}
