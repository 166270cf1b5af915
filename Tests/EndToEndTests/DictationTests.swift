import Foundation
import KioskBench
import Testing

/// `realtime.mode = "dictation"`.
@Suite(.serialized)
struct DictationTests {
    @Test(.timeLimit(.minutes(2)), arguments: ["push-to-talk", "server-vad"])
    func whatIsSaidIsWrittenDownAndNotAnswered(detection: String) async throws {
        let sample = try Samples.all.get()[2]
        let bench = try Bench()
        try await bench.startSimulator()
        try bench.writeSettings(
            microphone: WaveFile.silence(ms: 1_500) + sample.audio + WaveFile.silence(ms: 20_000),
            settings: "[turns]\ndetection = \"\(detection)\"\n", realtime: "mode = \"dictation\"")
        try await bench.startKiosk()
        if detection == "push-to-talk" { try await bench.speak(sample, at: 1_500) }
        let turn = try #require(try await bench.settledTurns(1, within: 30).first)
        #expect(turn[path: "built_in", "text"] as? String == sample.text)
        #expect(turn[path: "realtime", "status"] as? String == "off")
        #expect(turn[path: "assistant", "status"] as? String == "none")
        #expect((turn[path: "cost_usd", "built_in_transcript"] as? Double ?? 0) > 0)
        #expect(try await bench.stopKiosk() == 0)
        #expect(bench.kiosk.errors == "")
        #expect(try bench.report("response").isEmpty)
        #expect(try bench.report("error").isEmpty)
        #expect(try bench.report("heard").map { $0["name"] as? String } == [sample.name])
    }
}
