import Foundation
import KioskBench
import Testing

/// One conversation over several sessions.
@Suite(.serialized)
struct RenewalTests {
    /// Two utterances, the second of them after `gapMs` of silence, and a kiosk that has settled the first.
    private func conversation(_ faults: String, gapMs: Int, session: String) async throws -> (Bench, [Samples.Sample], secondAt: Int) {
        let samples = try Samples.all.get()
        let bench = try Bench()
        try await bench.startSimulator(faults.isEmpty ? [] : ["--faults", faults])
        let secondAt = try 1_000 + samples[2].lengthMs + gapMs
        try bench.writeSettings(
            microphone: WaveFile.silence(ms: 1_000) + samples[2].audio + WaveFile.silence(ms: gapMs) + samples[3].audio,
            settings: "[session]\n\(session)")
        try await bench.startKiosk()
        try await bench.speak(samples[2], at: 1_000)
        return (bench, samples, secondAt)
    }

    @Test(.timeLimit(.minutes(1)))
    func anOldSessionIsFollowedByOneThatKnowsTheConversationAndTheVisitorNoticesNothing() async throws {
        let (bench, samples, secondAt) = try await conversation("", gapMs: 24_000, session: "renew_after_s = 8")
        _ = try await bench.settledTurns(1)
        try await eventually("a fresh session: \(bench.kiosk.output)", within: 25) {
            bench.kiosk.lines.contains { $0.hasPrefix("[kiosk] fresh session ") }
        }
        try await bench.speak(samples[3], at: secondAt)
        let turns = try await bench.settledTurns(2)
        #expect(turns[1][path: "realtime", "text"] as? String == samples[3].text)
        #expect(try await bench.stopKiosk() == 0)
        #expect(bench.kiosk.errors == "")
        #expect(bench.kiosk.lines.filter { $0.hasPrefix("[kiosk] ready") || $0.hasPrefix("[kiosk] connecting") }.count == 2)
        let created = try bench.report("created")
        #expect(created.prefix(2).map { $0["role"] as? String } == ["user", "assistant"])
        #expect(created.prefix(2).map { $0["text"] as? String } == [samples[2].text, samples[2].answerText])
        let sessions = try JournalFile(directory: bench.journalFolder).entries(of: "session")
        #expect(sessions.prefix(3).map { $0["reason"] as? String } == ["start", "renewed for its age", "renewed"])
        #expect(sessions[2]["kept_turns"] as? Int == 1)
    }

    @Test(.timeLimit(.minutes(1)))
    func aSessionThatTheServerEndsForItsAgeIsFollowedByOneThatKnowsTheConversation() async throws {
        let (bench, samples, secondAt) = try await conversation("expire=9@1", gapMs: 12_000, session: "renew_after_s = 0")
        try await bench.speak(samples[3], at: secondAt)
        let turns = try await bench.settledTurns(2, within: 40)
        #expect(turns[1][path: "realtime", "text"] as? String == samples[3].text)
        #expect(try await bench.stopKiosk() == 0)
        #expect(try bench.report("created").map { $0["text"] as? String } == [samples[2].text, samples[2].answerText])
    }

    @Test(.timeLimit(.minutes(1)))
    func afterTheIdleTimeTheNextVisitorIsMetByAFreshConversation() async throws {
        let (bench, samples, secondAt) = try await conversation("", gapMs: 16_000, session: "fresh_after_idle_s = 3")
        try await eventually("a fresh session: \(bench.kiosk.output)", within: 25) {
            bench.kiosk.lines.contains { $0.hasPrefix("[kiosk] fresh session ") }
        }
        try await bench.speak(samples[3], at: secondAt)
        _ = try await bench.settledTurns(2)
        #expect(try await bench.stopKiosk() == 0)
        #expect(try bench.report("created").isEmpty)
        let sessions = try JournalFile(directory: bench.journalFolder).entries(of: "session")
        #expect(sessions.prefix(3).map { $0["reason"] as? String } == ["start", "idle: the next visitor begins anew", "new visitor"])
    }

    @Test(.timeLimit(.minutes(1)))
    func aReloadWhileTheServerRefusesUsConnectsAtOnce() async throws {
        let bench = try Bench()
        try await bench.startSimulator(["--faults", "refuse-quota=1"])
        try bench.writeSettings(microphone: WaveFile.silence(ms: 500))
        try await bench.startKiosk(until: "[kiosk] not connected, next try in 300.0 s")
        bench.kiosk.reload()
        try await eventually("connected: \(bench.kiosk.output)") { bench.kiosk.lines.contains { $0.hasPrefix("[kiosk] ready") } }
        #expect(try await bench.stopKiosk() == 0)
    }
}
