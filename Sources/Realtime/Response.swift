/// What the server makes for a turn, or for an out-of-band request.
public struct Response: Equatable, Sendable, Decodable {
    /// How far a response has come, or how it ended.
    public enum Status: Equatable, Sendable {
        case inProgress, completed, cancelled, incomplete, failed
        /// A status this module does not know, as the server wrote it.
        case other(String)
    }

    /// The response itself.
    public var id: ResponseID
    /// In progress when created, anything else when done.
    public var status: Status
    /// Why it was cancelled or left incomplete (`turn_detected`, `max_output_tokens`).
    public var statusReason: String?
    /// Why it failed.
    public var error: APIError?
    /// Nil out of band, and where the server leaves it out.
    public var conversationID: String?
    /// Whether the response stands outside the conversation: the server wrote `conversation_id: null`.
    /// A server that leaves the key out altogether is taken to mean its only conversation.
    public var isOutOfBand: Bool
    /// What the request carried; empty when the server says null.
    public var metadata: [String: String]
    /// Items without their audio; empty until the response is done, and when it failed.
    public var output: [Item]
    /// Nil until the response is done, and when it was cancelled before it began.
    public var usage: Usage?

    public init(
        id: ResponseID, status: Status = .inProgress, statusReason: String? = nil, error: APIError? = nil,
        conversationID: String? = nil, isOutOfBand: Bool = false, metadata: [String: String] = [:],
        output: [Item] = [], usage: Usage? = nil
    ) {
        self.id = id
        self.status = status
        self.statusReason = statusReason
        self.error = error
        self.conversationID = conversationID
        self.isOutOfBand = isOutOfBand
        self.metadata = metadata
        self.output = output
        self.usage = usage
    }

    private enum CodingKeys: String, CodingKey {
        case id, status, metadata, output, usage
        case statusDetails = "status_details"
        case conversationID = "conversation_id"
    }

    private struct StatusDetails: Decodable {
        let reason: String?
        let error: APIError?
    }

    public init(from decoder: any Decoder) throws {
        let response = try decoder.container(keyedBy: CodingKeys.self)
        let details = try response.readIfPresent(StatusDetails.self, forKey: .statusDetails)
        let conversationID = try response.readIfPresent(String.self, forKey: .conversationID)
        self.init(
            id: try response.read(ResponseID.self, forKey: .id),
            status: Status(wireName: try response.read(String.self, forKey: .status)),
            statusReason: details?.reason,
            error: details?.error,
            conversationID: conversationID,
            isOutOfBand: conversationID == nil && response.contains(.conversationID),
            metadata: try response.readIfPresent([String: String].self, forKey: .metadata) ?? [:],
            output: try response.readIfPresent([Item].self, forKey: .output) ?? [],
            // The end of a response must not be lost to a figure about it.
            usage: try? response.decode(Usage.self, forKey: .usage))
    }
}

extension Response.Status {
    init(wireName: String) {
        switch wireName {
        case "in_progress": self = .inProgress
        case "completed": self = .completed
        case "cancelled": self = .cancelled
        case "incomplete": self = .incomplete
        case "failed": self = .failed
        default: self = .other(wireName)
        }
    }
}
