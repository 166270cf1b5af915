import Glibc
import MonotonicClock

/// The file that a collector of metrics reads, whole at any moment: written aside, then renamed.
///
/// Meant for a file system in memory, as /run is; written by the runner, which would wait for a slow disk.
struct MetricsFile {
    private let path: String
    private let interval: Duration
    /// When it is due.
    private(set) var deadline: Instant
    /// The last failure that was said.
    private var saidFailure: String?

    init?(_ settings: Settings.Metrics, at now: Instant) {
        guard let path = settings.file else { return nil }
        self.path = path
        interval = .seconds(settings.intervalS)
        deadline = now
    }

    /// Writes it. What went wrong, in one line; once until it changes.
    mutating func write(_ text: String, at now: Instant) -> String? {
        deadline = now + interval
        let failure = replace(with: Array(text.utf8)).map { "\(path): \($0)" }
        defer { saidFailure = failure }
        return failure == saidFailure ? nil : failure
    }

    /// Leaves no figures of an agent that does not run.
    func remove() { unlink(path) }

    private func replace(with bytes: [UInt8]) -> String? {
        let aside = path + ".new"
        let descriptor = open(aside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o644)
        guard descriptor >= 0 else { return "open: \(systemText(errno))" }
        defer { close(descriptor) }
        // Whatever the umask is: the collector is somebody else.
        _ = fchmod(descriptor, 0o644)
        guard Glibc.write(descriptor, bytes, bytes.count) == bytes.count else { return "write: \(systemText(errno))" }
        return rename(aside, path) == 0 ? nil : "rename: \(systemText(errno))"
    }
}
