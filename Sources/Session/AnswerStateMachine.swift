import MonotonicClock
import Realtime

/// One answer of the assistant: a response in the default conversation, from the request to the last frame heard.
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
        case done(Response)
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
        case settled(AssistantPart, Usage?)
    }

    enum State: Equatable {
        /// Asked for, or expected from a server that answers by itself. -> `generating`, `stopping`, `settled`.
        case requested(deadline: Instant)
        /// The server makes it; what came is being heard. -> `playing` on done, `stopping`, `settled`.
        case generating(ResponseID, deadline: Instant)
        /// All received, not all heard. -> `settled`, `stopping`.
        case playing(ResponseID, Outcome, deadline: Instant)
        /// Interrupted: waits for silence and for the end of the response. -> `settled`.
        case stopping(Stop)
        /// Final.
        case settled
    }

    /// How the response ended on the server.
    enum Outcome: Equatable {
        case completed
        case incomplete(reason: String)
        case failed(reason: String)
    }

    struct Stop: Equatable {
        /// nil while the interrupted request has no response yet.
        var response: ResponseID?
        /// Parts and what was heard of them; nil until playback is silent.
        var heard: [Playout.Segment]?
        /// nil while the server makes it.
        var outcome: Outcome?
        var deadline: Instant
    }

    /// From the request to `response.created`.
    static let requestLimit = Duration.seconds(15)
    /// Longest silence of a response that is being made, and longest standstill of the playback clock.
    static let progressLimit = Duration.seconds(30)
    /// How long an interrupted answer waits for `response.done` and for playback.
    static let stopLimit = Duration.seconds(3)

    let turn: TurnID
    private(set) var state: State
    private var texts = AnswerText()
    /// The items the server announced.
    private var items: [ItemID] = []
    private var usage: Usage?
    /// The session that made it is gone, and its items with it.
    private var isSessionLost = false

    /// `requestedAt`: when `response.create` left, or when the commit made the server answer by itself.
    init(turn: TurnID, requestedAt now: Instant) {
        self.turn = turn
        state = .requested(deadline: now + Self.requestLimit)
    }

    var deadline: Instant? {
        switch state {
        case .requested(let deadline), .generating(_, let deadline), .playing(_, _, let deadline): deadline
        case .stopping(let stop): stop.deadline
        case .settled: nil
        }
    }

    var response: ResponseID? {
        switch state {
        case .requested, .settled: nil
        case .generating(let response, _), .playing(let response, _, _): response
        case .stopping(let stop): stop.response
        }
    }

    /// The server is, or will be, making it: a second one in the default conversation would be refused.
    var occupiesConversation: Bool {
        switch state {
        case .requested, .generating: true
        case .playing, .settled: false
        case .stopping(let stop): stop.outcome == nil
        }
    }

    /// Its audio may still be handed to playback.
    var isAudible: Bool {
        switch state {
        case .requested, .generating, .playing: true
        case .stopping, .settled: false
        }
    }

    /// Waits for its `response.created`.
    var awaitsResponse: Bool {
        switch state {
        case .requested: true
        case .stopping(let stop): stop.response == nil && stop.outcome == nil
        case .generating, .playing, .settled: false
        }
    }

    /// Playback has not moved for so long that it never will.
    func isStuck(at now: Instant) -> Bool {
        if case .playing(_, _, let deadline) = state { deadline <= now } else { false }
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
            state = .generating(response, deadline: now + Self.progressLimit)
            return []
        case .stopping(var stop) where stop.response == nil && stop.outcome == nil:
            // Crossed our cancel on the wire, which named no response: the server may have found none running.
            stop.response = response
            state = .stopping(stop)
            return [.cancel(response)]
        case .generating, .playing, .stopping, .settled:
            return []
        }
    }

    private mutating func progressed(at now: Instant) -> [Action] {
        switch state {
        case .generating(let response, _): state = .generating(response, deadline: now + Self.progressLimit)
        case .playing(let response, let outcome, _):
            state = .playing(response, outcome, deadline: now + Self.progressLimit)
        case .requested, .stopping, .settled: break
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
        case .requested, .generating, .playing, .settled:
            return progressed(at: now)
        }
    }

    private mutating func done(_ response: Response, at now: Instant) -> [Action] {
        usage = usage ?? response.usage
        texts.fill(from: response)
        switch state {
        case .requested, .generating:
            state = .playing(response.id, Outcome(response), deadline: now + Self.progressLimit)
            return []
        case .stopping(var stop):
            stop.outcome = stop.outcome ?? Outcome(response)
            stop.response = response.id
            return settleIfStopped(stop)
        case .playing, .settled:
            return []
        }
    }

    private mutating func failed(_ reason: String, at now: Instant) -> [Action] {
        switch state {
        case .requested:
            return settle(AssistantPart(status: .failed, reason: reason))
        case .generating(let response, _):
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
        case .stopping, .settled:
            return []
        }
    }

    private mutating func flushed(_ segments: [Playout.Segment]) -> [Action] {
        switch state {
        case .stopping(var stop) where stop.heard == nil:
            stop.heard = segments
            return accounts(for: segments) + settleIfStopped(stop)
        case .requested, .generating, .playing, .stopping, .settled:
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
        case .requested, .generating, .stopping, .settled:
            return []
        }
    }

    private mutating func deadlineReached(at now: Instant) -> [Action] {
        guard let deadline, deadline <= now else { return [] }
        switch state {
        case .requested:
            return settle(AssistantPart(status: .failed, reason: "no answer within \(Self.requestLimit)"))
        case .generating(let response, _):
            let outcome = Outcome.failed(reason: "the answer stopped half way")
            state = .playing(response, outcome, deadline: now + Self.progressLimit)
            return [.cancel(response)]
        case .stopping(var stop):
            stop.outcome = stop.outcome ?? .failed(reason: "its end never came")
            stop.heard = stop.heard ?? []
            return settleIfStopped(stop)
        case .playing, .settled:
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

extension AnswerStateMachine.Outcome {
    fileprivate init(_ response: Response) {
        switch response.status {
        case .completed: self = .completed
        case .incomplete: self = .incomplete(reason: response.statusReason ?? "incomplete")
        case .cancelled:
            self = .failed(reason: "cancelled by the server: \(response.statusReason ?? "no reason given")")
        case .failed: self = .failed(reason: response.error?.message ?? response.statusReason ?? "no reason given")
        case .inProgress, .other: self = .failed(reason: "ended with an unknown status")
        }
    }
}
