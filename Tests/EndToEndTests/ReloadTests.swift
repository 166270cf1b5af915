import Foundation
import KioskBench
import Testing

/// SIGHUP, as `systemctl reload` sends it.
@Suite(.serialized)
struct ReloadTests {
    @Test(.timeLimit(.minutes(1)))
    func anOpenTurnIsFinishedThenTheNewSettingsCount() async throws {
        let sample = try Samples.all.get()[1]
        let bench = try Bench()
        try await bench.startSimulator()
        let microphone = try WaveFile.silence(ms: 1_000) + sample.audio
        try bench.writeSettings(microphone: microphone)
        try await bench.startKiosk()
        try await bench.microphoneReaches(ms: 900)
        try await bench.button("press")
        try bench.writeSettings(microphone: microphone, settings: "[transcription]\nout_of_band = \"off\"")
        bench.kiosk.reload()
        try await bench.microphoneReaches(ms: try 1_000 + sample.lengthMs)
        try await bench.button("release")
        try await eventually("the settings are reloaded: \(bench.kiosk.errors)", within: 25) {
            bench.kiosk.lines.contains("[kiosk] settings reloaded")
        }
        let turn = try #require(try await bench.settledTurns(1).first)
        #expect(turn[path: "realtime", "text"] as? String == sample.text)
        #expect(turn[path: "assistant", "status"] as? String == "completed")

        // The file stands at the start of audio again: the same words, now without the out-of-band request.
        try await bench.button("press")
        try await bench.microphoneReaches(ms: try 1_200 + sample.lengthMs)
        try await bench.button("release")
        let turns = try await bench.settledTurns(2)
        #expect(turns[1][path: "realtime", "status"] as? String == "off")
        #expect(turns[1][path: "built_in", "text"] as? String == sample.text)
        #expect(try await bench.stopKiosk() == 0)
        #expect(bench.kiosk.errors == "")
        let sessions = try JournalFile(directory: bench.journalFolder).entries(of: "session")
        #expect(sessions.compactMap { $0["event"] as? String } == ["opened", "closed", "opened", "closed"])
    }

    @Test(.timeLimit(.minutes(1)))
    func whatAnOpenSessionCanBeToldIsToldBetweenTurnsWithoutANewSession() async throws {
        let bench = try Bench()
        try await bench.startSimulator()
        let microphone = WaveFile.silence(ms: 500)
        try bench.writeSettings(microphone: microphone)
        try await bench.startKiosk()
        let file = bench.folder.appendingPathComponent("brief.txt")
        try "Be brief.".write(to: file, atomically: true, encoding: .utf8)
        let tool = "[[tool]]\nname = \"again\"\ncommand = [\"/bin/true\"]"
        try bench.writeSettings(
            microphone: microphone, settings: tool, realtime: "instructions_file = \"brief.txt\"")
        bench.kiosk.reload()
        try await eventually("the settings are reloaded: \(bench.kiosk.errors)") {
            bench.kiosk.lines.contains("[kiosk] settings reloaded")
        }
        // The simulator answers first and reports then.
        try await eventually("the session is told the new instructions") {
            try bench.report("updated").compactMap { $0["instructions"] as? String }.last == "Be brief."
        }
        #expect(try bench.report("updated").count == 2)
        #expect(try await bench.stopKiosk() == 0)
        #expect(bench.kiosk.errors == "")
        let sessions = try JournalFile(directory: bench.journalFolder).entries(of: "session")
        #expect(sessions.compactMap { $0["event"] as? String } == ["opened", "closed"])
    }

    @Test(.timeLimit(.minutes(1)))
    func whatTheServerRefusesIsSaidAndTheFormerSettingsGoOn() async throws {
        let bench = try Bench()
        try await bench.startSimulator(["--faults", "later-update-refused"])
        let microphone = WaveFile.silence(ms: 500)
        try bench.writeSettings(microphone: microphone)
        try await bench.startKiosk()
        try bench.writeSettings(
            microphone: microphone, settings: "[transcription]\nbuilt_in_model = \"whisper-1\"")
        bench.kiosk.reload()
        let line = "[fault] settings: the server refuses the changed settings: The session could not be updated.: "
            + "the former ones stay"
        try await eventually("the refusal is said: \(bench.kiosk.errors)") {
            bench.kiosk.errors == line + "\n"
        }
        try await bench.button("hold", "300")
        #expect(try await bench.settledTurns(1).count == 1)
        #expect(!bench.kiosk.lines.contains("[kiosk] settings reloaded"))
        #expect(try await bench.stopKiosk() == 0)
    }

    @Test(.timeLimit(.minutes(1)))
    func aStoredPromptReachesTheServerWithItsVersionAndVariables() async throws {
        let bench = try Bench()
        try await bench.startSimulator()
        try bench.writeSettings(
            microphone: WaveFile.silence(ms: 500),
            realtime: "prompt_id = \"pmpt_1\"\nprompt_version = \"3\"\nprompt_variables = {city = \"Bonn\"}")
        try await bench.startKiosk()
        let prompt = try #require(try bench.report("updated").first?["prompt"] as? [String: Any])
        #expect(prompt["id"] as? String == "pmpt_1")
        #expect(prompt["version"] as? String == "3")
        #expect(prompt["variables"] as? [String: String] == ["city": "Bonn"])
        #expect(try await bench.stopKiosk() == 0)
        #expect(bench.kiosk.errors == "")
    }

    @Test(.timeLimit(.minutes(1)), arguments: [
        (
            "[turns]\ntail_ms = -1",
            "reload: kiosk.toml:13: turns.tail_ms = -1: wanted 0 to 2000 (ms): the settings in force stay"
        ),
        (
            "[gpio]\nchip = \"/dev/null\"\nbutton = \"4\"",
            "reload: /dev/null: not a GPIO chip: back to the former settings"
        ),
    ])
    func newSettingsThatCannotBeAreRefusedAndTheFormerGoOn(settings: String, words: String) async throws {
        let bench = try Bench()
        try await bench.startSimulator()
        let microphone = WaveFile.silence(ms: 500)
        try bench.writeSettings(microphone: microphone)
        try await bench.startKiosk()
        try bench.writeSettings(microphone: microphone, settings: settings)
        bench.kiosk.reload()
        let line = words.replacingOccurrences(of: "kiosk.toml", with: bench.settingsFile.path)
        try await eventually("the refusal is said: \(bench.kiosk.errors)") {
            bench.kiosk.errors.split(separator: "\n").contains { $0.hasSuffix(line) }
        }
        try bench.writeSettings(microphone: microphone)
        try await bench.button("hold", "300")
        #expect(try await bench.settledTurns(1).count == 1)
        #expect(!bench.kiosk.lines.contains("[kiosk] settings reloaded"))
        #expect(try await bench.stopKiosk() == 0)
        let faults = try JournalFile(directory: bench.journalFolder).entries(of: "fault")
        #expect(faults.map { $0["class"] as? String } == ["settings"])
    }
}
