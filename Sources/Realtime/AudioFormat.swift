/// How audio is written into events, and what voice speaks it.
public enum AudioFormat: Equatable, Sendable, Encodable {
    /// Signed 16 bit, little endian, mono, 24 kHz: 48 bytes a millisecond.
    case pcm24k
    /// G.711 at 8 kHz: 8 bytes a millisecond.
    case muLaw, aLaw

    private enum CodingKeys: String, CodingKey {
        case type, rate
    }

    public func encode(to encoder: any Encoder) throws {
        var format = encoder.container(keyedBy: CodingKeys.self)
        switch self {
        case .pcm24k:
            try format.encode("audio/pcm", forKey: .type)
            try format.encode(24000, forKey: .rate)
        case .muLaw: try format.encode("audio/pcmu", forKey: .type)
        case .aLaw: try format.encode("audio/pcma", forKey: .type)
        }
    }
}

/// Who speaks. Cannot be changed any more once the assistant has been heard.
public enum Voice: Equatable, Sendable, Encodable, ExpressibleByStringLiteral {
    /// One of the server's own: "marin".
    case named(String)
    /// A voice made for the account, by its id.
    case custom(id: String)

    public init(stringLiteral name: String) { self = .named(name) }

    private enum CodingKeys: String, CodingKey {
        case id
    }

    public func encode(to encoder: any Encoder) throws {
        switch self {
        case .named(let name):
            var voice = encoder.singleValueContainer()
            try voice.encode(name)
        case .custom(let id):
            var voice = encoder.container(keyedBy: CodingKeys.self)
            try voice.encode(id, forKey: .id)
        }
    }
}
