/// Changes to the session. Only what is set is written, and all of it is refused when one part is wrong.
public struct SessionUpdate: Equatable, Sendable {
    /// Clears the microphone's noise before detection and model. Headsets are near, rooms far.
    public struct NoiseReduction: Equatable, Sendable, Encodable {
        /// How far the mouth is from the microphone.
        public enum Field: String, Equatable, Sendable, Encodable {
            case near = "near_field"
            case far = "far_field"
        }
        /// Where the microphone stands.
        public var field: Field
        /// Higher is stronger; nil keeps the server's.
        public var strength: Double?

        public init(_ field: Field, strength: Double? = nil) {
            self.field = field
            self.strength = strength
        }

        private enum CodingKeys: String, CodingKey {
            case field = "type"
            case strength
        }
    }

    /// The built-in transcription of committed audio.
    public struct Transcription: Equatable, Sendable, Encodable {
        /// How far the transcript may lag behind the audio; the scale is the model's own.
        public enum Delay: String, Equatable, Sendable, Encodable {
            case minimal, low, medium, high, xhigh
        }
        /// A transcription model; on Azure the name of a deployment.
        public var model: String
        /// ISO 639-1.
        public var language: String?
        /// At most 1024 characters.
        public var prompt: String?
        /// `languages` and `keywords`: only gpt-transcribe and gpt-live-transcribe.
        public var languages: [String]?
        /// Words to expect.
        public var keywords: [String]?
        /// Only gpt-realtime-whisper.
        public var delay: Delay?

        public init(
            model: String, language: String? = nil, prompt: String? = nil, languages: [String]? = nil,
            keywords: [String]? = nil, delay: Delay? = nil
        ) {
            self.model = model
            self.language = language
            self.prompt = prompt
            self.languages = languages
            self.keywords = keywords
            self.delay = delay
        }
    }

    /// What happens when the conversation outgrows the model.
    public enum Truncation: Equatable, Sendable {
        case automatic, disabled
        /// Keeps this share (0...1) of the window; `postInstructions` caps the tokens after the instructions.
        case retentionRatio(Double, postInstructions: Int? = nil)
    }

    /// What the server writes into its trace. Cannot be changed once on.
    public enum Tracing: Equatable, Sendable {
        case automatic
        case named(workflow: String? = nil, group: String? = nil, metadata: JSONValue? = nil)
    }

    /// What the server adds to its events.
    public enum Include: String, Equatable, Sendable, Encodable {
        case transcriptionLogprobs = "item.input_audio_transcription.logprobs"
    }

    /// What a session is for; it cannot change.
    public enum Kind: String, Equatable, Sendable, Encodable {
        case realtime
        /// Transcripts alone: only `inputFormat`, `noiseReduction`, `transcription`, `turnDetection` and `include`.
        case transcription
    }

    /// Of the session that is updated.
    public var kind = Kind.realtime
    /// Exactly one.
    public var outputModalities: [Modality]?
    /// "" clears them.
    public var instructions: String?
    /// How appended audio is written; `appendAudio` writes `pcm24k`.
    public var inputFormat: AudioFormat?
    /// Null = none.
    public var noiseReduction: Nullable<NoiseReduction> = .omitted
    /// Null = no built-in transcripts.
    public var transcription: Nullable<Transcription> = .omitted
    /// `.null` is push-to-talk: the client commits and asks for the answer.
    public var turnDetection: Nullable<TurnDetection> = .omitted
    /// How the audio of responses is written.
    public var outputFormat: AudioFormat?
    /// Refused, and the whole update with it, once the assistant has been heard.
    public var voice: Voice?
    /// 0.25...1.5.
    public var speed: Double?
    /// [] clears them.
    public var tools: [Tool]?
    /// Whether responses may or must call a tool.
    public var toolChoice: ToolChoice?
    /// Reasoning models only.
    public var parallelToolCalls: Bool?
    /// Reasoning models only.
    public var reasoning: ReasoningEffort?
    /// For each response.
    public var maxOutputTokens: MaxOutputTokens?
    /// What is dropped when the conversation outgrows the model.
    public var truncation: Truncation?
    /// Null = none.
    public var prompt: Nullable<StoredPrompt> = .omitted
    /// Null = nothing more.
    public var include: Nullable<[Include]> = .omitted
    /// Null = none; it cannot be changed once on.
    public var tracing: Nullable<Tracing> = .omitted
    /// Only what the session was opened with: a model cannot be changed.
    public var model: String?

    /// An update that changes nothing.
    public init() {}
}
