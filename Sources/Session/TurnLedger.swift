import MonotonicClock
import Realtime

/// The turns of which something is still open, joined to what the server says by item id.
struct TurnLedger: Sendable {
    /// `metadata.purpose` of our out-of-band requests (contract).
    static let transcriptionPurpose = "user-turn-transcription"
    /// User items of the session kept for "last-N-turns"; N is at most 50.
    static let keptItems = 50
    /// Items that were announced before their commit; only a proxy that reorders makes any.
    static let earlyItemLimit = 16

    private var turns: [Turn] = [] {
        // Asked fifty times a second, changed with events only.
        didSet {
            deadline = turns.reduce(nil) { earlier($0, $1.deadline) }
            hasChanged = true
        }
    }
    private(set) var deadline: Instant?
    /// Since `takeParts`.
    private var hasChanged = false
    private var lastID = 0
    /// The turn the visitor is speaking now.
    private var speakingTurn: TurnID?
    private var session = ""
    /// Turns numbered so far in each of: the present session, and no session at all.
    private var sessionCount = 0
    private var sessionlessCount = 0
    private var userItems: [ItemID] = []
    /// Those of `userItems` that can no longer be referenced.
    private var deletedItems: Set<ItemID> = []
    private var earlyItems: [ItemID] = []

    var isEmpty: Bool { turns.isEmpty }
    /// The turn that began last; it may have settled.
    var newest: TurnID { TurnID(rawValue: lastID) }
    /// No turn up to this one is open.
    var settledUntil: TurnID { TurnID(rawValue: (turns.map(\.id.rawValue).min() ?? lastID + 1) - 1) }
    /// The turns of which something is still open, with what is known of their transcripts.
    var transcripts: [(turn: TurnID, realtime: Transcript?, builtIn: Transcript?)] {
        turns.map { ($0.id, $0.realtime.transcript, $0.builtIn) }
    }
    var isSpeaking: Bool { speakingTurn != nil }
    /// What is open the server began because nobody spoke.
    var isOnlyTimeouts: Bool { !turns.isEmpty && turns.allSatisfy(\.isTimeout) }
    /// Something was or is said that the server has not made an item of yet.
    var isAnyUnderWay: Bool { turns.contains(where: \.isUnderWay) }

    // MARK: A turn's way

    /// The visitor begins to speak.
    mutating func begin(configuration: SessionConfiguration) -> TurnID {
        let turn = add(configuration: configuration)
        speakingTurn = turn
        return turn
    }

    /// The server hears somebody begin to speak, and names the item it will make of that.
    mutating func begin(configuration: SessionConfiguration, announcedItem: ItemID, at now: Instant) -> TurnID {
        let turn = begin(configuration: configuration)
        change(turn) {
            $0.announcedItem = announcedItem
            $0.speechDeadline = now + Turn.speechLimit
        }
        return turn
    }

    /// A turn that nobody announced.
    mutating func add(configuration: SessionConfiguration) -> TurnID {
        lastID += 1
        turns.append(Turn(id: TurnID(rawValue: lastID), configuration: configuration))
        return TurnID(rawValue: lastID)
    }

    /// The server begins a turn because nobody spoke for so long.
    mutating func timedOut(configuration: SessionConfiguration, item: ItemID, at now: Instant) -> TurnID {
        let turn = add(configuration: configuration)
        change(turn) {
            $0.announcedItem = item
            $0.isTimeout = true
            $0.stage = .committing(since: now)
        }
        return turn
    }

    mutating func endSpeaking() { speakingTurn = nil }

    /// The turn whose item the server named at the start of speech and has not committed yet.
    func speaking(_ item: ItemID) -> TurnID? {
        turns.first { $0.announcedItem == item && $0.isUnderWay }?.id
    }

    /// Of a committed turn of which something is open.
    func item(of turn: TurnID) -> ItemID? { turns.first { $0.id == turn }?.item }

    func turn(of item: ItemID) -> TurnID? { turns.first { $0.item == item }?.id }

    /// The item is or was one of this session's turns.
    func hasCommitted(_ item: ItemID) -> Bool { turn(of: item) != nil || userItems.contains(item) }

    /// Not committed yet, and may still be.
    func isUnderWay(_ turn: TurnID) -> Bool { turns.contains { $0.id == turn && $0.isUnderWay } }

    /// How the turn was answered is not known yet.
    func awaitsAssistant(_ turn: TurnID) -> Bool { turns.contains { $0.id == turn && $0.assistant == nil } }

    mutating func committing(_ turn: TurnID, at now: Instant) {
        change(turn) { $0.stage = .committing(since: now) }
    }

    /// The server made an item of the turn. The transcription attempt to request now, if any.
    mutating func commit(_ turn: TurnID, item: ItemID, at now: Instant) -> Int? {
        if speakingTurn == turn { speakingTurn = nil }
        userItems = userItems.suffix(Self.keptItems - 1) + [item]
        deletedItems.formIntersection(userItems)
        sessionCount += 1
        let (session, number) = (session, sessionCount)
        let isKnown = earlyItems.contains(item)
        earlyItems.removeAll { $0 == item }
        return change(turn) { turn -> Int? in
            turn.stage = .committed(item, since: now)
            turn.session = session
            turn.number = number
            return isKnown ? turn.realtime.handle(.itemKnown, at: now) : nil
        } ?? nil
    }

    /// What was measured of the turn's speech.
    mutating func measured(_ turn: TurnID, _ sound: TurnSound?) { change(turn) { $0.sound = sound } }

    mutating func settleAssistant(_ turn: TurnID, as part: AssistantPart, usage: Usage? = nil) {
        change(turn) {
            $0.assistant = $0.assistant ?? part
            $0.assistantUsage = $0.assistantUsage ?? usage
        }
    }

    /// The transcripts will not come; the assistant's part ends as `assistant` unless an answer is under way.
    mutating func abandon(_ turn: TurnID, reason: String, assistant: AssistantPart? = nil, at now: Instant) {
        if speakingTurn == turn { speakingTurn = nil }
        change(turn) {
            $0.abandon(reason, at: now)
            $0.assistant = $0.assistant ?? assistant
        }
    }

    /// Speech the server announced and never committed.
    mutating func abandonSpeaking(_ reason: String, at now: Instant) {
        for turn in turns where turn.stage == .speaking {
            abandon(turn.id, reason: reason, assistant: AssistantPart.none, at: now)
        }
    }

    mutating func abandonAll(_ reason: String, at now: Instant) {
        for turn in turns {
            abandon(turn.id, reason: reason, assistant: AssistantPart(status: .failed, reason: reason), at: now)
        }
    }

    // MARK: The session

    mutating func sessionOpened(_ id: String) {
        session = id
        sessionCount = 0
    }

    /// Committed turns get nothing more from this session; turns in `keeping` go to the next one.
    mutating func sessionLost(_ reason: String, keeping: Set<TurnID>, at now: Instant) {
        userItems = []
        deletedItems = []
        earlyItems = []
        for turn in turns {
            if keeping.contains(turn.id) {
                change(turn.id) { $0.stage = .speaking }
            } else {
                // The assistant's part is settled by its answer, which may still be heard.
                let isUnasked = turn.stage == .speaking || turn.isTimeout && turn.isUnderWay
                let assistant = isUnasked ? AssistantPart(status: .failed, reason: reason) : nil
                abandon(turn.id, reason: reason, assistant: assistant, at: now)
            }
        }
    }

    // MARK: Transcripts

    mutating func itemKnown(_ item: ItemID, at now: Instant) -> (TurnID, attempt: Int)? {
        guard let turn = turn(of: item) else {
            earlyItems = earlyItems.suffix(Self.earlyItemLimit - 1) + [item]
            return nil
        }
        return (change(turn) { $0.realtime.handle(.itemKnown, at: now) } ?? nil).map { (turn, $0) }
    }

    mutating func deleted(_ item: ItemID) {
        if userItems.contains(item) { deletedItems.insert(item) }
    }

    func transcriptionRequest(for turn: TurnID, attempt: Int, configuration: SessionConfiguration) -> ClientEvent? {
        guard let item = turns.first(where: { $0.id == turn })?.item else { return nil }
        var request = ResponseRequest()
        request.conversation = ResponseRequest.Conversation.none
        request.outputModalities = [.text]
        request.instructions = configuration.transcriptionInstructions
        request.tools = []
        request.maxOutputTokens = .tokens(configuration.transcriptionTokens)
        request.metadata = ["purpose": Self.transcriptionPurpose, "item": item.rawValue]
        switch configuration.outOfBand {
        case .off: return nil
        case .fullContext: request.input = nil
        case .lastTurns(let count): request.input = lastItems(count, until: item).map { .reference($0) }
        }
        return ClientEvent(.createResponse(request), eventID: OwnEventID.transcription(turn, attempt: attempt).text)
    }

    mutating func declineTranscript(of turn: TurnID, _ reason: String) {
        change(turn) { $0.declineTranscript(reason) }
    }

    /// So many user items of the session that can be referenced, the last of them `item`.
    func lastItems(_ count: Int, until item: ItemID) -> [ItemID] {
        let until = userItems.firstIndex(of: item).map { userItems[...$0] } ?? [item]
        return until.filter { $0 == item || !deletedItems.contains($0) }.suffix(count)
    }

    /// The response's end will be a turn's transcript, or the end of an attempt at one.
    func awaitsTranscript(_ response: Response) -> Bool {
        guard let turn = transcribedTurn(response), case .requested = turn.realtime.state else { return false }
        return true
    }

    func awaitsBuiltIn(_ item: ItemID) -> Bool { turns.contains { $0.isOf(item) && $0.builtIn == nil } }

    func isTranscribing(_ response: ResponseID) -> Bool { turns.contains { $0.realtime.response == response } }

    mutating func transcriptionCreated(_ response: Response, at now: Instant) {
        guard let turn = response.metadata["item"].flatMap({ turn(of: ItemID(rawValue: $0)) }) else { return }
        transcribe(.created(response.id), turn: turn, at: now)
    }

    /// False when the response is no transcription of ours.
    mutating func transcribe(_ input: TranscriptionStateMachine.Input, response: ResponseID, at now: Instant) -> Bool {
        guard let turn = turns.first(where: { $0.realtime.response == response })?.id else { return false }
        transcribe(input, turn: turn, at: now)
        return true
    }

    mutating func transcriptionDone(_ response: Response, at now: Instant) {
        if let turn = transcribedTurn(response) { transcribe(.done(response), turn: turn.id, at: now) }
    }

    private func transcribedTurn(_ response: Response) -> Turn? {
        if let known = turns.first(where: { $0.realtime.response == response.id }) { return known }
        // One that failed at once may come without its beginning.
        let named = response.metadata["item"].flatMap { item in turns.first { $0.item == ItemID(rawValue: item) } }
        return named?.realtime.response == nil ? named : nil
    }

    mutating func transcriptionRefused(_ reason: String, of turn: TurnID, attempt: Int, at now: Instant) {
        guard case .requested(attempt, _, _)? = turns.first(where: { $0.id == turn })?.realtime.state else { return }
        transcribe(.refused(reason), turn: turn, at: now)
    }

    /// A proxy may bring a built-in transcript before the commit of the item that speech was announced with.
    private func turnTranscribed(_ item: ItemID) -> TurnID? { turns.first { $0.isOf(item) }?.id }

    mutating func builtInDelta(_ delta: String, of item: ItemID) {
        turnTranscribed(item).map { change($0) { $0.builtInText += delta } }
    }

    mutating func builtInKnown(_ transcript: Transcript, usage: TranscriptionUsage?, of item: ItemID) {
        turnTranscribed(item).map {
            change($0) { turn in
                guard turn.builtIn == nil else { return }
                turn.builtIn = transcript
                turn.builtInUsage = usage
            }
        }
    }

    mutating func builtInFailed(_ reason: String, of item: ItemID) {
        turnTranscribed(item).map { change($0) { $0.builtIn = $0.builtIn ?? .failed(reason, text: $0.builtInText) } }
    }

    // MARK: Time and settling

    /// Gives up speech that the server has not ended for too long; false when there is none.
    mutating func giveUpSpeech(at now: Instant) -> Bool {
        let isTooLong = turns.contains { turn in
            turn.stage == .speaking && turn.speechDeadline.map { $0 <= now } ?? false
        }
        if isTooLong { abandonSpeaking("the server never said where it ended", at: now) }
        return isTooLong
    }

    /// Transcription attempts to be requested now.
    mutating func deadlineReached(at now: Instant) -> [(TurnID, attempt: Int)] {
        turns.indices.compactMap { index in
            switch turns[index].stage {
            case .committing(let since) where since + Turn.transcriptLimit <= now,
                .committed(_, let since) where since + Turn.transcriptLimit <= now:
                turns[index].timeOutTranscripts()
                return nil
            case .speaking, .committing, .committed, .dropped:
                return turns[index].realtime.handle(.deadlineReached, at: now).map { (turns[index].id, $0) }
            }
        }
    }

    /// Takes out the turns of which everything is known.
    mutating func takeSettled(prices: PriceTable?, configuration: SessionConfiguration) -> [(TurnID, SettledTurn)] {
        guard turns.indices.contains(where: { turns[$0].isWhole }) else { return [] }
        var settled: [(TurnID, SettledTurn)] = []
        for turn in turns {
            guard var whole = turn.settled(prices: prices, configuration: configuration) else { continue }
            if whole.number == 0 {
                // No session ever committed it: numbered by themselves.
                sessionlessCount += 1
                whole.number = sessionlessCount
            }
            settled.append((turn.id, whole))
        }
        turns.removeAll(where: \.isWhole)
        return settled
    }

    /// Parts that have become known of turns that go on; each is given once.
    mutating func takeParts() -> [TurnPart] {
        guard hasChanged else { return [] }
        defer { hasChanged = false }
        return turns.indices.flatMap { turns[$0].takeParts() }
    }

    // MARK: One turn

    private mutating func transcribe(_ input: TranscriptionStateMachine.Input, turn: TurnID, at now: Instant) {
        change(turn) { _ = $0.realtime.handle(input, at: now) }
    }

    @discardableResult
    private mutating func change<Result>(_ id: TurnID, _ body: (inout Turn) -> Result) -> Result? {
        guard let index = turns.firstIndex(where: { $0.id == id }) else { return nil }
        return body(&turns[index])
    }
}
