/// The effective session, as `session.created` and `session.updated` show it.
struct SessionObject {
    private(set) var value: JSON

    /// `model` is nil for a session of transcripts alone.
    init(id: String, model: String?, expiresAt: Int) {
        guard let model else {
            let input: JSON = [
                "format": SessionObject.pcm, "transcription": .null, "noise_reduction": .null,
                "turn_detection": SessionObject.serverVAD,
            ]
            value = [
                "type": "transcription", "object": "realtime.transcription_session", "id": .string(id),
                "expires_at": .integer(expiresAt), "audio": ["input": input], "include": .null,
            ]
            return
        }
        value = [
            "type": "realtime", "object": "realtime.session", "id": .string(id), "model": .string(model),
            "output_modalities": ["audio"], "instructions": .string(SessionObject.defaultInstructions), "tools": [],
            "tool_choice": "auto", "max_output_tokens": "inf", "tracing": .null, "truncation": "auto", "prompt": .null,
            "expires_at": .integer(expiresAt),
            "audio": [
                "input": [
                    "format": SessionObject.pcm, "transcription": .null, "noise_reduction": .null,
                    "turn_detection": SessionObject.serverVAD,
                ],
                "output": ["format": SessionObject.pcm, "voice": "alloy", "speed": 1.0],
            ],
            "include": .null,
        ]
    }

    var isTranscription: Bool { value["type"] == "transcription" }
    var id: String { value["id"]?.text ?? "" }
    var model: String { value["model"]?.text ?? "" }
    /// gpt-realtime-2 and its variants, not the dated snapshots of gpt-realtime (2025-...).
    private var isReasoningModel: Bool {
        ["gpt-realtime-2", "gpt-realtime-2.", "gpt-realtime-2-"].contains(String(model.prefix(15)))
    }
    var instructions: String { value["instructions"]?.text ?? "" }
    var transcription: JSON? { value.at("audio", "input", "transcription").flatMap { $0 == .null ? nil : $0 } }
    var turnDetection: JSON? { value.at("audio", "input", "turn_detection").flatMap { $0 == .null ? nil : $0 } }
    /// How long nobody may speak after an answer; nil when that is nobody's business.
    var idleTimeoutMs: Int? { isTranscription ? nil : turnDetection?["idle_timeout_ms"]?.integer }
    var createsResponse: Bool { !isTranscription && turnDetection?["create_response"]?.flag ?? false }
    var interruptsResponse: Bool { turnDetection?["interrupt_response"]?.flag ?? false }

    /// What the energy detector is to do; nil when the client commits. Semantic detection is played by energy too:
    /// it waits as long as its eagerness lets it (high 2 s, medium 4 s, low 8 s).
    var voiceActivity: VoiceActivity.Settings? {
        guard let detection = turnDetection else { return nil }
        if detection["type"] == "semantic_vad" {
            let silenceMs =
                switch detection["eagerness"] {
                case "high": 2_000
                case "low": 8_000
                default: 4_000
                }
            return VoiceActivity.Settings(silenceMs: silenceMs)
        }
        return VoiceActivity.Settings(
            threshold: detection["threshold"]?.double ?? 0.5,
            prefixPaddingMs: detection["prefix_padding_ms"]?.integer ?? 300,
            silenceMs: detection["silence_duration_ms"]?.integer ?? 200)
    }

    /// Merges a `session.update` whose shape has been checked: all of it or nothing.
    mutating func update(with update: JSON, hasSpoken: Bool) throws(Refusal) {
        try check(update, hasSpoken: hasSpoken)
        var merged = value
        for member in update.members {
            switch member.key {
            case "audio": merged["audio"] = SessionObject.audio(value["audio"] ?? [:], updatedWith: member.value)
            default: merged[member.key] = member.value
            }
        }
        value = merged
    }

    private func check(_ update: JSON, hasSpoken: Bool) throws(Refusal) {
        if update["type"] != value["type"] {
            let (given, own) = isTranscription ? ("realtime", "transcription") : ("transcription", "realtime")
            throw .invalidValue(
                "Passing a \(given) session update event to a \(own) session is not allowed.", param: "session.type")
        }
        if isTranscription, let key = SessionObject.keyBeyondTranscription(of: update) {
            throw Refusal(code: "unknown_parameter", message: "Unknown parameter: '\(key)'.", param: key)
        }
        if let model = update["model"], model != value["model"] {
            throw .invalidValue("Cannot update the model of a session.", param: "session.model")
        }
        if update["output_modalities"] == [] {
            throw .invalidValue(
                "Invalid value: []. Supported values are: ['audio'] and ['text'].",
                param: "session.output_modalities")
        }
        for key in ["reasoning", "parallel_tool_calls"] where update[key] != nil && !isReasoningModel {
            throw .invalidValue("Unsupported parameter for this model: 'session.\(key)'.", param: "session.\(key)")
        }
        if let voice = update.at("audio", "output", "voice"), hasSpoken, voice != value.at("audio", "output", "voice")
        {
            throw Refusal(
                code: "cannot_update_voice",
                message: "Cannot update a conversation's voice if assistant audio is present.", param: nil)
        }
        if let tracing = update["tracing"], let current = value["tracing"], current != .null, tracing != current {
            throw .invalidValue("Tracing cannot be changed once it is on.", param: "session.tracing")
        }
        let transcription = update.at("audio", "input", "transcription")
        if let transcription, transcription != .null, transcription["model"] == nil, self.transcription == nil {
            let param = "session.audio.input.transcription.model"
            throw Refusal(
                code: "missing_required_parameter", message: "Missing required parameter: '\(param)'.", param: param)
        }
    }

    /// The first key that a session of transcripts alone does not have.
    private static func keyBeyondTranscription(of update: JSON) -> String? {
        let key = update.members.first { !["type", "audio", "include"].contains($0.key) }?.key
        return key.map { "session." + $0 } ?? (update.at("audio", "output") == nil ? nil : "session.audio.output")
    }

    private static func audio(_ current: JSON, updatedWith update: JSON) -> JSON {
        var merged = current
        for side in ["input", "output"] {
            guard let changes = update[side], var part = current[side] else { continue }
            for change in changes.members {
                part[change.key] =
                    switch (change.key, change.value) {
                    case (_, .null): .null
                    case ("turn_detection", let value): turnDetection(part["turn_detection"], updatedWith: value)
                    case ("transcription", let value):
                        (part["transcription"] ?? .null).orObject(["model": .null, "language": .null, "prompt": .null])
                            .merging(value)
                    case ("noise_reduction", let value):
                        (part["noise_reduction"] ?? .null).orObject([:]).merging(value)
                    case ("format", _): pcm
                    case (_, let value): value
                    }
            }
            merged[side] = part
        }
        return merged
    }

    private static func turnDetection(_ current: JSON?, updatedWith update: JSON) -> JSON {
        if let current, current["type"] == update["type"] { return current.merging(update) }
        return (update["type"] == "semantic_vad" ? semanticVAD : serverVAD).merging(update)
    }

    private static let pcm: JSON = ["type": "audio/pcm", "rate": .integer(AudioTime.rate)]

    /// Sessions really start with 200 ms of silence, whatever the reference says.
    private static let serverVAD: JSON = [
        "type": "server_vad", "threshold": 0.5, "prefix_padding_ms": 300, "silence_duration_ms": 200,
        "idle_timeout_ms": .null, "create_response": true, "interrupt_response": true,
    ]

    private static let semanticVAD: JSON = [
        "type": "semantic_vad", "eagerness": "auto", "create_response": true, "interrupt_response": true,
    ]

    private static let defaultInstructions =
        "Your knowledge cutoff is 2023-10. You are a helpful, witty, and friendly AI. Talk quickly."
}

extension JSON {
    fileprivate func orObject(_ other: JSON) -> JSON {
        self == .null ? other : self
    }
}
