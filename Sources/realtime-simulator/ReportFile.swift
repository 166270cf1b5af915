import Glibc

/// Where measured figures go: one JSON line each, appended; every line is in the file at once.
final class ReportFile {
    private let descriptor: Int32

    /// Opens or makes the file.
    init(path: String) throws(SimulatorError) {
        descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw .report(path: path, reason: String(cString: strerror(errno))) }
    }

    deinit { close(descriptor) }

    /// Blocks for as long as the file does.
    func write(_ figures: JSON) {
        writeLine(figures.line, to: descriptor)
    }
}

/// Writes a line to standard output; it is out when this returns.
func printLine(_ line: String) {
    writeLine(line, to: STDOUT_FILENO)
}

private func writeLine(_ line: String, to descriptor: Int32) {
    var rest = Array((line + "\n").utf8)[...]
    while !rest.isEmpty {
        let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        // A reader that has gone is no reason to stop serving.
        guard count > 0 || errno == EINTR else { return }
        rest = rest.dropFirst(max(count, 0))
    }
}
