import Foundation
import Testing

@testable import Realtime

@Suite struct ClientEventTests {
    private func json(_ body: ClientEvent.Body, eventID: String? = nil) -> String {
        ClientEvent(body, eventID: eventID).encoded()
    }

    @Test func eventsWithoutFieldsAreTheirTypeAlone() {
        #expect(json(.commit) == #"{"type":"input_audio_buffer.commit"}"#)
        #expect(json(.clear, eventID: "c1") == #"{"event_id":"c1","type":"input_audio_buffer.clear"}"#)
        #expect(json(.cancelResponse(nil)) == #"{"type":"response.cancel"}"#)
        #expect(json(.clearOutputAudio) == #"{"type":"output_audio_buffer.clear"}"#)
    }

    @Test func appendedSamplesAreLittleEndian() {
        #expect(json(.appendAudio([1, -2, 0x1234])) == #"{"audio":"AQD+/zQS","type":"input_audio_buffer.append"}"#)
    }

    @Test func appendWithAndWithoutIdCarriesTheSameAudio() throws {
        let samples = (0..<2400).map { Int16(truncatingIfNeeded: $0 &* 7919) }
        let direct = json(.appendAudio(samples))
        let coded = json(.appendAudio(samples), eventID: "c1")
        #expect(coded == direct.replacingOccurrences(of: #","type""#, with: #","event_id":"c1","type""#))
    }

    @Test func truncateNamesItemPartAndEnd() {
        #expect(
            json(.truncateItem("a", contentIndex: 0, audioEndMs: 1480))
                == #"{"audio_end_ms":1480,"content_index":0,"item_id":"a","type":"conversation.item.truncate"}"#)
    }

    @Test func emptyUpdateWritesItsKindAndNothingElse() {
        #expect(json(.sessionUpdate(SessionUpdate())) == #"{"session":{"type":"realtime"},"type":"session.update"}"#)
    }

    @Test func pushToTalkWritesNullForTurnDetection() {
        var update = SessionUpdate()
        update.turnDetection = .null
        #expect(
            json(.sessionUpdate(update))
                == """
                {"session":{"audio":{"input":{"turn_detection":null}},"type":"realtime"},"type":"session.update"}
                """)
    }

    @Test func omittedNullAndValueAreThreeDifferentThings() {
        var update = SessionUpdate()
        update.transcription = .value(.init(model: "m"))
        update.noiseReduction = .null
        #expect(
            json(.sessionUpdate(update)) == """
                {"session":{"audio":{"input":{"noise_reduction":null,"transcription":{"model":"m"}}},\
                "type":"realtime"},"type":"session.update"}
                """)
    }

    @Test func serverVADWithoutIdleTimeoutClearsAnOlderOne() {
        var update = SessionUpdate()
        update.turnDetection = .value(.serverVAD(threshold: 0.6, prefixPaddingMs: 300, silenceDurationMs: 800))
        #expect(
            json(.sessionUpdate(update)) == """
                {"session":{"audio":{"input":{"turn_detection":{"create_response":true,"idle_timeout_ms":null,\
                "interrupt_response":true,"prefix_padding_ms":300,"silence_duration_ms":800,"threshold":0.6,\
                "type":"server_vad"}}},"type":"realtime"},"type":"session.update"}
                """)
    }

    @Test func outOfBandRequestPinsItsItemAndForbidsTools() {
        var request = ResponseRequest()
        request.conversation = .none
        request.input = [.reference("item_1")]
        request.tools = []
        request.outputModalities = [.text]
        request.metadata = ["purpose": "p"]
        #expect(
            json(.createResponse(request), eventID: "c1") == """
                {"event_id":"c1","response":{"conversation":"none","input":[{"id":"item_1","type":"item_reference"}],\
                "metadata":{"purpose":"p"},"output_modalities":["text"],"tools":[]},"type":"response.create"}
                """)
    }

    @Test func emptyInputIsSentAndNilIsNot() {
        var request = ResponseRequest()
        #expect(json(.createResponse(request)) == #"{"response":{},"type":"response.create"}"#)
        request.input = []
        #expect(json(.createResponse(request)) == #"{"response":{"input":[]},"type":"response.create"}"#)
    }

    @Test func settingsOfAnMCPToolCannotChangeWhatItIs() {
        var request = ResponseRequest()
        request.tools = [.mcp(serverLabel: "docs", settings: ["type": .string("function"), "server_label": .null])]
        #expect(
            json(.createResponse(request))
                == #"{"response":{"tools":[{"server_label":"docs","type":"mcp"}]},"type":"response.create"}"#)
    }

    @Test func textIsEscapedOnOneLineAndSlashesAreNot() {
        var update = SessionUpdate()
        update.instructions = "a/b\n\"c\" \u{1b} é"
        #expect(
            json(.sessionUpdate(update))
                == #"{"session":{"instructions":"a/b\n\"c\" \u001b é","type":"realtime"},"type":"session.update"}"#)
    }

    @Test func numbersThatJSONCannotWriteAreNoTrap() {
        var update = SessionUpdate()
        update.speed = .nan
        #expect(json(.sessionUpdate(update)).contains(#""speed":"nan""#))
    }
}
