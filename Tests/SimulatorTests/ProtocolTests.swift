import Testing

@testable import realtime_simulator

@Suite struct ProtocolTests {
    @Test func anUnknownTypeIsAnsweredWithTheListOfSupportedOnes() throws {
        var visit = try Visit()
        visit.send(["type": "no.such.event", "event_id": "cli_7"])
        #expect(
            visit.errors == [
                [
                    "type": "invalid_request_error", "code": "invalid_value",
                    "message": """
                    Invalid value: 'no.such.event'. Supported values are: 'session.update', 'session.close', \
                    'input_audio_buffer.append', 'session.input_audio_buffer.append', 'input_audio_buffer.commit', \
                    'input_audio_buffer.clear', 'conversation.item.create', 'conversation.item.truncate', \
                    'conversation.item.delete', 'conversation.item.retrieve', 'response.create', 'response.cancel'.
                    """,
                    "param": "type", "event_id": "cli_7",
                ]
            ])
    }

    @Test(arguments: [
        "", "not json", "{", #"{"type":"#, "{\"type\":\"a\nb\"}", "nul", "01", "1e999", "\"\\ud800\\u12\"",
    ])
    func brokenTextIsInvalidJSONAndTheSessionGoesOn(_ text: String) throws {
        var visit = try Visit()
        visit.send(line: text)
        visit.send(["type": "input_audio_buffer.clear"])
        #expect(visit.errors.map { $0["code"] } == ["invalid_json"])
        #expect(visit.errors[0]["message"] == "Invalid event: failed to parse JSON value.")
        #expect(visit.types.last == "input_audio_buffer.cleared")
    }

    @Test func nestingWithoutEndIsRefusedAndNotFollowed() throws {
        var visit = try Visit()
        visit.send(line: String(repeating: "[", count: 100_000))
        #expect(visit.errors.map { $0["code"] } == ["invalid_json"])
    }

    @Test func aBinaryFrameIsAnInvalidEvent() throws {
        var visit = try Visit()
        let outputs = visit.session.receiveBinary(at: visit.instant)
        let error = outputs.compactMap { if case .event(let event) = $0 { event["error"] } else { nil } }.first
        #expect(error?["code"] == "invalid_event")
        #expect(error?["message"] == "Expected a text WebSocket message; binary frames are not supported.")
    }

    private static func create(_ item: String, _ more: String = "") -> String {
        #"{"type":"conversation.item.create",\#(more)"item":{\#(item)}}"#
    }

    private static func respond(_ response: String) -> String {
        #"{"type":"response.create","response":{\#(response)}}"#
    }

    private static let message = #""type":"message","role":"user","content":[]"#

    static let badEvents = [
        (#"{"event_id":"x"}"#, "missing_required_parameter"), ("[1]", "invalid_event"), ("7", "invalid_event"),
        (#"{"type":7}"#, "missing_required_parameter"),
        (#"{"type":"input_audio_buffer.append"}"#, "missing_required_parameter"),
        (#"{"type":"input_audio_buffer.append","audio":"not base64!"}"#, "invalid_value"),
        (#"{"type":"input_audio_buffer.append","audio":"AA=="}"#, "invalid_value"),
        (#"{"type":"input_audio_buffer.commit","item_id":"x"}"#, "unknown_parameter"),
        (#"{"type":"conversation.item.truncate","item_id":"a","audio_end_ms":"9","content_index":0}"#, "invalid_type"),
        (#"{"type":"conversation.item.truncate","item_id":"a","content_index":0}"#, "missing_required_parameter"),
        (#"{"type":"conversation.item.truncate","item_id":"a","content_index":0,"audio_end_ms":-1}"#,
         "integer_below_min_value"),
        (create(#""type":"message","role":"assistant","content":[{"type":"text","text":"b"}]"#), "invalid_value"),
        (create(#""type":"item_reference","id":"a""#), "invalid_value"),
        (create(#""type":"function_call_output","output":"{}""#), "missing_required_parameter"),
        (create(#""type":"function_call_output","call_id":"call_x","output":"{}""#), "invalid_value"),
        (create(message, #""previous_item_id":"gone","#), "item_not_found"),
        (create(#""id":"123456789012345678901234567890123","# + message), "string_above_max_length"),
        (#"{"type":"conversation.item.retrieve","item_id":"gone"}"#, "item_not_found"),
        (#"{"type":"conversation.item.delete","item_id":"gone"}"#, "item_not_found"),
        (respond(#""modalities":["text"]"#), "unknown_parameter"),
        (respond(#""conversation":"none","input":[{"type":"item_reference"}]"#), "missing_required_parameter"),
        (respond(#""conversation":"none","input":[{"type":"item_reference","id":"gone"}]"#), "item_not_found"),
        (respond(#""metadata":{"n":3}"#), "invalid_type"),
        (#"{"type":"response.cancel"}"#, "response_cancel_not_active"),
        (#"{"type":"response.cancel","response_id":"resp_gone"}"#, "response_cancel_not_active"),
        (#"{"type":"transcription_session.update","session":{}}"#, "invalid_value"),
        (#"{"type":"output_audio_buffer.clear"}"#, "invalid_value"), (#"{"type":"session.close"}"#, "invalid_value"),
    ]

    @Test(arguments: badEvents)
    func aBadEventIsAnsweredByOneErrorWithItsCode(_ line: String, _ code: String) throws {
        var visit = try Visit()
        visit.send(line: line)
        #expect(visit.errors.map { $0["code"]?.text } == [code])
        #expect(visit.types.count == 2)
    }

    @Test func theSessionEndsAfterItsLifeWithTheExactReason() throws {
        var visit = try Visit { $0.lifetime = .seconds(60) }
        visit.wait(.seconds(59))
        #expect(visit.types == ["session.created"])
        visit.wait(.seconds(1))
        #expect(
            visit.outputs.last == .close(code: 1001, reason: "Your session hit the maximum duration of 60 minutes."))
    }

    @Test func theSameSeedGivesTheSameSessionAndAnotherSeedAnother() throws {
        func run(_ seed: UInt64) throws -> [String] {
            var visit = try Visit(seed: seed)
            visit.pushToTalk()
            visit.turn(Sound.silence(ms: 200))
            visit.send(["type": "response.create"])
            visit.wait(.seconds(4))
            return visit.events.map(\.line)
        }
        #expect(try run(5) == run(5))
        #expect(try run(5) != run(6))
    }

    @Test func textGoesThroughTheJSONUnchanged() throws {
        let text = "a\"b\\c\n\u{1b}é\u{1F600}\u{0}/"
        let value: JSON = ["k": .string(text), "n": [1, -2.5, 1e300, true, .null, [:]]]
        #expect(JSON(parsing: Array(value.line.utf8)) == value)
        #expect(
            JSON(parsing: Array(#"{"a":"\u00e9\ud83d\ude00\/\b\f\n\r\t\ud83d"}"#.utf8)) == [
                "a": "é\u{1F600}/\u{8}\u{c}\n\r\t\u{FFFD}"
            ])
    }
}
