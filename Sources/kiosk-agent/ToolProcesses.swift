import CLinux
import Glibc
import MonotonicClock
import Session
import Transport

/// Tools under way, each a process group of its own without a shell. Never blocks.
///
/// A tool gets its arguments on standard input and nothing else of ours: no descriptors, a bare environment without any
/// key, no blocked signals. It is over when its process ends; what it has left running by then goes on.
final class ToolProcesses {
    /// Bytes of standard error that are kept for the operator; the rest is read and thrown away.
    private static let errorLimit = 1024
    /// Longest piece of it in a fault's line, in characters.
    private static let shownErrors = 200

    private struct Child {
        let run: Int
        let process: pid_t
        /// Readable when the process has ended (pidfd_open(2)).
        let processDescriptor: Int32
        let deadline: Instant
        let outputLimit: Int
        /// Our ends of its pipes; nil when closed.
        var input: Int32?
        var output: Int32?
        var errors: Int32?
        var pendingInput: [UInt8]
        var outputBytes: [UInt8] = []
        var errorBytes: [UInt8] = []
        /// Why it was killed.
        var verdict: ToolResult?
    }

    private var tools: [Settings.Tool]
    private let environment: [String]
    private var children: [Child] = []
    /// Runs that ended before they began.
    private var failures: [(run: Int, result: ToolResult)] = []

    init(_ tools: [Settings.Tool], environment: [String: String]) {
        self.tools = tools
        self.environment = [
            "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "LANG=" + (environment["LANG"] ?? "C.UTF-8"),
        ]
    }

    /// Other tools from now on; runs go on.
    func offer(_ tools: [Settings.Tool]) { self.tools = tools }

    var isEmpty: Bool { children.isEmpty && failures.isEmpty }

    /// When a tool has had its time; a run that could not begin is due at once.
    var deadline: Instant? {
        failures.isEmpty ? children.filter { $0.verdict == nil }.map(\.deadline).min() : Instant.now
    }

    /// What poll(2) must wait for.
    var polls: [(descriptor: Int32, events: Int16)] {
        children.flatMap { child -> [(descriptor: Int32, events: Int16)] in
            let reads = [child.processDescriptor, child.output, child.errors].compactMap { $0 }
            let writes = [child.input].compactMap { $0 }
            return reads.map { (descriptor: $0, events: Int16(POLLIN)) }
                + writes.map { (descriptor: $0, events: Int16(POLLOUT)) }
        }
    }

    func start(_ run: ToolRun, at now: Instant) {
        guard let tool = tools.first(where: { $0.name == run.name }) else {
            return failures.append((run.id, .failed("no such tool")))
        }
        do {
            children.append(try spawn(tool, run: run, at: now))
        } catch {
            failures.append((run.id, .failed("\(tool.command[0]): \(systemText(error.code))")))
        }
    }

    /// Moves what can be moved and returns the runs that have ended.
    func process(at now: Instant) -> [(run: Int, result: ToolResult)] {
        defer { failures = [] }
        var results = failures
        for index in children.indices {
            feed(&children[index])
            read(&children[index])
            if children[index].deadline <= now { kill(&children[index], .timedOut) }
            if let result = end(of: &children[index]) { results.append((children[index].run, result)) }
        }
        children.removeAll { child in results.contains { $0.run == child.run } }
        return results
    }

    /// Ends every tool at once.
    func close() {
        for index in children.indices {
            kill(&children[index], .timedOut)
            closeAll(&children[index])
            // It was killed with no way to refuse: this returns at once.
            var status: Int32 = 0
            while waitpid(children[index].process, &status, 0) < 0, errno == EINTR {}
        }
        children = []
    }

    // MARK: One tool

    private func feed(_ child: inout Child) {
        guard let input = child.input else { return }
        if !child.pendingInput.isEmpty {
            let written = child.pendingInput.withUnsafeBytes { write(input, $0.baseAddress, $0.count) }
            if written > 0 { child.pendingInput.removeFirst(written) }
            // EPIPE: it does not want to know, and need not.
            if written < 0, errno != EAGAIN, errno != EINTR { child.pendingInput = [] }
        }
        if child.pendingInput.isEmpty {
            Glibc.close(input)
            child.input = nil
        }
    }

    private func read(_ child: inout Child) {
        let space = child.outputLimit + 1 - child.outputBytes.count
        drain(&child.output, into: &child.outputBytes, space: space)
        if child.outputBytes.count > child.outputLimit {
            kill(&child, .failed("more than \(child.outputLimit) bytes of output"))
        }
        drain(&child.errors, into: &child.errorBytes, space: Self.errorLimit - child.errorBytes.count)
    }

    /// Reads what is there; what has no space is thrown away.
    private func drain(_ descriptor: inout Int32?, into bytes: inout [UInt8], space: Int) {
        guard let pipe = descriptor else { return }
        var space = space
        var buffer = [UInt8](repeating: 0, count: 4096)
        // A tool that writes without end shall not hold up the loop.
        for _ in 0..<64 {
            // SAFETY: read(2) gets the whole buffer, for the time of the call.
            let count = buffer.withUnsafeMutableBytes { Glibc.read(pipe, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            if count < 0, errno == EAGAIN { return }
            guard count > 0 else {
                Glibc.close(pipe)
                descriptor = nil
                return
            }
            bytes += buffer.prefix(min(count, max(space, 0)))
            space -= count
        }
    }

    /// Kills the process and all that it started.
    private func kill(_ child: inout Child, _ verdict: ToolResult) {
        guard child.verdict == nil else { return }
        child.verdict = verdict
        // Its id is its own until it is waited for.
        _ = Glibc.kill(-child.process, SIGKILL)
    }

    /// The result when the process has ended.
    private func end(of child: inout Child) -> ToolResult? {
        var status: Int32 = 0
        guard waitpid(child.process, &status, WNOHANG) == child.process else { return nil }
        // What it wrote last.
        read(&child)
        closeAll(&child)
        if let verdict = child.verdict { return verdict }
        let signal = status & 0x7f
        let code = (status >> 8) & 0xff
        guard signal != 0 || code != 0 else { return .output(Self.text(child.outputBytes)) }
        let errors = Self.text(child.errorBytes).split(whereSeparator: \.isNewline).last.map { ": \($0)" } ?? ""
        let end = signal != 0 ? "killed by signal \(signal)" : "exit status \(code)"
        return .failed(end + errors.prefix(Self.shownErrors))
    }

    private func closeAll(_ child: inout Child) {
        for descriptor in [child.input, child.output, child.errors, child.processDescriptor] {
            if let descriptor { Glibc.close(descriptor) }
        }
        (child.input, child.output, child.errors) = (nil, nil, nil)
    }

    /// Without the white space at its end.
    private static func text(_ bytes: [UInt8]) -> String {
        var text = String(decoding: bytes, as: UTF8.self)
        while text.last?.isWhitespace == true { text.removeLast() }
        return text
    }
}

// Starting one.
extension ToolProcesses {
    private func spawn(
        _ tool: Settings.Tool, run: ToolRun, at now: Instant
    ) throws(SpawnError) -> Child {
        var pipes: [Pipe] = []
        var process: pid_t = 0
        do throws(SpawnError) {
            for _ in 0..<3 { pipes.append(try Pipe()) }
            process = try kiosk_agent.spawn(
                tool.command, in: tool.folder, environment: environment, input: pipes[0].read,
                output: pipes[1].write, errors: pipes[2].write)
        } catch {
            for pipe in pipes { pipe.close() }
            throw error
        }
        let descriptor = clinux_pidfd(process)
        for (pipe, ours) in zip(pipes, [pipes[0].write, pipes[1].read, pipes[2].read]) { pipe.close(except: ours) }
        // Without it, its end shows in its pipes, or at its deadline.
        return Child(
            run: run.id, process: process, processDescriptor: descriptor,
            deadline: now + .milliseconds(tool.timeoutMs), outputLimit: tool.outputLimitBytes,
            input: pipes[0].write, output: pipes[1].read, errors: pipes[2].read,
            pendingInput: Array(run.arguments.utf8))
    }

    /// pipe2(2), close-on-exec; our end does not block, the tool's does.
    private struct Pipe {
        let read: Int32
        let write: Int32

        init() throws(SpawnError) {
            var (read, write): (Int32, Int32) = (-1, -1)
            let result = clinux_pipe(&read, &write)
            guard result == 0 else { throw SpawnError(code: -result) }
            (self.read, self.write) = (read, write)
        }

        func close() { close(except: nil) }

        func close(except ours: Int32?) {
            for end in [read, write] where end != ours { Glibc.close(end) }
            if let ours { _ = fcntl(ours, F_SETFL, O_NONBLOCK) }
        }
    }
}
