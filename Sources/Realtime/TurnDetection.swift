/// How the server decides where speech ends. Push-to-talk is none of these: `turnDetection: .null`.
public enum TurnDetection: Equatable, Sendable, Encodable {
    /// How soon semantic detection takes a pause for the end: waits at most 8, 4 or 2 s; automatic is medium.
    public enum Eagerness: String, Equatable, Sendable, Encodable {
        case low, medium, high
        case automatic = "auto"
    }

    /// By level. `threshold` 0...1; `idleTimeoutMs` 5000...30000, nil = never; the booleans say whether the
    /// server answers at the end of speech and whether speech cancels a running answer.
    case serverVAD(
        threshold: Double, prefixPaddingMs: Int, silenceDurationMs: Int, idleTimeoutMs: Int? = nil,
        createResponse: Bool = true, interruptResponse: Bool = true)
    /// By what is said.
    case semanticVAD(eagerness: Eagerness = .automatic, createResponse: Bool = true, interruptResponse: Bool = true)

    private enum CodingKeys: String, CodingKey {
        case type, threshold, eagerness
        case prefixPaddingMs = "prefix_padding_ms"
        case silenceDurationMs = "silence_duration_ms"
        case idleTimeoutMs = "idle_timeout_ms"
        case createResponse = "create_response"
        case interruptResponse = "interrupt_response"
    }

    public func encode(to encoder: any Encoder) throws {
        var detection = encoder.container(keyedBy: CodingKeys.self)
        switch self {
        case .serverVAD(
            let threshold, let prefixPaddingMs, let silenceDurationMs, let idleTimeoutMs, let createResponse,
            let interruptResponse):
            try detection.encode("server_vad", forKey: .type)
            try detection.encode(threshold, forKey: .threshold)
            try detection.encode(prefixPaddingMs, forKey: .prefixPaddingMs)
            try detection.encode(silenceDurationMs, forKey: .silenceDurationMs)
            // Null, not absent: an update merges, and an older timeout would stay.
            try detection.encode(idleTimeoutMs, forKey: .idleTimeoutMs)
            try detection.encode(createResponse, forKey: .createResponse)
            try detection.encode(interruptResponse, forKey: .interruptResponse)
        case .semanticVAD(let eagerness, let createResponse, let interruptResponse):
            try detection.encode("semantic_vad", forKey: .type)
            try detection.encode(eagerness, forKey: .eagerness)
            try detection.encode(createResponse, forKey: .createResponse)
            try detection.encode(interruptResponse, forKey: .interruptResponse)
        }
    }
}
