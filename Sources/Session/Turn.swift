import MonotonicClock
import Realtime

/// Names a turn inside the machines from its first frame on, before any server has seen it.
struct TurnID: Hashable, Sendable, Comparable {
    let rawValue: Int
    static func < (a: TurnID, b: TurnID) -> Bool { a.rawValue < b.rawValue }
}

/// A turn of which something is still open.
struct Turn: Sendable {
    enum Stage: Equatable {
        /// The visitor speaks, or the audio waits for a session. -> `committing`, `committed`, `dropped`.
        case speaking
        /// The commit is on its way. -> `committed`; `speaking` when the link breaks; `dropped`.
        case committing(since: Instant)
        /// The server has made an item of it. Final.
        case committed(ItemID, since: Instant)
        /// The server has not made an item of it and never will. Final.
        case dropped
    }

    /// Longest speech under server detection, as that of a button held: after it the server never says where it ends.
    static let speechLimit = Duration.seconds(120)
    /// From the commit to the end of waiting for transcripts (contract: 15 s).
    static let transcriptLimit = Duration.seconds(15)

    let id: TurnID
    var stage = Stage.speaking
    /// The item's id where the server names it before the commit (server detection).
    var announcedItem: ItemID?
    /// When the server must have committed it; nil where that is ours to do.
    var speechDeadline: Instant?
    /// The server began it because nobody spoke: there are no words to be transcribed.
    var isTimeout = false {
        didSet { if isTimeout { realtime.skip("nobody spoke") } }
    }
    /// Session and number within it; given at the commit.
    var session = ""
    var number = 0

    var realtime: TranscriptionStateMachine
    /// The built-in transcript, or the text that has arrived of it.
    var builtIn: Transcript?
    var builtInText = ""
    var builtInUsage: TranscriptionUsage?
    var assistant: AssistantPart?
    var assistantUsage: Usage?
    /// What was measured of its speech; nil when nothing was.
    var sound: TurnSound?
    /// What was handed out of it already.
    var keptParts: Set<TurnPart.Content.Kind> = []

    init(id: TurnID, configuration: SessionConfiguration) {
        self.id = id
        realtime = TranscriptionStateMachine(isOff: configuration.outOfBand == .off)
        builtIn = configuration.builtInModel == nil ? .off : nil
    }

    var item: ItemID? {
        if case .committed(let item, _) = stage { item } else { nil }
    }

    /// The server has made this item of it, or said that it will.
    func isOf(_ item: ItemID) -> Bool { self.item == item || self.item == nil && announcedItem == item }

    /// Not committed yet, and may still be.
    var isUnderWay: Bool {
        switch stage {
        case .speaking, .committing: true
        case .committed, .dropped: false
        }
    }

    var deadline: Instant? {
        let limit: Instant? = switch stage {
        case .speaking: speechDeadline
        case .dropped: nil
        case .committing(let since): since + Self.transcriptLimit
        case .committed(_, let since): realtime.isFinal && builtIn != nil ? nil : since + Self.transcriptLimit
        }
        return earlier(limit, realtime.retryAt)
    }

    /// No out-of-band transcript is to be asked for.
    mutating func declineTranscript(_ reason: String) { realtime.decline(reason) }

    /// Whatever has not been said by now will not be waited for.
    mutating func timeOutTranscripts() {
        realtime.timeOut()
        builtIn = builtIn ?? .timeout(builtInText)
        // Nobody waits for an answer to a silence that the server did not commit.
        if isTimeout, isUnderWay { assistant = assistant ?? AssistantPart.none }
        drop()
    }

    /// Nothing more can come for this turn.
    mutating func abandon(_ reason: String, at now: Instant) {
        _ = realtime.handle(.abandoned(reason), at: now)
        builtIn = builtIn ?? .failed(reason, text: builtInText)
        drop()
    }

    private mutating func drop() { if isUnderWay { stage = .dropped } }

    /// The three parts; nil while one is open.
    private var parts: (realtime: Transcript, builtIn: Transcript, assistant: AssistantPart)? {
        guard !isUnderWay, let assistant, let builtIn, let transcript = realtime.transcript else { return nil }
        return (transcript, builtIn, assistant)
    }

    /// All three parts are known.
    var isWhole: Bool { parts != nil }

    /// The turn with all three parts known; nil while one is open.
    func settled(prices: PriceTable?, configuration: SessionConfiguration) -> SettledTurn? {
        guard let parts else { return nil }
        let usage = TurnUsage(
            assistant: assistantUsage, realtimeTranscript: realtime.usage, builtInTranscript: builtInUsage)
        var details: [CostPart: CostDetail] = [:]
        details[.assistant] = assistantUsage.flatMap { prices?.detail(of: $0, model: configuration.model) }
        details[.realtimeTranscript] = realtime.usage.flatMap { prices?.detail(of: $0, model: configuration.model) }
        details[.builtInTranscript] = builtInUsage.flatMap { usage in
            configuration.builtInModel.flatMap { prices?.detail(of: usage, model: $0) }
        }
        let cost = TurnCost(
            assistant: details[.assistant]?.total, realtimeTranscript: details[.realtimeTranscript]?.total,
            builtInTranscript: details[.builtInTranscript]?.total)
        var turn = SettledTurn(
            session: session, number: number, item: item, realtime: parts.realtime, builtIn: parts.builtIn,
            assistant: parts.assistant, usage: usage, cost: cost, costDetails: details,
            review: TranscriptReview(realtime: parts.realtime, builtIn: parts.builtIn, sound: sound))
        turn.isTimeout = isTimeout
        return turn
    }
}
