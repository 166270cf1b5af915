/// One unit of the conversation: a message, a function call, its output, or a type not known yet.
public struct Item: Equatable, Sendable, Decodable {
    /// Who speaks in a message.
    public enum Role: String, Sendable {
        case system, user, assistant
    }

    /// One part of a message. Audio bytes of retrieved items are not kept.
    public struct Content: Equatable, Sendable, Decodable {
        /// As the server wrote it: `input_audio`, `output_text`, or the older `audio` and `text`.
        public var type: String
        /// Of text parts; nil elsewhere.
        public var text: String?
        /// Of audio parts; nil until it is known, and again after a truncation.
        public var transcript: String?

        public init(type: String, text: String? = nil, transcript: String? = nil) {
            self.type = type
            self.text = text
            self.transcript = transcript
        }
    }

    /// The item itself.
    public var id: ItemID
    /// `message`, `function_call`, `function_call_output`, or anything newer.
    public var type: String
    /// Nil when absent or not one of the three known roles.
    public var role: Role?
    /// `in_progress`, `completed` or `incomplete` when the server says so.
    public var status: String?
    /// Empty while the item is in progress, and for what is no message.
    public var content: [Content]
    /// Function calls and their outputs only.
    public var callID: String?
    /// Function calls only.
    public var name: String?
    /// Function calls only: JSON in a string, complete once the item is done.
    public var arguments: String?

    public init(
        id: ItemID, type: String = "message", role: Role? = nil, status: String? = nil, content: [Content] = [],
        callID: String? = nil, name: String? = nil, arguments: String? = nil
    ) {
        self.id = id
        self.type = type
        self.role = role
        self.status = status
        self.content = content
        self.callID = callID
        self.name = name
        self.arguments = arguments
    }

    /// Whether this is something the visitor said, as opposed to a typed or created message.
    public var isUserAudio: Bool {
        type == "message" && role == .user && content.contains { $0.type == "input_audio" }
    }

    /// Transcript or text of all parts, joined; "" when there is none.
    public var text: String {
        content.map { $0.transcript ?? $0.text ?? "" }.joined()
    }

    private enum CodingKeys: String, CodingKey {
        case id, type, role, status, content, name, arguments
        case callID = "call_id"
    }

    public init(from decoder: any Decoder) throws {
        let item = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            id: try item.read(ItemID.self, forKey: .id),
            type: try item.read(String.self, forKey: .type),
            role: try item.readIfPresent(String.self, forKey: .role).flatMap(Role.init),
            status: try item.readIfPresent(String.self, forKey: .status),
            content: try item.readIfPresent([Content].self, forKey: .content) ?? [],
            callID: try item.readIfPresent(String.self, forKey: .callID),
            name: try item.readIfPresent(String.self, forKey: .name),
            arguments: try item.readIfPresent(String.self, forKey: .arguments))
    }
}

extension Item.Content {
    private enum CodingKeys: String, CodingKey {
        case type, text, transcript
    }

    public init(from decoder: any Decoder) throws {
        let part = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            type: try part.readIfPresent(String.self, forKey: .type) ?? "",
            text: try part.readIfPresent(String.self, forKey: .text),
            transcript: try part.readIfPresent(String.self, forKey: .transcript))
    }
}
