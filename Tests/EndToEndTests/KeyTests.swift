import Foundation
import KioskBench
import Testing

/// Keys for a short time, and what else is asked by HTTP.
@Suite(.serialized)
struct KeyTests {
    private func script(_ text: String, in bench: Bench) throws -> String {
        let file = bench.folder.appendingPathComponent("key.sh")
        try ("#!/bin/sh\n" + text + "\n").write(to: file, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: file.path)
        return "key_command = [\"key.sh\"]"
    }

    @Test(.timeLimit(.minutes(1)))
    func aSessionIsStartedWithASecretThatTheServerGaveForTheKey() async throws {
        let bench = try Bench()
        try await bench.startSimulator(["--require-key", "sk-account"])
        try bench.writeSettings(microphone: WaveFile.silence(ms: 500), realtime: "mint_client_secret = true")
        try await bench.startKiosk(environment: ["OPENAI_API_KEY": "sk-account"])
        #expect(try await bench.stopKiosk() == 0)
        #expect(try bench.report("secret").map { $0["model"] as? String } == ["gpt-realtime-2.1"])
        #expect(!(bench.kiosk.output + bench.kiosk.errors).contains("ek_"))
    }

    @Test(.timeLimit(.minutes(1)))
    func aBrokersSecretIsAskedForWithTheKiosksOwnKey() async throws {
        let bench = try Bench()
        try await bench.startSimulator(["--require-key", "kiosk-7"])
        try "kiosk-7\n".write(to: bench.folder.appendingPathComponent("own.key"), atomically: true, encoding: .utf8)
        try bench.writeSettings(microphone: WaveFile.silence(ms: 500), realtime: """
            api_key_file = "own.key"
            key_url = "https://localhost:\(bench.port)/v1/realtime/client_secrets"
            key_url_method = "POST"
            """)
        try await bench.startKiosk(environment: [:])
        #expect(try await bench.stopKiosk() == 0)
        #expect(try bench.report("secret").count == 1)
    }

    @Test(.timeLimit(.minutes(1)))
    func aProgramsKeyIsTakenAndAFailingOneIsSaidAndTriedAgain() async throws {
        let bench = try Bench()
        try await bench.startSimulator(["--require-key", "sk-from-program"])
        let once = bench.folder.appendingPathComponent("once").path
        let setting = try script(
            "if [ -e \(once) ]; then echo sk-from-program; else touch \(once); exit 3; fi", in: bench)
        try bench.writeSettings(microphone: WaveFile.silence(ms: 500), realtime: setting)
        try await bench.startKiosk(environment: [:])
        #expect(bench.kiosk.errors.contains("[fault] link: realtime.key_command: exit status 3\n"))
        #expect(try await bench.stopKiosk() == 0)
        #expect(!(bench.kiosk.output + bench.kiosk.errors).contains("sk-from-program"))
    }

    @Test(.timeLimit(.minutes(1)))
    func aRefusedSecretIsARefusalInWords() async throws {
        let bench = try Bench()
        try await bench.startSimulator(["--faults", "secrets-refused"])
        try bench.writeSettings(microphone: WaveFile.silence(ms: 500), realtime: "mint_client_secret = true")
        try await bench.startKiosk(until: "[kiosk] not connected, next try in 300.0 s")
        try await eventually("said: \(bench.kiosk.errors)") {
            bench.kiosk.errors.contains("realtime.mint_client_secret: HTTP 401 Unauthorized: Incorrect API key provided.")
        }
        #expect(try await bench.stopKiosk() == 0)
    }

    @Test(.timeLimit(.minutes(1)))
    func aRecordingIsTranscribedOnTheCommandLine() async throws {
        let sample = try Samples.all.get()[1]
        let bench = try Bench()
        try await bench.startSimulator(["--require-key", "sk-a"])
        try bench.writeSettings(microphone: [])
        let file = Samples.folder.appendingPathComponent(sample.file).path
        let arguments = ["transcribe", file, "--config", bench.settingsFile.path]
        let good = try Executable("kiosk-agent", arguments, environment: ["OPENAI_API_KEY": "sk-a"])
        #expect(try await good.exitStatus(within: 20) == 0, "\(good.errors)")
        try await eventually("the text: \(good.output)") { good.output == sample.text + "\n" }
        let wrongKey = try Executable("kiosk-agent", arguments, environment: ["OPENAI_API_KEY": "sk-b"])
        #expect(try await wrongKey.exitStatus(within: 20) == 1)
        let refusal = "HTTP 401 Unauthorized: Incorrect API key provided. (invalid_api_key)\n"
        try await eventually("the refusal: \(wrongKey.errors)") { wrongKey.errors.hasSuffix(refusal) }
        let noSound = try Executable(
            "kiosk-agent", ["transcribe", bench.settingsFile.path, "--config", bench.settingsFile.path],
            environment: ["OPENAI_API_KEY": "sk-a"])
        #expect(try await noSound.exitStatus(within: 20) == 1)
        try await eventually("no WAV file: \(noSound.errors)") {
            noSound.errors.hasSuffix("kiosk.toml: wanted a WAV file\n")
        }
    }

    @Test(.timeLimit(.minutes(2)))
    func aTurnWithoutASessionIsSpooledAndTranscribedWhenTheServerIsBack() async throws {
        let sample = try Samples.all.get()[1]
        let bench = try Bench()
        try await bench.startSimulator()
        let port = bench.port
        bench.simulator.terminate()
        try await bench.simulator.exitStatus()
        try bench.writeSettings(
            microphone: WaveFile.silence(ms: 1_500) + sample.audio, settings: "[spool]\ndirectory = \"spool\"")
        try await bench.startKiosk(until: "[kiosk] not connected")
        try await bench.speak(sample, at: 1_500)
        _ = try await bench.settledTurns(1, within: 20)
        let folder = bench.folder.appendingPathComponent("spool").path
        try await eventually("a recording") { try FileManager.default.contentsOfDirectory(atPath: folder).count == 1 }
        // The first attempt fails: the recording waits for the next one.
        try await bench.startSimulator(["--faults", "upload-503=1"], port: port)
        try await eventually("transcribed: \(bench.kiosk.output) \(bench.kiosk.errors)", within: 60, pauseMs: 100) {
            try JournalFile(directory: bench.journalFolder).entries(of: "spooled").count == 1
        }
        let entry = try #require(try JournalFile(directory: bench.journalFolder).entries(of: "spooled").first)
        #expect(entry[path: "transcript", "text"] as? String == sample.text)
        #expect((entry["spoken_at"] as? String ?? "z") < (entry["at"] as? String ?? ""))
        #expect((entry["cost_usd"] as? Double ?? 0) > 0)
        try await eventually("the recording is gone") { try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty }
        #expect(try await bench.stopKiosk() == 0)
        #expect(bench.kiosk.errors.contains("spooled turns wait: "))
    }
}
