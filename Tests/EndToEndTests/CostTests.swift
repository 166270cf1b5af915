import Foundation
import KioskBench
import Testing

/// Money and time, as the operator sees them.
@Suite(.serialized)
struct CostTests {
    private func run(_ bench: Bench, _ arguments: String...) async throws -> String {
        let command = try Executable("kiosk-agent", arguments + ["--config", bench.settingsFile.path])
        let status = try await command.exitStatus(within: 20)
        #expect(status == 0, "\(arguments): \(command.errors)")
        return command.output
    }

    private func object(_ line: String) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any], "\(line)")
    }

    /// What the entry's three parts cost together.
    private func total(_ turn: [String: Any]) -> Double {
        ["assistant", "realtime_transcript", "built_in_transcript"].reduce(0) {
            $0 + (turn[path: "cost_usd", $1] as? Double ?? 0)
        }
    }

    @Test(.timeLimit(.minutes(2)))
    func statusCostAndConsoleAgreeWithTheJournalAlsoAfterARestart() async throws {
        let sample = try Samples.all.get()[2]
        let bench = try Bench()
        try await bench.startSimulator()
        try bench.writeSettings(microphone: WaveFile.silence(ms: 1_000) + sample.audio)
        try await bench.startKiosk()
        try await bench.speak(sample, at: 1_000)
        let turn = try #require(try await bench.settledTurns(1).first)
        let usd = total(turn)
        #expect(usd > 0)

        // Every latency is there, and in the order in which things must come.
        let marks = ["first_delta", "first_audible", "realtime_transcript", "built_in_transcript"]
        let latencies = marks.compactMap { turn[path: "latency_ms", $0] as? Int }
        #expect(latencies.count == 4 && latencies.allSatisfy { $0 > 0 && $0 < 10_000 }, "\(latencies)")
        #expect(latencies[0] <= latencies[1], "\(latencies)")
        let details = try #require(turn["cost_detail_usd"] as? [String: [String: Double]])
        #expect(abs(details.values.flatMap(\.values).reduce(0, +) - usd) < 1e-7)

        let status = try object(try await run(bench, "status", "--json"))
        #expect(status["link"] as? String == "ready")
        #expect(status[path: "turns", "session"] as? Int == 1)
        #expect(abs((status[path: "cost_usd", "session", "total"] as? Double ?? 0) - usd) < 1e-7)
        #expect(abs((status[path: "cost_usd", "today", "total"] as? Double ?? 0) - usd) < 1e-7)
        #expect(status[path: "latency_ms", "first_audible", "p50"] as? Int == latencies[1])
        #expect(status[path: "devices", "capture", "missing"] as? Bool == false)
        #expect(status["budget"] == nil)
        #expect(try await run(bench, "status").hasPrefix("state      "))
        let cost = try object(try await run(bench, "cost", "--json"))
        #expect(abs((cost[path: "sum", "cost_usd", "total"] as? Double ?? 0) - usd) < 1e-7)
        let session = try #require(turn["session"] as? String)
        #expect(try await run(bench, "cost").contains(session))
        #expect(bench.kiosk.lines.filter { $0.hasPrefix("[cost] session ") }.count == 1)
        #expect(try await bench.stopKiosk() == 0)

        try await bench.startKiosk()
        try await eventually("today's sum is read back") {
            let again = try Executable("kiosk-agent", ["status", "--json", "--config", bench.settingsFile.path])
            while again.isRunning { usleep(1000) }
            usleep(50_000)
            guard let line = again.lines.first, !line.isEmpty else { return false }
            let today = try self.object(line)[path: "cost_usd", "today", "total"] as? Double ?? 0
            return abs(today - usd) < 1e-7
        }
        #expect(try await bench.stopKiosk() == 0)
    }

    @Test(.timeLimit(.minutes(2)))
    func aSpentBudgetClosesAfterTheTurnSaysSoAndStaysClosedAfterARestart() async throws {
        let sample = try Samples.all.get()[2]
        let bench = try Bench()
        try await bench.startSimulator()
        let prompt = WaveFile(samples: (0..<12_000).map { Int16(9000 * cos(0.2 * Double($0))) })
        try prompt.write(to: bench.folder.appendingPathComponent("spent.wav"))
        try bench.writeSettings(
            microphone: WaveFile.silence(ms: 1_000) + sample.audio,
            settings: "[budget]\ndaily_usd = 0.001\n[prompts]\nbudget = \"spent.wav\"\nno_network = \"off\"\n")
        try await bench.startKiosk()
        try await bench.speak(sample, at: 1_000)
        let turn = try #require(try await bench.settledTurns(1).first)
        #expect(turn[path: "assistant", "status"] as? String == "completed", "the turn under way is whole")
        #expect(turn[path: "realtime", "text"] as? String == sample.text)
        #expect(total(turn) > 0.001)
        let closed = "[kiosk] today's budget is spent: closed until 00:00 UTC"
        try await eventually("closed: \(bench.kiosk.output)") { bench.kiosk.lines.contains(closed) }
        #expect(bench.kiosk.errors.contains("[fault] budget: today's 0.001000 USD are spent"), "\(bench.kiosk.errors)")
        let words = Array(prompt.samples[100..<1000])
        try await eventually("the prompt is heard") {
            let played = try WaveFile(contentsOf: bench.answerFile).samples
            guard let start = played.indices.first(where: { played[$0...].starts(with: words) }) else { return false }
            return start > 0
        }
        try await bench.button("hold", "300")
        let status = try object(try await run(bench, "status", "--json"))
        #expect(status["link"] as? String == "over-budget")
        #expect(status[path: "budget", "state"] as? String == "spent")
        #expect(status[path: "faults", "last", "class"] as? String == "budget")
        #expect(try await bench.stopKiosk() == 0)
        let sessions = try JournalFile(directory: bench.journalFolder).entries(of: "session")
        #expect(sessions.map { $0["event"] as? String } == ["opened", "closed"])
        #expect(sessions.last?["reason"] as? String == "the daily budget is spent")

        try await bench.startKiosk(until: closed)
        #expect(try await bench.stopKiosk() == 0)
        let turns = try JournalFile(directory: bench.journalFolder).turns
        #expect(turns.map { $0[path: "assistant", "status"] as? String } == ["completed", "failed"])
    }

    @Test func theCostOfACopiedJournalNeedsNoSettings() async throws {
        let bench = try Bench()
        try FileManager.default.createDirectory(at: bench.journalFolder, withIntermediateDirectories: true)
        let command = try Executable(
            "kiosk-agent", ["cost", "--journal", bench.journalFolder.path, "--day", "2026-01-02"])
        #expect(try await command.exitStatus() == 0)
        #expect(command.output == "2026-01-02: nothing was said\n")
        let missing = try Executable("kiosk-agent", ["cost", "--journal", bench.folder.path + "/none"])
        #expect(try await missing.exitStatus() == 1)
        #expect(missing.errors.contains("/none: opendir: No such file or directory"))
        let wrong = try Executable("kiosk-agent", ["cost", "--day", "today", "--journal", "."])
        #expect(try await wrong.exitStatus() == 64)
        let nothing = try Executable("kiosk-agent", ["cost"])
        #expect(try await nothing.exitStatus() == 64)
    }
}
