import Audio

/// Everything the operator can choose, read once and never changed.
///
/// Every key is optional; `Settings()` holds the defaults. `Settings.load` reads and checks a file. Paths are absolute.
struct Settings: Sendable, Equatable {
    /// What a session is for.
    enum Mode: Sendable, Equatable, CaseIterable { case conversation, dictation }

    /// The server and the conversation.
    struct Realtime: Sendable, Equatable {
        /// The server: `wss://`, or `ws://` to a loopback host. Default: OpenAI.
        var url = "wss://api.openai.com/v1/realtime"
        /// The model that hears and answers. Default "gpt-realtime-2.1".
        var model = "gpt-realtime-2.1"
        /// Talks, or writes down alone. Default `conversation`.
        var mode = Mode.conversation
        /// The assistant's voice. Default "marin".
        var voice = "marin"
        /// The file of the conversation's prompt; nil (the default): the built-in prompt.
        var instructionsFile: String?
        /// What `instructionsFile` held, at most 64 KiB; nil: the built-in prompt.
        var instructions: String?
        /// A prompt stored at the server; nil (the default): none. `instructionsFile` wins over its instructions.
        var promptID: String?
        /// Which of its versions; nil (the default): the newest.
        var promptVersion: String?
        /// What fills its open places.
        var promptVariables: [String: String] = [:]
        /// Trust anchors (PEM) in addition to the system's; nil (the default): none.
        var caFile: String?
        /// The file that holds the API key; nil (the default): see `APIKey`.
        var apiKeyFile: String?
    }

    /// Who decides where speech ends.
    enum Detection: Sendable, Equatable, CaseIterable { case pushToTalk, serverVAD, semanticVAD }

    /// What the microphone does while the assistant is audible.
    enum MicrophoneWhileSpeaking: Sendable, Equatable, CaseIterable { case muted, open, echoCancelled }

    /// The visitor's turns.
    struct Turns: Sendable, Equatable {
        /// Default `pushToTalk`.
        var detection = Detection.pushToTalk
        /// Push-to-talk: audio from before the press that is sent. 0 to 2000 ms, default 300.
        var preRollMs = 300
        /// Push-to-talk: audio after the release that is sent. 0 to 2000 ms, default 200.
        var tailMs = 200
        /// Server VAD: how sure the server must be that it hears speech. 0 to 1, default 0.5.
        var vadThreshold = 0.5
        /// Server VAD: audio kept from before the speech. 0 to 2000 ms, default 300.
        var vadPrefixPaddingMs = 300
        /// Server VAD: silence that ends the speech. 50 to 10000 ms, default 500. Less than 50 ms would end it
        /// within words; more than 10 s no visitor waits.
        var vadSilenceMs = 500
        /// Default `muted`.
        var microphoneWhileSpeaking = MicrophoneWhileSpeaking.muted
        /// A voice over the assistant's interrupts it when it has lasted so long; 0: at once. 0 to 2000 ms, default 0.
        var bargeInConfirmMs = 0
        /// Server VAD: silence after an answer that the assistant breaks by itself. 5000 to 30000 ms; 0 (the default)
        /// is never.
        var vadIdleTimeoutMs = 0
        /// Semantic VAD: how soon a pause ends the turn. Default `automatic`, which is medium.
        var vadEagerness = Eagerness.automatic
    }

    /// Which part of the conversation an out-of-band transcription request shows the model.
    enum OutOfBand: Sendable, Equatable {
        case off
        /// The turn alone.
        case lastTurn
        /// The last turns, this one included. 1 to 50.
        case lastTurns(Int)
        case fullContext
    }

    /// The two transcripts of a turn.
    struct Transcription: Sendable, Equatable {
        /// Default `lastTurn`.
        var outOfBand = OutOfBand.lastTurn
        /// The file of the transcription's prompt; nil (the default): the built-in prompt.
        var instructionsFile: String?
        /// What `instructionsFile` held, at most 64 KiB; nil: the built-in prompt.
        var instructions: String?
        /// Token cap of an out-of-band transcript. 1 to 4096, default 4096.
        var maxOutputTokens = 4096
        /// The server's own transcription model; nil: off. Default "gpt-4o-transcribe".
        var builtInModel: String? = "gpt-4o-transcribe"
    }

    /// What may be spent.
    struct Budget: Sendable, Equatable {
        /// USD a day (UTC), as the price table counts; 0 (the default) is no limit. 0 to 1000000.
        var dailyUSD = 0.0
        /// The share of it from which on no out-of-band transcripts are asked for. 0 to 1, default 0.8.
        var outOfBandUntil = 0.8
    }

    /// The sound devices.
    struct Audio: Sendable, Equatable {
        /// An ALSA PCM name, or "wav:" and an absolute path. Default "default".
        var capture = "default"
        /// An ALSA PCM name, or "wav:" and an absolute path. Default "default".
        var playback = "default"
        /// The card's channel that is the microphone, counted from 1; 0 is the mean of all. 0 to 64, default 0.
        var captureChannel = 0
        /// The card's channel that is the loudspeaker, counted from 1; 0 is all. 0 to 64, default 0.
        var playbackChannel = 0
        /// How well a card's rate is converted: 0 (cheap) to 10 (best), default 5.
        var resamplerQuality = SoundConversion.defaultResamplerQuality
        /// Time between two wake-ups of the card. 5 to 100 ms, default 10.
        var periodMs = 10
        /// The card's buffer. At least two periods, at most 1000 ms, default 40.
        var bufferMs = 40
        /// What the server takes off the microphone's noise; nil (the default): nothing.
        var noiseReduction: NoiseReduction?
    }

    /// Where the recording of a voice prompt comes from.
    enum PromptChoice: Sendable, Equatable {
        /// The set in `Prompts.directory`.
        case ofTheSet
        case file(String)
        case off
    }

    /// What the kiosk says by itself when there is no session to speak.
    struct Prompts: Sendable, Equatable {
        /// The folder of the set; nil (the default): the shipped one, `VoicePrompts.shippedFolder`.
        var directory: String?
        /// No network. Default `ofTheSet`, as for the others.
        var noNetwork = PromptChoice.ofTheSet
        /// Refused: key, credit, model.
        var key = PromptChoice.ofTheSet
        /// No room at the server, or no answer to a turn.
        var busy = PromptChoice.ofTheSet
        /// Today's budget is spent.
        var budget = PromptChoice.ofTheSet
        /// The agent is stopped while a visitor is in a turn; its first second is heard.
        var goodbye = PromptChoice.ofTheSet
        /// What all these held.
        var recordings = VoicePrompts()
    }

    /// The button and the LED.
    struct GPIO: Sendable, Equatable {
        /// Path, name or label of the chip; nil (the default): no GPIO.
        var chip: String?
        /// Name or offset of the button's line; nil (the default): no button.
        var button: String?
        /// Name or offset of the LED's line; nil (the default): no LED.
        var led: String?
        /// A pressed button pulls its line low. Default true.
        var activeLow = true
        /// How long a line must be still to count. 0 to 1000 ms, default 10.
        var debounceMs = 10
    }

    /// The talk button for programs.
    struct Control: Sendable, Equatable {
        /// Path of the Unix socket. Default "/run/kiosk-agent/control.sock".
        var socket = "/run/kiosk-agent/control.sock"
    }

    /// The serial console.
    struct Console: Sendable, Equatable {
        /// It takes keys. Default false: a line may be open, and what is shown is enough for most.
        var interactive = false
        /// Keys may act on the kiosk. Default false.
        var allowControl = false
    }

    var realtime = Realtime()
    var turns = Turns()
    var transcription = Transcription()
    var budget = Budget()
    var audio = Audio()
    var prompts = Prompts()
    var gpio = GPIO()
    var journal = Journal()
    var control = Control()
    var console = Console()
    var privacy = Privacy()
    var log = Log()
    var metrics = Metrics()
    var redactions: [Redaction] = []
    var tools: [Tool] = []
    var tasks: [TaskChoice] = []
    var session = Session()
    var keys = Keys()
    var spool = Spool()
}

extension Settings.Audio {
    /// The sound device of a direction, and how it is to be used.
    func device(_ direction: AudioDirection) -> AudioDevice {
        let (name, channel) = switch direction {
        case .capture: (capture, captureChannel)
        case .playback: (playback, playbackChannel)
        }
        let conversion = SoundConversion(channel: channel, resamplerQuality: resamplerQuality)
        return AudioDevice(name, periodMs: periodMs, bufferMs: bufferMs, conversion: conversion)
    }
}
