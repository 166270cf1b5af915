import FoundationEssentials

/// A recording to be transcribed by `POST /v1/audio/transcriptions`.
public struct FileTranscriptionRequest: Sendable {
    /// Most bytes of a recording that the service takes.
    public static let fileLimit = 25_000_000

    private let boundary: String
    /// The request's body: multipart/form-data (RFC 7578).
    public let body: [UInt8]

    /// `wav`: a whole WAV file, header and samples. `nonce`: random text that the recording does not hold.
    public init(model: String, wav: [UInt8], nonce: UInt64 = .random(in: 0...UInt64.max)) {
        boundary = "kiosk-agent-" + String(nonce, radix: 16)
        var body: [UInt8] = []
        body.reserveCapacity(wav.count + 1024)
        for (name, value) in [("model", model), ("response_format", "json")] {
            body += "--\(boundary)\r\nContent-Disposition: form-data; name=\"\(name)\"\r\n\r\n\(value)\r\n".utf8
        }
        body += "--\(boundary)\r\nContent-Disposition: form-data; name=\"file\"; filename=\"turn.wav\"\r\n".utf8
        body += "Content-Type: audio/wav\r\n\r\n".utf8
        body += wav
        body += "\r\n--\(boundary)--\r\n".utf8
        self.body = body
    }

    /// The `Content-Type` header's value.
    public var contentType: String { "multipart/form-data; boundary=\(boundary)" }
}

/// The answer to it.
public struct FileTranscription: Equatable, Sendable {
    public var text: String
    public var usage: TranscriptionUsage?

    public init(text: String, usage: TranscriptionUsage? = nil) {
        self.text = text
        self.usage = usage
    }

    public static func decode(_ body: [UInt8]) throws(EventDecodingError) -> FileTranscription {
        struct Reply: Decodable {
            let text: String
            let usage: TranscriptionUsage?

            enum CodingKeys: String, CodingKey { case text, usage }

            init(from decoder: any Decoder) throws {
                let reply = try decoder.container(keyedBy: CodingKeys.self)
                text = try reply.read(String.self, forKey: .text)
                // The text is what counts; usage of a shape not known yet is left out.
                usage = try? reply.decode(TranscriptionUsage.self, forKey: .usage)
            }
        }
        do {
            let reply = try JSONDecoder().decode(Reply.self, from: Data(body))
            return FileTranscription(text: reply.text, usage: reply.usage)
        } catch {
            throw EventDecodingError(error, eventType: nil)
        }
    }
}
