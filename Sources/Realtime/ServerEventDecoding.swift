import FoundationEssentials

extension ServerEvent {
    /// Reads one message of the server.
    ///
    /// Unknown types are `.ignored`, unknown keys are skipped. Blocks for the time of the work only.
    /// - Throws: `EventDecodingError` when the text is no JSON object with a `type`, or an event of a
    ///   known type lacks what makes it useful.
    public static func decode(_ json: [UInt8]) throws(EventDecodingError) -> ServerEvent {
        if let delta = AudioDelta.decode(json) { return delta }
        return try decodeJSON(json)
    }

    /// As `decode`, for every event.
    static func decodeJSON(_ json: [UInt8]) throws(EventDecodingError) -> ServerEvent {
        guard KeyText.isSound(json) else { throw .notJSON }
        let message: ServerMessage
        do {
            message = try JSONDecoder().decode(ServerMessage.self, from: Data(json))
        } catch {
            throw EventDecodingError(error, eventType: nil)
        }
        switch message.event {
        case .success(let event): return event
        case .failure(let error): throw error
        }
    }
}

/// The outermost object. Keeps a failure as a value, because only here is its event type known.
private struct ServerMessage: Decodable {
    let event: Result<ServerEvent, EventDecodingError>

    init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: EventKey.self)
        let type = try fields.read(String.self, forKey: .type)
        do {
            event = .success(try ServerEvent(type: type, fields: fields))
        } catch {
            event = .failure(EventDecodingError(error, eventType: type))
        }
    }
}

private enum EventKey: String, CodingKey {
    case type, session, item, delta, transcript, usage, error, response, text, name, arguments
    case itemID = "item_id"
    case previousItemID = "previous_item_id"
    case responseID = "response_id"
    case callID = "call_id"
    case contentIndex = "content_index"
    case outputIndex = "output_index"
    case audioStartMs = "audio_start_ms"
    case audioEndMs = "audio_end_ms"
    case rateLimits = "rate_limits"
}

private typealias EventFields = KeyedDecodingContainer<EventKey>

extension ServerEvent {
    /// By group, most frequent first: each reader knows its own types and returns nil for the others.
    fileprivate init(type: String, fields: EventFields) throws {
        self = try Self.output(type, fields) ?? Self.response(type, fields) ?? Self.item(type, fields)
            ?? Self.input(type, fields) ?? Self.session(type, fields) ?? .ignored(type: type)
    }

    private static func output(_ type: String, _ fields: EventFields) throws -> ServerEvent? {
        switch type {
        case "response.output_audio.delta", "response.audio.delta":
            return .outputAudioDelta(try fields.part, audio: try fields.audio)
        case "response.output_audio.done", "response.audio.done":
            return .outputAudioDone(try fields.part)
        case "response.output_audio_transcript.delta", "response.audio_transcript.delta":
            return .outputTranscriptDelta(try fields.part, delta: try fields.string(.delta))
        case "response.output_audio_transcript.done", "response.audio_transcript.done":
            return .outputTranscriptDone(try fields.part, transcript: try fields.string(.transcript))
        case "response.output_text.delta", "response.text.delta":
            return .outputTextDelta(try fields.part, delta: try fields.string(.delta))
        case "response.output_text.done", "response.text.done":
            return .outputTextDone(try fields.part, text: try fields.string(.text))
        default:
            return nil
        }
    }

    private static func response(_ type: String, _ fields: EventFields) throws -> ServerEvent? {
        switch type {
        case "response.created":
            return .responseCreated(try fields.read(Response.self, forKey: .response))
        case "response.done":
            return .responseDone(try fields.read(Response.self, forKey: .response))
        case "response.output_item.added":
            return .outputItemAdded(
                try fields.responseID, outputIndex: try fields.index(forKey: .outputIndex), try fields.item)
        case "response.output_item.done":
            return .outputItemDone(
                try fields.responseID, outputIndex: try fields.index(forKey: .outputIndex), try fields.item)
        case "response.function_call_arguments.done":
            return .functionCallDone(
                try fields.responseID, try fields.itemID, callID: try fields.string(.callID),
                name: try fields.readIfPresent(String.self, forKey: .name),
                arguments: try fields.string(.arguments))
        default:
            return nil
        }
    }

    private static func item(_ type: String, _ fields: EventFields) throws -> ServerEvent? {
        switch type {
        case "conversation.item.added", "conversation.item.created":
            return .itemAdded(try fields.item, previous: try fields.previous)
        case "conversation.item.done":
            return .itemDone(try fields.item, previous: try fields.previous)
        case "conversation.item.retrieved":
            return .itemRetrieved(try fields.item)
        case "conversation.item.truncated":
            return .itemTruncated(
                try fields.itemID, contentIndex: try fields.contentIndex,
                audioEndMs: try fields.count(forKey: .audioEndMs))
        case "conversation.item.deleted":
            return .itemDeleted(try fields.itemID)
        case "conversation.item.input_audio_transcription.delta":
            return .builtInTranscriptDelta(
                try fields.itemID, contentIndex: try fields.contentIndex, delta: try fields.string(.delta))
        case "conversation.item.input_audio_transcription.completed":
            return .builtInTranscriptCompleted(
                try fields.itemID, contentIndex: try fields.contentIndex, transcript: try fields.string(.transcript),
                // A transcript must not be lost to a figure about it.
                usage: try? fields.decode(TranscriptionUsage.self, forKey: .usage))
        case "conversation.item.input_audio_transcription.failed":
            return .builtInTranscriptFailed(
                try fields.itemID, contentIndex: try fields.contentIndex, try fields.apiError)
        default:
            return nil
        }
    }

    private static func input(_ type: String, _ fields: EventFields) throws -> ServerEvent? {
        switch type {
        case "input_audio_buffer.speech_started":
            return .speechStarted(try fields.itemID, audioStartMs: try fields.count(forKey: .audioStartMs))
        case "input_audio_buffer.speech_stopped":
            return .speechStopped(try fields.itemID, audioEndMs: try fields.count(forKey: .audioEndMs))
        case "input_audio_buffer.committed":
            return .inputCommitted(try fields.itemID, previous: try fields.previous)
        case "input_audio_buffer.cleared":
            return .inputCleared
        case "input_audio_buffer.timeout_triggered":
            return .idleTimeoutTriggered(
                try fields.itemID, audioStartMs: try fields.count(forKey: .audioStartMs),
                audioEndMs: try fields.count(forKey: .audioEndMs))
        default:
            return nil
        }
    }

    private static func session(_ type: String, _ fields: EventFields) throws -> ServerEvent? {
        switch type {
        case "session.created":
            return .sessionCreated(try fields.read(SessionInfo.self, forKey: .session))
        case "session.updated", "transcription_session.updated":
            return .sessionUpdated(try fields.read(SessionInfo.self, forKey: .session))
        case "rate_limits.updated":
            return .rateLimitsUpdated(try fields.read([RateLimit].self, forKey: .rateLimits))
        case "error":
            return .error(try fields.apiError)
        default:
            return nil
        }
    }
}

extension KeyedDecodingContainer<EventKey> {
    fileprivate var itemID: ItemID { get throws { try read(ItemID.self, forKey: .itemID) } }
    fileprivate var responseID: ResponseID { get throws { try read(ResponseID.self, forKey: .responseID) } }
    fileprivate var previous: ItemID? { get throws { try readIfPresent(ItemID.self, forKey: .previousItemID) } }
    fileprivate var item: Item { get throws { try read(Item.self, forKey: .item) } }
    fileprivate var apiError: APIError { get throws { try read(APIError.self, forKey: .error) } }
    fileprivate var contentIndex: Int { get throws { try index(forKey: .contentIndex) } }

    fileprivate var part: ContentPart {
        get throws {
            ContentPart(
                response: try responseID, item: try itemID, outputIndex: try index(forKey: .outputIndex),
                contentIndex: try contentIndex)
        }
    }

    fileprivate var audio: [UInt8] {
        get throws {
            guard let data = Data(base64Encoded: try string(.delta)) else {
                throw EventDecodingError(at: [EventKey.delta], problem: "not valid base64")
            }
            return [UInt8](data)
        }
    }

    fileprivate func string(_ key: EventKey) throws -> String {
        try read(String.self, forKey: key)
    }
}
