import MonotonicClock
import Realtime

/// The out-of-band transcript of one committed user item: one request, one retry.
struct TranscriptionStateMachine: Sendable {
    enum Input: Equatable {
        /// The item exists on the server and can be referenced.
        case itemKnown
        case created(ResponseID)
        case text(delta: String)
        case wholeText(String)
        case done(Response)
        /// The request was refused; no response will come.
        case refused(String)
        case deadlineReached
        /// Nothing more can come: session gone or program stopping.
        case abandoned(String)
    }

    enum State: Equatable {
        /// The item is not known to exist yet. -> `requested`, `final`.
        case waiting
        /// -> `final`, `retrying` after the first failure.
        case requested(attempt: Int, response: ResponseID?, text: String)
        /// -> `requested` at the instant.
        case retrying(at: Instant)
        case final(Transcript)
    }

    /// Pause before the second attempt, unless the server names one.
    static let retryWait = Duration.milliseconds(500)
    /// The longest pause a server may ask for: a later answer would come after the turn has settled.
    static let longestRetryWait = Duration.seconds(8)

    private(set) var state: State
    private(set) var usage: Usage?

    init(isOff: Bool) { state = isOff ? .final(.off) : .waiting }

    var transcript: Transcript? {
        if case .final(let transcript) = state { transcript } else { nil }
    }

    var isFinal: Bool {
        if case .final = state { true } else { false }
    }

    var response: ResponseID? {
        if case .requested(_, let response, _) = state { response } else { nil }
    }

    var retryAt: Instant? {
        if case .retrying(let instant) = state { instant } else { nil }
    }

    /// The attempt to be requested now; nil when there is nothing to ask.
    mutating func handle(_ input: Input, at now: Instant) -> Int? {
        switch (input, state) {
        case (.itemKnown, .waiting):
            return request(attempt: 1)
        case (.created(let id), .requested(let attempt, nil, let text)):
            state = .requested(attempt: attempt, response: id, text: text)
        case (.text(let delta), .requested(let attempt, let response, let text)):
            state = .requested(attempt: attempt, response: response, text: text + delta)
        case (.wholeText(let text), .requested(let attempt, let response, _)):
            state = .requested(attempt: attempt, response: response, text: text)
        case (.done(let response), .requested(let attempt, _, let text)):
            done(response, attempt: attempt, text: text, at: now)
        case (.refused(let reason), .requested(let attempt, _, let text)):
            fail(reason, attempt: attempt, text: text, at: now)
        case (.deadlineReached, .retrying(let instant)) where instant <= now:
            return request(attempt: 2)
        case (.abandoned(let reason), _):
            abandon(reason)
        default:
            // Late, twice, or for an attempt that is over: the first word was the last.
            break
        }
        return nil
    }

    /// The turn's deadline for transcripts has passed.
    mutating func timeOut() {
        switch state {
        case .final: break
        case .requested(_, _, let text): state = .final(.timeout(text))
        case .waiting, .retrying: state = .final(.timeout(""))
        }
    }

    /// The first attempt is not made after all; a second one is of a request that was begun.
    mutating func decline(_ reason: String) {
        switch state {
        case .requested(attempt: 1, response: nil, text: _):
            state = .final(Transcript(status: .off, text: "", reason: reason))
        case .waiting, .requested, .retrying, .final: break
        }
    }

    /// There is nothing to be transcribed.
    mutating func skip(_ reason: String) {
        switch state {
        case .waiting: state = .final(Transcript(status: .off, text: "", reason: reason))
        case .requested, .retrying, .final: break
        }
    }

    /// Nothing more can come.
    mutating func abandon(_ reason: String) {
        switch state {
        case .final: break
        case .requested(_, _, let text): state = .final(.failed(reason, text: text))
        case .waiting, .retrying: state = .final(.failed(reason))
        }
    }

    private mutating func request(attempt: Int) -> Int {
        state = .requested(attempt: attempt, response: nil, text: "")
        return attempt
    }

    private mutating func done(_ response: Response, attempt: Int, text: String, at now: Instant) {
        if let more = response.usage { usage = usage.map { $0 + more } ?? more }
        let whole = text.isEmpty ? response.output.map(\.text).joined() : text
        switch response.status {
        case .completed:
            state = .final(.heard(whole))
        case .incomplete:
            // More tokens would not be allowed the second time either.
            state = .final(.failed("incomplete: \(response.statusReason ?? "no reason given")", text: whole))
        case .cancelled:
            fail("cancelled: \(response.statusReason ?? "no reason given")", attempt: attempt, text: whole, at: now)
        case .failed:
            fail(response.error?.message ?? "no reason given", attempt: attempt, text: whole, at: now)
        case .inProgress, .other:
            fail("ended with an unknown status", attempt: attempt, text: whole, at: now)
        }
    }

    private mutating func fail(_ reason: String, attempt: Int, text: String, at now: Instant) {
        guard attempt == 1 else {
            state = .final(.failed(reason, text: text))
            return
        }
        state = .retrying(at: now + (Self.askedWait(in: reason) ?? Self.retryWait))
    }

    /// "Please try again in 2.3s." in a rate limit's message.
    private static func askedWait(in message: String) -> Duration? {
        guard let range = message.firstRange(of: "try again in ") else { return nil }
        let number = message[range.upperBound...].prefix { $0.isNumber || $0 == "." }
        let unit = message[number.endIndex...].prefix { $0.isLetter }
        guard let value = Double(number), value >= 0, value < 1000 else { return nil }
        let wait = Duration.milliseconds(Int(unit == "ms" ? value : value * 1000))
        return min(wait, longestRetryWait)
    }
}
