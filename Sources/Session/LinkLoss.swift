/// How a link ended, as far as the transport knows; what it means is decided here.
public struct LinkLoss: Error, Sendable, Equatable {
    /// The close code received; nil when the link broke without one.
    public var closeCode: Int?
    /// The close reason received, or "".
    public var closeReason: String
    /// The status of a refused upgrade.
    public var httpStatus: Int?
    /// How long a refused upgrade asked us to wait.
    public var retryAfter: Duration?
    /// What the transport says, in words for the operator.
    public var words: String

    public init(
        closeCode: Int? = nil, closeReason: String = "", httpStatus: Int? = nil, retryAfter: Duration? = nil,
        words: String
    ) {
        self.closeCode = closeCode
        self.closeReason = closeReason
        self.httpStatus = httpStatus
        self.retryAfter = retryAfter
        self.words = words
    }

    /// Codes of `error` events that come before a refusal, and of close reasons ("<type>.<code>")
    /// (realtime-protocol.md, sections 1.3 and 6.2). 1013 means quota here, not "try again later".
    private static let refusals: [String: String] = [
        "invalid_api_key": "the API key is not accepted: check realtime.api_key_file",
        "insufficient_quota": "the account has no credit left: check plan and billing",
        "beta_api_shape_disabled": "the server refuses the retired beta interface",
        "missing_model": "the server wants a model: check realtime.model and realtime.url",
        "invalid_model": "the server does not offer this model for conversations: check realtime.model",
        "model_not_found": "the model does not exist for this account: check realtime.model",
    ]

    /// In words why trying again soon cannot help; nil when it can.
    func refusal(lastErrorCode: String?) -> String? {
        let reasonCode = closeReason.split(separator: ".").last.map(String.init)
        for code in [reasonCode, lastErrorCode] {
            if let code, let refusal = Self.refusals[code] { return refusal }
        }
        switch httpStatus {
        case 401, 403: return "the server does not accept the API key (\(words))"
        case 400, 404: return "the server does not know this address or model (\(words))"
        case 429 where words.contains("insufficient_quota"): return Self.refusals["insufficient_quota"]
        default: break
        }
        switch closeCode {
        case 3000: return "the server does not accept the API key (\(closeReason))"
        case 4000, 4004: return "the server refuses the session (\(closeReason))"
        default: return nil
        }
    }

    /// The server is there and has no room for us now: too many requests, or not in order itself.
    func isBusy(lastErrorCode: String?) -> Bool {
        let reasonCode = closeReason.split(separator: ".").last.map(String.init)
        if [reasonCode, lastErrorCode].contains("rate_limit_exceeded") || closeCode == 1013 { return true }
        return httpStatus.map { $0 == 429 || $0 >= 500 } ?? false
    }

    /// Code of the `error` event by which some servers announce the age limit.
    static let expiryCode = "session_expired"

    /// The session reached its age limit: a new one may follow at once.
    var isExpiry: Bool { closeCode == 1001 && closeReason.contains("maximum duration") }
}

/// Growing waits with jitter: 0.5 s doubling to 15 s, each times 0.75 to 1 so that kiosks do not return in step.
struct Backoff: Sendable, Equatable {
    static let first = Duration.milliseconds(500)
    static let longest = Duration.seconds(15)

    private var attempts = 0
    private var random: SplitMix64

    init(seed: UInt64) { random = SplitMix64(state: seed) }

    mutating func next() -> Duration {
        let wait = min(Self.first * (1 << min(attempts, 5)), Self.longest)
        attempts += 1
        return wait * Double.random(in: 0.75...1, using: &random)
    }

    mutating func reset() { attempts = 0 }
}

/// Sebastiano Vigna's splitmix64: small, seedable, good enough for jitter.
struct SplitMix64: RandomNumberGenerator, Sendable, Equatable {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
