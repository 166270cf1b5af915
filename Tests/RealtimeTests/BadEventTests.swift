import Testing

@testable import Realtime

@Suite struct BadEventTests {
    static let part = #""response_id":"r","item_id":"i""#

    /// What a server might send, and the one line that the operator then reads.
    static let cases: [(json: String, line: String)] = [
        ("", "server event: not valid JSON"),
        ("not json", "server event: not valid JSON"),
        (#"{"type":"error","error":{}"#, "server event: not valid JSON"),
        ("[1]", "server event: wrong type, wanted an object"),
        ("null", "server event: null, wanted an object"),
        ("{}", "server event: type: missing"),
        (#"{"type":5}"#, "server event: type: wrong type, wanted a string"),
        (#"{"type":"\ud800"}"#, "server event: type: unreadable, wanted a string"),
        (#"{"type":"session.created"}"#, "event session.created: session: missing"),
        (#"{"type":"session.created","session":[]}"#, "event session.created: session: wrong type, wanted an object"),
        (#"{"type":"session.updated","session":{"model":"m"}}"#, "event session.updated: session.id: missing"),
        (
            #"{"type":"session.created","session":{"id":"a","expires_at":"soon"}}"#,
            "event session.created: session.expires_at: wrong type, wanted a number"
        ),
        (
            #"{"type":"response.output_audio.delta",\#(part),"delta":"!!"}"#,
            "event response.output_audio.delta: delta: not valid base64"
        ),
        (
            #"{"type":"response.audio.delta",\#(part),"delta":"QUJ"}"#,
            "event response.audio.delta: delta: not valid base64"
        ),
        (
            #"{"type":"response.output_audio.delta","response_id":"r","delta":"QUJD"}"#,
            "event response.output_audio.delta: item_id: missing"
        ),
        (
            #"{"type":"response.output_audio.done","response_id":null,"item_id":"i"}"#,
            "event response.output_audio.done: response_id: null, wanted a string"
        ),
        (
            #"{"type":"response.output_text.delta",\#(part),"content_index":-1,"delta":"x"}"#,
            "event response.output_text.delta: content_index: -1, wanted a number from 0 upwards"
        ),
        (
            #"{"type":"response.output_text.delta",\#(part),"output_index":99999999999999999999,"delta":"x"}"#,
            "event response.output_text.delta: output_index: unreadable, wanted a number"
        ),
        (
            #"{"type":"response.output_audio_transcript.delta",\#(part),"delta":["x"]}"#,
            "event response.output_audio_transcript.delta: delta: wrong type, wanted a string"
        ),
        (
            #"{"type":"response.done","response":{"id":"r"}}"#,
            "event response.done: response.status: missing"
        ),
        (
            #"{"type":"response.done","response":{"id":"r","status":"failed","output":{}}}"#,
            "event response.done: response.output: wrong type, wanted a list"
        ),
        (
            #"{"type":"response.done","response":{"id":"r","status":"failed","output":[{"id":"a","type":"m"},{}]}}"#,
            "event response.done: response.output[1].id: missing"
        ),
        (
            #"{"type":"response.created","response":{"id":"r","status":"failed","metadata":{"a":1}}}"#,
            "event response.created: response.metadata.a: wrong type, wanted a string"
        ),
        (
            #"{"type":"conversation.item.added","item":{"id":"a","type":"message","content":[{"text":5}]}}"#,
            "event conversation.item.added: item.content[0].text: wrong type, wanted a string"
        ),
        (
            #"{"type":"conversation.item.done","item":{"id":"\udc00","type":"message"}}"#,
            "event conversation.item.done: item.id: unreadable, wanted a string"
        ),
        (
            #"{"type":"input_audio_buffer.speech_started","item_id":"i","audio_start_ms":1e400}"#,
            "event input_audio_buffer.speech_started: audio_start_ms: unreadable, wanted a number"
        ),
        (
            #"{"type":"conversation.item.truncated","item_id":"i","content_index":0,"audio_end_ms":true}"#,
            "event conversation.item.truncated: audio_end_ms: wrong type, wanted a number"
        ),
        (
            #"{"type":"conversation.item.input_audio_transcription.completed","item_id":"i"}"#,
            "event conversation.item.input_audio_transcription.completed: transcript: missing"
        ),
        (
            #"{"type":"rate_limits.updated","rate_limits":[{"name":"tokens","limit":1}]}"#,
            "event rate_limits.updated: rate_limits[0].remaining: missing"
        ),
        (#"{"type":"error","error":"no"}"#, "event error: error: wrong type, wanted an object"),
    ]

    private func refusal(_ json: [UInt8]) -> EventDecodingError? {
        do throws(EventDecodingError) {
            _ = try ServerEvent.decode(json)
            return nil
        } catch {
            return error
        }
    }

    @Test(arguments: cases)
    func isRefusedInOneLineThatNamesTheFault(json: String, line: String) {
        #expect(refusal(Array(json.utf8))?.description == line)
    }

    @Test func errorKeepsTypePathAndProblemApart() {
        let error = refusal(Array(#"{"type":"conversation.item.deleted"}"#.utf8))
        #expect(error?.eventType == "conversation.item.deleted")
        #expect(error?.keyPath == "item_id")
        #expect(error?.problem == "missing")
    }

    @Test func bytesThatAreNoUnicodeAreRefused() {
        let json = Array(#"{"type":"conversation.item.deleted","item_id":""#.utf8) + [0xff, 0xc0] + Array(#""}"#.utf8)
        #expect(refusal(json)?.description == "server event: not valid JSON")
        #expect(refusal([0xff, 0x00])?.description == "server event: not valid JSON")
    }

    @Test func bottomlessNestingIsRefused() {
        #expect(refusal(Array(repeating: UInt8(ascii: "["), count: 1_000_000)) != nil)
        let nested = String(repeating: "{\"a\":", count: 100_000)
        #expect(refusal(Array(#"{"type":"x","k":\#(nested)"#.utf8)) != nil)
    }

    @Test func serverTextInTheLineIsShortAndEscaped() throws {
        let key = "a\\n\\u001b[2J\\u202e" + String(repeating: "k", count: 5_000)
        let json = #"{"type":"response.done","response":{"id":"r","status":"failed","metadata":{"\#(key)":1}}}"#
        let line = try #require(refusal(Array(json.utf8))?.description)
        #expect(line.hasPrefix(#"event response.done: response.metadata.a\u{a}\u{1b}[2J\u{202e}kkk"#))
        #expect(line.hasSuffix("...: wrong type, wanted a string"))
        #expect(line.count < 200)
    }
}
