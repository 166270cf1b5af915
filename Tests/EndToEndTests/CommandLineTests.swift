import Foundation
import KioskBench
import Testing

/// Exit statuses and lines of the commands, as scripts and units rely on them.
@Suite(.serialized)
struct CommandLineTests {
    private func run(_ arguments: String..., environment: [String: String] = [:]) async throws -> (status: Int32, output: String, errors: String) {
        let command = try Executable("kiosk-agent", arguments, environment: environment)
        let status = try await command.exitStatus(within: 20)
        return (status, command.output, command.errors)
    }

    @Test func wrongUsageEndsWith64() async throws {
        #expect(try await run("fly").status == 64)
        #expect(try await run("run").status == 64)
        #expect(try await run("button", "hold", "--config", "x").status == 64)
    }

    @Test func wrongSettingsEndWith78AndOneLine() async throws {
        let bench = try Bench()
        try "[audio]\nperiod_ms = \"fast\"\n".write(to: bench.settingsFile, atomically: true, encoding: .utf8)
        let result = try await run("run", "--config", bench.settingsFile.path)
        #expect(result.status == 78)
        #expect(result.output == "")
        #expect(result.errors.filter { $0 == "\n" }.count == 1)
        #expect(result.errors.contains("kiosk.toml:2: audio.period_ms = \"fast\""), "\(result.errors)")
    }

    @Test func anUnencryptedAddressElsewhereIsRefusedAtStart() async throws {
        let bench = try Bench()
        try "[realtime]\nurl = \"ws://example.com/v1\"\n".write(to: bench.settingsFile, atomically: true, encoding: .utf8)
        let result = try await run("run", "--config", bench.settingsFile.path, environment: ["OPENAI_API_KEY": "sk-x"])
        #expect(result.status == 78)
        #expect(result.errors.contains("realtime.url"), "\(result.errors)")
    }

    @Test func theSimulatorSaysWhereItListensAndEndsWithStatusZero() async throws {
        let simulator = try Executable("realtime-simulator", [
            "--samples", Samples.folder.path, "--listen", "127.0.0.1:0",
        ])
        try await eventually("the simulator listens: \(simulator.errors)") { simulator.lines.count > 1 }
        let address = #/listening on ws://127\.0\.0\.1:\d+/v1/realtime/#
        #expect(simulator.lines[0].wholeMatch(of: address) != nil, "\(simulator.output)")
        simulator.terminate()
        #expect(try await simulator.exitStatus() == 0)
    }

    @Test func theButtonWithoutAnAgentEndsWith1AndOneLine() async throws {
        let bench = try Bench()
        try bench.writeSettings(microphone: [])
        let result = try await run("button", "press", "--config", bench.settingsFile.path)
        #expect(result.status == 1)
        #expect(result.errors.filter { $0 == "\n" }.count == 1, "\(result.errors)")
    }

    @Test func checkSaysALineACheckAndOnlyOnlineUsesTheNetwork() async throws {
        let bench = try Bench()
        try await bench.startSimulator()
        try bench.writeSettings(microphone: WaveFile.silence(ms: 100))
        let key = ["OPENAI_API_KEY": "sk-check"]
        let offline = try await run("check", "--config", bench.settingsFile.path, environment: key)
        #expect(offline.status == 0, "\(offline.output)\(offline.errors)")
        #expect(try bench.report("session").isEmpty)
        let online = try await run("check", "--config", bench.settingsFile.path, "--online", environment: key)
        #expect(online.status == 0, "\(online.output)\(online.errors)")
        #expect(online.output.contains("session.created") || online.output.contains("sess_"), "\(online.output)")
        #expect(!online.output.contains("sk-check"))
        bench.simulator.terminate()
        try await bench.simulator.exitStatus()
        let unreachable = try await run("check", "--config", bench.settingsFile.path, "--online", environment: key)
        #expect(unreachable.status == 1)
        #expect(unreachable.output.contains("Connection refused"), "\(unreachable.output)")
    }

    @Test func levelsSaysInWordsWhatTheMicrophoneHears() async throws {
        let bench = try Bench()
        try bench.writeSettings(microphone: [Int16](repeating: 8000, count: 48_000))
        let result = try await run("levels", "--config", bench.settingsFile.path, "--seconds", "1")
        #expect(result.status == 0, "\(result.errors)")
        let lines = result.output.split(separator: "\n")
        #expect(lines.count == 4, "\(result.output)")
        #expect(lines.dropFirst().allSatisfy { $0.contains("peak  -12.2 dBFS  rms  -12.2 dBFS") && $0.hasSuffix("good") })
        #expect(lines.last?.hasPrefix("in 1.0 s: ") == true, "\(result.output)")
    }

    @Test(.timeLimit(.minutes(1))) func theSupportReportHoldsNeitherTheKeyNorWhatWasSaid() async throws {
        let sample = try Samples.all.get()[2]
        let bench = try Bench()
        try await bench.startSimulator()
        let key = ["OPENAI_API_KEY": "sk-e2e-0123456789abcdef"]
        try bench.writeSettings(microphone: WaveFile.silence(ms: 1_000) + sample.audio)
        try await bench.startKiosk(environment: key)
        try await bench.speak(sample, at: 1_000)
        let turn = try #require(try await bench.settledTurns(1).first)
        let file = bench.folder.appendingPathComponent("report.txt")
        let arguments = ["check", "--config", bench.settingsFile.path, "--report", file.path]
        let beside = try Executable("kiosk-agent", arguments, environment: key)
        // The agent holds neither of its devices, which are files.
        #expect(try await beside.exitStatus(within: 30) == 0, "\(beside.output)\(beside.errors)")
        let report = try String(contentsOf: file, encoding: .utf8)
        for words in [
            "\nok    settings  \(bench.settingsFile.path)\n", "\nstate      ready, link ready, ",
            "\nturns      1 in 1 sessions\n", "\nversion    \(try await version())\n",
        ] { #expect(report.contains(words), "\(words) in \(report)") }
        let said = try #require(turn[path: "built_in", "text"] as? String)
        let answer = try #require(turn[path: "assistant", "text"] as? String)
        for secret in ["sk-e2e", said, answer] { #expect(!report.contains(secret), "\(secret) in \(report)") }
        #expect(report.contains(String(beside.output.split(separator: "\n")[1])))
        let attributes = try FileManager.default.attributesOfItem(atPath: file.path)
        #expect((attributes[.posixPermissions] as? Int).map { $0 & 0o007 } == 0)
        #expect(try await bench.stopKiosk() == 0)
        let nowhere = try await run(
            "check", "--config", bench.settingsFile.path, "--report", bench.folder.path, environment: key)
        #expect(nowhere.status == 1 && nowhere.output == "" && nowhere.errors.contains("Is a directory"), "\(nowhere)")
    }

    private func version() async throws -> String {
        String(try await run("--version").output.split(separator: "\n").first ?? "")
    }
}
