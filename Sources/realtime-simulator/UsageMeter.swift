/// Counts tokens as the service reports them (fact sheet, section 5.4.7).
struct UsageMeter {
    /// What a response reads.
    struct Input: Equatable {
        var text = 0
        var audio = 0
        var cachedText = 0
        var cachedAudio = 0

        static let none = Input()
    }

    /// What was read under each set of instructions, whose prefix is cached.
    private var read: [String: Input] = [:]

    /// About four bytes of text are a token.
    static func tokens(text: String) -> Int {
        (text.utf8.count + 3) / 4
    }

    /// 10 tokens a second of the visitor's audio.
    static func tokens(userMs: Int) -> Int {
        (userMs + 50) / 100
    }

    /// 20 tokens a second of the assistant's audio.
    static func tokens(assistantMs: Int) -> Int {
        (assistantMs + 25) / 50
    }

    /// What a response reads: all user audio, the newest assistant message as audio, the older ones as text. Whatever
    /// was read before under the same instructions comes from the cache, in multiples of 64.
    mutating func input(context: [Item], instructions: String, isOutOfBand: Bool) -> Input {
        var input = Input(text: UsageMeter.tokens(text: instructions) + 4)
        let newestSpoken = context.last { $0.isModelAudio }?.id
        for item in context {
            input.text += 3
            if item.isModelAudio, item.id == newestSpoken {
                input.audio += UsageMeter.tokens(assistantMs: item.audioMs)
            } else if item.isUser, !item.audio.isEmpty {
                input.audio += UsageMeter.tokens(userMs: item.audioMs)
            } else {
                input.text += UsageMeter.tokens(text: item.text)
            }
        }
        if isOutOfBand {
            // Seen in every recorded run: 197 tokens of audio are reported as text.
            let moved = min(input.audio, 197)
            input.audio -= moved
            input.text += moved
        }
        let key = (isOutOfBand ? "none\n" : "auto\n") + instructions
        let before = read[key] ?? .none
        read[key] = input
        input.cachedText = min(before.text, input.text) / 64 * 64
        input.cachedAudio = min(before.audio, input.audio) / 64 * 64
        return input
    }

    /// The usage object of a response that has sent so much.
    static func usage(_ input: Input, textSent: String, audioSentMs: Int) -> JSON {
        usage(input, text: tokens(text: textSent), audio: tokens(assistantMs: audioSentMs))
    }

    static var zero: JSON { usage(.none, text: 0, audio: 0) }

    private static func usage(_ input: Input, text: Int, audio: Int) -> JSON {
        [
            "total_tokens": .integer(input.text + input.audio + text + audio),
            "input_tokens": .integer(input.text + input.audio), "output_tokens": .integer(text + audio),
            "input_token_details": [
                "text_tokens": .integer(input.text), "audio_tokens": .integer(input.audio), "image_tokens": 0,
                "cached_tokens": .integer(input.cachedText + input.cachedAudio),
                "cached_tokens_details": [
                    "text_tokens": .integer(input.cachedText), "audio_tokens": .integer(input.cachedAudio),
                    "image_tokens": 0,
                ],
            ],
            "output_token_details": ["text_tokens": .integer(text), "audio_tokens": .integer(audio)],
        ]
    }

    /// The usage object of a built-in transcript: seconds for the models that are paid by the minute, else tokens.
    static func transcription(model: String, prompt: String, audioMs: Int, transcript: String) -> JSON {
        if ["whisper-1", "gpt-transcribe", "gpt-live-transcribe", "gpt-realtime-whisper"].contains(model) {
            return ["type": "duration", "seconds": .number(Double((audioMs + 50) / 100) / 10)]
        }
        let text = tokens(text: prompt), audio = tokens(userMs: audioMs), output = tokens(text: transcript) + 1
        return [
            "type": "tokens", "total_tokens": .integer(text + audio + output), "input_tokens": .integer(text + audio),
            "input_token_details": ["text_tokens": .integer(text), "audio_tokens": .integer(audio)],
            "output_tokens": .integer(output),
        ]
    }
}
