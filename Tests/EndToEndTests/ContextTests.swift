import Foundation
import KioskBench
import Testing

/// A conversation that is kept short.
@Suite struct ContextTests {
    @Test(.timeLimit(.minutes(1)))
    func oldTurnsAreDeletedBehindASummaryOfThemAndTheJournalSaysSo() async throws {
        let samples = Array(try Samples.all.get().prefix(3))
        let gapMs = 7_000
        let bench = try Bench()
        try await bench.startSimulator()
        var microphone: [Int16] = []
        var starts: [Int] = []
        for sample in samples {
            microphone += WaveFile.silence(ms: starts.isEmpty ? 1_000 : gapMs)
            starts.append(microphone.count * 1000 / WaveFile.rate)
            microphone += try sample.audio
        }
        // With one turn to be kept, the third is one too many.
        try bench.writeSettings(microphone: microphone, settings: "[session]\nhistory_turns = 1\n")
        try await bench.startKiosk()
        for (sample, start) in zip(samples, starts) { try await bench.speak(sample, at: start) }
        _ = try await bench.settledTurns(3)
        func journal() throws -> JournalFile { try JournalFile(directory: bench.journalFolder) }
        try await eventually("the cut: \(bench.kiosk.output)") { try journal().entries(of: "context").count == 1 }
        #expect(try await bench.stopKiosk() == 0)
        #expect(bench.kiosk.errors == "")

        let summary = samples.map(\.text).joined(separator: " ")
        let cut = try #require(try journal().entries(of: "context").first)
        #expect(cut["summary"] as? String == summary)
        #expect(cut["deleted_items"] as? Int == 4 && cut["kept_turns"] as? Int == 1)
        let task = try #require(try journal().entries(of: "task").first)
        #expect(task["name"] as? String == "context-summary" && task[path: "cost_usd", "task"] as? Double ?? 0 > 0)
        let created = try bench.report("created")
        #expect(created.map { $0["role"] as? String } == ["system"])
        #expect(created.first?["text"] as? String == "Summary of the conversation so far:\n\(summary)")
        #expect(try bench.report("received").filter { $0["type"] as? String == "conversation.item.delete" }.count == 4)
        #expect(!bench.kiosk.output.contains("context-summary"))
    }
}
