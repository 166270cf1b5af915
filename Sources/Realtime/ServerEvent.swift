/// What the server says, as far as the agent uses it. Current (GA) and older (beta) names give the same cases.
public enum ServerEvent: Equatable, Sendable {
    /// The session exists: only now is the link good.
    case sessionCreated(SessionInfo)
    case sessionUpdated(SessionInfo)

    /// An item is in the conversation; nil as `previous` when it is the first or the server does not say.
    case itemAdded(Item, previous: ItemID?)
    /// The item will not change any more. Older servers never say so.
    case itemDone(Item, previous: ItemID?)
    case itemRetrieved(Item)
    /// The server's own figure, which may differ from the one asked for, is the final one.
    case itemTruncated(ItemID, contentIndex: Int, audioEndMs: Int)
    case itemDeleted(ItemID)

    /// Milliseconds count the audio appended since the session began, not wall time. So do all below.
    case speechStarted(ItemID, audioStartMs: Int)
    case speechStopped(ItemID, audioEndMs: Int)
    case inputCommitted(ItemID, previous: ItemID?)
    case inputCleared
    case idleTimeoutTriggered(ItemID, audioStartMs: Int, audioEndMs: Int)

    /// Transcripts of the session's transcription model, unordered against everything but their own item.
    case builtInTranscriptDelta(ItemID, contentIndex: Int, delta: String)
    case builtInTranscriptCompleted(ItemID, contentIndex: Int, transcript: String, usage: TranscriptionUsage?)
    case builtInTranscriptFailed(ItemID, contentIndex: Int, APIError)

    case responseCreated(Response)
    /// The end of a response, however it ended; can come without any event before it.
    case responseDone(Response)
    case outputItemAdded(ResponseID, outputIndex: Int, Item)
    case outputItemDone(ResponseID, outputIndex: Int, Item)
    /// Audio bytes in the session's output format. May split a sample: the caller joins.
    case outputAudioDelta(ContentPart, audio: [UInt8])
    case outputAudioDone(ContentPart)
    case outputTextDelta(ContentPart, delta: String)
    case outputTextDone(ContentPart, text: String)
    case outputTranscriptDelta(ContentPart, delta: String)
    case outputTranscriptDone(ContentPart, transcript: String)
    case functionCallDone(ResponseID, ItemID, callID: String, name: String?, arguments: String)

    case rateLimitsUpdated([RateLimit])
    /// A refusal. Fatal only when the server closes afterwards.
    case error(APIError)
    /// An event that is of no use here, or newer than this module.
    case ignored(type: String)
}
