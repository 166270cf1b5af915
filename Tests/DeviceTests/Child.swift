import Foundation

/// A program in a process of its own, waited for by blocking: no run loop of Foundation's turns in these suites.
final class Child {
    private let process: pid_t
    private var status: Int32?
    /// Writing end of the program's standard input; -1 once it was handed over.
    private var input: Int32

    /// Starts a program with its whole path; `errors` is the file for its standard error.
    init(_ program: String, _ arguments: [String], errors: String = "/dev/null") throws(Failure) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw Failure(description: "pipe: \(String(cString: strerror(errno)))") }
        // A child that holds the writing end of its own input would never see the end of it.
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, ends[0], 0)
        posix_spawn_file_actions_addopen(&actions, 2, errors, O_WRONLY | O_CREAT | O_APPEND, 0o644)
        var words: [UnsafeMutablePointer<CChar>?] = ([program] + arguments).map { strdup($0) }
        words.append(nil)
        defer { words.forEach { free($0) } }
        var process = pid_t()
        let code = posix_spawn(&process, program, &actions, nil, words, environ)
        close(ends[0])
        guard code == 0 else {
            close(ends[1])
            throw Failure(description: "\(program): \(String(cString: strerror(code)))")
        }
        self.process = process
        input = ends[1]
    }

    deinit {
        close(input)
        end()
    }

    /// Writes all of `bytes` to the program's standard input, or until the program has closed it.
    func write(_ bytes: [UInt8]) { Self.write(bytes, to: input) }

    /// Writes as above and then closes the input; returns at once.
    func writeLast(_ bytes: [UInt8]) {
        let descriptor = input
        input = -1
        Thread.detachNewThread {
            Self.write(bytes, to: descriptor)
            close(descriptor)
        }
    }

    private static func write(_ bytes: [UInt8], to descriptor: Int32) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0 { return }
            rest = rest.dropFirst(count)
        }
    }

    /// Waits for the program's end; its status as waitpid(2) gives it.
    @discardableResult
    func wait() -> Int32 {
        if let status { return status }
        var ended: Int32 = 0
        while waitpid(process, &ended, 0) < 0, errno == EINTR {}
        status = ended
        return ended
    }

    /// Ends the program, if it has not ended, and waits. Not by SIGTERM: aplay(1) reads on after the first.
    func end() {
        if status == nil { kill(process, SIGKILL) }
        wait()
    }

    struct Failure: Error, CustomStringConvertible { let description: String }
}
