import MonotonicClock

/// When a session is to be followed by a fresh one: before the server ends it for its age, or for a new visitor.
struct RenewalStateMachine: Sendable {
    enum Reason: Sendable, Equatable {
        /// It grows old: the conversation goes on in the next one.
        case age
        /// Nobody spoke for so long that the next one to speak is somebody else.
        case newVisitor
        /// It did not say whether it took changed settings.
        case unclear
    }

    /// How long nothing must have happened for an idle moment: not between a visitor's answer and the next question.
    static let quiet = Duration.seconds(5)
    /// At this share of `renewAfter` an idle moment is not waited for any more: 58 minutes for 50.
    static let urgency = 1.16
    /// The age at which it is not waited for in any case: the server ends a session at 60 minutes.
    static let longestWait = Duration.seconds(58 * 60)

    private let renewAfter: Duration?
    private let freshAfterIdle: Duration?
    /// When the present session was opened; nil when there is none.
    private var openedAt: Instant?
    /// Since when nobody speaks and nothing is open; nil while somebody does.
    private var idleSince: Instant?
    /// Since when no visitor speaks or is answered; nil while one does.
    private var quietSince: Instant?
    /// There was a turn since the conversation began.
    private var isUsed = false

    /// nil: never.
    init(renewAfter: Duration?, freshAfterIdle: Duration?) {
        self.renewAfter = renewAfter
        self.freshAfterIdle = freshAfterIdle
    }

    /// When the next decision falls if nothing happens before.
    var deadline: Instant? { earlier(renewalAt, freshAt) }

    private var renewalAt: Instant? {
        guard let renewAfter, let openedAt, let idleSince else { return nil }
        let atLatest = max(openedAt + min(renewAfter * Self.urgency, Self.longestWait), idleSince)
        return min(max(openedAt + renewAfter, idleSince + Self.quiet), atLatest)
    }

    private var freshAt: Instant? {
        guard isUsed, let freshAfterIdle, let idleSince, let quietSince else { return nil }
        return max(quietSince + freshAfterIdle, idleSince)
    }

    mutating func sessionOpened(at now: Instant) { openedAt = now }

    mutating func sessionClosed() { openedAt = nil }

    /// What is to be done now. `isIdle`: no turn is open or about to begin, and nothing is heard; `isVisited`: what
    /// goes on was begun by a visitor, and not by the server because nobody spoke.
    mutating func follow(isIdle: Bool, isVisited: Bool = true, at now: Instant) -> Reason? {
        guard isIdle else {
            idleSince = nil
            if isVisited { quietSince = nil }
            isUsed = true
            return nil
        }
        quietSince = quietSince ?? now
        idleSince = idleSince ?? now
        if let freshAt, freshAt <= now {
            isUsed = false
            return .newVisitor
        }
        guard let renewalAt, renewalAt <= now else { return nil }
        return .age
    }
}
