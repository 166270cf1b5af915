import Foundation

/// A folder, certificates, a simulator and a kiosk: everything one end-to-end test needs, as real processes over TLS.
final class Bench {
    let folder: URL
    private(set) var simulator: Executable!
    private(set) var kiosk: Executable!
    /// Of the simulator; until it is started a port nobody listens on.
    private(set) var port = 1
    private let certificates: Certificates

    var journalFolder: URL { folder.appendingPathComponent("journal") }
    var answerFile: URL { folder.appendingPathComponent("heard.wav") }
    var settingsFile: URL { folder.appendingPathComponent("kiosk.toml") }
    private var reportFile: URL { folder.appendingPathComponent("report.jsonl") }

    init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("kiosk-e2e-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        certificates = try Certificates.shared.get()
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    /// Starts the simulator on a port of its own choice.
    func startSimulator(_ arguments: [String] = [], port: Int = 0) async throws {
        let simulator = try Executable("realtime-simulator", [
            "--listen", "127.0.0.1:\(port)", "--tls-cert", certificates.certificate.path, "--tls-key", certificates.key.path,
            "--samples", Samples.folder.path, "--report", reportFile.path,
        ] + arguments)
        self.simulator = simulator
        try await eventually("the simulator listens: \(simulator.errors)") {
            simulator.lines.first?.hasPrefix("listening on ") == true && simulator.lines.count > 1
        }
        let address = simulator.lines[0].split(separator: ":").last?.split(separator: "/").first ?? ""
        self.port = Int(address) ?? 0
    }

    /// Writes the settings; `microphone` is what stands before the kiosk's microphone from the start of audio on.
    func writeSettings(microphone: [Int16], settings: String = "", realtime: String = "") throws {
        try WaveFile(samples: microphone).write(to: folder.appendingPathComponent("said.wav"))
        try """
            [realtime]
            url = "wss://localhost:\(port)/v1/realtime"
            ca_file = "\(certificates.authority.path)"
            \(realtime)
            [audio]
            capture = "wav:said.wav"
            playback = "wav:heard.wav"
            [journal]
            directory = "journal"
            [control]
            socket = "control.sock"
            \(settings)
            """.write(to: settingsFile, atomically: true, encoding: .utf8)
    }

    /// Starts the kiosk; returns when it says what `line` begins with, or at once for nil.
    func startKiosk(
        _ arguments: [String] = [], environment: [String: String] = ["OPENAI_API_KEY": "sk-test-key"],
        until line: String? = "[kiosk] ready"
    ) async throws {
        let kiosk = try Executable("kiosk-agent", ["run", "--config", settingsFile.path] + arguments, environment: environment)
        self.kiosk = kiosk
        guard let line else { return }
        try await eventually("\(line): \(kiosk.output) \(kiosk.errors)") {
            kiosk.lines.contains { $0.hasPrefix(line) } || !kiosk.isRunning
        }
        if !kiosk.isRunning { throw TimedOut(description: "the kiosk ended: \(kiosk.errors)") }
    }

    /// The button by the control socket; returns when the kiosk has acted on it.
    func button(_ arguments: String...) async throws {
        let command = try Executable("kiosk-agent", ["button"] + arguments + ["--config", settingsFile.path])
        let status = try await command.exitStatus(within: 20)
        if status != 0 { throw TimedOut(description: "button \(arguments): status \(status): \(command.errors)") }
    }

    /// Waits until the kiosk has heard `ms` of its microphone; its WAV of the loudspeaker grows with the same clock.
    func microphoneReaches(ms: Int) async throws {
        try await eventually("the microphone reaches \(ms) ms", within: Double(ms) / 1000 + 10) {
            WaveFile.lengthMs(of: answerFile) >= ms
        }
    }

    func settledTurns(_ count: Int, within seconds: Double = 25) async throws -> [[String: Any]] {
        try await eventually("\(count) settled turns: \(kiosk.output) \(kiosk.errors)", within: seconds) {
            (try? JournalFile(directory: journalFolder).turns.count) ?? 0 >= count
        }
        return try JournalFile(directory: journalFolder).turns
    }

    /// SIGTERM, and the exit status.
    func stopKiosk() async throws -> Int32 {
        kiosk.terminate()
        return try await kiosk.exitStatus(within: 5)
    }

    /// What the simulator measured, oldest first.
    func report(_ kind: String) throws -> [[String: Any]] {
        let text = (try? String(contentsOf: reportFile, encoding: .utf8)) ?? ""
        return try text.split(separator: "\n").compactMap {
            try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]
        }.filter { $0["kind"] as? String == kind }
    }
}

/// The utterances and answers the simulator knows.
enum Samples {
    struct Sample: Decodable {
        let name, file, text, answerFile, answerText: String
        enum CodingKeys: String, CodingKey {
            case name, file, text, answerFile = "answer_file", answerText = "answer_text"
        }
        var audio: [Int16] { get throws { try WaveFile(contentsOf: Samples.folder.appendingPathComponent(file)).samples } }
        var answer: [Int16] { get throws { try WaveFile(contentsOf: Samples.folder.appendingPathComponent(answerFile)).samples } }
        var lengthMs: Int { get throws { try audio.count * 1000 / WaveFile.rate } }
    }

    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("Sources/realtime-simulator/Samples")

    static let all = Result {
        try JSONDecoder().decode([Sample].self, from: Data(contentsOf: folder.appendingPathComponent("samples.json")))
    }
}

/// A certificate authority and a server certificate for localhost, made once a run by the openssl command.
struct Certificates: Sendable {
    let authority, certificate, key: URL

    static let shared = Result { try Certificates() }

    init() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("kiosk-e2e-certificates-\(getpid())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        authority = folder.appendingPathComponent("ca.pem")
        certificate = folder.appendingPathComponent("server.pem")
        key = folder.appendingPathComponent("server.key")
        try Self.openssl(
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
            "-subj", "/CN=kiosk test authority", "-keyout", folder.appendingPathComponent("ca.key").path, "-out", authority.path)
        try Self.openssl(
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
            "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
            "-addext", "basicConstraints=critical,CA:FALSE", "-CA", authority.path,
            "-CAkey", folder.appendingPathComponent("ca.key").path, "-keyout", key.path, "-out", certificate.path)
    }

    private static func openssl(_ arguments: String...) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["openssl"] + arguments
        let errors = Pipe()
        process.standardError = errors
        try process.run()
        let text = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        if process.terminationStatus != 0 { throw TimedOut(description: "openssl: \(text)") }
    }
}
