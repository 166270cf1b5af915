/// An item that the client puts into the conversation, or before a single response.
public struct NewItem: Equatable, Sendable {
    /// What a user's message is made of.
    public enum UserPart: Equatable, Sendable {
        case text(String)
        /// 24 kHz mono. The model hears the samples and never sees the transcript.
        case audio([Int16], transcript: String? = nil)
        /// A data URI of a PNG or JPEG.
        case image(dataURI: String, detail: ImageDetail? = nil)
    }

    /// How closely the model looks at an image.
    public enum ImageDetail: String, Equatable, Sendable, Encodable {
        case low, high
        case automatic = "auto"
    }

    /// Assistant audio cannot be created by a client, so an assistant's message is text.
    public enum Kind: Equatable, Sendable {
        case system(String)
        case user([UserPart])
        case assistant(String)
        /// `arguments` is JSON in a string.
        case functionCall(callID: String?, name: String, arguments: String)
        case functionCallOutput(callID: String, output: String)
    }

    /// Our own id of at most 32 characters; nil lets the server choose.
    public var id: ItemID?
    public var kind: Kind

    public init(_ kind: Kind, id: ItemID? = nil) {
        self.id = id
        self.kind = kind
    }
}

extension NewItem: Encodable {
    private enum CodingKeys: String, CodingKey {
        case id, type, role, content, name, arguments, output
        case callID = "call_id"
    }

    /// A part that is nothing but text, which system and assistant messages consist of.
    private struct TextPart: Encodable {
        let type: String
        let text: String
    }

    public func encode(to encoder: any Encoder) throws {
        var item = encoder.container(keyedBy: CodingKeys.self)
        try item.encodeIfPresent(id, forKey: .id)
        switch kind {
        case .system(let text):
            try item.encode("message", forKey: .type)
            try item.encode("system", forKey: .role)
            try item.encode([TextPart(type: "input_text", text: text)], forKey: .content)
        case .user(let parts):
            try item.encode("message", forKey: .type)
            try item.encode("user", forKey: .role)
            try item.encode(parts, forKey: .content)
        case .assistant(let text):
            try item.encode("message", forKey: .type)
            try item.encode("assistant", forKey: .role)
            try item.encode([TextPart(type: "output_text", text: text)], forKey: .content)
        case .functionCall(let callID, let name, let arguments):
            try item.encode("function_call", forKey: .type)
            try item.encodeIfPresent(callID, forKey: .callID)
            try item.encode(name, forKey: .name)
            try item.encode(arguments, forKey: .arguments)
        case .functionCallOutput(let callID, let output):
            try item.encode("function_call_output", forKey: .type)
            try item.encode(callID, forKey: .callID)
            try item.encode(output, forKey: .output)
        }
    }
}

extension NewItem.UserPart: Encodable {
    private enum CodingKeys: String, CodingKey {
        case type, text, audio, transcript, detail
        case imageURL = "image_url"
    }

    public func encode(to encoder: any Encoder) throws {
        var part = encoder.container(keyedBy: CodingKeys.self)
        switch self {
        case .text(let text):
            try part.encode("input_text", forKey: .type)
            try part.encode(text, forKey: .text)
        case .audio(let samples, let transcript):
            try part.encode("input_audio", forKey: .type)
            try part.encode(base64(samples), forKey: .audio)
            try part.encodeIfPresent(transcript, forKey: .transcript)
        case .image(let dataURI, let detail):
            try part.encode("input_image", forKey: .type)
            try part.encode(dataURI, forKey: .imageURL)
            try part.encodeIfPresent(detail, forKey: .detail)
        }
    }
}
