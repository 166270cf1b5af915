/// A refusal or failure in the server's own words. Never fails to decode from an object.
public struct APIError: Equatable, Sendable, Decodable {
    /// The kind of error (`invalid_request_error`, `server_error`).
    public var type: String?
    /// The stable word to decide by; nil where the server has none.
    public var code: String?
    /// The explanation for people; "" when the server gave none.
    public var message: String
    /// Path of the refused key.
    public var param: String?
    /// The `eventID` of the client event that was refused. Servers leave it out now and then.
    public var eventID: String?

    public init(
        type: String? = nil, code: String? = nil, message: String, param: String? = nil, eventID: String? = nil
    ) {
        self.type = type
        self.code = code
        self.message = message
        self.param = param
        self.eventID = eventID
    }

    private enum CodingKeys: String, CodingKey {
        case type, code, message, param
        case eventID = "event_id"
    }

    public init(from decoder: any Decoder) throws {
        let error = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            type: error.textOrNumber(forKey: .type),
            code: error.textOrNumber(forKey: .code),
            message: error.textOrNumber(forKey: .message) ?? "",
            param: error.textOrNumber(forKey: .param),
            eventID: error.textOrNumber(forKey: .eventID))
    }
}
