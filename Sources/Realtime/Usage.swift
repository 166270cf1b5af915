/// Tokens that a response or a transcription has cost. Reads and writes the server's own shape.
///
/// Every member is nil where the server left it out, and from 0 upwards otherwise. Fractions are cut.
public struct Usage: Equatable, Sendable, Codable {
    /// Input tokens by kind. The cached ones are part of the others, not additional.
    public struct InputDetails: Equatable, Sendable, Codable {
        public var textTokens: Int?
        public var audioTokens: Int?
        public var imageTokens: Int?
        /// All that was cached, of whatever kind.
        public var cachedTokens: Int?
        /// Nil from older servers: then only the sum is known.
        public var cachedDetails: CachedDetails?

        public init(
            textTokens: Int? = nil, audioTokens: Int? = nil, imageTokens: Int? = nil, cachedTokens: Int? = nil,
            cachedDetails: CachedDetails? = nil
        ) {
            self.textTokens = textTokens
            self.audioTokens = audioTokens
            self.imageTokens = imageTokens
            self.cachedTokens = cachedTokens
            self.cachedDetails = cachedDetails
        }
    }

    /// Cached input tokens by kind.
    public struct CachedDetails: Equatable, Sendable, Codable {
        public var textTokens: Int?
        public var audioTokens: Int?
        public var imageTokens: Int?

        public init(textTokens: Int? = nil, audioTokens: Int? = nil, imageTokens: Int? = nil) {
            self.textTokens = textTokens
            self.audioTokens = audioTokens
            self.imageTokens = imageTokens
        }
    }

    /// Output tokens by kind.
    public struct OutputDetails: Equatable, Sendable, Codable {
        public var textTokens: Int?
        public var audioTokens: Int?

        public init(textTokens: Int? = nil, audioTokens: Int? = nil) {
            self.textTokens = textTokens
            self.audioTokens = audioTokens
        }
    }

    /// Input and output together.
    public var totalTokens: Int?
    /// All input, cached or not.
    public var inputTokens: Int?
    /// All output, whether it was heard or not.
    public var outputTokens: Int?
    /// Nil when the server gives the sum alone.
    public var inputDetails: InputDetails?
    /// Nil when the server gives the sum alone.
    public var outputDetails: OutputDetails?

    public init(
        totalTokens: Int? = nil, inputTokens: Int? = nil, outputTokens: Int? = nil,
        inputDetails: InputDetails? = nil, outputDetails: OutputDetails? = nil
    ) {
        self.totalTokens = totalTokens
        self.inputTokens = inputTokens
        self.outputTokens = outputTokens
        self.inputDetails = inputDetails
        self.outputDetails = outputDetails
    }

    private enum CodingKeys: String, CodingKey {
        case totalTokens = "total_tokens"
        case inputTokens = "input_tokens"
        case outputTokens = "output_tokens"
        case inputDetails = "input_token_details"
        case outputDetails = "output_token_details"
    }

    public init(from decoder: any Decoder) throws {
        let usage = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            totalTokens: usage.tokens(forKey: .totalTokens),
            inputTokens: usage.tokens(forKey: .inputTokens),
            outputTokens: usage.tokens(forKey: .outputTokens),
            inputDetails: try? usage.decode(InputDetails.self, forKey: .inputDetails),
            outputDetails: try? usage.decode(OutputDetails.self, forKey: .outputDetails))
    }
}

extension Usage.InputDetails {
    private enum CodingKeys: String, CodingKey {
        case textTokens = "text_tokens"
        case audioTokens = "audio_tokens"
        case imageTokens = "image_tokens"
        case cachedTokens = "cached_tokens"
        case cachedDetails = "cached_tokens_details"
    }

    public init(from decoder: any Decoder) throws {
        let details = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            textTokens: details.tokens(forKey: .textTokens),
            audioTokens: details.tokens(forKey: .audioTokens),
            imageTokens: details.tokens(forKey: .imageTokens),
            cachedTokens: details.tokens(forKey: .cachedTokens),
            cachedDetails: try? details.decode(Usage.CachedDetails.self, forKey: .cachedDetails))
    }
}

extension Usage.CachedDetails {
    private enum CodingKeys: String, CodingKey {
        case textTokens = "text_tokens"
        case audioTokens = "audio_tokens"
        case imageTokens = "image_tokens"
    }

    public init(from decoder: any Decoder) throws {
        let details = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            textTokens: details.tokens(forKey: .textTokens),
            audioTokens: details.tokens(forKey: .audioTokens),
            imageTokens: details.tokens(forKey: .imageTokens))
    }
}

extension Usage.OutputDetails {
    private enum CodingKeys: String, CodingKey {
        case textTokens = "text_tokens"
        case audioTokens = "audio_tokens"
    }

    public init(from decoder: any Decoder) throws {
        let details = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            textTokens: details.tokens(forKey: .textTokens), audioTokens: details.tokens(forKey: .audioTokens))
    }
}
