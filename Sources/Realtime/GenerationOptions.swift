/// What a response is made of. The server takes exactly one; spoken answers come with their transcript.
public enum Modality: String, Equatable, Sendable, Encodable {
    case audio, text
}

/// How long a response may become, tool calls included.
public enum MaxOutputTokens: Equatable, Sendable, Encodable {
    /// From 1 upwards; models stop at 4096 or more.
    case tokens(Int)
    case unlimited

    public func encode(to encoder: any Encoder) throws {
        switch self {
        case .tokens(let count): try count.encode(to: encoder)
        case .unlimited: try "inf".encode(to: encoder)
        }
    }
}

/// How much a reasoning model thinks before it speaks. Other models refuse the whole update.
public enum ReasoningEffort: String, Equatable, Sendable, Encodable {
    case minimal, low, medium, high, xhigh

    private enum CodingKeys: String, CodingKey {
        case effort
    }

    public func encode(to encoder: any Encoder) throws {
        var reasoning = encoder.container(keyedBy: CodingKeys.self)
        try reasoning.encode(rawValue, forKey: .effort)
    }
}

/// A prompt stored at the server. Fields given directly win over it.
public struct StoredPrompt: Equatable, Sendable, Encodable {
    /// As the server named it when it was stored.
    public var id: String
    /// Nil lets the server choose.
    public var version: String?
    /// Texts for the places that the prompt leaves open.
    public var variables: [String: String]?

    public init(id: String, version: String? = nil, variables: [String: String]? = nil) {
        self.id = id
        self.version = version
        self.variables = variables
    }
}
