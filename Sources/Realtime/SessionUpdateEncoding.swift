extension SessionUpdate: Encodable {
    private enum CodingKeys: String, CodingKey {
        case type, model, instructions, tools, truncation, prompt, include, tracing, reasoning, audio
        case outputModalities = "output_modalities"
        case toolChoice = "tool_choice"
        case parallelToolCalls = "parallel_tool_calls"
        case maxOutputTokens = "max_output_tokens"
    }

    private enum AudioKeys: String, CodingKey {
        case input, output
    }

    private enum AudioInputKeys: String, CodingKey {
        case format, transcription
        case noiseReduction = "noise_reduction"
        case turnDetection = "turn_detection"
    }

    private enum AudioOutputKeys: String, CodingKey {
        case format, voice, speed
    }

    public func encode(to encoder: any Encoder) throws {
        var session = encoder.container(keyedBy: CodingKeys.self)
        // Required each time, although the kind of a session never changes.
        try session.encode(kind, forKey: .type)
        try session.encodeIfPresent(model, forKey: .model)
        try session.encodeIfPresent(outputModalities, forKey: .outputModalities)
        try session.encodeIfPresent(instructions, forKey: .instructions)
        try session.encodeIfPresent(tools, forKey: .tools)
        try session.encodeIfPresent(toolChoice, forKey: .toolChoice)
        try session.encodeIfPresent(parallelToolCalls, forKey: .parallelToolCalls)
        try session.encodeIfPresent(reasoning, forKey: .reasoning)
        try session.encodeIfPresent(maxOutputTokens, forKey: .maxOutputTokens)
        try session.encodeIfPresent(truncation, forKey: .truncation)
        try session.encode(prompt, forKey: .prompt)
        try session.encode(include, forKey: .include)
        try session.encode(tracing, forKey: .tracing)
        guard changesInput || changesOutput else { return }
        var audio = session.nestedContainer(keyedBy: AudioKeys.self, forKey: .audio)
        if changesInput {
            var input = audio.nestedContainer(keyedBy: AudioInputKeys.self, forKey: .input)
            try input.encodeIfPresent(inputFormat, forKey: .format)
            try input.encode(noiseReduction, forKey: .noiseReduction)
            try input.encode(transcription, forKey: .transcription)
            try input.encode(turnDetection, forKey: .turnDetection)
        }
        if changesOutput {
            var output = audio.nestedContainer(keyedBy: AudioOutputKeys.self, forKey: .output)
            try output.encodeIfPresent(outputFormat, forKey: .format)
            try output.encodeIfPresent(voice, forKey: .voice)
            try output.encodeIfPresent(speed, forKey: .speed)
        }
    }

    private var changesInput: Bool {
        inputFormat != nil || !noiseReduction.isOmitted || !transcription.isOmitted || !turnDetection.isOmitted
    }

    private var changesOutput: Bool {
        outputFormat != nil || voice != nil || speed != nil
    }
}

extension SessionUpdate.Truncation: Encodable {
    private enum CodingKeys: String, CodingKey {
        case type
        case retentionRatio = "retention_ratio"
        case tokenLimits = "token_limits"
    }

    public func encode(to encoder: any Encoder) throws {
        switch self {
        case .automatic: try "auto".encode(to: encoder)
        case .disabled: try "disabled".encode(to: encoder)
        case .retentionRatio(let ratio, let postInstructions):
            var truncation = encoder.container(keyedBy: CodingKeys.self)
            try truncation.encode("retention_ratio", forKey: .type)
            try truncation.encode(ratio, forKey: .retentionRatio)
            try truncation.encodeIfPresent(
                postInstructions.map { ["post_instructions": $0] }, forKey: .tokenLimits)
        }
    }
}

extension SessionUpdate.Tracing: Encodable {
    private enum CodingKeys: String, CodingKey {
        case metadata
        case workflow = "workflow_name"
        case group = "group_id"
    }

    public func encode(to encoder: any Encoder) throws {
        switch self {
        case .automatic: try "auto".encode(to: encoder)
        case .named(let workflow, let group, let metadata):
            var tracing = encoder.container(keyedBy: CodingKeys.self)
            try tracing.encodeIfPresent(workflow, forKey: .workflow)
            try tracing.encodeIfPresent(group, forKey: .group)
            try tracing.encodeIfPresent(metadata, forKey: .metadata)
        }
    }
}
