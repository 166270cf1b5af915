@testable import Realtime

/// Every client event in its forms: each optional field alone in each of its values, and all of them together.
enum ClientEventVariants {
    static var all: [ClientEvent] {
        let bodies = sessionUpdates.map(ClientEvent.Body.sessionUpdate)
            + responseRequests.map(ClientEvent.Body.createResponse)
            + createdItems + plain
        return bodies.map { ClientEvent($0) } + bodies.enumerated().map { ClientEvent($1, eventID: "cli_\($0)") }
    }

    private static let plain: [ClientEvent.Body] = [
        .appendAudio([0]), .appendAudio((0..<480).map { Int16($0) * 68 - 16000 }), .appendAudio([.min, .max]),
        .commit, .clear, .retrieveItem("item_1"), .deleteItem("item_1"),
        .truncateItem("item_1", contentIndex: 0, audioEndMs: 0),
        .truncateItem("item_1", contentIndex: 0, audioEndMs: 3_600_000),
        .cancelResponse(nil), .cancelResponse("resp_1"), .clearOutputAudio,
    ]

    private static let items: [NewItem] = [
        NewItem(.system("")), NewItem(.system("Be \"kind\".\n")), NewItem(.assistant("(earlier reply)")),
        NewItem(.user([])), NewItem(.user([.text("hello"), .audio([1, 2, 3])])),
        NewItem(.user([.audio([1, -1], transcript: "hi")])),
        NewItem(.user([.image(dataURI: "data:image/png;base64,iVBORw0KGgo=")])),
        NewItem(.user([.image(dataURI: "data:image/png;base64,iVBORw0KGgo=", detail: .low)])),
        NewItem(.user([.image(dataURI: "data:image/png;base64,iVBORw0KGgo=", detail: .high)])),
        NewItem(.user([.image(dataURI: "data:image/png;base64,iVBORw0KGgo=", detail: .automatic)])),
        NewItem(.functionCall(callID: nil, name: "lookup", arguments: "{}")),
        NewItem(.functionCall(callID: "call_1", name: "lookup", arguments: #"{"q":"hours"}"#)),
        NewItem(.functionCallOutput(callID: "call_1", output: #"{"ok":true}"#)),
    ]

    private static var createdItems: [ClientEvent.Body] {
        items.flatMap { item in
            [nil, ItemID.root, "item_1"].flatMap { previous -> [ClientEvent.Body] in
                let named = NewItem(item.kind, id: "our_item_0123456789_0123456789_0")
                return [.createItem(item, previous: previous), .createItem(named, previous: previous)]
            }
        }
    }

    private static let tools: [[Tool]] = [
        [],
        [.function(name: "f")],
        [
            .function(name: "f", description: "d", parameters: .object(["type": .string("object")])),
            .mcp(serverLabel: "docs", settings: [:]),
            .mcp(
                serverLabel: "docs",
                settings: ["server_url": .string("https://localhost/mcp"), "require_approval": .string("never")]),
        ],
    ]
    private static let toolChoices: [ToolChoice] = [
        .automatic, .never, .required, .function(name: "f"), .mcp(serverLabel: "docs"),
        .mcp(serverLabel: "docs", name: "search"),
    ]
    private static let efforts: [ReasoningEffort] = [.minimal, .low, .medium, .high, .xhigh]
    private static let formats: [AudioFormat] = [.pcm24k, .muLaw, .aLaw]
    private static let voices: [Voice] = ["marin", .custom(id: "voice_1")]
    private static let prompts = [
        StoredPrompt(id: "p"), StoredPrompt(id: "p", version: "3", variables: ["city": "Paris"]),
    ]

    private static let transcriptions: [Nullable<SessionUpdate.Transcription>] = [
        .null, .value(.init(model: "gpt-4o-transcribe")),
        .value(.init(model: "gpt-4o-transcribe", language: "en", prompt: String(repeating: "x", count: 1024))),
        .value(.init(model: "gpt-transcribe", languages: ["en", "fr"], keywords: ["Ada"])),
        .value(.init(model: "gpt-realtime-whisper", delay: .minimal)),
        .value(.init(model: "gpt-realtime-whisper", delay: .low)),
        .value(.init(model: "gpt-realtime-whisper", delay: .medium)),
        .value(.init(model: "gpt-realtime-whisper", delay: .high)),
        .value(.init(model: "gpt-realtime-whisper", delay: .xhigh)),
    ]
    private static let turnDetections: [Nullable<TurnDetection>] = [
        .null,
        .value(.serverVAD(threshold: 0, prefixPaddingMs: 0, silenceDurationMs: 0)),
        .value(
            .serverVAD(
                threshold: 1, prefixPaddingMs: 300, silenceDurationMs: 500, idleTimeoutMs: 5000,
                createResponse: false, interruptResponse: false)),
        .value(.semanticVAD(eagerness: .low)), .value(.semanticVAD(eagerness: .medium)),
        .value(.semanticVAD(eagerness: .high)), .value(.semanticVAD(eagerness: .automatic)),
        .value(.semanticVAD(createResponse: false, interruptResponse: false)),
    ]

    /// Each value of each field alone, then updates that have one value of every field.
    private static func variants<Value>(of empty: Value, _ fields: [[(inout Value) -> Void]]) -> [Value] {
        let alone = fields.joined().map { change -> Value in
            var value = empty
            change(&value)
            return value
        }
        let together = (0..<(fields.map(\.count).max() ?? 0)).map { round -> Value in
            var value = empty
            for changes in fields { changes[round % changes.count](&value) }
            return value
        }
        return [empty] + alone + together
    }

    /// One change for each value of one field.
    private static func each<Root, Field>(
        _ field: WritableKeyPath<Root, Field>, _ values: [Field]
    ) -> [(inout Root) -> Void] {
        values.map { value in { $0[keyPath: field] = value } }
    }

    private static var sessionUpdates: [SessionUpdate] {
        let metadata: JSONValue = .object([
            "null": .null, "list": .array([.bool(true), .integer(-3), .number(0.5), .string("x")]),
        ])
        return variants(of: SessionUpdate(), [
            each(\.outputModalities, [[.audio], [.text]]),
            each(\.instructions, ["", "Be brief.\n\u{7}\u{1F600}"]),
            each(\.inputFormat, formats),
            each(\.noiseReduction, [.null, .value(.init(.near)), .value(.init(.far, strength: 1.5))]),
            each(\.transcription, transcriptions),
            each(\.turnDetection, turnDetections),
            each(\.outputFormat, formats),
            each(\.voice, voices),
            each(\.speed, [0.25, 1, 1.5]),
            each(\.tools, tools),
            each(\.toolChoice, toolChoices),
            each(\.parallelToolCalls, [true, false]),
            each(\.reasoning, efforts),
            each(\.maxOutputTokens, [.tokens(1), .tokens(4096), .unlimited]),
            each(\.truncation, [
                .automatic, .disabled, .retentionRatio(0), .retentionRatio(0.8, postInstructions: 8000),
            ]),
            each(\.prompt, [.null] + prompts.map { .value($0) }),
            each(\.include, [.null, .value([]), .value([.transcriptionLogprobs])]),
            each(\.tracing, [
                .null, .value(.automatic), .value(.named()),
                .value(.named(workflow: "w", group: "g", metadata: metadata)),
            ]),
            each(\.model, ["gpt-realtime-2.1", "some-deployment"]),
        ])
    }

    private static var responseRequests: [ResponseRequest] {
        let everyItem = items.map(ResponseRequest.InputItem.new)
        return variants(of: ResponseRequest(), [
            each(\.conversation, [.default, .none]),
            each(\.input, [[], [.reference("item_1")], [.reference("item_1"), .reference("item_2")] + everyItem]),
            each(\.instructions, ["", "Write down the user turn."]),
            each(\.outputModalities, [[.audio], [.text]]),
            each(\.voice, voices),
            each(\.outputFormat, formats),
            each(\.tools, tools),
            each(\.toolChoice, toolChoices),
            each(\.parallelToolCalls, [true, false]),
            each(\.reasoning, efforts),
            each(\.maxOutputTokens, [.tokens(1), .unlimited]),
            each(\.metadata, [[:], ["purpose": "user-turn-transcription", "item": "item_1"]]),
            each(\.prompt, prompts),
        ])
    }
}
