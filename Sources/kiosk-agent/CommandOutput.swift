import Glibc

/// Where a command writes what it was asked for: standard output, or a file of the caller's choice.
final class CommandOutput {
    /// Gathered before it is written.
    private static let bufferBytes = 64 * 1024
    /// A file of transcripts is nobody else's, as the journal's own are.
    private static let mode: mode_t = 0o640

    private let file: String?
    private let descriptor: Int32
    private var buffer: [UInt8] = []
    /// An errno; what follows is not written.
    private var failure: Int32 = 0

    /// Opens `file`, which is emptied when it exists; nil is standard output.
    init(file: String?) throws(CommandFailure) {
        self.file = file
        guard let file else {
            descriptor = StandardStream.output.rawValue
            return
        }
        descriptor = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, Self.mode)
        guard descriptor >= 0 else { throw Self.failure(file, errno) }
    }

    deinit {
        if file != nil, descriptor >= 0 { close(descriptor) }
    }

    /// A terminal would obey what it is shown.
    private(set) lazy var isTerminal = isatty(descriptor) == 1

    /// False when nobody takes any more, so that there is nothing left to do but `finish`.
    var isOpen: Bool { failure == 0 }

    func write(_ text: String) { write(Array(text.utf8)[...]) }

    func write(_ bytes: ArraySlice<UInt8>) {
        buffer += bytes
        if buffer.count >= Self.bufferBytes { flush() }
    }

    /// Writes an entry's line as it is; for a terminal with all control characters as JSON escapes.
    func writeJSON(_ line: ArraySlice<UInt8>) {
        if isTerminal {
            write(ConsoleText.escapedJSON(String(decoding: line, as: UTF8.self)))
        } else {
            write(line)
        }
        write("\n")
    }

    /// Writes what was gathered. Blocks while the reader does.
    func flush() {
        if isOpen { failure = writeAll(buffer[...], to: descriptor) }
        buffer.removeAll(keepingCapacity: true)
    }

    /// Waits, at most `ms`, for the reader to go away.
    func awaitEnd(ms: Int32) {
        var end = pollfd(fd: descriptor, events: 0, revents: 0)
        if poll(&end, 1, ms) > 0, failure == 0 { failure = EPIPE }
    }

    /// Writes what is left. Throws when not all could be written, but not when the reader has seen enough (`| head`).
    func finish() throws(CommandFailure) {
        flush()
        guard failure != 0, failure != EPIPE else { return }
        throw Self.failure(file ?? "standard output", failure)
    }

    private static func failure(_ name: String, _ code: Int32) -> CommandFailure {
        CommandFailure(CommandFailure.runTime, ConsoleText.escaped("\(name): \(systemText(code))"))
    }
}
