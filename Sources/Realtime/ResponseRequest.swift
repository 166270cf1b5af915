/// What a response is asked to be. What is nil is taken from the session.
public struct ResponseRequest: Equatable, Sendable {
    /// Where the response belongs.
    public enum Conversation: Equatable, Sendable {
        /// It becomes part of the conversation; only one such response can run at a time.
        case `default`
        /// Out of band: leaves no item behind, any number may run at a time.
        case none
    }

    /// One thing the model is shown instead of the conversation.
    public enum InputItem: Equatable, Sendable {
        /// An item that has appeared in this session.
        case reference(ItemID)
        case new(NewItem)
    }

    /// Part of the conversation unless said otherwise.
    public var conversation: Conversation = .default
    /// Nil shows the conversation (also out of band), [] shows nothing.
    public var input: [InputItem]?
    /// In place of the session's, for this response.
    public var instructions: String?
    /// Exactly one.
    public var outputModalities: [Modality]?
    /// In place of the session's, for this response.
    public var voice: Voice?
    /// How its audio is written.
    public var outputFormat: AudioFormat?
    /// [] forbids the session's tools.
    public var tools: [Tool]?
    /// Whether it may or must call a tool.
    public var toolChoice: ToolChoice?
    /// Reasoning models only.
    public var parallelToolCalls: Bool?
    /// Reasoning models only.
    public var reasoning: ReasoningEffort?
    /// A response cut off by it ends as incomplete.
    public var maxOutputTokens: MaxOutputTokens?
    /// Comes back with the response: at most 16 pairs, keys of 64 and values of 512 characters.
    public var metadata: [String: String]?
    /// A stored prompt for this response.
    public var prompt: StoredPrompt?

    /// A response as the session has it.
    public init() {}
}

extension ResponseRequest: Encodable {
    private enum CodingKeys: String, CodingKey {
        case conversation, input, instructions, tools, reasoning, metadata, prompt, audio
        case outputModalities = "output_modalities"
        case toolChoice = "tool_choice"
        case parallelToolCalls = "parallel_tool_calls"
        case maxOutputTokens = "max_output_tokens"
    }

    private enum AudioKeys: String, CodingKey {
        case output
    }

    private enum AudioOutputKeys: String, CodingKey {
        case format, voice
    }

    public func encode(to encoder: any Encoder) throws {
        var response = encoder.container(keyedBy: CodingKeys.self)
        if conversation == .none { try response.encode("none", forKey: .conversation) }
        try response.encodeIfPresent(input, forKey: .input)
        try response.encodeIfPresent(instructions, forKey: .instructions)
        try response.encodeIfPresent(outputModalities, forKey: .outputModalities)
        try response.encodeIfPresent(tools, forKey: .tools)
        try response.encodeIfPresent(toolChoice, forKey: .toolChoice)
        try response.encodeIfPresent(parallelToolCalls, forKey: .parallelToolCalls)
        try response.encodeIfPresent(reasoning, forKey: .reasoning)
        try response.encodeIfPresent(maxOutputTokens, forKey: .maxOutputTokens)
        try response.encodeIfPresent(metadata, forKey: .metadata)
        try response.encodeIfPresent(prompt, forKey: .prompt)
        if voice != nil || outputFormat != nil {
            var audio = response.nestedContainer(keyedBy: AudioKeys.self, forKey: .audio)
            var output = audio.nestedContainer(keyedBy: AudioOutputKeys.self, forKey: .output)
            try output.encodeIfPresent(outputFormat, forKey: .format)
            try output.encodeIfPresent(voice, forKey: .voice)
        }
    }
}

extension ResponseRequest.InputItem: Encodable {
    private enum CodingKeys: String, CodingKey {
        case type, id
    }

    public func encode(to encoder: any Encoder) throws {
        switch self {
        case .reference(let item):
            var reference = encoder.container(keyedBy: CodingKeys.self)
            try reference.encode("item_reference", forKey: .type)
            try reference.encode(item, forKey: .id)
        case .new(let item):
            try item.encode(to: encoder)
        }
    }
}
