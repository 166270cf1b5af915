import FoundationEssentials

/// What the client says. The server refuses keys it does not know, so these types write none.
public struct ClientEvent: Encodable, Equatable, Sendable {
    /// What is asked for.
    public enum Body: Equatable, Sendable {
        /// Answered by `.sessionUpdated`, or by an error and no change at all.
        case sessionUpdate(SessionUpdate)
        /// 24 kHz mono; at most 15 MiB of samples. Never answered.
        case appendAudio([Int16])
        /// Refused below 100 ms of audio. Makes an item, but no response.
        case commit
        case clear
        /// After `previous`; nil = at the end, `ItemID.root` = at the start.
        case createItem(NewItem, previous: ItemID?)
        case retrieveItem(ItemID)
        /// `audioEndMs` from 0 to what was received of the item; more is refused.
        case truncateItem(ItemID, contentIndex: Int, audioEndMs: Int)
        case deleteItem(ItemID)
        case createResponse(ResponseRequest)
        /// Nil cancels the conversation's running response, never an out-of-band one.
        case cancelResponse(ResponseID?)
        /// WebRTC and SIP only: a WebSocket server answers with an error.
        case clearOutputAudio
    }

    /// Comes back in the error, should there be one.
    public var eventID: String?
    /// What is asked for, with its fields.
    public var body: Body

    public init(_ body: Body, eventID: String? = nil) {
        self.eventID = eventID
        self.body = body
    }

    /// The event as the text of one message: JSON on one line, keys in alphabetical order.
    ///
    /// Blocks for the time of the work only. Numbers that JSON cannot write (NaN) become texts, which the
    /// server refuses by name.
    public func encoded() -> String {
        // The hot event, needing no escapes when it has no id: all of it is base64 and fixed text.
        if case .appendAudio(let samples) = body, eventID == nil {
            let audio = base64(samples)
            var event = "{\"audio\":\""
            event.reserveCapacity(audio.utf8.count + 64)
            event += audio
            event += "\",\"type\":\"input_audio_buffer.append\"}"
            return event
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "infinity", negativeInfinity: "-infinity", nan: "nan")
        guard let json = try? encoder.encode(self) else {
            preconditionFailure("a client event consists of nothing that JSON cannot write")
        }
        return String(decoding: json, as: UTF8.self)
    }
}

extension ClientEvent {
    private enum CodingKeys: String, CodingKey {
        case type, session, audio, item, response
        case eventID = "event_id"
        case previousItemID = "previous_item_id"
        case itemID = "item_id"
        case contentIndex = "content_index"
        case audioEndMs = "audio_end_ms"
        case responseID = "response_id"
    }

    public func encode(to encoder: any Encoder) throws {
        var event = encoder.container(keyedBy: CodingKeys.self)
        try event.encode(body.type, forKey: .type)
        try event.encodeIfPresent(eventID, forKey: .eventID)
        switch body {
        case .sessionUpdate(let session):
            try event.encode(session, forKey: .session)
        case .appendAudio(let samples):
            try event.encode(base64(samples), forKey: .audio)
        case .createItem(let item, let previous):
            try event.encode(item, forKey: .item)
            try event.encodeIfPresent(previous, forKey: .previousItemID)
        case .retrieveItem(let item), .deleteItem(let item):
            try event.encode(item, forKey: .itemID)
        case .truncateItem(let item, let contentIndex, let audioEndMs):
            try event.encode(item, forKey: .itemID)
            try event.encode(contentIndex, forKey: .contentIndex)
            try event.encode(audioEndMs, forKey: .audioEndMs)
        case .createResponse(let request):
            try event.encode(request, forKey: .response)
        case .cancelResponse(let response):
            try event.encodeIfPresent(response, forKey: .responseID)
        case .commit, .clear, .clearOutputAudio:
            break
        }
    }
}

extension ClientEvent.Body {
    fileprivate var type: String {
        switch self {
        case .sessionUpdate: "session.update"
        case .appendAudio: "input_audio_buffer.append"
        case .commit: "input_audio_buffer.commit"
        case .clear: "input_audio_buffer.clear"
        case .createItem: "conversation.item.create"
        case .retrieveItem: "conversation.item.retrieve"
        case .truncateItem: "conversation.item.truncate"
        case .deleteItem: "conversation.item.delete"
        case .createResponse: "response.create"
        case .cancelResponse: "response.cancel"
        case .clearOutputAudio: "output_audio_buffer.clear"
        }
    }
}

/// Samples as the server reads them: signed 16 bit, little endian, in base64.
func base64(_ samples: [Int16]) -> String {
    #if _endian(little)
    samples.withUnsafeBytes { Data($0).base64EncodedString() }
    #else
    samples.map { $0.littleEndian }.withUnsafeBytes { Data($0).base64EncodedString() }
    #endif
}
