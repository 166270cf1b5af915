import Foundation
import KioskBench
import Testing

/// Whole turns, from sound device to sound device, over TLS, against the simulator.
@Suite(.serialized)
struct ConversationTests {
    @Test(.timeLimit(.minutes(2)))
    func twoPushToTalkTurnsAreHeardWholeAnsweredTranscribedPricedAndKept() async throws {
        let samples = try Samples.all.get()
        let (first, second) = (samples[0], samples[1])
        let bench = try Bench()
        try await bench.startSimulator()
        // Each utterance starts where its button goes down; the first answer fits between them.
        let firstAt = 1_500
        let secondAt = try firstAt + first.lengthMs + first.answer.count * 1000 / WaveFile.rate + 3_500
        try bench.writeSettings(microphone: WaveFile.silence(ms: firstAt) + first.audio
            + WaveFile.silence(ms: secondAt - firstAt - first.lengthMs) + second.audio)
        try await bench.startKiosk()

        for (sample, at) in [(first, firstAt), (second, secondAt)] {
            try await bench.microphoneReaches(ms: at - 100)
            try await bench.button("press")
            try await bench.microphoneReaches(ms: try at + sample.lengthMs)
            try await bench.button("release")
        }
        let turns = try await bench.settledTurns(2)

        for (turn, sample) in zip(turns, [first, second]) {
            #expect(turn[path: "realtime", "status"] as? String == "ok")
            #expect(turn[path: "realtime", "text"] as? String == sample.text)
            #expect(turn[path: "built_in", "status"] as? String == "ok")
            #expect(turn[path: "built_in", "text"] as? String == sample.text)
            #expect(turn[path: "assistant", "status"] as? String == "completed")
            #expect(turn[path: "assistant", "text"] as? String == sample.answerText)
            let answerMs = try sample.answer.count * 1000 / WaveFile.rate
            #expect(abs((turn[path: "assistant", "played_ms"] as? Int ?? 0) - answerMs) <= 1)
            for part in ["assistant", "realtime_transcript", "built_in_transcript"] {
                #expect((turn[path: "cost_usd", part] as? Double ?? 0) > 0, "\(part) is priced")
            }
        }
        #expect(turns.map { $0["turn"] as? Int } == [1, 2])
        #expect(try await bench.stopKiosk() == 0)

        let heard = try bench.report("heard")
        #expect(heard.map { $0["name"] as? String } == [first.name, second.name])
        #expect(heard.map { $0["head_missing_ms"] as? Int } == [0, 0])
        #expect(heard.map { $0["tail_missing_ms"] as? Int } == [0, 0])

        let console = bench.kiosk.lines
        let blocks = console.filter { $0.hasPrefix("=== ") }
        let headings = [
            "=== User turn (Realtime transcript) ===", "=== User turn (Transcription model) ===", "=== Assistant response ===",
        ]
        #expect(blocks == headings + headings)
        #expect(console.filter { $0 == "[kiosk] speech detected" }.count == 2)
        #expect(bench.kiosk.errors == "", "no fault was reported")
        let journal = try JournalFile(directory: bench.journalFolder)
        #expect(journal.entries.first?["event"] as? String == "opened")
        #expect(journal.entries.last?["event"] as? String == "closed")

        // What was heard is the answer itself, sample for sample, wherever it stands in the file.
        let file = try WaveFile(contentsOf: bench.answerFile)
        let start = try #require(file.firstAudibleMs())
        let answer = WaveFile(samples: try first.answer)
        let lead = try #require(answer.firstAudibleMs())
        let from = (start - lead) * WaveFile.rate / 1000
        let near = (from - 48...from + 48).contains { offset in
            offset >= 0 && offset + answer.samples.count <= file.samples.count
                && Array(file.samples[offset..<offset + answer.samples.count]) == answer.samples
        }
        #expect(near, "the first answer stands in the file bit for bit and without a gap")
    }

    @Test(.timeLimit(.minutes(2)), arguments: ["server-vad", "semantic-vad"])
    func aTurnEndedByTheServerIsHeardWholeAndTheMicrophoneIsClosedWhileTheAssistantSpeaks(detection: String) async throws {
        let sample = try Samples.all.get()[2]
        let bench = try Bench()
        try await bench.startSimulator()
        // The same words again while the assistant is speaking: nobody must hear them.
        try bench.writeSettings(
            microphone: WaveFile.silence(ms: 2_000) + sample.audio + WaveFile.silence(ms: 20_000),
            settings: "[turns]\ndetection = \"\(detection)\"\n")
        try await bench.startKiosk()
        let turns = try await bench.settledTurns(1, within: 30)
        #expect(turns[0][path: "realtime", "text"] as? String == sample.text)
        #expect(turns[0][path: "built_in", "text"] as? String == sample.text)
        #expect(turns[0][path: "assistant", "status"] as? String == "completed")
        #expect(turns[0][path: "assistant", "text"] as? String == sample.answerText)
        #expect(try await bench.stopKiosk() == 0)
        let heard = try bench.report("heard")
        #expect(heard.map { $0["name"] as? String } == [sample.name])
        #expect(heard.map { $0["head_missing_ms"] as? Int } == [0])
        #expect(heard.map { $0["tail_missing_ms"] as? Int } == [0])
        #expect(try JournalFile(directory: bench.journalFolder).turns.count == 1)
    }

    @Test(.timeLimit(.minutes(2)))
    func pressingWhileTheAssistantSpeaksSilencesItAndTruncatesWhereItWasCutOff() async throws {
        let first = try Samples.all.get()[0]
        let bench = try Bench()
        try await bench.startSimulator()
        let firstAt = 1_500
        try bench.writeSettings(microphone: WaveFile.silence(ms: firstAt) + first.audio + WaveFile.silence(ms: 60_000))
        try await bench.startKiosk()
        try await bench.microphoneReaches(ms: firstAt - 100)
        try await bench.button("press")
        try await bench.microphoneReaches(ms: try firstAt + first.lengthMs)
        try await bench.button("release")
        try await eventually("the assistant speaks") { bench.kiosk.lines.contains("[kiosk] assistant speaking") }
        let speakingMs = WaveFile.lengthMs(of: bench.answerFile)
        try await bench.microphoneReaches(ms: speakingMs + 700)
        let pressedMs = WaveFile.lengthMs(of: bench.answerFile)
        try await bench.button("hold", "400")
        let turns = try await bench.settledTurns(1)

        let file = try WaveFile(contentsOf: bench.answerFile)
        let answer = WaveFile(samples: try first.answer)
        let startMs = try #require(file.firstAudibleMs()) - (try #require(answer.firstAudibleMs()))
        let silentFromMs = try #require(file.lastAudibleMs())
        // The cut may fall into a pause of the words: it lies between what is still in the file and what no longer is.
        let lostFromMs = answer.firstAudibleMs(from: silentFromMs - startMs + 2) ?? answer.samples.count * 1000 / WaveFile.rate
        let playedMs = try #require(turns[0][path: "assistant", "played_ms"] as? Int)
        #expect(turns[0][path: "assistant", "status"] as? String == "truncated")
        #expect(turns[0][path: "assistant", "text"] as? String == first.answerText)
        #expect((silentFromMs - startMs - 40...lostFromMs + 40).contains(playedMs), "in the file: \(silentFromMs - startMs)")
        // The button command is a process of its own that has to start first: bounded from its call, not from its edge.
        #expect(silentFromMs - pressedMs <= 60 + 250, "silent \(silentFromMs - pressedMs) ms after the command was started")
        let truncates = try bench.report("truncate")
        #expect(truncates.count == 1)
        #expect(truncates.first?["audio_end_ms"] as? Int == playedMs)
        #expect(try await bench.stopKiosk() == 0)
        let blocks = bench.kiosk.lines.filter { $0.hasPrefix("=== ") }
        #expect(blocks.count % 3 == 0, "turns are shown whole")
    }

    @Test(.timeLimit(.minutes(1)))
    func aTapSendsNothingAndLeavesNoEntry() async throws {
        let bench = try Bench()
        try await bench.startSimulator()
        try bench.writeSettings(microphone: WaveFile.silence(ms: 500))
        try await bench.startKiosk()
        try await bench.button("hold", "60")
        try await bench.button("release")
        #expect(try await bench.stopKiosk() == 0)
        #expect(try JournalFile(directory: bench.journalFolder).turns.isEmpty)
        #expect(try bench.report("received").allSatisfy { ($0["type"] as? String)?.hasPrefix("input_audio_buffer") != true })
        #expect(!bench.kiosk.output.contains("speech detected"))
    }
}
