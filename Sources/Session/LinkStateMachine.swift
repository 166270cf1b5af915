import MonotonicClock
import Realtime

/// One session after another: connect, configure, ready, and what to do when it ends.
///
/// "Connected" means nothing yet: bad keys and missing credit are refused after the upgrade, so only
/// `session.updated` makes the link ready.
public struct LinkStateMachine: Sendable {
    enum Input: Equatable {
        case start
        case connected
        case lost(LinkLoss)
        case sessionCreated(SessionInfo)
        case sessionUpdated(SessionInfo)
        case serverError(APIError)
        case deadlineReached
        /// No session is wanted until `resume`; `reason` is what the server and the journal are told.
        case rest(reason: String)
        case resume
        /// The session is to be followed by a fresh one; the words are the journal's.
        case renew(String)
        case stop
    }

    enum Action: Equatable {
        case connect
        case configure(eventID: String)
        case opened(session: String)
        case closed(session: String, reason: String)
        /// Begin the closing handshake with 1000.
        case close(reason: String)
        /// Drop the connection at once: the peer does not answer.
        case abandon
        case wait(Duration)
        case report(Fault)
        /// The last close is done: the program may end.
        case stopped
    }

    enum State: Equatable {
        /// Before `start`. -> `connecting`.
        case idle
        /// The transport looks up, connects, upgrades under its own deadline. -> `greeting`; `waiting` on failure.
        case connecting
        /// Upgraded and update sent, no `session.created` yet. -> `configuring`, `ready`; `leaving` when the update is
        /// refused; `waiting` when the greeting never comes.
        case greeting(deadline: Instant)
        /// `session.created` seen, our update not yet confirmed. -> `ready`; `leaving` when it is refused; `waiting`.
        case configuring(session: String, deadline: Instant)
        /// The session is ours. -> `waiting` on loss, `leaving` on renewal, `closing` on stop.
        case ready(session: String)
        /// No link until the instant. -> `connecting`.
        case waiting(until: Instant)
        /// We gave the connection up and wait for its end. -> `waiting` until `retryAt`; `connecting` when that is
        /// past; `resting` when it is nil.
        case leaving(retryAt: Instant?, deadline: Instant)
        /// No session is wanted. -> `connecting` on resume, `stopped`.
        case resting
        /// Stop asked for, closing handshake under way. -> `stopped`.
        case closing(deadline: Instant)
        /// Final.
        case stopped
    }

    /// Why there is no session, as far as it concerns the visitor.
    enum Trouble: Equatable {
        /// The link broke, or cannot be made.
        case unreachable
        /// The server has no room for us now.
        case busy
        /// Somebody has to act: key, credit, model.
        case refused
        /// None is wanted: today's budget is spent.
        case spent
    }

    /// From the upgrade to `session.created`, and from there to `session.updated` (contract: 10 s).
    static let greetingLimit = Duration.seconds(10)
    /// How soon a refusal that a retry cannot mend is tried again (contract: 5 minutes).
    static let refusalWait = Duration.seconds(300)
    /// The whole stop takes 2 s at most; the journal may need 1.5 s of it.
    static let closingLimit = Duration.milliseconds(400)
    /// The longest wait a server may ask for with `retry-after`.
    static let longestRetryAfter = Duration.seconds(300)

    private(set) var state = State.idle
    /// Of the latest attempt that failed; nil since a session was ready, and before the first failure.
    private(set) var trouble: Trouble?
    private var backoff: Backoff
    private var configuration = 0
    private var lastErrorCode: String?
    private var lastReport: String?

    init(seed: UInt64) { backoff = Backoff(seed: seed) }

    /// The session's id while audio may leave.
    var readySession: String? {
        if case .ready(let session) = state { session } else { nil }
    }

    /// Stop was asked for: nothing but the end of the link matters any more.
    var isStopping: Bool {
        switch state {
        case .closing, .stopped: true
        case .idle, .connecting, .greeting, .configuring, .ready, .waiting, .leaving, .resting: false
        }
    }

    var deadline: Instant? {
        switch state {
        case .idle, .connecting, .ready, .resting, .stopped: nil
        case .greeting(let deadline), .configuring(_, let deadline), .leaving(_, let deadline), .closing(let deadline):
            deadline
        case .waiting(let until): until
        }
    }

    mutating func handle(_ input: Input, at now: Instant) -> [Action] {
        switch input {
        case .start: start()
        case .connected: connected(at: now)
        case .lost(let loss): lost(loss, at: now)
        case .sessionCreated(let session): sessionCreated(session, at: now)
        case .sessionUpdated(let session): sessionUpdated(session)
        case .serverError(let error): serverError(error, at: now)
        case .deadlineReached: deadlineReached(at: now)
        case .rest(let reason): rest(reason, at: now)
        case .resume: resume(at: now)
        case .renew(let reason): renew(reason, at: now)
        case .stop: stop(at: now)
        }
    }

    private mutating func start() -> [Action] {
        switch state {
        case .idle:
            state = .connecting
            return [.connect]
        case .resting:
            // Spent before the start.
            return []
        case .connecting, .greeting, .configuring, .ready, .waiting, .leaving, .closing, .stopped:
            preconditionFailure("started twice")
        }
    }

    private mutating func connected(at now: Instant) -> [Action] {
        switch state {
        case .connecting:
            lastErrorCode = nil
            configuration += 1
            state = .greeting(deadline: now + Self.greetingLimit)
            // Before anything else: an unconfigured session listens and answers by itself.
            return [.configure(eventID: configureID)]
        case .idle, .greeting, .configuring, .ready, .waiting, .leaving, .resting, .closing, .stopped:
            // The upgrade crossed our stop or give-up on the wire.
            return []
        }
    }

    private mutating func sessionCreated(_ session: SessionInfo, at now: Instant) -> [Action] {
        switch state {
        case .greeting:
            state = .configuring(session: session.id, deadline: now + Self.greetingLimit)
            return []
        case .idle, .connecting, .configuring, .ready, .waiting, .leaving, .resting, .closing, .stopped:
            // A second greeting changes nothing; one after our give-up is too late.
            return []
        }
    }

    private mutating func sessionUpdated(_ session: SessionInfo) -> [Action] {
        switch state {
        case .configuring(let id, _):
            state = .ready(session: id)
            backoff.reset()
            lastReport = nil
            trouble = nil
            return [.opened(session: id)]
        case .greeting:
            // A proxy swallowed the greeting; the confirmation says as much.
            state = .ready(session: session.id)
            backoff.reset()
            lastReport = nil
            trouble = nil
            return [.opened(session: session.id)]
        case .idle, .connecting, .ready, .waiting, .leaving, .resting, .closing, .stopped:
            return []
        }
    }

    private mutating func serverError(_ error: APIError, at now: Instant) -> [Action] {
        if let code = error.code { lastErrorCode = code }
        switch state {
        case .greeting, .configuring:
            guard error.eventID == configureID else { return [] }
            // The update is all or nothing: without it the session would answer in a way nobody asked for.
            state = .leaving(retryAt: now + Self.refusalWait, deadline: now + Self.closingLimit)
            trouble = .refused
            return report(Fault(.refused, "the server refuses the session settings: \(error.message)"))
                + [.close(reason: "session settings refused")]
        case .idle, .connecting, .ready, .waiting, .leaving, .resting, .closing, .stopped:
            return []
        }
    }

    private mutating func lost(_ loss: LinkLoss, at now: Instant) -> [Action] {
        switch state {
        case .connecting, .greeting, .configuring:
            return fail(loss, at: now)
        case .ready(let session):
            let closed = Action.closed(session: session, reason: loss.words)
            guard loss.isExpiry || lastErrorCode == LinkLoss.expiryCode else { return [closed] + fail(loss, at: now) }
            // Old age is no fault: the next session follows at once.
            state = .connecting
            return [closed, .connect]
        case .leaving(let retryAt, _):
            return left(retryAt: retryAt, at: now)
        case .closing:
            state = .stopped
            return [.stopped]
        case .idle, .waiting, .resting, .stopped:
            return []
        }
    }

    /// The link is gone against our will: say why, and when we try again.
    private mutating func fail(_ loss: LinkLoss, at now: Instant) -> [Action] {
        // An error explains the end of its own connection only.
        defer { lastErrorCode = nil }
        if let refusal = loss.refusal(lastErrorCode: lastErrorCode) {
            state = .waiting(until: now + Self.refusalWait)
            trouble = .refused
            return report(Fault(.refused, refusal)) + [.wait(Self.refusalWait)]
        }
        trouble = loss.isBusy(lastErrorCode: lastErrorCode) ? .busy : .unreachable
        var wait = backoff.next()
        if let retryAfter = loss.retryAfter { wait = max(wait, min(retryAfter, Self.longestRetryAfter)) }
        state = .waiting(until: now + wait)
        return report(Fault(.link, loss.words)) + [.wait(wait)]
    }

    private mutating func deadlineReached(at now: Instant) -> [Action] {
        guard let deadline, deadline <= now else { return [] }
        switch state {
        case .greeting: return giveUp("no session.created within 10 s of the upgrade", at: now)
        case .configuring: return giveUp("no session.updated within 10 s of session.created", at: now)
        case .leaving(let retryAt, _):
            return [.abandon] + left(retryAt: retryAt, at: now)
        case .waiting:
            state = .connecting
            return [.connect]
        case .closing:
            state = .stopped
            return [.abandon, .stopped]
        case .idle, .connecting, .ready, .resting, .stopped: return []
        }
    }

    private mutating func renew(_ reason: String, at now: Instant) -> [Action] {
        switch state {
        case .ready(let session):
            state = .leaving(retryAt: now, deadline: now + Self.closingLimit)
            return [.closed(session: session, reason: reason), .close(reason: reason)]
        case .idle, .connecting, .greeting, .configuring, .waiting, .leaving, .resting, .closing, .stopped:
            // No session to renew: the next one is fresh anyway.
            return []
        }
    }

    private mutating func giveUp(_ why: String, at now: Instant) -> [Action] {
        [.abandon] + fail(LinkLoss(words: why), at: now)
    }

    /// The connection we gave up has ended.
    private mutating func left(retryAt: Instant?, at now: Instant) -> [Action] {
        guard let retryAt else {
            state = .resting
            return []
        }
        guard retryAt > now else {
            state = .connecting
            return [.connect]
        }
        state = .waiting(until: retryAt)
        return [.wait(retryAt - now)]
    }

    private mutating func rest(_ reason: String, at now: Instant) -> [Action] {
        switch state {
        case .ready(let session):
            trouble = .spent
            state = .leaving(retryAt: nil, deadline: now + Self.closingLimit)
            return [.closed(session: session, reason: reason), .close(reason: reason)]
        case .greeting, .configuring:
            trouble = .spent
            state = .leaving(retryAt: nil, deadline: now + Self.closingLimit)
            return [.close(reason: reason)]
        case .connecting:
            trouble = .spent
            state = .resting
            return [.abandon]
        case .leaving(_, let deadline):
            trouble = .spent
            state = .leaving(retryAt: nil, deadline: deadline)
            return []
        case .idle, .waiting:
            trouble = .spent
            state = .resting
            return []
        case .resting, .closing, .stopped:
            return []
        }
    }

    private mutating func resume(at now: Instant) -> [Action] {
        switch state {
        case .resting:
            trouble = nil
            state = .connecting
            return [.connect]
        case .leaving(nil, let deadline):
            trouble = nil
            state = .leaving(retryAt: now, deadline: deadline)
            return []
        case .idle, .connecting, .greeting, .configuring, .ready, .waiting, .leaving, .closing, .stopped:
            return []
        }
    }

    private mutating func stop(at now: Instant) -> [Action] {
        switch state {
        case .ready(let session):
            state = .closing(deadline: now + Self.closingLimit)
            return [.closed(session: session, reason: "stopped"), .close(reason: "stopped")]
        case .greeting, .configuring, .leaving:
            state = .closing(deadline: now + Self.closingLimit)
            return [.close(reason: "stopped")]
        case .connecting:
            state = .stopped
            return [.abandon, .stopped]
        case .idle, .waiting, .resting:
            state = .stopped
            return [.stopped]
        case .closing, .stopped:
            return []
        }
    }

    private var configureID: String { "configure-\(configuration)" }

    /// The same words are said once, not at every attempt; a session in between clears the memory.
    private mutating func report(_ fault: Fault) -> [Action] {
        guard lastReport != fault.what else { return [] }
        lastReport = fault.what
        return [.report(fault)]
    }
}
