/// How much of one allowance is left.
public struct RateLimit: Equatable, Sendable, Decodable {
    /// `tokens` or `requests`.
    public var name: String
    /// The whole allowance, from 0 upwards.
    public var limit: Int
    /// What is left of it, from 0 upwards.
    public var remaining: Int
    /// Until the allowance is whole again.
    public var resetSeconds: Double

    public init(name: String, limit: Int, remaining: Int, resetSeconds: Double) {
        self.name = name
        self.limit = limit
        self.remaining = remaining
        self.resetSeconds = resetSeconds
    }

    private enum CodingKeys: String, CodingKey {
        case name, limit, remaining
        case resetSeconds = "reset_seconds"
    }

    public init(from decoder: any Decoder) throws {
        let rate = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            name: try rate.read(String.self, forKey: .name),
            limit: try rate.count(forKey: .limit),
            remaining: try rate.count(forKey: .remaining),
            resetSeconds: try rate.seconds(forKey: .resetSeconds))
    }
}
