import Foundation

/// A program as a real process, its output read line by line.
package final class Executable: @unchecked Sendable {
    // SAFETY: `outputBytes` and `errorBytes` are guarded by `lock`; everything else is set before the process starts.
    private let process = Process()
    private let lock = NSLock()
    private var outputBytes = Data()
    private var errorBytes = Data()

    /// Where standard output goes when it is no pipe: a terminal of some kind, both of its ends held open by us.
    package struct Cable: Sendable {
        /// Becomes the program's standard output.
        let program: FileHandle
        /// Where we read what it says.
        let reader: FileHandle
        /// It is the program's standard input, too.
        let takesKeys: Bool

        package init(program: FileHandle, reader: FileHandle, takesKeys: Bool = false) {
            self.program = program
            self.reader = reader
            self.takesKeys = takesKeys
        }
    }

    /// `name` is a product of this package.
    package convenience init(
        _ name: String, _ arguments: [String], environment: [String: String] = [:], output: Cable? = nil
    ) throws {
        try self.init(
            path: Self.folder.appendingPathComponent(name).path, arguments, environment: environment, output: output)
    }

    package init(
        path: String, _ arguments: [String], environment: [String: String] = [:], output cable: Cable? = nil
    ) throws {
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = arguments
        var whole = ProcessInfo.processInfo.environment
        for name in ["OPENAI_API_KEY", "https_proxy", "HTTPS_PROXY", "NOTIFY_SOCKET", "CREDENTIALS_DIRECTORY"] {
            whole[name] = nil
        }
        process.environment = whole.merging(environment) { $1 }
        process.standardInput = cable.flatMap { $0.takesKeys ? $0.program : nil } ?? FileHandle.nullDevice
        let (output, error) = (Pipe(), Pipe())
        process.standardOutput = cable.map { $0.program as Any } ?? output
        process.standardError = error
        try process.run()
        read(cable?.reader ?? output.fileHandleForReading) { $0.outputBytes += $1 }
        read(error.fileHandleForReading) { $0.errorBytes += $1 }
    }

    deinit {
        if process.isRunning { kill() }
    }

    /// Of the products: $BOARD_EXECUTABLES, or where the test bundle is.
    package static let folder =
        ProcessInfo.processInfo.environment["BOARD_EXECUTABLES"].map { URL(fileURLWithPath: $0) }
        ?? URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()

    package var output: String { String(decoding: lock.withLock { outputBytes }, as: UTF8.self) }
    package var errors: String { String(decoding: lock.withLock { errorBytes }, as: UTF8.self) }
    package var lines: [String] { output.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) }
    package var processIdentifier: Int32 { process.processIdentifier }
    package var isRunning: Bool { process.isRunning }

    package func terminate() { Glibc.kill(process.processIdentifier, SIGTERM) }

    package func reload() { Glibc.kill(process.processIdentifier, SIGHUP) }

    /// The program stands still until `resume`, as if its clock jumped.
    package func pause() { Glibc.kill(process.processIdentifier, SIGSTOP) }

    package func resume() { Glibc.kill(process.processIdentifier, SIGCONT) }

    /// For programs that take no other signal: they inherit a mask that blocks it.
    package func kill() { Glibc.kill(process.processIdentifier, SIGKILL) }

    /// The exit status; throws when the process does not end in time.
    @discardableResult
    package func exitStatus(within seconds: Double = 10) async throws -> Int32 {
        let name = process.executableURL!.lastPathComponent
        try await eventually("\(name) ends", within: seconds) { !self.process.isRunning }
        process.waitUntilExit()
        // The pipes may still hold the last lines.
        try await Task.sleep(for: .milliseconds(30))
        return process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus
    }

    /// Reads on a thread of its own, until the end of the file or ours. Not by a readability handler: Dispatch crashes
    /// on a descriptor that is closed while it is watched.
    private func read(_ handle: FileHandle, _ take: @escaping @Sendable (Executable, ArraySlice<UInt8>) -> Void) {
        Thread.detachNewThread { [weak self] in
            var buffer = [UInt8](repeating: 0, count: 4096)
            while true {
                var descriptor = pollfd(fd: handle.fileDescriptor, events: Int16(POLLIN), revents: 0)
                let isReadable = poll(&descriptor, 1, 100) > 0
                guard let self else { return }
                guard isReadable else { continue }
                let count = Glibc.read(handle.fileDescriptor, &buffer, buffer.count)
                guard count > 0 else { return }
                self.lock.withLock { take(self, buffer[..<count]) }
            }
        }
    }
}

/// What was waited for did not happen.
package struct TimedOut: Error, CustomStringConvertible {
    package let description: String
    package init(description: String) { self.description = description }
}

/// Waits for a condition of real processes, looking every `pauseMs`; throws when it does not come true in time.
package func eventually(
    _ what: @autoclosure () -> String, within seconds: Double = 10, pauseMs: Int = 5, _ condition: () throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + .seconds(seconds)
    while try !condition() {
        guard ContinuousClock.now < deadline else { throw TimedOut(description: "not within \(seconds) s: \(what())") }
        try await Task.sleep(for: .milliseconds(pauseMs))
    }
}
