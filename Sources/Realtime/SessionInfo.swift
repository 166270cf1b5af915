/// What the server tells about the session at its start and after each update.
public struct SessionInfo: Equatable, Sendable, Decodable {
    /// Opaque; new for each session.
    public var id: String
    /// Nil for transcription sessions.
    public var model: String?
    /// The server's clock, seconds since 1970; about an hour after the start.
    public var expiresAt: Double?

    public init(id: String, model: String? = nil, expiresAt: Double? = nil) {
        self.id = id
        self.model = model
        self.expiresAt = expiresAt
    }

    private enum CodingKeys: String, CodingKey {
        case id, model
        case expiresAt = "expires_at"
    }

    public init(from decoder: any Decoder) throws {
        let session = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            id: try session.read(String.self, forKey: .id),
            model: try session.readIfPresent(String.self, forKey: .model),
            expiresAt: try session.readIfPresent(Double.self, forKey: .expiresAt))
    }
}
