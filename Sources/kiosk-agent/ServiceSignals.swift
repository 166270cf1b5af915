import CLinux
import Glibc

/// What the service manager, or a hand at the keyboard, asks for by signals: a descriptor for the runner's poll(2).
struct ServiceSignals: ~Copyable {
    enum Request {
        /// SIGTERM or SIGINT.
        case stop
        /// SIGHUP.
        case reload
    }

    let descriptor: Int32

    /// Blocks the signals in this thread and all it starts later; to be called before any thread exists.
    init() throws(SystemError) {
        let descriptor = clinux_signalfd([SIGTERM, SIGINT, SIGHUP], 3)
        guard descriptor >= 0 else { throw SystemError("signalfd", errno: -descriptor) }
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    /// The oldest request, once; nil when there is none.
    func next() -> Request? {
        switch clinux_signalfd_read(descriptor) {
        case SIGTERM, SIGINT: .stop
        case SIGHUP: .reload
        default: nil
        }
    }
}

/// A system call that failed: which one, and why.
struct SystemError: Error, Equatable, CustomStringConvertible {
    let description: String

    init(_ call: String, errno: Int32) { description = "\(call): \(String(cString: strerror(errno)))" }
}
