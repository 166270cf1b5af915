import Glibc
import MonotonicClock
import Transport

/// One run of a program whose standard output is wanted. No shell, nothing on standard input. Never blocks.
///
/// It ends with everything it has started: it is the head of a process group, which is killed when it takes too long or
/// is not wanted any more.
final class CommandRun {
    enum Outcome: Equatable {
        case goesOn
        case printed([UInt8])
        /// In words, without what was printed.
        case failed(String)
    }

    /// How often an end is looked for once standard output is closed.
    private static let reapPause = Duration.milliseconds(10)

    private let pid: pid_t
    private let descriptor: Int32
    private let expiry: Instant
    private let limit: Duration
    private let outputLimit: Int
    /// What it has printed so far.
    private(set) var output: [UInt8] = []
    private var isOutputEnded = false
    private var isReaped = false
    private var nextLook: Instant
    private var ending: Outcome?

    /// Starts the program; `command` holds its path and its arguments.
    init(
        _ command: [String], environment: [String: String], limit: Duration, outputLimit: Int,
        now: Instant
    ) throws(CommandRunError) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw CommandRunError(words: "pipe: \(systemText(errno))") }
        defer { Glibc.close(ends[1]) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        _ = fcntl(ends[0], F_SETFL, O_NONBLOCK)
        // Nothing to read, and nobody reads what it has to say.
        let nothing = open("/dev/null", O_RDWR | O_CLOEXEC)
        defer { Glibc.close(nothing) }
        do {
            pid = try spawn(
                command, environment: environment.map { "\($0.key)=\($0.value)" }, input: nothing, output: ends[1],
                errors: nothing)
        } catch {
            Glibc.close(ends[0])
            throw CommandRunError(words: "\(command[0]): \(systemText(error.code))")
        }
        descriptor = ends[0]
        self.limit = limit
        self.outputLimit = outputLimit
        expiry = now + limit
        nextLook = expiry
    }

    deinit {
        kill()
        Glibc.close(descriptor)
    }

    var pollRequest: PollRequest? {
        isOutputEnded || ending != nil ? nil : PollRequest(fd: descriptor, events: Int16(POLLIN))
    }

    var deadline: Instant { min(nextLook, expiry) }

    /// Goes on as far as it can, then looks at the clock. Once it has ended, the same outcome again.
    func process(now: Instant) -> Outcome {
        if let ending { return ending }
        let outcome = advance(now: now)
        guard outcome != .goesOn else { return outcome }
        ending = outcome
        kill()
        return outcome
    }

    private func advance(now: Instant) -> Outcome {
        if !isOutputEnded, let failure = read() { return .failed(failure) }
        if isOutputEnded {
            var status: Int32 = 0
            if waitpid(pid, &status, WNOHANG) == pid {
                isReaped = true
                return outcome(of: status)
            }
            nextLook = now + Self.reapPause
        }
        return now >= expiry ? .failed("not done within \(limit.components.seconds) s") : .goesOn
    }

    private func read() -> String? {
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count == 0 {
                isOutputEnded = true
                return nil
            }
            guard count > 0 else { return [EAGAIN, EINTR].contains(errno) ? nil : "read: \(systemText(errno))" }
            output += buffer[..<count]
            if output.count > outputLimit { return "more than \(outputLimit) bytes on standard output" }
        }
    }

    private func outcome(of status: Int32) -> Outcome {
        let signal = status & 0x7F
        if signal != 0 { return .failed("ended by signal \(signal)") }
        let code = status >> 8 & 0xFF
        return code == 0 ? .printed(output) : .failed("exit status \(code)")
    }

    /// SIGKILL leaves nothing to wait for: the kernel ends the process at once.
    private func kill() {
        guard !isReaped else { return }
        Glibc.kill(-pid, SIGKILL)
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0, errno == EINTR {}
        isReaped = true
    }
}

/// Why a program could not be started.
struct CommandRunError: Error, Equatable {
    let words: String
}
