import Testing

@testable import Realtime

@Suite struct RESTTests {
    @Test(arguments: [
        (#"{"value":"ek_1","expires_at":1800000600,"session":{"type":"realtime"}}"#, "ek_1", 1_800_000_600),
        (#" {"client_secret":{"value":"ek_2","expires_at":7.5},"id":"x"}"#, "ek_2", 7.5),
        (#"{"value":"ek_3"}"#, "ek_3", nil), ("\n sk-plain\n", "sk-plain\n", nil),
    ] as [(String, String, Double?)])
    func aClientSecretIsReadInEachOfItsShapes(text: String, value: String, expiresAt: Double?) throws {
        #expect(try ClientSecret.decode(Array(text.utf8)) == ClientSecret(value: value, expiresAt: expiresAt))
    }

    @Test(arguments: ["", " \n", "{}", "{\"value\":7}", "{\"value\":\"ek_secret\"", "\u{7B}\"a\":\"ek_secret\"}"])
    func whatIsNoClientSecretIsRefusedWithoutBeingShown(text: String) {
        #expect {
            try ClientSecret.decode(Array(text.utf8))
        } throws: {
            ($0 as? EventDecodingError)?.description.contains("ek_secret") == false
        }
    }

    @Test func aSecretIsAskedForWithModelAndTime() {
        let text = String(decoding: ClientSecretRequest(model: "gpt-realtime", seconds: 600).encoded(), as: UTF8.self)
        #expect(JSONValue(json: Array(text.utf8)) == .object([
            "expires_after": .object(["anchor": .string("created_at"), "seconds": .integer(600)]),
            "session": .object(["type": .string("realtime"), "model": .string("gpt-realtime")]),
        ]))
    }

    @Test func aRecordingIsSentAsAForm() {
        let request = FileTranscriptionRequest(model: "gpt-4o-transcribe", wav: Array("RIFF..".utf8), nonce: 0xABC)
        #expect(request.contentType == "multipart/form-data; boundary=kiosk-agent-abc")
        #expect(String(decoding: request.body, as: UTF8.self) == [
            "--kiosk-agent-abc", "Content-Disposition: form-data; name=\"model\"", "", "gpt-4o-transcribe",
            "--kiosk-agent-abc", "Content-Disposition: form-data; name=\"response_format\"", "", "json",
            "--kiosk-agent-abc", "Content-Disposition: form-data; name=\"file\"; filename=\"turn.wav\"",
            "Content-Type: audio/wav", "", "RIFF..", "--kiosk-agent-abc--", "",
        ].joined(separator: "\r\n"))
    }

    @Test func aTranscriptIsReadWithAnyUsage() throws {
        #expect(try FileTranscription.decode(Array(#"{"text":"hi","usage":{"type":"duration","seconds":3}}"#.utf8))
            == FileTranscription(text: "hi", usage: .duration(seconds: 3)))
        #expect(try FileTranscription.decode(Array(#"{"text":"hi","usage":{"type":"new"}}"#.utf8))
            == FileTranscription(text: "hi"))
        for wrong in ["", "[]", "{}", "{\"text\":null}"] {
            #expect(throws: EventDecodingError.self) { try FileTranscription.decode(Array(wrong.utf8)) }
        }
    }

    @Test func theErrorOfAnAnswerIsReadAndAWebPageIsNone() {
        let body = #"{"error":{"message":"Incorrect API key","type":"invalid_request_error","code":"invalid_api_key"}}"#
        #expect(APIError.decode(body: Array(body.utf8))?.code == "invalid_api_key")
        #expect(APIError.decode(body: Array("<html>".utf8)) == nil)
    }
}
