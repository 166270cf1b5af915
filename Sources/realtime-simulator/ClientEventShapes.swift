/// The client events the service takes, GA, and what each may hold.
enum ClientEventShapes {
    /// In the order in which the service lists them when it meets an unknown type.
    static let supportedTypes = [
        "session.update", "session.close", "input_audio_buffer.append", "session.input_audio_buffer.append",
        "input_audio_buffer.commit", "input_audio_buffer.clear", "conversation.item.create",
        "conversation.item.truncate", "conversation.item.delete", "conversation.item.retrieve", "response.create",
        "response.cancel",
    ]

    /// The shape of an event; nil for a type that a realtime session does not take.
    static func shape(of type: String) -> Shape? {
        fields[type].map { .object([.required("type", .word([type])), .optional("event_id", .string)] + $0) }
    }

    private static let fields: [String: [Shape.Field]] = [
        "session.update": [.required("session", session)],
        "input_audio_buffer.append": [.required("audio", .string)],
        "input_audio_buffer.commit": [],
        "input_audio_buffer.clear": [],
        "conversation.item.create": [
            .required("item", item), .optional("previous_item_id", .choice([.string, .null])),
        ],
        "conversation.item.truncate": [
            .required("item_id", .string), .required("content_index", .integer(0...Int.max)),
            .required("audio_end_ms", .integer(0...Int.max)),
        ],
        "conversation.item.delete": [.required("item_id", .string)],
        "conversation.item.retrieve": [.required("item_id", .string)],
        "response.create": [.optional("response", response)],
        "response.cancel": [.optional("response_id", .choice([.string, .null]))],
    ]

    // MARK: Session

    private static let session = Shape.object([
        .required("type", .word(["realtime", "transcription"])),
        .optional("model", .string),
        .optional("output_modalities", modalities),
        .optional("instructions", .string),
        .optional("audio", .object([.optional("input", audioInput), .optional("output", audioOutput)])),
        .optional("tools", tools),
        .optional("tool_choice", toolChoice),
        .optional("parallel_tool_calls", .boolean),
        .optional("reasoning", .object([.optional("effort", .word(["minimal", "low", "medium", "high", "xhigh"]))])),
        .optional("max_output_tokens", outputTokens),
        .optional(
            "truncation",
            .choice([
                .word(["auto", "disabled"]),
                .object([
                    .required("type", .word(["retention_ratio"])), .required("retention_ratio", .number(0...1)),
                    .optional("token_limits", .object([.optional("post_instructions", .integer(0...Int.max))])),
                ]),
            ])),
        .optional("prompt", .choice([.null, prompt])),
        .optional("include", .choice([.null, .list(.word(["item.input_audio_transcription.logprobs"]))])),
        .optional(
            "tracing",
            .choice([
                .null, .word(["auto"]),
                .object([
                    .optional("workflow_name", .string), .optional("group_id", .string),
                    .optional("metadata", .anything),
                ]),
            ])),
    ])

    private static let audioInput = Shape.object([
        .optional("format", format),
        .optional(
            "noise_reduction",
            .choice([
                .null,
                .object([
                    .required("type", .word(["near_field", "far_field"])), .optional("strength", .number(0...100)),
                ]),
            ])),
        .optional("transcription", .choice([.null, transcription])),
        .optional("turn_detection", .choice([.null, serverVAD, semanticVAD])),
    ])

    private static let audioOutput = Shape.object([
        .optional("format", format), .optional("voice", voice), .optional("speed", .number(0.25...1.5)),
    ])

    /// G.711 is part of the protocol, but the simulator hears and speaks PCM only; it says so by refusing.
    private static let format = Shape.object([
        .required("type", .word(["audio/pcm"])), .optional("rate", .integer(AudioTime.rate...AudioTime.rate)),
    ])

    private static let voice = Shape.choice([.string, .object([.required("id", .string)])])

    private static let transcription = Shape.object([
        .optional(
            "model",
            .word([
                "whisper-1", "gpt-4o-transcribe", "gpt-4o-mini-transcribe", "gpt-4o-mini-transcribe-2025-12-15",
                "gpt-4o-transcribe-diarize", "gpt-transcribe", "gpt-live-transcribe", "gpt-realtime-whisper",
            ])),
        .optional("language", .choice([.string, .null])),
        .optional("languages", .list(.string)),
        .optional("keywords", .list(.string)),
        .optional("prompt", .choice([.limitedString(1024), .null])),
        .optional("delay", .word(["minimal", "low", "medium", "high", "xhigh"])),
    ])

    private static let serverVAD = Shape.object([
        .required("type", .word(["server_vad"])),
        .optional("threshold", .number(0...1)),
        .optional("prefix_padding_ms", .integer(0...10_000_000)),
        .optional("silence_duration_ms", .integer(0...10_000_000)),
        .optional("idle_timeout_ms", .choice([.null, .integer(5_000...30_000)])),
        .optional("create_response", .boolean),
        .optional("interrupt_response", .boolean),
    ])

    private static let semanticVAD = Shape.object([
        .required("type", .word(["semantic_vad"])),
        .optional("eagerness", .word(["auto", "low", "medium", "high"])),
        .optional("create_response", .boolean),
        .optional("interrupt_response", .boolean),
    ])

    // MARK: Items and responses

    private static let identifier = Shape.limitedString(32)

    private static func message(_ role: String, _ parts: [Shape]) -> Shape {
        .object(
            itemFields("message") + [.required("role", .word([role])), .required("content", .list(.choice(parts)))])
    }

    private static func itemFields(_ type: String) -> [Shape.Field] {
        [
            .required("type", .word([type])), .optional("id", identifier),
            .optional("object", .word(["realtime.item"])),
            .optional("status", .word(["completed", "incomplete", "in_progress"])),
        ]
    }

    private static let inputText = Shape.object([.required("type", .word(["input_text"])), .required("text", .string)])
    private static let outputText = Shape.object([
        .required("type", .word(["output_text"])), .required("text", .string),
    ])
    private static let inputAudio = Shape.object([
        .required("type", .word(["input_audio"])), .required("audio", .string), .optional("transcript", .string),
    ])
    private static let inputImage = Shape.object([
        .required("type", .word(["input_image"])), .required("image_url", .string),
        .optional("detail", .word(["auto", "low", "high"])),
    ])

    /// A message's shape depends on its role, which only its content tells apart.
    static func messageShape(role: String?) -> Shape? {
        switch role {
        case "system": message("system", [inputText])
        case "user": message("user", [inputText, inputAudio, inputImage])
        case "assistant": message("assistant", [outputText])
        default: nil
        }
    }

    private static let anyMessage = Shape.object(
        itemFields("message") + [
            .required("role", .word(["system", "user", "assistant"])), .required("content", .list(.anything)),
        ])
    private static let functionCall = Shape.object(
        itemFields("function_call") + [
            .optional("call_id", identifier), .required("name", .string), .required("arguments", .string),
        ])
    private static let functionCallOutput = Shape.object(
        itemFields("function_call_output") + [
            .required("call_id", identifier), .required("output", .string),
        ])
    private static let item = Shape.choice([anyMessage, functionCall, functionCallOutput])
    private static let itemReference = Shape.object([
        .required("type", .word(["item_reference"])), .required("id", .string),
    ])

    private static let response = Shape.object([
        .optional("conversation", .word(["auto", "none"])),
        .optional("input", .list(.choice([anyMessage, functionCall, functionCallOutput, itemReference]))),
        .optional("instructions", .string),
        .optional("output_modalities", modalities),
        .optional(
            "audio",
            .object([
                .optional("output", .object([.optional("voice", voice), .optional("format", format)]))
            ])),
        .optional("tools", tools),
        .optional("tool_choice", toolChoice),
        .optional("parallel_tool_calls", .boolean),
        .optional("reasoning", .object([.optional("effort", .word(["minimal", "low", "medium", "high", "xhigh"]))])),
        .optional("prompt", .choice([.null, prompt])),
        .optional("max_output_tokens", outputTokens),
        .optional("metadata", .choice([.null, .metadata])),
    ])

    private static let modalities = Shape.list(.word(["audio", "text"]), longest: 1)
    private static let outputTokens = Shape.choice([.integer(1...4096), .word(["inf"])])
    private static let prompt = Shape.object([
        .required("id", .string), .optional("version", .string), .optional("variables", .anything),
    ])
    private static let tools = Shape.list(
        .object([
            .required("type", .word(["function"])), .required("name", .string), .optional("description", .string),
            .optional("parameters", .anything),
        ]))
    private static let toolChoice = Shape.choice([
        .word(["auto", "none", "required"]),
        .object([.required("type", .word(["function"])), .required("name", .string)]),
    ])
}
