import Foundation
import KioskBench
import Testing

/// What was said is kept before anybody has heard the answer to it.
@Suite(.serialized)
struct DurabilityTests {
    @Test(.timeLimit(.minutes(1)))
    func whatTheVisitorSaidSurvivesAKillWhileItIsBeingAnswered() async throws {
        let sample = try Samples.all.get()[1]
        let bench = try Bench()
        try await bench.startSimulator()
        try bench.writeSettings(microphone: WaveFile.silence(ms: 1_500) + sample.audio)
        try await bench.startKiosk()
        try await bench.speak(sample, at: 1_500)
        try await eventually("both transcripts are kept") { try Self.parts(bench).count == 2 }
        bench.kiosk.kill()
        try await bench.kiosk.exitStatus()

        let journal = try JournalFile(directory: bench.journalFolder)
        #expect(journal.entries(of: "turn").isEmpty, "the answer had been heard to its end")
        let parts = journal.entries(of: "part")
        for name in ["realtime", "built_in"] {
            #expect(parts.compactMap { $0[path: name, "text"] as? String } == [sample.text])
        }
        #expect(parts.allSatisfy { $0["turn"] as? Int == 1 })

        // The next life counts on, and a settled turn follows its parts.
        try await bench.startKiosk()
        try await bench.speak(sample, at: 1_500)
        let turns = try await bench.settledTurns(1)
        #expect(turns[0][path: "realtime", "text"] as? String == sample.text)
        #expect(try await bench.stopKiosk() == 0)
        let whole = try JournalFile(directory: bench.journalFolder)
        #expect(whole.entries.map { $0["seq"] as? Int } == Array(1...whole.entries.count))
        let session = turns[0]["session"] as? String
        let kinds = whole.entries.filter { $0["session"] as? String == session }.compactMap { $0["kind"] as? String }
        #expect(kinds == ["session", "part", "part", "turn", "session"])
    }

    private static func parts(_ bench: Bench) throws -> [[String: Any]] {
        try JournalFile(directory: bench.journalFolder).entries(of: "part")
    }
}
