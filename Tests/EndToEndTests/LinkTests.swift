import Foundation
import KioskBench
import Testing

/// Refusals, broken links and the end, as the operator and the visitor meet them.
@Suite(.serialized)
struct LinkTests {
    /// Speaks the first sample with the button, from `at` ms of the microphone on.
    private func speak(_ sample: Samples.Sample, at: Int, on bench: Bench) async throws {
        try await bench.microphoneReaches(ms: at - 100)
        try await bench.button("press")
        try await bench.microphoneReaches(ms: try at + sample.lengthMs)
        try await bench.button("release")
    }

    @Test(.timeLimit(.minutes(1)))
    func aTurnHeldWhileTheLinkBreaksIsKeptAndSentToTheNextSession() async throws {
        let sample = try Samples.all.get()[1]
        let bench = try Bench()
        try await bench.startSimulator(["--faults", "drop-mid-turn=1"])
        try bench.writeSettings(microphone: WaveFile.silence(ms: 1_500) + sample.audio)
        try await bench.startKiosk()
        try await speak(sample, at: 1_500, on: bench)
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
        try await speak(sample, at: 1_500, on: bench)
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

    @Test(.timeLimit(.minutes(2)), arguments: [
        "done-missing-drop=1", "built-in-missing=1", "built-in-failed=1", "built-in-duplicate=1", "oob-failed=1",
        "oob-rate-limited=1", "oob-empty=1", "response-failed=1", "response-failed-without-created=1", "response-incomplete=1",
        "two-audio-items=1", "unknown-events", "item-created", "odd-base64-split", "invalid-json=1", "burst",
    ])
    func afterAFaultInOneTurnTheNextTurnIsWhole(fault: String) async throws {
        let samples = try Samples.all.get()
        let bench = try Bench()
        try await bench.startSimulator(["--faults", fault])
        let firstAt = 1_000
        let secondAt = try firstAt + samples[2].lengthMs + 7_000
        try bench.writeSettings(microphone: WaveFile.silence(ms: firstAt) + samples[2].audio
            + WaveFile.silence(ms: secondAt - firstAt - (try samples[2].lengthMs)) + samples[3].audio)
        try await bench.startKiosk()
        try await speak(samples[2], at: firstAt, on: bench)
        try await speak(samples[3], at: secondAt, on: bench)
        let turns = try await bench.settledTurns(2, within: 40)
        let whole = turns.first { $0[path: "realtime", "text"] as? String == samples[3].text }
        let turn = try #require(whole)
        #expect(turn[path: "built_in", "text"] as? String == samples[3].text)
        #expect(turn[path: "assistant", "status"] as? String == "completed")
        #expect(bench.kiosk.isRunning)
        #expect(try await bench.stopKiosk() == 0)
    }
}
