import FoundationEssentials
import Glibc

/// The one event that comes in quantity: a second of an answer is 64 kB of base64 in JSON.
///
/// The text of the audio is taken out before the JSON is decoded, and decoded by itself: half of the instructions. What
/// is left is judged by the ordinary decoder, so nothing is accepted here that is not accepted there, and whatever is
/// unusual is left to it.
enum AudioDelta {
    private static let key = Array(#""delta":""#.utf8)
    /// Below this the ordinary way is as short.
    private static let fewestBytes = 256

    /// Nil when the message is anything but a GA or beta audio delta in the usual form.
    static func decode(_ json: [UInt8]) -> ServerEvent? {
        guard let text = textRange(in: json), text.count >= fewestBytes else { return nil }
        let envelope = Array(json[..<text.lowerBound]) + json[text.upperBound...]
        guard case .outputAudioDelta(let part, let nothing)? = try? ServerEvent.decodeJSON(envelope), nothing.isEmpty,
            let audio = Data(base64Encoded: Data(json[text]))
        else { return nil }
        return .outputAudioDelta(part, audio: Array(audio))
    }

    /// What is between the quotation marks of the first `"delta":"`. Base64 has no escapes: what has any is refused by
    /// the decoder of base64.
    private static func textRange(in json: [UInt8]) -> Range<Int>? {
        json.withUnsafeBytes { bytes in
            var next = 0
            while let mark = firstMark(in: bytes, from: next) {
                let start = mark + key.count
                if start <= bytes.count, bytes[mark..<start].elementsEqual(key) {
                    return firstMark(in: bytes, from: start).map { start..<$0 }
                }
                next = mark + 1
            }
            return nil
        }
    }

    private static func firstMark(in bytes: UnsafeRawBufferPointer, from start: Int) -> Int? {
        guard let base = bytes.baseAddress else { return nil }
        // SAFETY: looks at no more bytes than there are.
        let found = memchr(base + start, Int32(UInt8(ascii: "\"")), bytes.count - start)
        return found.map { UnsafeRawPointer($0) - base }
    }
}
