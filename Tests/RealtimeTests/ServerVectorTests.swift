import Foundation
import Testing

@testable import Realtime

@Suite struct ServerVectorTests {
    /// Which case each type becomes; a type that is not here must become `ignored`.
    static let caseNames = [
        "session.created": "sessionCreated",
        "session.updated": "sessionUpdated",
        "transcription_session.updated": "sessionUpdated",
        "conversation.item.added": "itemAdded",
        "conversation.item.created": "itemAdded",
        "conversation.item.done": "itemDone",
        "conversation.item.retrieved": "itemRetrieved",
        "conversation.item.truncated": "itemTruncated",
        "conversation.item.deleted": "itemDeleted",
        "input_audio_buffer.speech_started": "speechStarted",
        "input_audio_buffer.speech_stopped": "speechStopped",
        "input_audio_buffer.committed": "inputCommitted",
        "input_audio_buffer.cleared": "inputCleared",
        "input_audio_buffer.timeout_triggered": "idleTimeoutTriggered",
        "conversation.item.input_audio_transcription.delta": "builtInTranscriptDelta",
        "conversation.item.input_audio_transcription.completed": "builtInTranscriptCompleted",
        "conversation.item.input_audio_transcription.failed": "builtInTranscriptFailed",
        "response.created": "responseCreated",
        "response.done": "responseDone",
        "response.output_item.added": "outputItemAdded",
        "response.output_item.done": "outputItemDone",
        "response.output_audio.delta": "outputAudioDelta",
        "response.audio.delta": "outputAudioDelta",
        "response.output_audio.done": "outputAudioDone",
        "response.audio.done": "outputAudioDone",
        "response.output_text.delta": "outputTextDelta",
        "response.text.delta": "outputTextDelta",
        "response.output_text.done": "outputTextDone",
        "response.text.done": "outputTextDone",
        "response.output_audio_transcript.delta": "outputTranscriptDelta",
        "response.audio_transcript.delta": "outputTranscriptDelta",
        "response.output_audio_transcript.done": "outputTranscriptDone",
        "response.audio_transcript.done": "outputTranscriptDone",
        "response.function_call_arguments.done": "functionCallDone",
        "rate_limits.updated": "rateLimitsUpdated",
        "error": "error",
    ]

    private static func type(of line: String) throws -> String {
        let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
        return try #require(object?["type"] as? String)
    }

    private static func caseName(_ event: ServerEvent) -> String {
        String("\(event)".prefix { $0 != "(" })
    }

    @Test(arguments: [("ga_server_events.jsonl", 118), ("beta_server_events.jsonl", 41)])
    func everyLineDecodesToTheCaseOfItsType(file: String, lineCount: Int) throws {
        let lines = try Vectors.lines(file)
        #expect(lines.count == lineCount)
        for line in lines {
            let type = try Self.type(of: line)
            let event = try ServerEvent.decode(Array(line.utf8))
            #expect(Self.caseName(event) == Self.caseNames[type] ?? "ignored", "\(line.prefix(200))")
            if Self.caseNames[type] == nil { #expect(event == .ignored(type: type)) }
        }
    }

    @Test func everyUsedTypeOccursInTheVectors() throws {
        let seen = Set(try Vectors.serverLines().map(Self.type))
        #expect(Set(Self.caseNames.keys).subtracting(seen) == [])
    }

    @Test func unknownKeysAtEveryDepthChangeNothing() throws {
        for line in try Vectors.serverLines() {
            let object = try JSONSerialization.jsonObject(with: Data(line.utf8))
            let padded = try JSONSerialization.data(withJSONObject: Self.padded(object, in: ""))
            let event = try ServerEvent.decode(Array(line.utf8))
            #expect(try ServerEvent.decode(Array(padded)) == event, "\(line.prefix(200))")
        }
    }

    @Test func nullsInPlaceOfAbsentOptionalKeysChangeNothing() throws {
        let bare = #"{"type":"conversation.item.done","item":{"id":"a","type":"message"}}"#
        let nulls = """
            {"type":"conversation.item.done","previous_item_id":null,"item":{"id":"a","type":"message","role":null,
            "status":null,"content":null,"call_id":null,"name":null,"arguments":null}}
            """
        #expect(try ServerEvent.decode(Array(nulls.utf8)) == ServerEvent.decode(Array(bare.utf8)))
    }

    /// The same JSON with a key more in each object, except where the keys are the client's own.
    private static func padded(_ json: Any, in key: String) -> Any {
        switch json {
        case let object as [String: Any]:
            var padded = object.reduce(into: [String: Any]()) { $0[$1.key] = Self.padded($1.value, in: $1.key) }
            if key != "metadata" { padded["key_of_next_year"] = ["nested": [1, NSNull(), "x"] as [Any]] }
            return padded
        case let array as [Any]:
            return array.map { Self.padded($0, in: "") }
        default:
            return json
        }
    }
}
