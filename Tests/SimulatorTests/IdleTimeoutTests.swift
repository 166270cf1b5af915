import Testing

@testable import realtime_simulator

/// `turn_detection.idle_timeout_ms`: what the service does when nobody speaks after an answer.
@Suite struct IdleTimeoutTests {
    private static func visit(_ detection: JSON) throws -> Visit {
        var visit = try Visit()
        visit.update(["audio": ["input": ["turn_detection": detection, "transcription": ["model": "whisper-1"]]]])
        return visit
    }

    private static let detection: JSON = ["type": "server_vad", "idle_timeout_ms": 5_000]

    /// Speaks a sample; what its answer takes to be played.
    private static func speak(_ visit: inout Visit) throws -> Int {
        visit.speak(Shipped.samples("directions") + Sound.silence(ms: 400))
        visit.wait(.seconds(3))
        return try #require(visit.reports("response").last { $0["event"] == "done" }?["sent_ms"]?.integer)
    }

    @Test func theSilenceAfterAnAnswerIsCommittedAndAnswered() throws {
        var visit = try Self.visit(Self.detection)
        let answerMs = try Self.speak(&visit)
        visit.append(Sound.silence(ms: 1_000))
        visit.wait(.milliseconds(answerMs))
        #expect(visit.events("input_audio_buffer.timeout_triggered").isEmpty)
        visit.wait(.seconds(6))
        let timeout = try #require(visit.events("input_audio_buffer.timeout_triggered").first)
        let committed = visit.events("input_audio_buffer.committed")
        #expect(committed.count == 2 && committed.last?["item_id"] == timeout["item_id"])
        let endMs = try #require(timeout["audio_end_ms"]?.integer)
        #expect(endMs > timeout["audio_start_ms"]?.integer ?? endMs)
        #expect(visit.events("response.created").count == 2)
        let types = visit.types.drop { $0 != "input_audio_buffer.timeout_triggered" }
        #expect(types.prefix(4) == [
            "input_audio_buffer.timeout_triggered", "input_audio_buffer.committed", "conversation.item.added",
            "conversation.item.done",
        ])
        visit.wait(.seconds(3))
        let transcripts = visit.events("conversation.item.input_audio_transcription.completed")
        #expect(transcripts.last?["transcript"] == "" && transcripts.last?["item_id"] == timeout["item_id"])
    }

    @Test func whoeverSpeaksInTimeIsHeardInItsPlace() throws {
        var visit = try Self.visit(Self.detection)
        let answerMs = try Self.speak(&visit)
        visit.wait(.milliseconds(answerMs))
        visit.append(Sound.tone(ms: 500, amplitude: 6_000))
        visit.wait(.seconds(20))
        #expect(visit.events("input_audio_buffer.timeout_triggered").isEmpty)
    }

    @Test func beforeTheFirstAnswerAndWithoutAServersDetectionNobodyIsWaitedFor() throws {
        var visit = try Self.visit(Self.detection)
        visit.append(Sound.silence(ms: 500))
        visit.wait(.seconds(60))
        #expect(!visit.types.contains("response.created"))

        visit = try Self.visit(Self.detection)
        _ = try Self.speak(&visit)
        visit.pushToTalk()
        visit.wait(.seconds(60))
        #expect(visit.events("input_audio_buffer.timeout_triggered").isEmpty)
    }
}
