import Foundation
import KioskBench
import Testing

/// Whole turns between sound card, button and serial console, all three the kernel's own.
@Suite(.serialized)
struct TurnTests {
    @Test(.timeLimit(.minutes(2)))
    func aVisitorWhoPressesIsHeardWholeAnsweredAndWrittenDown() async throws {
        let samples = try Samples.all.get()
        let (first, second) = (samples[0], samples[4])
        let board = try await Board(.stereo)

        // One visitor presses, speaks and lets go.
        try board.press()
        let lightMs = try await board.light(is: true)
        try await board.saidWhole(first.audio)
        let firstEnd = board.heardFrames
        try board.release()
        _ = try await board.light(is: false)
        _ = try await board.bench.settledTurns(1)
        // Another speaks before he presses, and lets go before he has ended.
        let secondSpeech = try board.say(second.audio)
        try await board.said(250, of: secondSpeech)
        try board.press()
        try await board.said(try second.lengthMs - 150, of: secondSpeech)
        let secondEnd = board.heardFrames
        try board.release()
        try await board.ended(secondSpeech)
        let turns = try await board.bench.settledTurns(2)
        let (status, recording) = try await board.stop()

        #expect(status == 0)
        #expect(board.bench.kiosk.errors == "", "no fault was reported")
        let console = [opening(.stereo), turn(first), turn(second), ending].flatMap { $0 }
        #expect(board.console == console)
        try expectWhole(turns, [first, second])
        try expectHeard([first, second], on: board, "push-to-talk")
        Figures.record("push-to-talk: light", "\(lightMs) ms after the press")
        for (sample, range) in [(first, firstEnd..<secondEnd), (second, secondEnd..<recording.count)] {
            let heard = try #require(recording.heard(of: sample.answer, in: range))
            #expect(heard.ms.contains(try sample.answer.count * 1000 / WaveFile.rate))
            #expect(heard.missingMs == 0)
            #expect(heard.signalToNoiseDB > 30)
            Figures.record(
                "push-to-talk: answer to \(sample.name) at 48 kHz stereo",
                "\(heard.ms.upperBound) ms heard, \(heard.quality)")
        }
    }

    @Test(.timeLimit(.minutes(2)))
    func theServerHearsWhereSpeechEndsAndNobodyIsHeardWhileTheKioskSpeaks() async throws {
        let samples = try Samples.all.get()
        let (first, unheard, second) = (samples[2], samples[4], samples[3])
        let board = try await Board(.speech, turns: "detection = \"server-vad\"")

        try await board.saidWhole(first.audio)
        let firstEnd = board.heardFrames
        try await board.answered(200)
        try await board.saidWhole(unheard.audio)
        _ = try await board.bench.settledTurns(1)
        // The microphone opens 200 ms after the last audible frame.
        try await Task.sleep(for: .milliseconds(700))
        try await board.saidWhole(second.audio)
        let secondEnd = board.heardFrames
        let turns = try await board.bench.settledTurns(2)
        let (status, recording) = try await board.stop()

        #expect(status == 0)
        #expect(board.bench.kiosk.errors == "", "no fault was reported")
        let console = [opening(.speech), turn(first), turn(second), ending].flatMap { $0 }
        #expect(board.console == console)
        try expectWhole(turns, [first, second])
        try expectHeard([first, second], on: board, "server-vad")
        for (sample, range) in [(first, firstEnd..<secondEnd), (second, secondEnd..<recording.count)] {
            let heard = try #require(recording.heard(of: sample.answer, in: range))
            #expect(heard.signalToNoiseDB == .infinity)
            #expect(heard.ms.contains(try sample.answer.count * 1000 / WaveFile.rate))
            Figures.record(
                "server-vad: answer to \(sample.name) at 24 kHz mono",
                "\(heard.ms.upperBound) ms heard, \(heard.quality)")
        }
    }

    /// Silence at the card within 20 ms of the press, truncated within 20 ms of what the card played.
    @Test(.timeLimit(.minutes(2)))
    func aPressSilencesTheAnswerAndTellsTheServerWhatWasHeard() async throws {
        let samples = try Samples.all.get()
        let (first, second) = (samples[0], samples[4])
        let board = try await Board(.stereo)

        try board.press()
        try await board.saidWhole(first.audio)
        let begin = board.heardFrames
        try board.release()
        // In the middle of a word.
        try await board.answered(1_300)
        let pressed = try board.press()
        // Nobody speaks in the same instant; on the board's one core our own work would be in the kiosk's way.
        try await Task.sleep(for: .milliseconds(50))
        try await board.saidWhole(second.audio)
        let end = board.heardFrames
        try board.release()
        let turns = try await board.bench.settledTurns(2)
        let (status, recording) = try await board.stop()

        #expect(status == 0)
        #expect(board.bench.kiosk.errors == "", "no fault was reported")
        let interrupted = turn(first, isInterrupted: true)
        let console = [opening(.stereo), interrupted, turn(second), ending].flatMap { $0 }
        #expect(board.console == console)
        try expectHeard([first, second], on: board, "interrupted")

        let answer = try first.answer
        let heard = try #require(recording.heard(of: answer, in: begin..<end))
        let last = try #require(recording.lastAudibleFrame(in: begin..<end))
        let silentMs = Double(last + 1 - pressed) * 1000 / Double(board.format.rate)
        let playedMs = try #require(turns[0][path: "assistant", "played_ms"] as? Int)
        let truncates = try board.bench.report("truncate")
        #expect(turns[0][path: "assistant", "status"] as? String == "truncated")
        #expect(turns[0][path: "assistant", "text"] as? String == first.answerText)
        #expect(turns[0][path: "realtime", "text"] as? String == first.text)
        #expect(turns[0][path: "built_in", "text"] as? String == first.text)
        #expect(truncates.map { $0["audio_end_ms"] as? Int } == [playedMs])
        #expect((heard.ms.lowerBound - 20...heard.ms.upperBound + 20).contains(playedMs), "\(heard)")
        #expect(heard.missingMs == 0)
        #expect(heard.ms.lowerBound > 1_200)
        // The card counts by the kernel's tick, so that up to 4 ms are missing.
        #expect((-4...20).contains(silentMs))
        Figures.record("interrupted: from the press to silence at the card", "\(decimal(silentMs)) ms")
        Figures.record("interrupted: truncated at", "\(playedMs) ms, the recording has \(heard.ms.lowerBound) ms")
        // The second answer is heard to its end.
        #expect(turns[1][path: "assistant", "status"] as? String == "completed")
        let whole = try #require(recording.heard(of: second.answer, in: end..<recording.count))
        #expect(whole.ms.contains(try second.answer.count * 1000 / WaveFile.rate))
    }

    @Test(.timeLimit(.minutes(2)))
    func aGlitchOfTheContactIsADipInTheAnswerAndNoPress() async throws {
        let sample = try Samples.all.get()[0]
        let board = try await Board(.stereo)

        try board.press()
        try await board.saidWhole(sample.audio)
        let begin = board.heardFrames
        try board.release()
        // In the middle of a word.
        try await board.answered(1_300)
        try board.glitch(ms: 3)
        let turns = try await board.bench.settledTurns(1)
        let (status, recording) = try await board.stop()

        #expect(status == 0)
        #expect(board.bench.kiosk.errors == "", "no fault was reported")
        #expect(board.console == [opening(.stereo), turn(sample), ending].flatMap { $0 })
        try expectWhole(turns, [sample])
        #expect(try board.bench.report("truncate").isEmpty)
        let answer = try sample.answer
        let heard = try #require(recording.heard(of: answer, in: begin..<recording.count))
        // 3 ms, 10 ms of debouncing, and a half of each fade; all that follows is at its place.
        #expect(heard.ms.contains(answer.count * 1000 / WaveFile.rate))
        #expect((5...30).contains(heard.missingMs))
        Figures.record("a glitch of 3 ms", "\(heard.missingMs) ms of the answer are not heard")
    }

    // MARK: What is expected

    private func opening(_ format: CardFormat) -> [String] {
        let converted = format.ratio == 1 ? "" : ", converted at 24000 Hz"
        let rate = format.rate
        let agreed = "\(rate) Hz, S16_LE, \(format.channels) channel\(format.channels == 1 ? "" : "s"), "
            + "period \(rate / 100) frames (10.0 ms), buffer \(rate / 25) frames (40.0 ms), mmap\(converted)"
        return [
            "[kiosk] audio: \(Loopback.microphone): \(agreed)", "[kiosk] audio: \(Loopback.loudspeaker): \(agreed)",
            "[kiosk] connecting", "[kiosk] ready: session",
        ]
    }

    private let ending = ["[kiosk] stopping", ""]

    private func turn(_ sample: Samples.Sample, isInterrupted: Bool = false) -> [String] {
        ["[kiosk] speech detected", "[kiosk] speech ended", "[kiosk] assistant speaking"]
            + (isInterrupted ? ["[kiosk] assistant interrupted"] : [])
            + ["=== User turn (Realtime transcript) ===", sample.text, "[cost]", ""]
            + ["=== User turn (Transcription model) ===", sample.text, "[cost]", ""]
            + ["=== Assistant response ===", sample.answerText, "[cost]", ""]
    }

    private func expectWhole(_ turns: [[String: Any]], _ samples: [Samples.Sample]) throws {
        #expect(turns.map { $0["turn"] as? Int } == samples.indices.map { $0 + 1 })
        for (turn, sample) in zip(turns, samples) {
            #expect(turn[path: "realtime", "text"] as? String == sample.text)
            #expect(turn[path: "built_in", "text"] as? String == sample.text)
            #expect(turn[path: "assistant", "status"] as? String == "completed")
            #expect(turn[path: "assistant", "text"] as? String == sample.answerText)
            let answerMs = try sample.answer.count * 1000 / WaveFile.rate
            #expect(abs((turn[path: "assistant", "played_ms"] as? Int ?? 0) - answerMs) <= 1)
        }
    }

    /// What the server heard of the visitors: these utterances, whole, and nothing else.
    private func expectHeard(_ samples: [Samples.Sample], on board: Board, _ name: String) throws {
        let heard = try board.bench.report("heard")
        let audio = try board.bench.report("audio")
        #expect(heard.map { $0["name"] as? String } == samples.map(\.name))
        for key in ["head_missing_ms", "tail_missing_ms", "gap_ms"] {
            let missing = heard.map { $0[key] as? Int }
            #expect(missing == samples.map { _ in 0 }, "\(key): \(heard) \(audio)")
            Figures.record("\(name): \(key)", missing.map { $0.map(String.init) ?? "?" }.joined(separator: ", "))
        }
        let starts = heard.map { ($0["start_ms"] as? Int).map(String.init) ?? "?" }
        Figures.record("\(name): audio sent before the speech", starts.joined(separator: ", ") + " ms")
        #expect(try board.bench.report("unrecognised").isEmpty)
    }

    private func decimal(_ value: Double) -> String { String(format: "%.1f", value) }
}
