import Foundation
import KioskBench
import Testing

/// Out-of-band tasks and doubtful transcripts, as real processes over TLS.
@Suite(.serialized)
struct TaskTests {
    private static let tasks = """
        [[out_of_band_task]]
        name = "fields"
        trigger = "turn"
        context = "last-turn"
        instructions = "Fill in the form."
        output = "json"
        schema_file = "form.json"
        [[out_of_band_task]]
        name = "summary"
        trigger = "session-end"
        instructions = "Sum up."

        """

    private static func bench(faults: String? = nil, settings: String = "") async throws -> (Bench, Samples.Sample) {
        let sample = try Samples.all.get()[1]
        let bench = try Bench()
        try await bench.startSimulator(faults.map { ["--faults", $0] } ?? [])
        let schema = #"{"type": "object", "required": ["said"], "properties": {"said": {"type": "array"}}}"#
        try schema.write(to: bench.folder.appendingPathComponent("form.json"), atomically: true, encoding: .utf8)
        let microphone = try WaveFile.silence(ms: 1_500) + sample.audio + WaveFile.silence(ms: 60_000)
        try bench.writeSettings(microphone: microphone, settings: tasks + settings)
        try await bench.startKiosk()
        return (bench, sample)
    }

    private static func entries(_ bench: Bench, _ name: String) throws -> [[String: Any]] {
        try JournalFile(directory: bench.journalFolder).entries(of: "task").filter { $0["name"] as? String == name }
    }

    @Test(.timeLimit(.minutes(2)))
    func aTurnsFieldsAndTheSessionsSummaryAreKeptAndTheStopWaitsForTheLatter() async throws {
        let (bench, sample) = try await Self.bench()
        try await bench.speak(sample, at: 1_500)
        let turn = try #require(try await bench.settledTurns(1).first)
        try await eventually("the fields") { (try? Self.entries(bench, "fields").count) == 1 }
        let stopped = Date()
        #expect(try await bench.stopKiosk() == 0)
        #expect(Date().timeIntervalSince(stopped) < 2)

        let fields = try #require(try Self.entries(bench, "fields").first)
        #expect(fields["status"] as? String == "ok")
        #expect(fields[path: "json", "said"] as? [String] == [sample.text])
        #expect(fields["item"] as? String == turn["item"] as? String && fields["turn"] as? Int == 1)
        #expect(fields["session"] as? String == turn["session"] as? String)
        #expect((fields[path: "cost_usd", "task"] as? Double ?? 0) > 0)
        let summary = try #require(try Self.entries(bench, "summary").first)
        #expect(summary["status"] as? String == "ok" && summary["text"] as? String == sample.text)
        let journal = try JournalFile(directory: bench.journalFolder)
        #expect(journal.entries.last?["event"] as? String == "closed")
        #expect(bench.kiosk.lines.contains("[kiosk] task summary: \(sample.text)"))
        #expect(bench.kiosk.errors == "")

        // The good turn: both transcripts agree, and what was spoken is measured.
        #expect(turn["flags"] == nil && turn["word_error_rate"] as? Double == 0)
        let speechMs = turn["speech_ms"] as? Int ?? 0
        #expect((try sample.lengthMs / 2...sample.lengthMs + 100).contains(speechMs), "\(speechMs) ms of speech")
        #expect((-40.0 ... -10).contains(turn["level_dbfs"] as? Double ?? 0))
    }

    @Test(.timeLimit(.minutes(2)))
    func tasksThatAreNeverAnsweredDelayNoTurnAndTheStopByASecondAtMost() async throws {
        let (bench, sample) = try await Self.bench(
            faults: "oob-missing", settings: "[transcription]\nout_of_band = \"off\"\n")
        try await bench.speak(sample, at: 1_500)
        let turn = try #require(try await bench.settledTurns(1).first)
        #expect(turn[path: "assistant", "status"] as? String == "completed")
        let stopped = Date()
        #expect(try await bench.stopKiosk() == 0)
        #expect(Date().timeIntervalSince(stopped) < 2)
        let kept = try JournalFile(directory: bench.journalFolder).entries(of: "task")
        #expect(kept.map { $0["name"] as? String } == ["fields", "summary"])
        #expect(kept.map { $0["status"] as? String } == ["timeout", "timeout"])
        #expect(try JournalFile(directory: bench.journalFolder).entries.last?["event"] as? String == "closed")
    }

    @Test(.timeLimit(.minutes(2)))
    func wordsAroundTheJSONAreKeptAsInvalidAndAnInventedTranscriptIsFlagged() async throws {
        let (bench, sample) = try await Self.bench(faults: "task-in-prose,oob-invented")
        try await bench.speak(sample, at: 1_500)
        let turn = try #require(try await bench.settledTurns(1).first)
        try await eventually("the fields") { (try? Self.entries(bench, "fields").count) == 1 }
        #expect(try await bench.stopKiosk() == 0)
        let fields = try #require(try Self.entries(bench, "fields").first)
        #expect(fields["status"] as? String == "invalid" && fields["reason"] as? String == "not JSON")
        #expect((fields["text"] as? String)?.hasPrefix("Certainly! ") == true)
        // Kept whole, with the warning.
        #expect((turn[path: "realtime", "text"] as? String)?.hasPrefix("Hello! ") == true)
        #expect(turn["flags"] as? [String] == ["disagreement"])
        #expect(bench.kiosk.lines.contains { $0.hasPrefix("[kiosk] doubtful transcript: ") })
    }
}
