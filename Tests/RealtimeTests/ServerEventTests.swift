import Foundation
import Testing

@testable import Realtime

@Suite struct ServerEventTests {
    private func decode(_ json: String) throws -> ServerEvent {
        try ServerEvent.decode(Array(json.utf8))
    }

    private let part = ContentPart(response: "resp_1", item: "item_1", outputIndex: 2, contentIndex: 1)
    private let ids = #""response_id":"resp_1","item_id":"item_1","output_index":2,"content_index":1"#

    @Test func sessionTellsIdModelAndExpiry() throws {
        let json = #"{"type":"session.created","session":{"id":"sess_1","model":"m","expires_at":1800003600}}"#
        let info = SessionInfo(id: "sess_1", model: "m", expiresAt: 1_800_003_600)
        #expect(try decode(json) == .sessionCreated(info))
    }

    @Test func transcriptionSessionHasNoModel() throws {
        let json = #"{"type":"transcription_session.updated","session":{"id":"sess_1","expires_at":null}}"#
        #expect(try decode(json) == .sessionUpdated(SessionInfo(id: "sess_1")))
    }

    @Test func audioDeltaGivesItsBytes() throws {
        let json = #"{"type":"response.output_audio.delta",\#(ids),"delta":"AQL/gA=="}"#
        #expect(try decode(json) == .outputAudioDelta(part, audio: [0x01, 0x02, 0xff, 0x80]))
    }

    @Test func audioDeltaThatSplitsASampleKeepsItsOddByte() throws {
        let json = #"{"type":"response.audio.delta",\#(ids),"delta":"AQID"}"#
        #expect(try decode(json) == .outputAudioDelta(part, audio: [1, 2, 3]))
    }

    @Test func escapedSlashesInBase64AreTheSameAudio() throws {
        let json = #"{"type":"response.output_audio.delta",\#(ids),"delta":"\/\/8="}"#
        #expect(try decode(json) == .outputAudioDelta(part, audio: [0xff, 0xff]))
    }

    @Test func emptyAudioDeltaIsNoError() throws {
        let json = #"{"type":"response.output_audio.delta",\#(ids),"delta":""}"#
        #expect(try decode(json) == .outputAudioDelta(part, audio: []))
    }

    @Test func absentIndicesAreZero() throws {
        let json = #"{"type":"response.output_text.delta","response_id":"r","item_id":"i","delta":"x"}"#
        #expect(try decode(json) == .outputTextDelta(ContentPart(response: "r", item: "i"), delta: "x"))
    }

    @Test func currentAndBetaNamesGiveTheSameEvent() throws {
        for (current, beta) in [
            ("response.output_text.done", "response.text.done"),
            ("response.output_audio_transcript.done", "response.audio_transcript.done"),
            ("response.output_audio.done", "response.audio.done"),
        ] {
            let fields = #"\#(ids),"text":"yes","transcript":"yes""#
            let event = try decode(#"{"type":"\#(current)",\#(fields)}"#)
            #expect(try decode(#"{"type":"\#(beta)",\#(fields)}"#) == event)
        }
    }

    @Test func firstCommittedItemHasNoPrevious() throws {
        let json = #"{"type":"input_audio_buffer.committed","previous_item_id":null,"item_id":"a"}"#
        #expect(try decode(json) == .inputCommitted("a", previous: nil))
    }

    @Test func idleTimeoutTellsBothEnds() throws {
        let json = """
            {"type":"input_audio_buffer.timeout_triggered","audio_start_ms":13216,"audio_end_ms":19216,"item_id":"a"}
            """
        #expect(try decode(json) == .idleTimeoutTriggered("a", audioStartMs: 13216, audioEndMs: 19216))
    }

    @Test(arguments: [("1236.7", 1236), ("-5", 0), ("0", 0), ("1e300", 1 << 48)])
    func millisecondsAreCutToAWholeNumberInRange(written: String, read: Int) throws {
        let json = #"{"type":"input_audio_buffer.speech_stopped","audio_end_ms":\#(written),"item_id":"a"}"#
        #expect(try decode(json) == .speechStopped("a", audioEndMs: read))
    }

    @Test func spokenItemIsUserAudioAndTypedOrCreatedOnesAreNot() throws {
        let spoken = Item(id: "a", role: .user, content: [.init(type: "input_audio")])
        let typed = Item(id: "a", role: .user, content: [.init(type: "input_text", text: "hello")])
        let assistant = Item(id: "a", role: .assistant, content: [.init(type: "output_audio")])
        let call = Item(id: "a", type: "function_call", role: .user, content: [.init(type: "input_audio")])
        #expect(spoken.isUserAudio)
        let echoed = Item(id: "a", role: .assistant, content: [.init(type: "input_audio")])
        #expect(![typed, assistant, call, echoed].contains { $0.isUserAudio })
    }

    @Test func itemTextJoinsTranscriptsAndTexts() {
        let content: [Item.Content] = [
            .init(type: "output_audio", transcript: "Sure, "), .init(type: "text", text: "which "),
            .init(type: "audio"), .init(type: "output_text", text: "city?"),
        ]
        #expect(Item(id: "a", content: content).text == "Sure, which city?")
    }

    @Test func unknownRoleIsNil() throws {
        let json = #"{"type":"conversation.item.done","item":{"id":"a","type":"message","role":"developer"}}"#
        #expect(try decode(json) == .itemDone(Item(id: "a"), previous: nil))
    }

    @Test func functionCallIsCompleteWithAndWithoutName() throws {
        let fields = #""response_id":"r","item_id":"i","call_id":"c","arguments":"{}""#
        let type = "response.function_call_arguments.done"
        #expect(
            try decode(#"{"type":"\#(type)",\#(fields)}"#)
                == .functionCallDone("r", "i", callID: "c", name: nil, arguments: "{}"))
        #expect(
            try decode(#"{"type":"\#(type)",\#(fields),"name":"lookup"}"#)
                == .functionCallDone("r", "i", callID: "c", name: "lookup", arguments: "{}"))
    }

    @Test func errorKeepsWhatTheServerSaid() throws {
        let json = """
            {"type":"error","event_id":"event_1","error":{"type":"invalid_request_error","code":"unknown_parameter",
            "message":"Unknown parameter: 'session.modalities'.","param":"session.modalities","event_id":"cli_8"}}
            """
        let error = APIError(
            type: "invalid_request_error", code: "unknown_parameter",
            message: "Unknown parameter: 'session.modalities'.", param: "session.modalities", eventID: "cli_8")
        #expect(try decode(json) == .error(error))
    }

    @Test func errorOfAProxyWithNumbersAndListsIsStillAnError() throws {
        let json = #"{"type":"error","error":{"code":429,"param":["a"],"message":"slow down"}}"#
        #expect(try decode(json) == .error(APIError(code: "429", message: "slow down")))
        #expect(try decode(#"{"type":"error","error":{}}"#) == .error(APIError(message: "")))
    }

    @Test func rateLimitsTellWhenTheyAreWholeAgain() throws {
        let json = """
            {"type":"rate_limits.updated","rate_limits":[{"name":"tokens","limit":40000,"remaining":38490,
            "reset_seconds":2.265}]}
            """
        let limit = RateLimit(name: "tokens", limit: 40000, remaining: 38490, resetSeconds: 2.265)
        #expect(try decode(json) == .rateLimitsUpdated([limit]))
    }

    @Test func idsAreBareStringsInJSON() throws {
        struct Ids: Codable, Equatable {
            var item: ItemID
            var response: ResponseID
        }
        let ids = Ids(item: "item_1", response: "resp_1")
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let json = try encoder.encode(ids)
        #expect(String(decoding: json, as: UTF8.self) == #"{"item":"item_1","response":"resp_1"}"#)
        #expect(try JSONDecoder().decode(Ids.self, from: json) == ids)
        #expect("\(ids.item) \(ids.response)" == "item_1 resp_1")
    }
}
