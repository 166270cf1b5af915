/// What a built-in transcription has cost, counted as its model is priced. Reads and writes the server's shape.
public enum TranscriptionUsage: Equatable, Sendable, Codable {
    /// Tokens; transcription models give no output details.
    case tokens(Usage)
    /// Length of the audio, from 0 upwards.
    case duration(seconds: Double)

    private enum CodingKeys: String, CodingKey {
        case type, seconds
    }

    public init(from decoder: any Decoder) throws {
        let usage = try decoder.container(keyedBy: CodingKeys.self)
        switch try usage.read(String.self, forKey: .type) {
        case "tokens":
            self = .tokens(try Usage(from: decoder))
        case "duration":
            self = .duration(seconds: try usage.seconds(forKey: .seconds))
        default:
            throw DecodingError.dataCorruptedError(
                forKey: .type, in: usage, debugDescription: "unknown, wanted tokens or duration")
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var usage = encoder.container(keyedBy: CodingKeys.self)
        switch self {
        case .tokens(let tokens):
            try usage.encode("tokens", forKey: .type)
            try tokens.encode(to: encoder)
        case .duration(let seconds):
            try usage.encode("duration", forKey: .type)
            try usage.encode(seconds, forKey: .seconds)
        }
    }
}
