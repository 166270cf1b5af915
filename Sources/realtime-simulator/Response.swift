/// What a `response.create` asks for; the empty one is the service's own after a turn.
struct ResponseRequest {
    var isOutOfBand = false
    /// Items named or given as context in place of the conversation.
    var context: [Item]?
    var instructions: String?
    var modality: String?
    var voice: JSON?
    var maxOutputTokens: JSON?
    var toolChoice: JSON?
    var metadata: JSON = .null
}

/// A response on its way: what it will say, and how much of it has been sent.
struct Response {
    typealias ID = String

    /// One item of the output.
    struct Part {
        let itemID: String
        let text: String
        /// Empty for a text response.
        let samples: [Int16]
        var sentText = ""
        var sentBytes = 0
        var isBegun = false
        var isEnded = false
        /// `call_id`, `name` and `arguments` of a function call; nil for a message.
        var call: JSON?

        /// The audio as the protocol counts it, two bytes a sample.
        var byteCount: Int { samples.count * 2 }
        var sentSamples: ArraySlice<Int16> { samples.prefix(sentBytes / 2) }

        /// Little-endian bytes of the audio, from any byte to any.
        func bytes(_ range: Range<Int>) -> [UInt8] {
            let whole = PCM.bytes(samples[range.lowerBound / 2..<(range.upperBound + 1) / 2])
            return Array(whole.dropFirst(range.lowerBound % 2).prefix(range.count))
        }
    }

    let id: ID
    let isOutOfBand: Bool
    let isAudio: Bool
    let maxOutputTokens: JSON
    let voice: JSON
    let metadata: JSON
    let conversationID: JSON
    /// The turn it belongs to, for faults and the report.
    let turn: Int
    /// Tokens of what the model reads, known from the start.
    let inputTokens: UsageMeter.Input
    var parts: [Part]
    /// How it ends when nobody cancels it: `completed`, or `incomplete` with its reason.
    var plannedDetails: JSON = .null
    var isAnnounced = false

    /// The response object of `response.created` and `response.done`.
    func object(status: String, details: JSON, output: [JSON], usage: JSON) -> JSON {
        [
            "object": "realtime.response", "id": .string(id), "status": .string(status), "status_details": details,
            "output": .array(output), "conversation_id": conversationID,
            "output_modalities": [isAudio ? "audio" : "text"], "max_output_tokens": maxOutputTokens,
            "audio": ["output": ["format": ["type": "audio/pcm", "rate": .integer(AudioTime.rate)], "voice": voice]],
            "usage": usage, "metadata": metadata,
        ]
    }

    /// The item of a part; `content` is there only once the part has ended.
    func item(of part: Part, status: String) -> JSON {
        if let call = part.call {
            let item: JSON = ["id": .string(part.itemID), "type": "function_call", "status": .string(status)]
            return item.merging(call).merging(status == "in_progress" ? ["arguments": ""] : [:])
        }
        var content: JSON = []
        if status != "in_progress" {
            content =
                isAudio
                ? [["type": "output_audio", "transcript": .string(part.sentText)]]
                : [["type": "output_text", "text": .string(part.sentText)]]
        }
        return [
            "id": .string(part.itemID), "type": "message", "status": .string(status), "role": "assistant",
            "content": content,
        ]
    }

    var sentAudioMs: Int {
        parts.reduce(0) { $0 + AudioTime.ms(frames: $1.sentBytes / 2) }
    }
}
