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
}
