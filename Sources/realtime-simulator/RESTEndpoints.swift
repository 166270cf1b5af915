import Glibc
import Transport

/// The service's HTTP side: client secrets, and transcripts of files.
final class RESTEndpoints {
    /// What is answered, and the figures for the report.
    struct Answer {
        let status: Int
        let body: JSON
        var figures: JSON = [:]
    }

    private let options: ServerOptions
    private var random: SeededRandom
    /// Client secrets that were given out, and when each ends, in seconds since 1970.
    private var secrets: [String: Int] = [:]
    /// Requests of each kind so far, for faults.
    private var secretRequests = 0
    private var transcriptions = 0

    init(options: ServerOptions) {
        self.options = options
        random = SeededRandom(seed: options.seed &+ 0x5EC2E7)
    }

    /// Whether a session may be started with the key.
    func takes(_ key: String?) -> Bool {
        guard options.requiredKey != nil, key != options.requiredKey else { return true }
        return key.flatMap { secrets[$0] }.map { $0 > Glibc.time(nil) } ?? false
    }

    func answer(_ request: HTTPRequest) -> Answer {
        let path = request.resource.prefix { $0 != "?" }
        let bearer = request.headers["authorization"] ?? ""
        let key = bearer.hasPrefix("Bearer ") ? String(bearer.dropFirst(7)) : nil
        switch path {
        case "/v1/realtime/client_secrets":
            secretRequests += 1
            if options.faults.hits(.secretsRefused, secretRequests) || !isOwn(key) { return Self.wrongKey }
            return secret(request)
        case "/v1/audio/transcriptions":
            transcriptions += 1
            if options.faults.hits(.upload503, transcriptions) {
                return Self.failure(503, "The server is overloaded.", code: "server_error")
            }
            return isOwn(key) ? transcript(request) : Self.wrongKey
        default: return Self.failure(404, "Invalid URL (POST \(path))", code: nil)
        }
    }

    private func isOwn(_ key: String?) -> Bool { options.requiredKey == nil || key == options.requiredKey }

    private func secret(_ request: HTTPRequest) -> Answer {
        let body: JSON? = request.body.isEmpty ? [:] : JSON(parsing: request.body)
        guard let body, case .object = body else { return Self.failure(400, "Invalid JSON.", code: "invalid_json") }
        let seconds = body["expires_after"]?["seconds"]?.integer ?? 600
        guard (10...7200).contains(seconds) else {
            return Self.failure(400, "Invalid 'expires_after.seconds'.", code: "invalid_value")
        }
        let value = random.identifier("ek"), expiresAt = Glibc.time(nil) + seconds
        secrets[value] = expiresAt
        return Answer(
            status: 200,
            body: [
                "value": .string(value), "expires_at": .integer(expiresAt),
                "session": ["type": "realtime", "object": "realtime.session", "expires_at": 0],
            ], figures: ["kind": "secret", "seconds": .integer(seconds), "model": body["session"]?["model"] ?? .null])
    }

    private func transcript(_ request: HTTPRequest) -> Answer {
        guard let form = Form(request), let model = form.text("model"), !model.isEmpty else {
            return Self.failure(400, "Could not parse multipart form.", code: nil)
        }
        guard let file = form.fields["file"], let wav = try? WAVFile(bytes: file, path: "file") else {
            return Self.failure(400, "Audio file might be corrupted or unsupported", code: "invalid_value")
        }
        guard wav.samples.count >= AudioTime.rate / 10 else {
            return Self.failure(
                400, "Audio file is too short. Minimum audio length is 0.1 seconds.", code: "audio_too_short")
        }
        let report = Hearing(library: options.library).listen(to: wav.samples)
        let text = report.matches.map { options.library.utterances[$0.utterance].speech.text }.joined(separator: " ")
        let usage = UsageMeter.transcription(model: model, prompt: "", audioMs: report.lengthMs, transcript: text)
        return Answer(
            status: 200, body: ["text": .string(text), "usage": usage],
            figures: ["kind": "file", "model": .string(model), "text": .string(text), "ms": .integer(report.lengthMs)])
    }

    private static let wrongKey = failure(401, "Incorrect API key provided.", code: "invalid_api_key")

    private static func failure(_ status: Int, _ message: String, code: String?) -> Answer {
        let error: JSON = [
            "message": .string(message), "type": "invalid_request_error", "param": .null, "code": JSON(code),
        ]
        return Answer(status: status, body: ["error": error])
    }
}

/// The fields of a multipart/form-data body (RFC 7578).
struct Form {
    private(set) var fields: [String: [UInt8]] = [:]

    init?(_ request: HTTPRequest) {
        let mark = "boundary="
        guard let type = request.headers["content-type"], type.hasPrefix("multipart/form-data"),
            let range = type.firstRange(of: mark)
        else { return nil }
        let boundary = Array("--\(type[range.upperBound...])".utf8)
        let parts = Self.split(request.body, by: boundary)
        guard parts.count >= 2, parts.last?.starts(with: "--".utf8) == true else { return nil }
        for part in parts.dropFirst().dropLast() {
            guard let end = Self.index(of: Array("\r\n\r\n".utf8), in: part) else { return nil }
            let head = String(decoding: part[..<end], as: UTF8.self)
            guard let start = head.firstRange(of: "name=\"") else { return nil }
            let name = String(head[start.upperBound...].prefix { $0 != "\"" })
            // Without the line break before the next boundary.
            fields[name] = Array(part[(end + 4)...].dropLast(2))
        }
    }

    func text(_ name: String) -> String? { fields[name].map { String(decoding: $0, as: UTF8.self) } }

    private static func split(_ bytes: [UInt8], by mark: [UInt8]) -> [ArraySlice<UInt8>] {
        var parts: [ArraySlice<UInt8>] = []
        var rest = bytes[...]
        while let index = index(of: mark, in: rest) {
            parts.append(rest[..<index])
            rest = rest[(index + mark.count)...]
        }
        return parts + [rest]
    }

    private static func index(of mark: [UInt8], in bytes: ArraySlice<UInt8>) -> Int? {
        var start = bytes.startIndex
        while let next = bytes[start...].firstIndex(of: mark[0]) {
            if bytes[next...].starts(with: mark) { return next }
            start = next + 1
        }
        return nil
    }
}
