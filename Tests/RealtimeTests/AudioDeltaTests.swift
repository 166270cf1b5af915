import Foundation
import Testing

@testable import Realtime

/// The short way for audio must give what the ordinary decoder gives, of any message.
@Suite struct AudioDeltaTests {
    private static let audio = [UInt8]((0..<900).map { UInt8(truncatingIfNeeded: $0 &* 37) })
    private static let text = Data(audio).base64EncodedString()

    private static func message(_ delta: String, type: String = "response.output_audio.delta") -> String {
        """
        {"type":"\(type)","event_id":"event_1","response_id":"resp_1","item_id":"item_1",\
        "output_index":0,"content_index":0,\(delta)}
        """
    }

    @Test(arguments: ["response.output_audio.delta", "response.audio.delta"])
    func theUsualFormIsTakenAndDecodesAsEver(type: String) throws {
        let json = Array(Self.message("\"delta\":\"\(Self.text)\"", type: type).utf8)
        let event = try #require(AudioDelta.decode(json))
        #expect(try event == ServerEvent.decodeJSON(json))
        guard case .outputAudioDelta(_, let audio) = event else {
            Issue.record("\(event)")
            return
        }
        #expect(audio == Self.audio)
    }

    private static let unusual: [String] = [
        // Short, or nothing.
        "\"delta\":\"AAAA\"", "\"delta\":\"\"", "\"other\":1",
        // No base64: spaces, a line's end, an escape, other alphabets, a length that cannot be.
        "\"delta\":\"\(text) \"", "\"delta\":\"\(text)\\n\"", "\"delta\":\"\\u0041\(text.dropFirst())\"",
        "\"delta\":\"\(text.replacing("A", with: "-"))\"", "\"delta\":\"\(text)A\"", "\"delta\":\"\(text)é\"",
        // Twice, elsewhere, in another object, with spaces, as another type, and inside a text.
        "\"delta\":\"\(text)\",\"delta\":\"AAAA\"", "\"delta\":\"AAAA\",\"delta\":\"\(text)\"",
        "\"x\":{\"delta\":\"\(text)\"},\"delta\":\"AAAA\"", "\"x\":{\"delta\":\"\(text)\"}", "\"delta\" : \"\(text)\"",
        "\"delta\":[\"delta\":\"\(text)\"]", "\"delta\":7,\"x\":{\"delta\":\"\(text)\"}",
        "\"y\":\"\\\"delta\\\":\\\"\(text)\",\"delta\":\"AAAA\"",
        // Broken off, or broken behind the audio.
        "\"delta\":\"\(text)", "\"delta\":\"\(text)\",", "\"delta\":\"\(text)\",\"z\":tru",
        "\"delta\":\"\(text)\",\"\\ud800\":1",
    ]

    private static func outcome(_ decode: () throws -> ServerEvent) -> String {
        do { return "\(try decode())" } catch { return "\(error)" }
    }

    @Test(arguments: unusual.indices)
    func anUnusualFormGivesWhatTheOrdinaryDecoderGives(index: Int) {
        for type in ["response.output_audio.delta", "response.output_text.delta", "some.other", "error"] {
            let json = Array(Self.message(Self.unusual[index], type: type).utf8)
            #expect(Self.outcome { try ServerEvent.decode(json) } == Self.outcome { try ServerEvent.decodeJSON(json) })
        }
    }

    @Test func aMessageCutAtAnyByteGivesWhatTheOrdinaryDecoderGives() {
        let json = Array(Self.message("\"delta\":\"\(Self.text)\",\"x\":\"delta\"").utf8)
        for end in 0..<json.count {
            let cut = Array(json[..<end])
            #expect((try? ServerEvent.decode(cut)) == nil)
        }
    }
}
