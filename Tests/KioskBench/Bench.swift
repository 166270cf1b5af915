import Foundation

/// A folder, certificates, a simulator and a kiosk: everything one test of the whole needs, as real processes over TLS.
///
/// Its sound devices are WAV files unless the settings name others.
package final class Bench {
    package let folder: URL
    package private(set) var simulator: Executable!
    package private(set) var kiosk: Executable!
    /// Of the simulator; until it is started a port nobody listens on.
    package private(set) var port = 1
    private let certificates: Certificates

    package var journalFolder: URL { folder.appendingPathComponent("journal") }
    package var answerFile: URL { folder.appendingPathComponent("heard.wav") }
    package var settingsFile: URL { folder.appendingPathComponent("kiosk.toml") }
    private var reportFile: URL { folder.appendingPathComponent("report.jsonl") }

    package init() throws {
        let name = "kiosk-bench-\(UUID().uuidString.prefix(8))"
        folder = FileManager.default.temporaryDirectory.appendingPathComponent(name)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        certificates = try Certificates.shared.get()
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    /// Starts the simulator on a port of its own choice.
    package func startSimulator(_ arguments: [String] = [], port: Int = 0) async throws {
        let simulator = try Executable("realtime-simulator", [
            "--listen", "127.0.0.1:\(port)", "--tls-cert", certificates.certificate.path,
            "--tls-key", certificates.key.path, "--samples", Samples.folder.path, "--report", reportFile.path,
        ] + arguments)
        self.simulator = simulator
        try await eventually("the simulator listens: \(simulator.errors)") {
            simulator.lines.first?.hasPrefix("listening on ") == true && simulator.lines.count > 1
        }
        let address = simulator.lines[0].split(separator: ":").last?.split(separator: "/").first ?? ""
        self.port = Int(address) ?? 0
    }

    /// Writes the settings; `microphone` is what stands before the kiosk's microphone from the start of audio on.
    package func writeSettings(microphone: [Int16], settings: String = "", realtime: String = "") throws {
        try WaveFile(samples: microphone).write(to: folder.appendingPathComponent("said.wav"))
        try writeSettings(capture: "wav:said.wav", playback: "wav:heard.wav", settings: settings, realtime: realtime)
    }

    /// Writes the settings; `settings` are further sections.
    package func writeSettings(capture: String, playback: String, settings: String = "", realtime: String = "") throws {
        try """
            [realtime]
            url = "wss://localhost:\(port)/v1/realtime"
            ca_file = "\(certificates.authority.path)"
            \(realtime)
            [audio]
            capture = "\(capture)"
            playback = "\(playback)"
            [journal]
            directory = "journal"
            [control]
            socket = "control.sock"
            \(settings)
            """.write(to: settingsFile, atomically: true, encoding: .utf8)
    }

    /// Starts the kiosk; returns when it says what `line` begins with, or at once for nil.
    package func startKiosk(
        _ arguments: [String] = [], environment: [String: String] = ["OPENAI_API_KEY": "sk-test-key"],
        output: Executable.Cable? = nil, until line: String? = "[kiosk] ready"
    ) async throws {
        let kiosk = try Executable(
            "kiosk-agent", ["run", "--config", settingsFile.path] + arguments, environment: environment, output: output)
        self.kiosk = kiosk
        guard let line else { return }
        try await eventually("\(line): \(kiosk.output) \(kiosk.errors)", pauseMs: 10) {
            kiosk.lines.contains { $0.hasPrefix(line) } || !kiosk.isRunning
        }
        if !kiosk.isRunning { throw TimedOut(description: "the kiosk ended: \(kiosk.errors)") }
    }

    /// Starts the kiosk with a file system of its own for the journal (tmpfs with these mount options), which only it
    /// sees; it is full of a file `filler`. Returns the journal's folder as others can reach it.
    package func startKiosk(journalDisk options: String) async throws -> URL {
        try FileManager.default.createDirectory(at: journalFolder, withIntermediateDirectories: true)
        let shell = """
            mount -t tmpfs -o \(options) tmpfs "$0" && { cat /dev/zero >"$0/filler" || true; } 2>/dev/null && exec "$@"
            """
        let program = Executable.folder.appendingPathComponent("kiosk-agent").path
        kiosk = try Executable(
            path: "/usr/bin/unshare",
            ["--map-root-user", "--mount", "sh", "-c", shell, journalFolder.path, program, "run", "--config",
             settingsFile.path],
            environment: ["OPENAI_API_KEY": "sk-test-key"])
        let kiosk = kiosk!
        try await eventually("the kiosk is ready: \(kiosk.output) \(kiosk.errors)", pauseMs: 10) {
            kiosk.lines.contains { $0.hasPrefix("[kiosk] ready") } || !kiosk.isRunning
        }
        if !kiosk.isRunning { throw TimedOut(description: "the kiosk ended: \(kiosk.errors)") }
        return URL(fileURLWithPath: "/proc/\(kiosk.processIdentifier)/root\(journalFolder.path)")
    }

    /// The button by the control socket; returns when the kiosk has acted on it.
    package func button(_ arguments: String...) async throws {
        let command = try Executable("kiosk-agent", ["button"] + arguments + ["--config", settingsFile.path])
        let status = try await command.exitStatus(within: 20)
        if status != 0 { throw TimedOut(description: "button \(arguments): status \(status): \(command.errors)") }
    }

    /// Waits until the kiosk has heard `ms` of its microphone; its WAV of the loudspeaker grows with the same clock.
    package func microphoneReaches(ms: Int) async throws {
        try await eventually("the microphone reaches \(ms) ms", within: Double(ms) / 1000 + 10) {
            WaveFile.lengthMs(of: answerFile) >= ms
        }
    }

    package func settledTurns(_ count: Int, within seconds: Double = 25) async throws -> [[String: Any]] {
        // Reading a journal is work: too often, and a slow machine does nothing else.
        try await eventually("\(count) settled turns: \(kiosk.output) \(kiosk.errors)", within: seconds, pauseMs: 50) {
            (try? JournalFile(directory: journalFolder).turns.count) ?? 0 >= count
        }
        return try JournalFile(directory: journalFolder).turns
    }

    /// SIGTERM, and the exit status.
    package func stopKiosk() async throws -> Int32 {
        kiosk.terminate()
        return try await kiosk.exitStatus(within: 5)
    }

    /// What the simulator measured, oldest first.
    package func report(_ kind: String) throws -> [[String: Any]] {
        let text = (try? String(contentsOf: reportFile, encoding: .utf8)) ?? ""
        return try text.split(separator: "\n").compactMap {
            try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]
        }.filter { $0["kind"] as? String == kind }
    }
}
