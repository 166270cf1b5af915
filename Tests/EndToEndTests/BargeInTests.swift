import Foundation
import KioskBench
import Testing

/// A voice over the assistant's with an open microphone, where it wants to be confirmed.
@Suite struct BargeInTests {
    private static let settings = """
        [turns]
        detection = "server-vad"
        microphone_while_speaking = "open"
        barge_in_confirm_ms = 400
        """
    /// How long after the end of the question the voice begins: the server waits for 500 ms of silence, and the
    /// answer is under way.
    private static let pauseMs = 2_000

    private static func question() throws -> Samples.Sample {
        // The longest answer there is.
        try #require(try Samples.all.get().max { try $0.answer.count < $1.answer.count })
    }

    private static func cough() -> [Int16] {
        let count = WaveFile.rate / 5
        return (0..<count).map { index in
            let level = 8_000 * (1 - Double(index) / Double(count))
            return Int16(level * sin(Double(index) * 0.3))
        }
    }

    /// Asks the question and lets the voice be heard over its answer; both turns, in their order.
    private func interrupt(
        _ question: Samples.Sample, by voice: [Int16], simulator arguments: [String] = []
    ) async throws -> (Bench, turns: [[String: Any]]) {
        let bench = try Bench()
        try await bench.startSimulator(arguments)
        try bench.writeSettings(
            microphone: WaveFile.silence(ms: 1_000) + question.audio + WaveFile.silence(ms: Self.pauseMs) + voice
                + WaveFile.silence(ms: 20_000),
            settings: Self.settings)
        try await bench.startKiosk()
        let turns = try await bench.settledTurns(2)
        #expect(try await bench.stopKiosk() == 0)
        return (bench, turns.sorted { ($0["turn"] as? Int ?? 0) < ($1["turn"] as? Int ?? 0) })
    }

    @Test(.timeLimit(.minutes(1)))
    func aCoughMakesTheAssistantQuieterForAMomentAndIsNotAnswered() async throws {
        let question = try Self.question()
        let (bench, byNumber) = try await interrupt(
            question, by: Self.cough(), simulator: ["--faults", "built-in-empty=2,oob-empty=2"])
        #expect(byNumber.map { $0[path: "assistant", "status"] as? String } == ["completed", "none"])
        let answer = try question.answer
        let answerMs = answer.count * 1000 / WaveFile.rate
        #expect(abs((byNumber[0][path: "assistant", "played_ms"] as? Int ?? 0) - answerMs) <= 1)
        #expect(try bench.report("truncate").isEmpty)
        let received = try bench.report("received").compactMap { $0["type"] as? String }
        #expect(received.filter { $0 == "conversation.item.delete" }.count == 1, "the cough is not part of the talk")
        #expect(!received.contains("response.cancel"))

        let file = try WaveFile(contentsOf: bench.answerFile)
        let heardAt = try #require(file.firstAudibleMs())
        let audibleAt = try #require(WaveFile(samples: answer).firstAudibleMs())
        let start = try #require(Self.start(of: answer, in: file.samples, near: heardAt - audibleAt))
        let heard = Array(file.samples[start..<start + answer.count])
        let loud = answer.indices.filter { abs(Int(answer[$0])) > 400 }
        let quarter = loud.filter { abs(Int(heard[$0]) - Int(answer[$0]) / 4) <= 1 }
        #expect(quarter.count > loud.count / 20, "\(quarter.count) of \(loud.count) samples are a quarter as loud")
        let end = answer.count - WaveFile.rate / 5
        #expect(heard[end...] == answer[end...], "as loud as before at the end")
    }

    @Test(.timeLimit(.minutes(1)))
    func whoGoesOnSpeakingIsAnsweredInTheAssistantsPlace() async throws {
        let question = try Self.question()
        let second = try #require(try Samples.all.get().first { $0.name != question.name })
        let (bench, byNumber) = try await interrupt(question, by: second.audio)
        #expect(byNumber.map { $0[path: "assistant", "status"] as? String } == ["truncated", "completed"])
        #expect(byNumber.map { $0[path: "realtime", "text"] as? String } == [question.text, second.text])
        #expect(byNumber[1][path: "assistant", "text"] as? String == second.answerText)
        let playedMs = byNumber[0][path: "assistant", "played_ms"] as? Int
        #expect(try bench.report("truncate").map { $0["audio_end_ms"] as? Int } == [playedMs])
    }

    /// Where the answer begins in what was heard, to the sample: its first 100 ms are heard as they are.
    private static func start(of answer: [Int16], in file: [Int16], near milliseconds: Int) -> Int? {
        let near = milliseconds * WaveFile.rate / 1000
        let head = answer[..<(WaveFile.rate / 10)]
        return (max(0, near - 48)...near + 48).first { file[$0..<$0 + head.count].elementsEqual(head) }
    }
}
