import MonotonicClock
import Realtime

/// One answer of the assistant: a response in the default conversation, from the request to the last frame heard; and
/// where it calls tools, the responses that follow.
///
/// The server makes audio much faster than it is heard, so an answer has two ends: `response.done` and silence.
struct AnswerStateMachine: Sendable {
    enum Input: Equatable {
        case created(ResponseID)
        case text(ContentPart, delta: String)
        case wholeText(ContentPart, text: String)
        case audio(ContentPart)
        /// The server announced an item of the answer.
        case item(ItemID)
        /// A call in the answer is complete; it counts when the response is done.
        case call(ToolCall)
        case done(Response)
        /// Every call of the response is answered: another response is wanted.
        case toolsAnswered
        /// That response was asked for.
        case askedAgain
        /// It was refused for now.
        case putOff(until: Instant)
        /// The request was refused: nothing more will come.
        case failed(String)
        /// The session is gone: nothing more will come, and nobody is left to tell.
        case linkLost(String)
        /// The visitor wants to speak, and playback was told to be silent.
        case interrupt
        /// Playback fell silent after the interruption; what was heard of each part.
        case flushed([Playout.Segment])
        /// Everything handed to playback was heard.
        case playedOut([Playout.Segment])
        case deadlineReached
    }

    enum Action: Equatable {
        /// nil: the conversation's running one, whose id is not known yet.
        case cancel(ResponseID?)
        case truncate(ItemID, contentIndex: Int, audioEndMs: Int)
        case delete(ItemID)
        /// The response is done and has called tools; not to be run when nobody waits for them any more.
        case call([ToolCall], isToRun: Bool)
        case settled(AssistantPart, Usage?)
    }

    /// From the request to `response.created`.
    static let requestLimit = Duration.seconds(15)
    /// Longest silence of a response that is being made, and longest standstill of the playback clock.
    static let progressLimit = Duration.seconds(30)
    /// How long an interrupted answer waits for `response.done` and for playback.
    static let stopLimit = Duration.seconds(3)
    /// How often an answer may call tools; the response after that must speak.
    static let roundLimit = 8

    let turn: TurnID
    private(set) var state: State
    private var texts = AnswerText()
    /// The items the server announced.
    private var items: [ItemID] = []
    private var usage: Usage?
    /// Every response of the answer, in order.
    private(set) var responses: [ResponseID] = []
    /// Those that are done.
    private var doneResponses: Set<ResponseID> = []
    /// Calls of the response that is being made, and the ids of all.
    private var calls: [ToolCall] = []
    private var callIDs: Set<String> = []
    private(set) var rounds = 0
    /// The session that made it is gone, and its items with it.
    private var isSessionLost = false

    /// `requestedAt`: when `response.create` left, or when the commit made the server answer by itself.
    init(turn: TurnID, requestedAt now: Instant) {
        self.turn = turn
        state = .requested(deadline: now + Self.requestLimit)
    }

    mutating func handle(_ input: Input, at now: Instant) -> [Action] {
        switch input {
        case .created(let response): return created(response, at: now)
        case .text(let part, let delta):
            texts.append(delta, to: part)
            return progressed(at: now)
        case .wholeText(let part, let text):
            texts.set(text, of: part)
            return progressed(at: now)
        case .audio: return progressed(at: now)
        case .item(let item): return announced(item, at: now)
        case .call(let call):
            if callIDs.insert(call.id).inserted { calls.append(call) }
            return progressed(at: now)
        case .toolsAnswered: return toolsAnswered(at: now)
        case .askedAgain: return askedAgain(at: now)
        case .putOff(let instant): return putOff(until: instant)
        case .done(let response): return done(response, at: now)
        case .failed(let reason): return failed(reason, at: now)
        case .linkLost(let reason):
            isSessionLost = true
            return failed(reason, at: now)
        case .interrupt: return interrupt(at: now)
        case .flushed(let segments): return flushed(segments)
        case .playedOut(let segments): return playedOut(segments)
        case .deadlineReached: return deadlineReached(at: now)
        }
    }

    /// The playback clock moved: a long answer is not a stuck one.
    mutating func heardMore(at now: Instant) { _ = progressed(at: now) }

    private mutating func created(_ response: ResponseID, at now: Instant) -> [Action] {
        switch state {
        case .requested:
            responses.append(response)
            state = .generating(response, deadline: now + Self.progressLimit)
            return []
        case .stopping(var stop) where stop.response == nil && stop.outcome == nil:
            // Crossed our cancel on the wire, which named no response: the server may have found none running.
            responses.append(response)
            stop.response = response
            state = .stopping(stop)
            return [.cancel(response)]
        case .generating, .calling, .waiting, .playing, .stopping, .settled:
            return []
        }
    }

    private mutating func progressed(at now: Instant) -> [Action] {
        switch state {
        case .generating(let response, _): state = .generating(response, deadline: now + Self.progressLimit)
        case .playing(let response, let outcome, _):
            state = .playing(response, outcome, deadline: now + Self.progressLimit)
        case .requested, .calling, .waiting, .stopping, .settled: break
        }
        return []
    }

    private mutating func announced(_ item: ItemID, at now: Instant) -> [Action] {
        guard !items.contains(item) else { return [] }
        items.append(item)
        switch state {
        case .stopping(let stop):
            // Crossed our cancel on the wire. Before silence it is in the account; after it nobody can have heard it.
            guard let heard = stop.heard, !heard.contains(where: { $0.part.item == item }) else { return [] }
            return isSessionLost ? [] : [.delete(item)]
        case .requested, .generating, .calling, .waiting, .playing, .settled:
            return progressed(at: now)
        }
    }

    private mutating func done(_ response: Response, at now: Instant) -> [Action] {
        // Said twice: the first time counted.
        guard doneResponses.insert(response.id).inserted else { return [] }
        if !responses.contains(response.id) { responses.append(response.id) }
        if let more = response.usage { usage = usage.map { $0 + more } ?? more }
        texts.fill(from: response)
        let called = takeCalls(of: response)
        switch state {
        case .requested, .generating:
            guard response.status == .completed, !called.isEmpty, rounds < Self.roundLimit else {
                state = .playing(response.id, Outcome(response), deadline: now + Self.progressLimit)
                return notRun(called)
            }
            rounds += 1
            state = .calling(response.id)
            return [.call(called, isToRun: true)]
        case .stopping(var stop):
            stop.outcome = stop.outcome ?? Outcome(response)
            stop.response = response.id
            return notRun(called) + settleIfStopped(stop)
        case .calling, .waiting, .playing, .settled:
            return notRun(called)
        }
    }

    /// What the response called, from its items and its end: a server may say it in one place only.
    private mutating func takeCalls(of response: Response) -> [ToolCall] {
        for call in response.output.compactMap({ ToolCall($0) }) where callIDs.insert(call.id).inserted {
            calls.append(call)
        }
        defer { calls = [] }
        return calls
    }

    private func notRun(_ calls: [ToolCall]) -> [Action] { calls.isEmpty ? [] : [.call(calls, isToRun: false)] }

    private mutating func toolsAnswered(at now: Instant) -> [Action] {
        switch state {
        case .calling(let response): state = .waiting(response, notBefore: now)
        // Interrupted while they ran.
        case .requested, .generating, .waiting, .playing, .stopping, .settled: break
        }
        return []
    }

    private mutating func askedAgain(at now: Instant) -> [Action] {
        switch state {
        case .waiting: state = .requested(deadline: now + Self.requestLimit)
        case .requested, .generating, .calling, .playing, .stopping, .settled: break
        }
        return []
    }

    private mutating func putOff(until instant: Instant) -> [Action] {
        switch state {
        case .requested: state = responses.last.map { .waiting($0, notBefore: instant) } ?? state
        case .generating, .calling, .waiting, .playing, .stopping, .settled: break
        }
        return []
    }

    private mutating func failed(_ reason: String, at now: Instant) -> [Action] {
        switch state {
        case .requested where responses.isEmpty:
            return settle(AssistantPart(status: .failed, reason: reason))
        case .requested, .generating, .calling, .waiting:
            guard let response = responses.last else { return [] }
            // What came is played to its end; then the turn says that the rest is missing.
            state = .playing(response, .failed(reason: reason), deadline: now + Self.progressLimit)
            return []
        case .stopping(var stop):
            stop.outcome = stop.outcome ?? .failed(reason: reason)
            return settleIfStopped(stop)
        case .playing, .settled:
            return []
        }
    }

    private mutating func interrupt(at now: Instant) -> [Action] {
        let deadline = now + Self.stopLimit
        switch state {
        case .requested:
            state = .stopping(Stop(deadline: deadline))
            return [.cancel(nil)]
        case .generating(let response, _):
            state = .stopping(Stop(response: response, deadline: deadline))
            return [.cancel(response)]
        case .playing(let response, let outcome, _):
            state = .stopping(Stop(response: response, outcome: outcome, deadline: deadline))
            return []
        case .calling(let response), .waiting(let response, _):
            let outcome = Outcome.failed(reason: "interrupted while its tools ran")
            state = .stopping(Stop(response: response, outcome: outcome, deadline: deadline))
            return []
        case .stopping, .settled:
            return []
        }
    }

    private mutating func flushed(_ segments: [Playout.Segment]) -> [Action] {
        switch state {
        case .stopping(var stop) where stop.heard == nil:
            stop.heard = segments
            return accounts(for: segments) + settleIfStopped(stop)
        case .requested, .generating, .calling, .waiting, .playing, .stopping, .settled:
            return []
        }
    }

    /// Tells the server what was heard: part of an item, or nothing of it.
    private func accounts(for segments: [Playout.Segment]) -> [Action] {
        guard !isSessionLost else { return [] }
        let heardItems = segments.filter { $0.heardFrames > 0 }.map(\.part.item)
        let truncations = segments.filter { $0.heardFrames < $0.frames && heardItems.contains($0.part.item) }.map {
            Action.truncate(
                $0.part.item, contentIndex: $0.part.contentIndex, audioEndMs: $0.heardFrames * 1000 / sessionRate)
        }
        // Announced or received, and nothing of it heard.
        let unannounced = segments.map(\.part.item).filter { !items.contains($0) }
        let unheard = (items + unannounced).filter { !heardItems.contains($0) }
        return truncations + unheard.map { .delete($0) }
    }

    private mutating func playedOut(_ segments: [Playout.Segment]) -> [Action] {
        switch state {
        case .playing(_, let outcome, _):
            let playedMs = Self.playedMs(segments)
            switch outcome {
            case .completed: return settle(AssistantPart(status: .completed, text: texts.whole, playedMs: playedMs))
            case .incomplete(let reason):
                return settle(AssistantPart(status: .completed, text: texts.whole, playedMs: playedMs, reason: reason))
            case .failed(let reason):
                return settle(AssistantPart(status: .failed, text: texts.whole, playedMs: playedMs, reason: reason))
            }
        case .requested, .generating, .calling, .waiting, .stopping, .settled:
            return []
        }
    }

    private mutating func deadlineReached(at now: Instant) -> [Action] {
        guard let deadline, deadline <= now else { return [] }
        switch state {
        case .requested:
            return failed("no answer within \(Self.requestLimit)", at: now)
        case .generating(let response, _):
            let outcome = Outcome.failed(reason: "the answer stopped half way")
            state = .playing(response, outcome, deadline: now + Self.progressLimit)
            return [.cancel(response)]
        case .stopping(var stop):
            stop.outcome = stop.outcome ?? .failed(reason: "its end never came")
            stop.heard = stop.heard ?? []
            return settleIfStopped(stop)
        case .calling, .waiting, .playing, .settled:
            // Playback that stands still is silenced for all answers at once, by the queue.
            return []
        }
    }

    private mutating func settleIfStopped(_ stop: Stop) -> [Action] {
        guard let outcome = stop.outcome, let heard = stop.heard else {
            state = .stopping(stop)
            return []
        }
        let playedMs = Self.playedMs(heard)
        guard heard.contains(where: { $0.heardFrames > 0 }) else {
            return settle(AssistantPart(status: .cancelled, text: texts.whole))
        }
        if heard.allSatisfy({ $0.heardFrames == $0.frames }) {
            // The interruption came with the last frame: everything that was made was heard.
            switch outcome {
            case .completed: return settle(AssistantPart(status: .completed, text: texts.whole, playedMs: playedMs))
            case .incomplete(let reason):
                return settle(AssistantPart(status: .completed, text: texts.whole, playedMs: playedMs, reason: reason))
            case .failed: break
            }
        }
        return settle(AssistantPart(
            status: .truncated, text: texts.whole, playedMs: playedMs, heardText: texts.heard(of: heard)))
    }

    private mutating func settle(_ part: AssistantPart) -> [Action] {
        state = .settled
        return [.settled(part, usage)]
    }

    private static func playedMs(_ segments: [Playout.Segment]) -> Int {
        segments.reduce(0) { $0 + $1.heardFrames } * 1000 / sessionRate
    }
}
