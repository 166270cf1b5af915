import Testing

@testable import realtime_simulator

@Suite struct SessionSettingsTests {
    @Test func aNewSessionListensWithServerVADAndAnswersByItself() throws {
        let visit = try Visit()
        let session = try #require(visit.events.first?["session"])
        #expect(visit.types == ["session.created"])
        #expect(session["expires_at"] == 1_800_003_600)
        #expect(
            session.at("audio", "input", "turn_detection") == [
                "type": "server_vad", "threshold": 0.5, "prefix_padding_ms": 300, "silence_duration_ms": 200,
                "idle_timeout_ms": .null, "create_response": true, "interrupt_response": true,
            ])
        #expect(session.at("audio", "output", "voice") == "alloy")
        #expect(session.at("audio", "input", "transcription") == .null)
    }

    @Test func anUpdateChangesOnlyWhatItNames() throws {
        var visit = try Visit()
        visit.update(["instructions": "Be brief.", "audio": ["output": ["voice": "marin"]]])
        let before = visit.events[0]["session"], after = try #require(visit.events[1]["session"])
        var expected = try #require(before)
        expected["instructions"] = "Be brief."
        expected["audio"]?["output"]?["voice"] = "marin"
        #expect(visit.types == ["session.created", "session.updated"])
        #expect(after == expected)
    }

    @Test func turnDetectionOfTheSameKindIsMergedAndOfAnotherStartsFromItsDefaults() throws {
        var visit = try Visit()
        visit.update(["audio": ["input": ["turn_detection": ["type": "server_vad", "silence_duration_ms": 800]]]])
        visit.update(["audio": ["input": ["turn_detection": ["type": "server_vad", "threshold": 1]]]])
        visit.update(["audio": ["input": ["turn_detection": ["type": "semantic_vad", "eagerness": "low"]]]])
        let detections = visit.events("session.updated").compactMap {
            $0.at("session", "audio", "input", "turn_detection")
        }
        #expect(detections[1]["silence_duration_ms"] == 800)
        #expect(detections[1]["threshold"] == 1)
        #expect(
            detections[2] == [
                "type": "semantic_vad", "eagerness": "low", "create_response": true, "interrupt_response": true,
            ])
    }

    @Test func nullClearsAndTranscriptionShowsWhatIsUnset() throws {
        var visit = try Visit()
        visit.update([
            "audio": [
                "input": ["transcription": ["model": "gpt-4o-transcribe"], "noise_reduction": ["type": "far_field"]]
            ]
        ])
        visit.update(["audio": ["input": ["noise_reduction": .null, "turn_detection": .null]]])
        let input = try #require(visit.events.last?.at("session", "audio", "input"))
        #expect(input["transcription"] == ["model": "gpt-4o-transcribe", "language": .null, "prompt": .null])
        #expect(input["noise_reduction"] == .null)
        #expect(input["turn_detection"] == .null)
    }

    @Test func anUpdateWithOneFaultChangesNothing() throws {
        var visit = try Visit()
        visit.update(["instructions": "lost", "modalities": ["audio"]])
        visit.update(["tool_choice": "none"])
        #expect(visit.errors.first?["code"] == "unknown_parameter")
        #expect(visit.events.last?.at("session", "instructions") == visit.events.first?.at("session", "instructions"))
    }

    struct Refused: Sendable, CustomTestStringConvertible {
        let event: String
        let code: String
        let param: String
        let message: String

        var testDescription: String { event }
    }

    private static func refused(_ session: String, _ code: String, _ param: String, _ message: String) -> Refused {
        let event = #"{"type":"session.update","event_id":"e1","session":{\#(session)}}"#
        return Refused(event: event, code: code, param: "session" + param, message: message)
    }

    static let refusals = [
        refused(
            #""instructions":"x""#, "missing_required_parameter", ".type",
            "Missing required parameter: 'session.type'."),
        refused(
            #""type":"realtime","temperature":0.8"#, "unknown_parameter", ".temperature",
            "Unknown parameter: 'session.temperature'."),
        refused(
            #""type":"realtime","audio":{"input":{"gain":1}}"#, "unknown_parameter", ".audio.input.gain",
            "Unknown parameter: 'session.audio.input.gain'."),
        refused(
            #""type":"realtime","tool_choice":"maybe""#, "invalid_value", ".tool_choice",
            "Invalid value: 'maybe'. Supported values are: 'auto', 'none', 'required'."),
        refused(
            #""type":"realtime","output_modalities":["text","audio"]"#, "array_above_max_length", ".output_modalities",
            "Invalid 'session.output_modalities': array too long. Expected an array with maximum length 1, "
                + "but got an array with length 2 instead."),
        refused(
            #""type":"realtime","audio":{"output":{"speed":2.5}}"#, "decimal_above_max_value", ".audio.output.speed",
            "Invalid 'session.audio.output.speed': decimal above maximum value. "
                + "Expected a value <= 1.5, but got 2.5 instead."
        ),
        refused(
            #""type":"realtime","max_output_tokens":0"#, "integer_below_min_value", ".max_output_tokens",
            "Invalid 'session.max_output_tokens': integer below minimum value. "
                + "Expected a value >= 1, but got 0 instead."
        ),
        refused(
            #""type":"realtime","audio":{"input":{"format":{"type":"audio/pcm","rate":16000}}}"#,
            "integer_below_min_value", ".audio.input.format.rate",
            "Invalid 'session.audio.input.format.rate': integer below minimum value. Expected a value >= 24000, "
                + "but got 16000 instead."),
        refused(
            #""type":"realtime","audio":{"input":{"turn_detection":{"type":"server_vad","eagerness":"low"}}}"#,
            "unknown_parameter", ".audio.input.turn_detection.eagerness",
            "Unknown parameter: 'session.audio.input.turn_detection.eagerness'."),
        refused(
            #""type":"realtime","audio":{"input":{"turn_detection":{"type":"server_vad","idle_timeout_ms":100}}}"#,
            "integer_below_min_value", ".audio.input.turn_detection.idle_timeout_ms",
            "Invalid 'session.audio.input.turn_detection.idle_timeout_ms': integer below minimum value. "
                + "Expected a value >= 5000, but got 100 instead."),
        refused(
            #""type":"realtime","instructions":7"#, "invalid_type", ".instructions",
            "Invalid type for 'session.instructions': expected a string, but got an integer instead."),
        refused(
            #""type":"realtime","model":"gpt-other""#, "invalid_value", ".model",
            "Cannot update the model of a session."),
        refused(
            #""type":"realtime","reasoning":{"effort":"low"}"#, "invalid_value", ".reasoning",
            "Unsupported parameter for this model: 'session.reasoning'."),
        refused(
            #""type":"transcription""#, "invalid_value", ".type",
            "Passing a transcription session update event to a realtime session is not allowed."),
    ]

    @Test(arguments: refusals)
    func aBadUpdateIsRefusedWithItsPath(_ refused: Refused) throws {
        var visit = try Visit()
        visit.send(line: refused.event)
        #expect(visit.types == ["session.created", "error"])
        #expect(
            visit.errors == [
                [
                    "type": "invalid_request_error", "code": .string(refused.code),
                    "message": .string(refused.message),
                    "param": .string(refused.param), "event_id": "e1",
                ]
            ])
    }

    @Test func aTranscriptionPromptHasAtMost1024Characters() throws {
        var visit = try Visit()
        for count in [1_024, 1_025] {
            let prompt = JSON.string(String(repeating: "é", count: count))
            visit.update(["audio": ["input": ["transcription": ["model": "gpt-4o-transcribe", "prompt": prompt]]]])
        }
        #expect(visit.types == ["session.created", "session.updated", "error"])
        #expect(visit.errors[0]["code"] == "string_above_max_length")
        #expect(
            visit.errors[0]["message"]
                == .string(
                    "Invalid 'session.audio.input.transcription.prompt': string too long. "
                        + "Expected a string with maximum length 1024, but got a string with length 1025 instead."))
    }

    @Test func theVoiceIsLockedOnceTheAssistantHasSpoken() throws {
        var visit = try Visit()
        visit.pushToTalk()
        visit.turn(Shipped.samples("directions"))
        visit.send(["type": "response.create"])
        visit.wait(.seconds(3))
        visit.update(["instructions": "lost", "audio": ["output": ["voice": "cedar"]]])
        visit.update(["audio": ["output": ["voice": "alloy"]]])
        #expect(visit.errors.map { $0["code"] } == ["cannot_update_voice"])
        #expect(visit.errors[0]["message"] == "Cannot update a conversation's voice if assistant audio is present.")
        #expect(visit.events.last?["type"] == "session.updated")
        #expect(visit.events.last?.at("session", "instructions") != "lost")
    }

    @Test func reasoningIsForTheReasoningFamilyOnly() throws {
        for (model, type) in [
            ("gpt-realtime-2.1", "session.updated"), ("gpt-realtime-2", "session.updated"),
            ("gpt-realtime-2025-08-28", "error"),
        ] {
            var visit = try Visit { $0.model = model }
            visit.update(["reasoning": ["effort": "low"]])
            #expect(visit.types.last == type)
        }
    }
}
