import Realtime

/// One transcript of what the visitor said, final.
public struct Transcript: Sendable, Equatable {
    public enum Status: String, Sendable, CaseIterable { case ok, empty, failed, timeout, off }

    public var status: Status
    /// What was heard; for `failed` and `timeout` what had arrived, or "".
    public var text: String
    /// Why it failed, in words; nil otherwise.
    public var reason: String?

    public static let off = Transcript(status: .off, text: "")
    public static func timeout(_ text: String) -> Transcript { Transcript(status: .timeout, text: text) }
    public static func failed(_ reason: String, text: String = "") -> Transcript {
        Transcript(status: .failed, text: text, reason: reason)
    }

    /// A text the server declared final: whitespace alone means nothing was said.
    public static func heard(_ text: String) -> Transcript {
        text.allSatisfy(\.isWhitespace) ? Transcript(status: .empty, text: "") : Transcript(status: .ok, text: text)
    }

    public init(status: Status, text: String, reason: String? = nil) {
        self.status = status
        self.text = text
        self.reason = reason
    }
}

/// The assistant's part of a turn, final.
public struct AssistantPart: Sendable, Equatable {
    public enum Status: String, Sendable, CaseIterable {
        case completed, truncated, cancelled, failed, none
    }

    public var status: Status
    /// The whole text received, heard or not.
    public var text: String
    /// Milliseconds of the answer's audio that were heard, all items together.
    public var playedMs: Int
    /// The part of `text` that was probably heard; only when truncated.
    public var heardText: String?
    /// Why it failed, or why the server left it incomplete.
    public var reason: String?

    public init(status: Status, text: String = "", playedMs: Int = 0, heardText: String? = nil, reason: String? = nil) {
        self.status = status
        self.text = text
        self.playedMs = playedMs
        self.heardText = heardText
        self.reason = reason
    }

    public static let none = AssistantPart(status: .none)
}

/// What the server said the turn used. A member is nil when nothing was said.
public struct TurnUsage: Sendable, Equatable {
    public var assistant: Usage?
    public var realtimeTranscript: Usage?
    public var builtInTranscript: TranscriptionUsage?

    public init(
        assistant: Usage? = nil, realtimeTranscript: Usage? = nil, builtInTranscript: TranscriptionUsage? = nil
    ) {
        self.assistant = assistant
        self.realtimeTranscript = realtimeTranscript
        self.builtInTranscript = builtInTranscript
    }
}

/// What the turn cost in USD. A member is nil without usage or without a known price.
public struct TurnCost: Sendable, Equatable {
    public var assistant: Double?
    public var realtimeTranscript: Double?
    public var builtInTranscript: Double?

    public init(assistant: Double? = nil, realtimeTranscript: Double? = nil, builtInTranscript: Double? = nil) {
        self.assistant = assistant
        self.realtimeTranscript = realtimeTranscript
        self.builtInTranscript = builtInTranscript
    }
}

/// A turn of which everything is known: one journal entry, one set of console blocks.
///
/// It is large, and what copies and destroys it is code in each enum that holds it inline: they hold it by `indirect`,
/// which is 115 KB of the executable.
public struct SettledTurn: Sendable, Equatable {
    /// "" when the turn reached no session.
    public var session: String
    /// From 1 within its session.
    public var number: Int
    /// nil when the server never made an item of it.
    public var item: ItemID?
    public var realtime: Transcript
    public var builtIn: Transcript
    public var assistant: AssistantPart
    public var usage: TurnUsage
    public var cost: TurnCost
    /// `cost` by what was counted.
    public var costDetails: [CostPart: CostDetail]
    public var latency = TurnLatency()
    /// What the session and the day have cost with this turn.
    public var totals: CostTotals?
    /// What the model called for its answer, in the order of their ends.
    public var tools: [ToolUse] = []
    /// The server began it because nobody spoke.
    public var isTimeout = false
    /// What speaks against the transcripts.
    public var review: TranscriptReview

    public init(
        session: String, number: Int, item: ItemID?, realtime: Transcript, builtIn: Transcript,
        assistant: AssistantPart, usage: TurnUsage = TurnUsage(), cost: TurnCost = TurnCost(),
        costDetails: [CostPart: CostDetail] = [:], review: TranscriptReview = TranscriptReview()
    ) {
        self.session = session
        self.number = number
        self.item = item
        self.realtime = realtime
        self.builtIn = builtIn
        self.assistant = assistant
        self.usage = usage
        self.cost = cost
        self.costDetails = costDetails
        self.review = review
    }
}
