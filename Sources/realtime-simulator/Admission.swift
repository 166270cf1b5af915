/// What becomes of a request for an upgrade.
enum Admission: Equatable {
    /// A session with this model.
    case session(model: String)
    /// A session for transcripts alone.
    case transcription
    /// Accepted, then one `error` and the end, as the service refuses.
    case refused(Refusal, closeCode: UInt16)
    /// Refused before the upgrade.
    case http(status: Int, headers: [String: String], body: String)

    /// What the request says that matters here.
    struct Request {
        /// Path and query.
        var resource = "/v1/realtime?model=gpt-realtime"
        var authorization: String?
        var subprotocols: String?
        var hasBetaHeader = false

        /// The key from the header, or from the list of subprotocols as browsers send it.
        var apiKey: String? {
            if let authorization, authorization.hasPrefix("Bearer ") { return String(authorization.dropFirst(7)) }
            let offers = (subprotocols ?? "").split(separator: ",").map { $0.drop { $0 == " " } }
            let prefix = "openai-insecure-api-key."
            return offers.first { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) }
        }

        var offersRealtime: Bool {
            (subprotocols ?? "").split(separator: ",").contains { $0.drop { $0 == " " } == "realtime" }
        }
    }

    /// - Parameters:
    ///   - requiredKey: the only key that is taken; nil takes any, and none.
    ///   - connection: its number since the simulator's start.
    init(_ request: Request, requiredKey: String?, faults: FaultPlan, connection: Int) {
        func hits(_ fault: Fault) -> Bool { faults.hits(fault, connection) }
        let parts = request.resource.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let query = parts.count > 1 ? parts[1] : ""
        let model = Admission.value("model", in: query)
        let isTranscription = Admission.value("intent", in: query) == "transcription" && model == nil

        if parts[0] != "/v1/realtime" {
            self = .httpError(404, "Invalid URL (\(parts[0]))", code: nil)
        } else if hits(.http401) {
            self = .httpError(401, "Incorrect API key provided.", code: "invalid_api_key")
        } else if hits(.http429) {
            self = .httpError(
                429, "Rate limit reached for requests.", code: "rate_limit_exceeded", headers: ["retry-after": "2"])
        } else if hits(.http503) {
            self = .http(
                status: 503, headers: ["content-type": "text/html"],
                body: "<html><head><title>503 Service Temporarily Unavailable</title></head></html>")
        } else if request.hasBetaHeader {
            self = .refused(
                "beta_api_shape_disabled",
                "The Realtime Beta API is no longer supported. Please use /v1/realtime for the GA API.")
        } else if hits(.echoKeyInError) {
            self = .refused("invalid_api_key", "Incorrect API key provided: \(request.apiKey ?? "").", closeCode: 3000)
        } else if hits(.refuseKey) || requiredKey != nil && request.apiKey != requiredKey {
            self = .refused("invalid_api_key", "Incorrect API key provided.", closeCode: 3000)
        } else if hits(.refuseQuota) {
            self = .refused(
                "insufficient_quota",
                "You exceeded your current quota, please check your plan and billing details.",
                type: "insufficient_quota", closeCode: 1013)
        } else if isTranscription {
            self = .transcription
        } else if let model, !model.isEmpty {
            // Transcription models are no realtime models, gpt-realtime-whisper among them.
            let isRealtime = model.contains("realtime") && !model.contains("whisper") && !hits(.refuseModel)
            self =
                isRealtime
                ? .session(model: model)
                : .refused("invalid_model", "Model \"\(model)\" is not supported in realtime mode.")
        } else {
            self = .refused("missing_model", "You must provide a model parameter.")
        }
    }

    private static func refused(
        _ code: String, _ message: String, type: String = "invalid_request_error", closeCode: UInt16 = 4000
    ) -> Admission {
        .refused(Refusal(type: type, code: code, message: message, param: nil), closeCode: closeCode)
    }

    private static func httpError(
        _ status: Int, _ message: String, code: String?, headers: [String: String] = [:]
    ) -> Admission {
        let body: JSON = [
            "error": [
                "message": .string(message), "type": "invalid_request_error", "param": .null, "code": JSON(code),
            ]
        ]
        return .http(
            status: status, headers: headers.merging(["content-type": "application/json"]) { $1 }, body: body.line)
    }

    /// A value of a query string, its percent escapes decoded.
    private static func value(_ name: String, in query: Substring) -> String? {
        for pair in query.split(separator: "&") {
            let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if sides[0] == name { return sides.count > 1 ? sides[1].removingPercentEscapes : "" }
        }
        return nil
    }
}

extension Substring {
    fileprivate var removingPercentEscapes: String {
        var bytes: [UInt8] = []
        var rest = utf8[...]
        while let byte = rest.popFirst() {
            let digits = rest.prefix(2)
            if byte == UInt8(ascii: "%"), digits.count == 2, let value = UInt8(String(Substring(digits)), radix: 16) {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
