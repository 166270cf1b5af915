import Foundation

/// A program of this package as a real process, its output read line by line.
final class Executable: @unchecked Sendable {
    // SAFETY: `lines` and `errors` are guarded by `lock`; everything else is set before the process starts.
    private let process = Process()
    private let lock = NSLock()
    private var outputText = ""
    private var errorText = ""

    /// `name` is a product beside the test bundle.
    init(_ name: String, _ arguments: [String], environment: [String: String] = [:]) throws {
        process.executableURL = Self.folder.appendingPathComponent(name)
        process.arguments = arguments
        var whole = ProcessInfo.processInfo.environment
        for name in ["OPENAI_API_KEY", "https_proxy", "HTTPS_PROXY", "NOTIFY_SOCKET", "CREDENTIALS_DIRECTORY"] { whole[name] = nil }
        process.environment = whole.merging(environment) { $1 }
        process.standardInput = FileHandle.nullDevice
        let (output, error) = (Pipe(), Pipe())
        process.standardOutput = output
        process.standardError = error
        output.fileHandleForReading.readabilityHandler = { [weak self] in self?.take($0, \.outputText) }
        error.fileHandleForReading.readabilityHandler = { [weak self] in self?.take($0, \.errorText) }
        try process.run()
    }

    deinit { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }

    static let folder = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()

    var output: String { lock.withLock { outputText } }
    var errors: String { lock.withLock { errorText } }
    var lines: [String] { output.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) }
    var isRunning: Bool { process.isRunning }

    func terminate() { kill(process.processIdentifier, SIGTERM) }

    /// The exit status; throws when the process does not end in time.
    @discardableResult
    func exitStatus(within seconds: Double = 10) async throws -> Int32 {
        try await eventually("\(process.executableURL!.lastPathComponent) ends", within: seconds) { !self.process.isRunning }
        process.waitUntilExit()
        // The pipes may still hold the last lines.
        try await Task.sleep(for: .milliseconds(30))
        return process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus
    }

    private func take(_ handle: FileHandle, _ text: ReferenceWritableKeyPath<Executable, String>) {
        let data = handle.availableData
        if data.isEmpty {
            handle.readabilityHandler = nil
        } else {
            lock.withLock { self[keyPath: text] += String(decoding: data, as: UTF8.self) }
        }
    }
}

/// What was waited for did not happen.
struct TimedOut: Error, CustomStringConvertible {
    let description: String
}

/// Waits for a condition of real processes, looking every 5 ms; throws when it does not come true in time.
func eventually(_ what: String, within seconds: Double = 10, _ condition: () throws -> Bool) async throws {
    let deadline = ContinuousClock.now + .seconds(seconds)
    while try !condition() {
        guard ContinuousClock.now < deadline else { throw TimedOut(description: "not within \(seconds) s: \(what)") }
        try await Task.sleep(for: .milliseconds(5))
    }
}
