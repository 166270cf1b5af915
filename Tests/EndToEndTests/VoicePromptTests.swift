import Foundation
import KioskBench
import Testing

/// What a visitor hears of a kiosk that cannot talk to its server.
@Suite(.serialized)
struct VoicePromptTests {
    private static let files = ["no-network.wav", "key.wav", "busy.wav", "goodbye.wav"]

    /// Half a second of a tone for each prompt, none like another; without silence at its ends.
    private static func tone(_ file: String) -> WaveFile {
        let hz = 300 * Double((files.firstIndex(of: file) ?? 0) + 1)
        return WaveFile(samples: (0..<12_000).map {
            Int16(9000 * cos(2 * Double.pi * hz * Double($0) / Double(WaveFile.rate)))
        })
    }

    private func writePrompts(_ bench: Bench) throws -> String {
        let folder = bench.folder.appendingPathComponent("prompts")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for file in Self.files { try Self.tone(file).write(to: folder.appendingPathComponent(file)) }
        return "[prompts]\ndirectory = \"prompts\""
    }

    /// How often the prompt stands in what the loudspeaker played, bit for bit.
    private func count(_ file: String, in bench: Bench) throws -> Int {
        let played = try WaveFile(contentsOf: bench.answerFile).samples
        let prompt = Self.tone(file).samples
        var (count, position) = (0, 0)
        while position + prompt.count <= played.count {
            if played[position] == prompt[0], played[position..<position + prompt.count].elementsEqual(prompt) {
                count += 1
                position += prompt.count
            } else {
                position += 1
            }
        }
        return count
    }

    @Test(.timeLimit(.minutes(1)))
    func withoutAServerAPressIsAnsweredByTheKioskItselfAndAStopByGoodbye() async throws {
        let bench = try Bench()
        try bench.writeSettings(microphone: WaveFile.silence(ms: 500), settings: try writePrompts(bench))
        try await bench.startKiosk(until: "[kiosk] not connected")
        try await bench.button("hold", "300")
        try await eventually("the prompt is heard") { try self.count("no-network.wav", in: bench) == 1 }
        try await bench.button("hold", "300")
        let asked = ContinuousClock.now
        #expect(try await bench.stopKiosk() == 0)
        #expect(ContinuousClock.now - asked < .seconds(2))
        #expect(try count("no-network.wav", in: bench) == 1, "not twice within 30 s")
        #expect(try count("goodbye.wav", in: bench) == 1, "two turns were waiting")
        #expect(try count("busy.wav", in: bench) + count("key.wav", in: bench) == 0)
        // Two turns that found no session, and no word of prompts.
        let journal = try JournalFile(directory: bench.journalFolder)
        #expect(journal.turns.map { $0[path: "assistant", "status"] as? String } == ["failed", "failed"])
        #expect(journal.turns.allSatisfy { $0[path: "assistant", "played_ms"] as? Int ?? 0 == 0 })
        #expect(journal.entries(of: "fault").allSatisfy { $0["class"] as? String == "link" })
        #expect(bench.kiosk.lines.filter { $0 == "[kiosk] speech detected" }.count == 2)
        #expect(bench.kiosk.lines.filter { $0 == "=== Assistant response ===" }.count == 2)
    }

    @Test(.timeLimit(.minutes(1)))
    func aRefusalIsSaidOnceByItselfAndAFailedAnswerIsSaidToBeMissing() async throws {
        let refused = try Bench()
        try await refused.startSimulator(["--faults", "refuse-quota"])
        try refused.writeSettings(microphone: WaveFile.silence(ms: 500), settings: try writePrompts(refused))
        try await refused.startKiosk(until: "[kiosk] not connected")
        try await eventually("the refusal is heard") { try self.count("key.wav", in: refused) == 1 }
        #expect(try await refused.stopKiosk() == 0)
        #expect(try count("key.wav", in: refused) == 1)
        #expect(try count("goodbye.wav", in: refused) == 0, "nobody was there")

        let sample = try Samples.all.get()[1]
        let busy = try Bench()
        try await busy.startSimulator(["--faults", "response-failed=1"])
        try busy.writeSettings(
            microphone: WaveFile.silence(ms: 1_000) + sample.audio, settings: try writePrompts(busy))
        try await busy.startKiosk()
        try await busy.speak(sample, at: 1_000)
        try await eventually("busy is heard: \(busy.kiosk.output)") { try self.count("busy.wav", in: busy) == 1 }
        #expect(try await busy.stopKiosk() == 0)
    }

    @Test(.timeLimit(.minutes(1)))
    func withoutTheShippedSetTheKioskSaysSoOnceAndWorks() async throws {
        let bench = try Bench()
        try bench.writeSettings(microphone: WaveFile.silence(ms: 500))
        try await bench.startKiosk(until: "[kiosk] not connected")
        for _ in 0..<2 {
            try await bench.button("hold", "300")
            try await bench.microphoneReaches(ms: WaveFile.lengthMs(of: bench.answerFile) + 400)
        }
        #expect(try await bench.stopKiosk() == 0)
        let isInstalled = FileManager.default.fileExists(atPath: "/usr/share/kiosk-agent/prompts/no-network.wav")
        let lines = bench.kiosk.errors.split(separator: "\n").map(String.init)
            .filter { $0.contains("no voice prompt") }
        #expect(lines == (isInstalled ? [] : [
            "[fault] audio: no voice prompt: "
                + "/usr/share/kiosk-agent/prompts/no-network.wav: open: No such file or directory",
        ]))
    }

    @Test func aRecordingThatIsNamedAndNotThereEndsWith78() async throws {
        let bench = try Bench()
        try bench.writeSettings(microphone: [], settings: "[prompts]\nkey = \"gone.wav\"")
        let command = try Executable(
            "kiosk-agent", ["run", "--config", bench.settingsFile.path], environment: ["OPENAI_API_KEY": "sk-x"])
        #expect(try await command.exitStatus() == 78)
        #expect(command.errors.filter { $0 == "\n" }.count == 1)
        #expect(command.errors.contains("prompts.key = \"gone.wav\": \(bench.folder.path)/gone.wav: open: No such file"))
    }
}
