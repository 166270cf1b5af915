import Foundation
import KioskBench
import Testing

/// The model calls local commands.
@Suite(.serialized)
struct ToolTests {
    private static let examples = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("board/examples").path

    /// One turn against a server with `fault`.
    private func oneTurn(_ fault: String, settings: String) async throws -> (Bench, [String: Any]) {
        let sample = try Samples.all.get()[2]
        let bench = try Bench()
        try await bench.startSimulator(["--faults", fault])
        try bench.writeSettings(
            microphone: WaveFile.silence(ms: 1_000) + sample.audio + WaveFile.silence(ms: 30_000), settings: settings)
        try await bench.startKiosk()
        try await bench.speak(sample, at: 1_000)
        let turn = try #require(try await bench.settledTurns(1, within: 40).first)
        #expect(turn[path: "realtime", "text"] as? String == sample.text)
        #expect(turn[path: "assistant", "status"] as? String == "completed")
        #expect(try await bench.stopKiosk() == 0)
        return (bench, turn)
    }

    private func uses(_ turn: [String: Any]) -> [String] {
        (turn["tools"] as? [[String: Any]] ?? []).map { "\($0["name"] ?? "") \($0["status"] ?? "")" }
    }

    @Test(.timeLimit(.minutes(2)))
    func theAnswerFollowsTheResultOfAToolAndCountsAsOne() async throws {
        let (bench, turn) = try await oneTurn("tool-call", settings: """
            [[tool]]
            name = "opening_hours"
            description = "when we are open"
            command = ["\(Self.examples)/tools/opening-hours", "\(Self.examples)/tools/opening-hours.txt"]
            """)
        let sample = try Samples.all.get()[2]
        #expect(turn[path: "assistant", "text"] as? String == sample.answerText)
        #expect(uses(turn) == ["opening_hours ok"])
        let ms = try #require((turn["tools"] as? [[String: Any]])?.first?["ms"] as? Int)
        #expect((0...5_000).contains(ms))
        let outputs = try bench.report("tool_output").compactMap { $0["output"] as? String }
        #expect(outputs.count == 1)
        #expect(outputs.first?.hasSuffix("Sunday and public holidays: closed") == true)
        // Two responses of the conversation, and both are in the bill.
        let used = try bench.report("response").filter {
            $0["event"] as? String == "done" && $0["out_of_band"] as? Bool == false
        }
        #expect(used.count == 2)
        let tokens = used.compactMap { $0[path: "usage", "total_tokens"] as? Int }.reduce(0, +)
        #expect(turn[path: "usage", "assistant", "total_tokens"] as? Int == tokens)
        #expect(bench.kiosk.errors == "")
    }

    @Test(.timeLimit(.minutes(2)), arguments: [
        ("tool-call", "exit 3", 5_000, "failed", "error: the tool failed", "broken: exit status 3: no paper"),
        ("tool-call", "sleep 20", 300, "timeout", "error: the tool took too long", "broken: not done within its time"),
        ("tool-unknown", "true", 5_000, "failed", "error: no such tool", "no_such_tool: no such tool"),
        ("tool-bad-arguments", "true", 5_000, "failed", "error: the arguments are no JSON object",
            "broken: the arguments are no JSON object"),
    ])
    func aToolThatFailsIsSaidAndTheTurnIsAnsweredAllTheSame(
        fault: String, script: String, limitMs: Int, status: String, told: String, said: String
    ) async throws {
        let (bench, turn) = try await oneTurn(fault, settings: """
            [[tool]]
            name = "broken"
            command = ["/bin/sh", "-c", "echo no paper >&2; \(script)"]
            timeout_ms = \(limitMs)
            """)
        #expect(uses(turn).map { $0.split(separator: " ").last.map(String.init) } == [status])
        #expect(try bench.report("tool_output").compactMap { $0["output"] as? String } == [told])
        #expect(bench.kiosk.errors == "[fault] tool: \(said)\n")
        let faults = try JournalFile(directory: bench.journalFolder).entries(of: "fault")
        #expect(faults.map { $0["class"] as? String } == ["tool"])
    }

    @Test(.timeLimit(.minutes(2)))
    func aModelThatCallsForEverSpeaksAfterEightRounds() async throws {
        let (bench, turn) = try await oneTurn("tool-call-loop", settings: """
            [[tool]]
            name = "again"
            command = ["/bin/true"]
            """)
        #expect(uses(turn) == Array(repeating: "again ok", count: 8))
        #expect(try bench.report("tool_output").compactMap { $0["output"] as? String } == Array(repeating: "ok", count: 8))
    }
}
