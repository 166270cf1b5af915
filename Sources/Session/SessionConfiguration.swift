import Realtime

/// 24 kHz frames: the rate of the session's audio in both directions.
public let sessionRate = 24_000

/// What the operator chose, as the machines need it.
public struct SessionConfiguration: Sendable, Equatable {
    /// Who decides where speech ends.
    public enum Detection: Sendable, Equatable {
        /// The button; pre-roll and tail in frames.
        case pushToTalk(preRollFrames: Int, tailFrames: Int)
        /// The server, by level (`serverVAD`) or by meaning (`semanticVAD`).
        case server(TurnDetection)
    }

    /// What the microphone does while the assistant is audible (server detection only).
    public enum MicrophoneWhileSpeaking: Sendable, Equatable { case muted, open }

    /// Which part of the conversation an out-of-band transcription request shows the model.
    public enum OutOfBand: Sendable, Equatable {
        case off
        /// The last `count` user items, the turn itself included; 1 is "last-turn".
        case lastTurns(Int)
        /// The whole conversation: the request carries no `input`.
        case fullContext
    }

    /// How sessions follow each other, and how much of the conversation they keep.
    public struct Continuity: Sendable, Equatable {
        /// A session this old is followed by a fresh one at the next idle moment; nil: never.
        public var renewAfter: Duration?
        /// After so long without a turn the next visitor gets a fresh conversation; nil: never.
        public var freshAfterIdle: Duration?
        /// Turns that the conversation keeps; 0: as many as the server does.
        public var turns: Int
        /// What is deleted for `turns` is summed up first, in an item at the front.
        public var summarizes: Bool
        /// What the server drops when the conversation outgrows the model; nil: as it sees fit.
        public var truncation: SessionUpdate.Truncation?

        public init(
            renewAfter: Duration? = .seconds(3000), freshAfterIdle: Duration? = nil, turns: Int = 0,
            summarizes: Bool = false, truncation: SessionUpdate.Truncation? = nil
        ) {
            self.renewAfter = renewAfter
            self.freshAfterIdle = freshAfterIdle
            self.turns = turns
            self.summarizes = summarizes
            self.truncation = truncation
        }
    }

    public var model: String
    public var voice: String
    /// "" leaves them to the stored prompt.
    public var instructions: String
    public var detection: Detection
    public var microphoneWhileSpeaking: MicrophoneWhileSpeaking
    public var outOfBand: OutOfBand
    public var transcriptionInstructions: String
    /// Token cap of an out-of-band transcript.
    public var transcriptionTokens: Int
    /// The server's own transcription model; nil switches it off.
    public var builtInModel: String?
    /// What is asked beside the conversation.
    public var tasks: [OutOfBandTask]
    /// Frames of each voice prompt there is.
    public var promptFrames: [VoicePrompt: Int]
    public var budget: Budget
    /// What the model may have done here.
    public var tools: [SessionTool]
    /// A prompt stored at the server; what is given directly wins over it.
    public var storedPrompt: StoredPrompt?
    /// Transcripts alone, without an assistant.
    public var isDictation = false
    /// Server detection: a voice over the assistant's interrupts it when it has lasted so long, in milliseconds; 0: at
    /// once. `detection` then leaves answers and interruptions to us.
    public var bargeInConfirmMs = 0
    /// How sessions follow each other, and how much of the conversation they keep.
    public var continuity = Continuity()
    /// What the server takes off the microphone's noise; nil: nothing.
    public var noiseReduction: SessionUpdate.NoiseReduction?
    /// Turns that no session took are kept on disk.
    public var isSpooling = false

    public init(
        model: String, voice: String, instructions: String? = nil, detection: Detection,
        microphoneWhileSpeaking: MicrophoneWhileSpeaking = .muted, outOfBand: OutOfBand = .lastTurns(1),
        transcriptionInstructions: String? = nil, transcriptionTokens: Int = 4096,
        builtInModel: String? = "gpt-4o-transcribe", tasks: [OutOfBandTask] = [],
        promptFrames: [VoicePrompt: Int] = [:], budget: Budget = Budget(), tools: [SessionTool] = [],
        storedPrompt: StoredPrompt? = nil
    ) {
        self.model = model
        self.voice = voice
        self.instructions = instructions ?? (storedPrompt == nil ? Self.defaultInstructions : "")
        self.detection = detection
        self.microphoneWhileSpeaking = microphoneWhileSpeaking
        self.outOfBand = outOfBand
        self.transcriptionInstructions = transcriptionInstructions ?? Self.defaultTranscriptionInstructions
        self.transcriptionTokens = transcriptionTokens
        self.builtInModel = builtInModel
        self.tasks = tasks
        self.promptFrames = promptFrames
        self.budget = budget
        self.tools = tools
        self.storedPrompt = storedPrompt
    }

    /// The prompt of the conversation when the operator names no file.
    public static let defaultInstructions = text(PackageResources.conversation_prompt_txt)
    /// The prompt of the out-of-band transcription when the operator names no file.
    public static let defaultTranscriptionInstructions = text(PackageResources.transcription_prompt_txt)

    /// What the model is asked for before old turns are deleted.
    static let contextSummaryInstructions = text(PackageResources.context_summary_prompt_txt)

    private static func text(_ bytes: [UInt8]) -> String {
        var text = String(decoding: bytes, as: UTF8.self)
        while text.last?.isNewline == true { text.removeLast() }
        return text
    }

    /// The first frame of every session: everything the server must know before it hears anything.
    var sessionUpdate: SessionUpdate {
        var update = SessionUpdate()
        update.transcription = builtInModel.map { .value(SessionUpdate.Transcription(model: $0)) } ?? .null
        update.inputFormat = .pcm24k
        update.noiseReduction = noiseReduction.map { .value($0) } ?? .null
        switch detection {
        case .pushToTalk: update.turnDetection = .null
        case .server(let detection): update.turnDetection = .value(detection)
        }
        if isDictation {
            update.kind = .transcription
            return update
        }
        update.truncation = continuity.truncation
        update.outputModalities = [.audio]
        update.instructions = instructions.isEmpty ? nil : instructions
        if let storedPrompt { update.prompt = .value(storedPrompt) }
        update.outputFormat = .pcm24k
        update.voice = .named(voice)
        if !tools.isEmpty {
            update.tools = tools.map {
                .function(name: $0.name, description: $0.description, parameters: $0.parameters)
            }
            update.toolChoice = .automatic
        }
        return update
    }

    var confirmsBargeIn: Bool { bargeInConfirmMs > 0 && !isPushToTalk }

    var isPushToTalk: Bool {
        if case .pushToTalk = detection { true } else { false }
    }
}
