import Foundation
import KioskBench
import Testing

/// `kiosk-agent session set`, and what the server does when nobody speaks.
@Suite(.serialized)
struct SwitchTests {
    private func command(_ bench: Bench, _ assignments: String...) throws -> Executable {
        try Executable("kiosk-agent", ["session", "set"] + assignments + ["--config", bench.settingsFile.path])
    }

    private func set(_ bench: Bench, _ assignments: String...) async throws -> (status: Int32, errors: String) {
        let command = try Executable(
            "kiosk-agent", ["session", "set"] + assignments + ["--config", bench.settingsFile.path])
        return (try await command.exitStatus(within: 60), command.errors)
    }

    private func sessions(_ bench: Bench) throws -> [String] {
        try JournalFile(directory: bench.journalFolder).entries(of: "session").compactMap { $0["event"] as? String }
    }

    @Test(.timeLimit(.minutes(2)), arguments: ["conversation", "dictation"])
    func whoEndsATurnChangesAndChangesBackInTheSameSession(mode: String) async throws {
        let samples = try Samples.all.get()
        let bench = try Bench()
        try await bench.startSimulator()
        let (first, second) = (samples[1], samples[2])
        let pause = 9_000
        let firstAt = 4_000, secondAt = try firstAt + first.lengthMs + pause
        try bench.writeSettings(
            microphone: WaveFile.silence(ms: firstAt) + first.audio + WaveFile.silence(ms: pause) + second.audio
                + WaveFile.silence(ms: 60_000), realtime: "mode = \"\(mode)\"")
        try await bench.startKiosk()
        #expect(try await set(bench, "turns.detection=server-vad", "turns.vad_silence_ms=700") == (0, ""))
        #expect(bench.kiosk.lines.contains("[kiosk] settings changed: turns.detection=server-vad turns.vad_silence_ms=700"))
        #expect(WaveFile.lengthMs(of: bench.answerFile) < firstAt, "the change came in time for the words")
        let spoken = try await bench.settledTurns(1)[0]
        #expect(spoken[path: "built_in", "text"] as? String == first.text)
        #expect(spoken[path: "assistant", "status"] as? String == (mode == "dictation" ? "none" : "completed"))
        let status = try Executable("kiosk-agent", ["status", "--config", bench.settingsFile.path])
        #expect(try await status.exitStatus() == 0)
        #expect(status.lines.contains("detection  server-vad"))

        #expect(try await set(bench, "turns.detection=push-to-talk") == (0, ""))
        try await bench.speak(second, at: secondAt)
        let turns = try await bench.settledTurns(2)
        #expect(turns[1][path: "built_in", "text"] as? String == second.text)
        #expect(try await bench.stopKiosk() == 0)
        #expect(bench.kiosk.errors == "")
        #expect(try bench.report("heard").map { $0["head_missing_ms"] as? Int } == [0, 0])
        #expect(try bench.report("heard").map { $0["tail_missing_ms"] as? Int } == [0, 0])
        #expect(try bench.report("error").isEmpty)
        #expect(try sessions(bench) == ["opened", "closed"])
    }

    @Test(.timeLimit(.minutes(2)))
    func aChangeWaitsForTheOpenTurnAndTheSettingsFileWinsAgain() async throws {
        let sample = try Samples.all.get()[1]
        let bench = try Bench()
        try await bench.startSimulator()
        try bench.writeSettings(microphone: WaveFile.silence(ms: 2_500) + sample.audio + WaveFile.silence(ms: 60_000))
        try await bench.startKiosk()
        try await bench.microphoneReaches(ms: 1_500)
        try await bench.button("press")
        let change = try command(bench, "turns.detection=semantic-vad", "audio.noise_reduction=far-field")
        try await bench.microphoneReaches(ms: try 2_500 + sample.lengthMs)
        #expect(try bench.report("updated").count == 1)
        try await bench.button("release")
        #expect(try await change.exitStatus(within: 60) == 0, "\(change.errors)")
        let turn = try await bench.settledTurns(1)[0]
        #expect(turn[path: "assistant", "status"] as? String == "completed")
        let updated = try #require(try bench.report("updated").last)
        #expect(updated[path: "turn_detection", "type"] as? String == "semantic_vad")
        #expect(updated[path: "noise_reduction", "type"] as? String == "far_field")
        bench.kiosk.reload()
        try await eventually("the settings file is in force again: \(bench.kiosk.errors)") {
            bench.kiosk.lines.contains("[kiosk] settings reloaded")
        }
        let last = try #require(try bench.report("updated").last)
        #expect(last["turn_detection"] is NSNull && last["noise_reduction"] is NSNull)
        #expect(try await bench.stopKiosk() == 0)
        #expect(bench.kiosk.errors == "")
        #expect(try sessions(bench) == ["opened", "closed"])
    }

    @Test(.timeLimit(.minutes(1)))
    func whatTheServerRefusesIsAnsweredAndTheButtonGoesOn() async throws {
        let bench = try Bench()
        try await bench.startSimulator(["--faults", "later-update-refused"])
        try bench.writeSettings(microphone: WaveFile.silence(ms: 500))
        try await bench.startKiosk()
        let refused = try await set(bench, "turns.detection=server-vad")
        #expect(refused.status == 1)
        #expect(refused.errors.hasSuffix(
            ": the server refuses: The session could not be updated.: the former settings stay\n"), "\(refused.errors)")
        try await bench.button("hold", "300")
        #expect(try await bench.settledTurns(1).count == 1)
        #expect(try await bench.stopKiosk() == 0)
    }

    @Test(.timeLimit(.minutes(1)))
    func whatCannotBeSetIsNamedByTheCommandAndByTheAgent() async throws {
        let bench = try Bench()
        try await bench.startSimulator()
        try bench.writeSettings(microphone: WaveFile.silence(ms: 500))
        try await bench.startKiosk()
        let value = try await set(bench, "turns.detection=vad")
        #expect(value.status == 78)
        #expect(value.errors
            == "kiosk-agent: turns.detection=vad: wanted push-to-talk, server-vad or semantic-vad\n")
        let key = try await set(bench, "realtime.voice=cedar")
        #expect(key.status == 78)
        #expect(key.errors.hasPrefix("kiosk-agent: realtime.voice: wanted turns.detection, "), "\(key.errors)")
        #expect(try await set(bench, "turns.detection=push-to-talk") == (0, ""), "it is that already")
        #expect(try bench.report("updated").count == 1)
        #expect(try await bench.stopKiosk() == 0)
        #expect(bench.kiosk.errors == "")
    }

    @Test(.timeLimit(.minutes(2)))
    func whenNobodySpeaksAfterAnAnswerTheAssistantDoesAndTheNextTurnIsWhole() async throws {
        let samples = try Samples.all.get()
        let (first, second) = (samples[1], samples[2])
        let bench = try Bench()
        try await bench.startSimulator()
        // Both answers take some 2.5 s, and the silence between them 5 s: then somebody speaks.
        let pause = 14_000
        try bench.writeSettings(
            microphone: WaveFile.silence(ms: 2_000) + first.audio + WaveFile.silence(ms: pause) + second.audio
                + WaveFile.silence(ms: 60_000),
            settings: "[turns]\ndetection = \"server-vad\"\nvad_idle_timeout_ms = 5000")
        try await bench.startKiosk()
        let turns = try await bench.settledTurns(2, within: 40)
        #expect(turns[1]["trigger"] as? String == "idle-timeout")
        #expect(turns[1][path: "realtime", "status"] as? String == "off")
        #expect(turns[1][path: "realtime", "reason"] as? String == "nobody spoke")
        #expect(turns[1][path: "built_in", "status"] as? String == "empty")
        #expect(turns[1][path: "assistant", "status"] as? String == "completed")
        #expect(bench.kiosk.lines.contains("[kiosk] nobody spoke: the assistant does"))
        let last = try await bench.settledTurns(3)[2]
        #expect(last[path: "built_in", "text"] as? String == second.text)
        #expect(last["trigger"] == nil)
        #expect(try await bench.stopKiosk() == 0)
        #expect(bench.kiosk.errors == "")
        #expect(try bench.report("error").isEmpty)
    }
}
