import FoundationEssentials

/// A key for a short time, which a server or an operator's broker gives out in place of the account's own.
public struct ClientSecret: Equatable, Sendable {
    /// The key itself: never to be shown.
    public var value: String
    /// Seconds since 1970; nil when nobody said.
    public var expiresAt: Double?

    public init(value: String, expiresAt: Double? = nil) {
        self.value = value
        self.expiresAt = expiresAt
    }

    /// Reads `{"value": ..., "expires_at": ...}`, the same inside of `client_secret`, or a bare key.
    /// The error never shows the text.
    public static func decode(_ bytes: [UInt8]) throws(EventDecodingError) -> ClientSecret {
        let text = bytes.drop { [0x20, 0x09, 0x0A, 0x0D].contains($0) }
        guard text.first == UInt8(ascii: "{") else {
            guard let key = String(validating: text, as: UTF8.self), !key.isEmpty else {
                throw EventDecodingError(at: [], problem: "empty, wanted a key or a client secret")
            }
            return ClientSecret(value: key)
        }
        let reply: Reply
        do { reply = try JSONDecoder().decode(Reply.self, from: Data(text)) } catch {
            throw EventDecodingError(at: [], problem: "not a client secret, wanted value and expires_at")
        }
        guard let secret = reply.secret else {
            throw EventDecodingError(at: [], problem: "no value, wanted a client secret")
        }
        return secret
    }

    private struct Reply: Decodable {
        struct Inner: Decodable {
            let value: String
            let expires_at: Double?
        }

        let value: String?
        let expires_at: Double?
        let client_secret: Inner?

        var secret: ClientSecret? {
            if let value { return ClientSecret(value: value, expiresAt: expires_at) }
            return client_secret.map { ClientSecret(value: $0.value, expiresAt: $0.expires_at) }
        }
    }
}

/// What `POST /v1/realtime/client_secrets` is asked with.
public struct ClientSecretRequest: Encodable, Sendable {
    private struct Expiry: Encodable {
        let anchor = "created_at"
        let seconds: Int
    }

    private struct Session: Encodable {
        let type = "realtime"
        let model: String
    }

    private let expires_after: Expiry
    private let session: Session

    /// `seconds`: 10 to 7200, the time in which sessions may be started.
    public init(model: String, seconds: Int) {
        expires_after = Expiry(seconds: seconds)
        session = Session(model: model)
    }

    /// As JSON.
    public func encoded() -> [UInt8] {
        guard let json = try? JSONEncoder().encode(self) else {
            preconditionFailure("a request consists of nothing that JSON cannot write")
        }
        return Array(json)
    }
}

extension APIError {
    /// The error of an HTTP answer's body; nil when it holds none: gateways send web pages.
    public static func decode(body: [UInt8]) -> APIError? {
        struct Reply: Decodable { let error: APIError }
        return try? JSONDecoder().decode(Reply.self, from: Data(body)).error
    }
}
