import Foundation
import KioskBench
import Testing

/// The simulator's menu of faults, each met in one turn.
@Suite(.serialized)
struct FaultTests {
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
        try await bench.speak(samples[2], at: firstAt)
        try await bench.speak(samples[3], at: secondAt)
        let turns = try await bench.settledTurns(2, within: 40)
        let whole = turns.first { $0[path: "realtime", "text"] as? String == samples[3].text }
        let turn = try #require(whole)
        #expect(turn[path: "built_in", "text"] as? String == samples[3].text)
        #expect(turn[path: "assistant", "status"] as? String == "completed")
        #expect(bench.kiosk.isRunning)
        #expect(try await bench.stopKiosk() == 0)
    }
}
