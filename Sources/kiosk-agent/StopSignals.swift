import CLinux
import Glibc

/// SIGTERM and SIGINT as a descriptor for the runner's poll(2).
struct StopSignals: ~Copyable {
    let descriptor: Int32

    /// Blocks both signals in this thread and all it starts later; to be called before any thread exists.
    init() throws(SystemError) {
        let descriptor = clinux_signalfd([SIGTERM, SIGINT], 2)
        guard descriptor >= 0 else { throw SystemError("signalfd", errno: -descriptor) }
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    func wasStopRequested() -> Bool {
        let signal = clinux_signalfd_read(descriptor)
        return signal == SIGTERM || signal == SIGINT
    }
}

/// A system call that failed: which one, and why.
struct SystemError: Error, Equatable, CustomStringConvertible {
    let description: String

    init(_ call: String, errno: Int32) { description = "\(call): \(String(cString: strerror(errno)))" }
}
