import Foundation
import KioskBench
import Testing

/// Refusals, broken links and the end, as the operator and the visitor meet them.
@Suite(.serialized)
struct LinkTests {
    @Test(.timeLimit(.minutes(1)))
    func aTurnHeldWhileTheLinkBreaksIsKeptAndSentToTheNextSession() async throws {
        let sample = try Samples.all.get()[1]
        let bench = try Bench()
        try await bench.startSimulator(["--faults", "drop-mid-turn=1"])
        try bench.writeSettings(microphone: WaveFile.silence(ms: 1_500) + sample.audio)
        try await bench.startKiosk()
        try await bench.speak(sample, at: 1_500)
        let turns = try await bench.settledTurns(1)
        #expect(turns[0][path: "realtime", "text"] as? String == sample.text)
        #expect(turns[0][path: "assistant", "status"] as? String == "completed")
        #expect(try await bench.stopKiosk() == 0)
        let heard = try bench.report("heard")
        #expect(heard.map { $0["head_missing_ms"] as? Int } == [0])
        #expect(heard.map { $0["tail_missing_ms"] as? Int } == [0])
        let journal = try JournalFile(directory: bench.journalFolder)
        #expect(journal.entries(of: "session").compactMap { $0["event"] as? String } == ["opened", "closed", "opened", "closed"])
        #expect(journal.entries(of: "fault").contains { $0["class"] as? String == "link" })
    }

    @Test(.timeLimit(.minutes(1)))
    func aTurnSpokenWithoutASessionIsJournalledAsFailedAfterTenSeconds() async throws {
        let bench = try Bench()
        try await bench.startSimulator()
        bench.simulator.terminate()
        try await bench.simulator.exitStatus()
        try bench.writeSettings(microphone: WaveFile.silence(ms: 500))
        try await bench.startKiosk(until: "[kiosk] not connected")
        try await bench.button("hold", "300")
        let turns = try await bench.settledTurns(1, within: 14)
        #expect(turns[0][path: "realtime", "status"] as? String == "failed")
        #expect(turns[0][path: "realtime", "reason"] as? String == "no session within 10 s of the release")
        #expect(turns[0][path: "assistant", "status"] as? String == "failed")
        #expect(bench.kiosk.output.contains("[kiosk] no connection: what is said is kept"))
        #expect(try await bench.stopKiosk() == 0)
    }

    @Test(.timeLimit(.minutes(1)), arguments: [
        ("echo-key-in-error", "the API key is not accepted"), ("refuse-quota", "the account has no credit left"),
        ("refuse-model", "the server does not offer this model"), ("http-401", "the server does not accept the API key"),
        ("update-refused", "the server refuses the session settings"),
    ])
    func aRefusalIsSaidOnceInWordsTheAgentStaysUpAndTheKeyIsNeverShown(fault: String, words: String) async throws {
        let bench = try Bench()
        try await bench.startSimulator(["--faults", fault])
        try bench.writeSettings(microphone: WaveFile.silence(ms: 500))
        let key = "sk-very-secret-\(UUID().uuidString)"
        try await bench.startKiosk(environment: ["OPENAI_API_KEY": key], until: "[kiosk] not connected")
        try await eventually("the refusal is said: \(bench.kiosk.errors)") { bench.kiosk.errors.contains(words) }
        #expect(bench.kiosk.output.contains("next try in 300.0 s"))
        #expect(bench.kiosk.errors.components(separatedBy: words).count == 2, "said once: \(bench.kiosk.errors)")
        #expect(bench.kiosk.isRunning)
        #expect(try await bench.stopKiosk() == 0)
        let journal = try JournalFile(directory: bench.journalFolder)
        #expect(journal.entries(of: "fault").contains { $0["class"] as? String == "refused" })
        let everything = bench.kiosk.output + bench.kiosk.errors + String(describing: journal.entries)
        #expect(!everything.contains(key))
    }

    @Test(.timeLimit(.minutes(1)))
    func anUntrustedCertificateIsOneClearLineAndTheLinkIsTriedAgain() async throws {
        let bench = try Bench()
        try await bench.startSimulator()
        try bench.writeSettings(microphone: WaveFile.silence(ms: 500))
        try await bench.startKiosk(["--set", "realtime.ca_file="], until: "[kiosk] not connected")
        try await eventually("said: \(bench.kiosk.errors)") { bench.kiosk.errors.contains("\n") }
        #expect(bench.kiosk.errors.contains("localhost:\(bench.port): tls: "))
        #expect(bench.kiosk.errors.contains("certificate"))
        #expect(try await bench.stopKiosk() == 0)
    }

    @Test(.timeLimit(.minutes(1)))
    func aStopInTheMiddleOfAnAnswerEndsWithinTwoSecondsAndLeavesTheTurnTruncated() async throws {
        let sample = try Samples.all.get()[0]
        let bench = try Bench()
        try await bench.startSimulator()
        try bench.writeSettings(microphone: WaveFile.silence(ms: 1_500) + sample.audio)
        try await bench.startKiosk()
        try await bench.speak(sample, at: 1_500)
        try await eventually("the assistant speaks") { bench.kiosk.lines.contains("[kiosk] assistant speaking") }
        try await bench.microphoneReaches(ms: WaveFile.lengthMs(of: bench.answerFile) + 400)
        let asked = ContinuousClock.now
        #expect(try await bench.stopKiosk() == 0)
        #expect(ContinuousClock.now - asked < .seconds(2))
        let journal = try JournalFile(directory: bench.journalFolder)
        #expect(journal.turns.count == 1)
        #expect(journal.turns.first?[path: "assistant", "status"] as? String == "truncated")
        #expect((journal.turns.first?[path: "assistant", "played_ms"] as? Int ?? 0) > 200)
        #expect(journal.entries.last?["event"] as? String == "closed")
        #expect(journal.entries.last?["reason"] as? String == "stopped")
        #expect(!FileManager.default.fileExists(atPath: bench.folder.appendingPathComponent("control.sock").path))
    }
}
