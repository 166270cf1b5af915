import MonotonicClock
import Realtime

/// Where an answer is, and what that means for others.
extension AnswerStateMachine {
    enum State: Equatable {
        /// Asked for, or expected from a server that answers by itself. -> `generating`, `stopping`, `settled`.
        case requested(deadline: Instant)
        /// The server makes it; what came is being heard. -> `playing` or `calling` on done, `stopping`, `settled`.
        case generating(ResponseID, deadline: Instant)
        /// A response is done, the tools it called run. -> `waiting`, `playing` when the link breaks, `stopping`.
        case calling(ResponseID)
        /// They are answered, and the next response can be asked for. -> `requested`, `playing`, `stopping`.
        case waiting(ResponseID, notBefore: Instant)
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
}

extension AnswerStateMachine {
    var deadline: Instant? {
        switch state {
        case .requested(let deadline), .generating(_, let deadline), .playing(_, _, let deadline): deadline
        case .stopping(let stop): stop.deadline
        // Each run of a tool has its own; when to ask is the queue's.
        case .calling, .waiting, .settled: nil
        }
    }

    var response: ResponseID? {
        switch state {
        case .requested, .settled: nil
        case .generating(let response, _), .playing(let response, _, _), .calling(let response),
            .waiting(let response, _): response
        case .stopping(let stop): stop.response
        }
    }

    /// A response after one that called tools.
    var isFollowUp: Bool { rounds > 0 }

    /// What the next response is asked to be: after so many calls one that speaks.
    var request: ResponseRequest {
        var request = ResponseRequest()
        if rounds >= Self.roundLimit { request.toolChoice = .never }
        return request
    }

    /// When the next response of the answer may be asked for; nil when none is wanted.
    var asksAgainAt: Instant? {
        if case .waiting(_, let notBefore) = state { notBefore } else { nil }
    }

    /// A function, not a comparison with `asksAgainAt` at the caller: Swift 6.3.1 crashes on that when it optimizes.
    @inline(never)
    func asksAgain(at now: Instant) -> Bool { asksAgainAt.map { $0 <= now } ?? false }

    func contains(_ response: ResponseID) -> Bool { self.response == response || responses.contains(response) }

    /// The server is, or will be, making it: a second one in the default conversation would be refused.
    var occupiesConversation: Bool {
        switch state {
        case .requested, .generating: true
        case .calling, .waiting, .playing, .settled: false
        case .stopping(let stop): stop.outcome == nil
        }
    }

    /// Its audio may still be handed to playback.
    var isAudible: Bool {
        switch state {
        case .requested, .generating, .calling, .waiting, .playing: true
        case .stopping, .settled: false
        }
    }

    /// Waits for its `response.created`.
    var awaitsResponse: Bool {
        switch state {
        case .requested: true
        case .stopping(let stop): stop.response == nil && stop.outcome == nil
        case .generating, .calling, .waiting, .playing, .settled: false
        }
    }

    /// Playback has not moved for so long that it never will.
    func isStuck(at now: Instant) -> Bool {
        if case .playing(_, _, let deadline) = state { deadline <= now } else { false }
    }
}

extension AnswerStateMachine.Outcome {
    init(_ response: Response) {
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
