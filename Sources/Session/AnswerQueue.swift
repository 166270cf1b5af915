import MonotonicClock
import Realtime

/// The answers that are asked for, made or heard, and the one that waits for its turn to be asked for.
///
/// At most one response is being made in the default conversation; audio of an earlier one may still be heard.
struct AnswerQueue: Sendable {
    enum Decision: Equatable {
        case flushPlayback
        case send(ClientEvent)
        case settled(TurnID, AssistantPart, Usage?)
        /// nil: by a response of no turn that we know.
        case called(TurnID?, [ToolCall], isToRun: Bool)
        case report(Fault)
    }

    /// A turn whose answer is to be requested as soon as the conversation is free.
    private struct Wish {
        let turn: TurnID
        var notBefore: Instant
        var refusals = 0
    }

    /// Refusals of one request (another response was active) before the turn goes without an answer.
    static let refusalLimit = 5
    /// Pause after such a refusal, and after a response that was cancelled for its silence: its end is still to come.
    static let refusalWait = Duration.milliseconds(500)

    private var answers: [AnswerStateMachine] = []
    private var wish: Wish?
    /// Nothing is asked for before.
    private var pausedUntil: Instant?
    /// Which turns' answers each flush of playback ended, oldest first.
    private var flushes: [[TurnID]] = []
    /// Refusals so far of the request that is under way.
    private var refusals: [TurnID: Int] = [:]

    var isEmpty: Bool { answers.isEmpty && wish == nil }

    var deadline: Instant? {
        let limit = answers.indices.reduce(nil) { earlier($0, answers[$1].deadline) }
        guard !answers.contains(where: \.occupiesConversation) else { return limit }
        let request = answers.indices.reduce(wish?.notBefore) { earlier($0, answers[$1].asksAgainAt) }
        guard let request else { return limit }
        return earlier(limit, pausedUntil.map { max($0, request) } ?? request)
    }

    private func isPaused(at now: Instant) -> Bool {
        if let pausedUntil { now < pausedUntil } else { false }
    }

    func contains(_ response: ResponseID) -> Bool { answers.contains { $0.contains(response) } }

    func turn(of response: ResponseID) -> TurnID? { answers.first { $0.contains(response) }?.turn }

    /// An answer is being made of which something was or is heard: a gap in it is not its end.
    func isHeardWhileGenerated(in playout: Playout) -> Bool {
        answers.contains { answer in
            answer.occupiesConversation && answer.isAudible
                && answer.response.map { !playout.segments(of: $0).isEmpty } ?? false
        }
    }

    // MARK: Asking

    /// Where answers are ours to ask for: ask for one to the turn as soon as no other is being made. It answers a turn
    /// that waited for that, too.
    @discardableResult
    mutating func want(_ turn: TurnID, at now: Instant) -> [Decision] {
        let unasked = wish.map { [Decision.settled($0.turn, .none, nil)] } ?? []
        wish = Wish(turn: turn, notBefore: now)
        return unasked
    }

    /// Server detection: the server answers the turn by itself.
    mutating func expect(_ turn: TurnID, at now: Instant) {
        answers.append(AnswerStateMachine(turn: turn, requestedAt: now))
    }

    /// The request that can be sent now.
    mutating func nextRequest(at now: Instant) -> ClientEvent? {
        guard !answers.contains(where: \.occupiesConversation), !isPaused(at: now) else { return nil }
        guard let wish, wish.notBefore <= now else { return nextFollowUp(at: now) }
        self.wish = nil
        refusals = [wish.turn: wish.refusals]
        expect(wish.turn, at: now)
        return ClientEvent(.createResponse(ResponseRequest()), eventID: OwnEventID.answer(wish.turn).text)
    }

    /// The request for a further response to a turn whose tools are answered.
    private mutating func nextFollowUp(at now: Instant) -> ClientEvent? {
        guard let index = answers.firstIndex(where: { $0.asksAgain(at: now) }) else { return nil }
        let (turn, request) = (answers[index].turn, answers[index].request)
        _ = handle(.askedAgain, turn: turn, at: now)
        return ClientEvent(.createResponse(request), eventID: OwnEventID.answer(turn).text)
    }

    /// The tools that the turn's answer called are answered.
    mutating func toolsAnswered(_ turn: TurnID, at now: Instant) -> [Decision] {
        handle(.toolsAnswered, turn: turn, at: now)
    }

    /// A request was refused. `turn` is nil when the server does not say which; then it was the last one.
    mutating func refused(_ error: APIError, turn: TurnID?, at now: Instant) -> [Decision] {
        guard let index = answers.lastIndex(where: { $0.awaitsResponse && (turn == nil || $0.turn == turn) })
        else { return [] }
        let turn = answers[index].turn
        let count = refusals[turn, default: 0] + 1
        if error.code == "conversation_already_has_active_response", count <= Self.refusalLimit,
            case .requested = answers[index].state {
            // An answer of the server's own was in the way; ours is asked for again when it is gone.
            if answers[index].isFollowUp {
                refusals[turn] = count
                return handle(.putOff(until: now + Self.refusalWait), turn: turn, at: now)
            }
            answers.remove(at: index)
            // A later turn that waits is answered with this one.
            guard wish == nil else { return [.settled(turn, .none, nil)] }
            wish = Wish(turn: turn, notBefore: now + Self.refusalWait, refusals: count)
            return []
        }
        return handle(.failed(error.message), turn: turn, at: now)
            + [.report(Fault(.turn, "no answer: \(error.message)"))]
    }

    /// Our bare cancel found nothing running: an interrupted request that has no response will get none.
    mutating func nothingToCancel(at now: Instant) -> [Decision] {
        guard let answer = answers.first(where: { $0.awaitsResponse && !$0.isAudible }) else { return [] }
        return handle(.failed("cancelled before it began"), turn: answer.turn, at: now)
    }

    // MARK: The server's response

    /// The newest answer still waiting gets the response; older ones will not be made any more.
    mutating func created(_ response: ResponseID, at now: Instant) -> [Decision] {
        // Said twice: the first time counted.
        guard !contains(response) else { return [] }
        let waiting = answers.filter(\.awaitsResponse).map(\.turn)
        guard let newest = waiting.last else {
            return [
                bookkeeping(.cancelResponse(response)),
                .report(Fault(.server, "the server began an answer nobody asked for; it was cancelled")),
            ]
        }
        return handle(.created(response), turn: newest, at: now)
            + waiting.dropLast().flatMap { handle(.failed("overtaken by the next turn"), turn: $0, at: now) }
    }

    /// The response's end will be an answer's, or of a part of it.
    func awaits(_ response: Response) -> Bool {
        contains(response.id) || response.status == .failed && answers.contains(where: \.awaitsResponse)
    }

    /// The end of a response; one that failed at once may come without its beginning.
    mutating func done(_ response: Response, at now: Instant) -> [Decision] {
        let unbegun = response.status == .failed ? answers.last(where: \.awaitsResponse) : nil
        guard let turn = turn(of: response.id) ?? unbegun?.turn else {
            // One that nobody asked for, or that came too late: what it called waits for an answer all the same.
            let calls = response.output.compactMap { ToolCall($0) }
            return calls.isEmpty ? [] : [.called(nil, calls, isToRun: false)]
        }
        var decisions: [Decision] = []
        if response.status == .failed {
            let reason = response.error?.message ?? "no reason given"
            decisions.append(.report(Fault(.turn, "the answer failed: \(reason)")))
        }
        return decisions + handle(.done(response), turn: turn, at: now)
    }

    mutating func item(_ item: Item, of response: ResponseID, at now: Instant) -> [Decision] {
        guard item.type == "message", let turn = turn(of: response) else { return [] }
        return handle(.item(item.id), turn: turn, at: now)
    }

    /// A whole item; only calls are told apart here.
    mutating func itemDone(_ item: Item, of response: ResponseID, at now: Instant) -> [Decision] {
        guard let call = ToolCall(item), let turn = turn(of: response) else { return [] }
        return handle(.call(call), turn: turn, at: now)
    }

    mutating func text(_ delta: String, of part: ContentPart, at now: Instant) {
        if let turn = turn(of: part.response) { _ = handle(.text(part, delta: delta), turn: turn, at: now) }
    }

    mutating func wholeText(_ text: String, of part: ContentPart, at now: Instant) {
        if let turn = turn(of: part.response) { _ = handle(.wholeText(part, text: text), turn: turn, at: now) }
    }

    /// Whether audio of the part is to be played: late deltas of an interrupted answer are not.
    mutating func takesAudio(of part: ContentPart, at now: Instant) -> Bool {
        guard let index = answers.firstIndex(where: { $0.contains(part.response) }), answers[index].isAudible else {
            return false
        }
        _ = answers[index].handle(.audio(part), at: now)
        return true
    }

    // MARK: The visitor and playback

    /// Ends everything that is heard, made or wished for. `isPlaying`: something is to be heard, whosever it is.
    mutating func interrupt(isPlaying: Bool, at now: Instant) -> [Decision] {
        let unasked = wish.map { [Decision.settled($0.turn, .none, nil)] } ?? []
        wish = nil
        return silence(isPlaying: isPlaying, at: now) + unasked
    }

    /// Ends everything that is heard or made: silence before bookkeeping, nobody should be talked over meanwhile.
    private mutating func silence(isPlaying: Bool, at now: Instant) -> [Decision] {
        let audible = answers.filter(\.isAudible).map(\.turn)
        guard isPlaying || !audible.isEmpty else { return [] }
        flushes.append(audible)
        return [.flushPlayback] + audible.flatMap { handle(.interrupt, turn: $0, at: now) }
    }

    /// Ends a prompt that is heard; no answer is.
    mutating func silencePrompt() -> Decision {
        flushes.append([])
        return .flushPlayback
    }

    /// Playback is silent; `segments` is what was heard of the epoch it ended.
    mutating func flushed(_ segments: [Playout.Segment], at now: Instant) -> [Decision] {
        guard !flushes.isEmpty else { return [] }
        return flushes.removeFirst().flatMap { turn in
            let answer = answers.first { $0.turn == turn }
            let own = segments.filter { answer?.contains($0.part.response) ?? false }
            return handle(.flushed(own), turn: turn, at: now)
        }
    }

    mutating func heardMore(at now: Instant) {
        for index in answers.indices { answers[index].heardMore(at: now) }
    }

    /// Settles answers that are made and heard to their end.
    mutating func playedOut(_ playout: Playout, at now: Instant) -> [Decision] {
        answers.flatMap { answer -> [Decision] in
            guard case .playing = answer.state, !answer.responses.contains(where: playout.isPending) else { return [] }
            return handle(.playedOut(answer.responses.flatMap(playout.segments)), turn: answer.turn, at: now)
        }
    }

    // MARK: Ends

    /// `turns` will be asked again in the next session; what was asked for them in this one is void.
    mutating func linkLost(_ reason: String, keeping turns: Set<TurnID>, at now: Instant) -> [Decision] {
        answers.removeAll { turns.contains($0.turn) }
        var decisions = answers.map(\.turn).flatMap { handle(.linkLost(reason), turn: $0, at: now) }
        if let wish {
            self.wish = nil
            if !turns.contains(wish.turn) {
                decisions.append(.settled(wish.turn, AssistantPart(status: .failed, reason: reason), nil))
            }
        }
        return decisions
    }

    mutating func deadlineReached(at now: Instant) -> [Decision] {
        // One playback for all: what stands still in front of it will not be heard either.
        let stuck = answers.contains { $0.isStuck(at: now) } ? silence(isPlaying: true, at: now) : []
        let decisions = answers.map(\.turn).flatMap { handle(.deadlineReached, turn: $0, at: now) }
        if decisions.contains(where: \.isCancellation) { pausedUntil = now + Self.refusalWait }
        return stuck + decisions
    }

    /// The program ends: what was heard until now is all that will be.
    mutating func stop(_ playout: Playout, at now: Instant) -> [Decision] {
        // A turn still waiting to be answered fails with its transcripts.
        wish = nil
        var decisions = silence(isPlaying: !playout.isSilent, at: now)
        for answer in answers {
            let segments = answer.responses.flatMap(playout.segments)
            decisions += handle(.flushed(segments), turn: answer.turn, at: now)
            decisions += handle(.failed("the agent was stopped"), turn: answer.turn, at: now)
        }
        flushes.removeAll()
        return decisions
    }

    // MARK: One answer

    /// Hands the input to the turn's answer; nothing when it has settled.
    private mutating func handle(_ input: AnswerStateMachine.Input, turn: TurnID, at now: Instant) -> [Decision] {
        guard let index = answers.firstIndex(where: { $0.turn == turn }) else { return [] }
        let actions = answers[index].handle(input, at: now)
        if case .settled = answers[index].state { answers.remove(at: index) }
        return actions.map { action in
            switch action {
            case .cancel(let response): bookkeeping(.cancelResponse(response))
            case .truncate(let item, let contentIndex, let audioEndMs):
                bookkeeping(.truncateItem(item, contentIndex: contentIndex, audioEndMs: audioEndMs))
            case .delete(let item): bookkeeping(.deleteItem(item))
            case .call(let calls, let isToRun): .called(turn, calls, isToRun: isToRun)
            case .settled(let part, let usage): .settled(turn, part, usage)
            }
        }
    }

    private func bookkeeping(_ body: ClientEvent.Body) -> Decision {
        .send(ClientEvent(body, eventID: OwnEventID.bookkeeping.text))
    }
}

extension AnswerQueue.Decision {
    fileprivate var isCancellation: Bool {
        if case .send(let event) = self, case .cancelResponse = event.body { true } else { false }
    }
}
