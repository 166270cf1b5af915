import MonotonicClock
import Realtime

/// What outlives a session: the conversation as text, and the reasons for the next session.
struct Continuity: Sendable {
    typealias Options = SessionConfiguration.Continuity

    var history: ConversationHistory
    var items = ConversationItems()
    var renewal: RenewalStateMachine
    /// Why the present session is to be closed as soon as its last tasks are done.
    var due: RenewalStateMachine.Reason?
    /// Why the session before the one that is awaited was closed by us; nil when it was not.
    var switching: RenewalStateMachine.Reason?
    var hasHadSession = false
    /// What the turns said that the conversation does not hold any more.
    var summary: ContextSummary?
    /// One is asked for: until it is there nothing is deleted.
    var isSummaryAwaited = false
    /// The last item that the present session was told of earlier ones.
    var lastKept: ItemID?
    /// The server refused such an item, and that was said.
    var isRefusalSaid = false

    init(_ options: Options) {
        history = ConversationHistory(turnLimit: options.turns)
        renewal = RenewalStateMachine(renewAfter: options.renewAfter, freshAfterIdle: options.freshAfterIdle)
    }

    var deadline: Instant? { due == nil ? renewal.deadline : nil }
}

/// Why a session was opened.
public enum SessionOpening: String, Sendable, Equatable {
    /// The first one.
    case start
    /// The one before was lost.
    case reconnected
    /// The one before grew old.
    case renewed
    /// Nobody had spoken for long: a new conversation.
    case newVisitor = "new visitor"
}

extension RenewalStateMachine.Reason {
    /// The reason of the journal's entry and of the closing frame.
    var words: String {
        switch self {
        case .age: "renewed for its age"
        case .newVisitor: "idle: the next visitor begins anew"
        case .unclear: "renewed: it did not confirm changed settings"
        }
    }

    fileprivate var opening: SessionOpening {
        switch self {
        case .age, .unclear: .renewed
        case .newVisitor: .newVisitor
        }
    }
}

/// The conversation carried from session to session.
extension SessionStateMachine {
    /// No session, and not because we are between two of them for a moment.
    var isOffline: Bool { link.readySession == nil && continuity.switching == nil }

    /// What follows from any input: a session that is to be followed by a fresh one, once its last tasks are done.
    mutating func followContinuity(at now: Instant) -> [Action] {
        guard !isStopping else { return [] }
        let isIdle = turns.isEmpty && utterances.turns.isEmpty && isSilent && tools.deadline == nil
        var actions: [Action] = []
        let isVisited = !turns.isOnlyTimeouts
        let renewal = continuity.renewal.follow(isIdle: isIdle, isVisited: isVisited, at: now)
        if let reason = renewal, continuity.due == nil {
            if reason == .newVisitor {
                continuity.history.clear()
                continuity.summary = nil
                // One that is under way is somebody else's, too.
                continuity.isSummaryAwaited = false
            }
            guard link.readySession != nil else { return [] }
            continuity.due = reason
            tasks.endSession(within: TaskQueue.renewalLimit, delaysStop: false, at: now)
            actions = followTasks(at: now)
        }
        // The conversation goes on: its session grows older until the next pause.
        if !isIdle, continuity.due == .age { continuity.due = nil }
        guard isIdle, tasks.isEmpty, let reason = continuity.due else { return actions }
        continuity.switching = reason
        return actions + linkHandle(.renew(reason.words), at: now)
    }

    /// The session is ready: it is told what was said before, ahead of everything else.
    mutating func conversationOpened(_ session: String, at now: Instant) -> [Action] {
        let reason = continuity.switching?.opening ?? (continuity.hasHadSession ? .reconnected : .start)
        continuity.switching = nil
        continuity.hasHadSession = true
        continuity.items = ConversationItems()
        continuity.lastKept = nil
        continuity.isRefusalSaid = false
        continuity.renewal.sessionOpened(at: now)
        let kept = continuity.history.turns
        let line: StateLine = switch reason {
        case .start, .reconnected: .ready(session: session)
        case .renewed, .newVisitor: .renewed(session: session, keptTurns: kept.count)
        }
        let entry = Entry.sessionOpened(session, reason: reason, keptTurns: kept.count)
        let told = (continuity.summary.map { [$0.item] } ?? []) + kept.flatMap(\.items)
        return [.record(entry), .show(line)] + tell(told)
    }

    /// Puts items of an earlier session behind those that this one was told before, and ahead of its own.
    private mutating func tell(_ items: [NewItem]) -> [Action] {
        items.map { item in
            let previous = continuity.lastKept ?? (continuity.items.isEmpty ? nil : .root)
            continuity.lastKept = item.id
            return .send(ClientEvent(.createItem(item, previous: previous), eventID: OwnEventID.history.text))
        }
    }

    mutating func sessionIsGone() {
        continuity.renewal.sessionClosed()
        continuity.due = nil
        guard continuity.switching == nil else { return microphone.keep(capturedUntil: capturedUntilFrame) }
        microphone.sessionClosed()
    }

    /// The switch to the next session failed: from now on it is a lost link like any other.
    mutating func switchFailed() {
        guard continuity.switching != nil else { return }
        continuity.switching = nil
        microphone.sessionClosed()
    }

    /// A turn has settled: it is part of the conversation now.
    mutating func remember(_ turn: SettledTurn, id: TurnID) -> [Action] {
        // Dictation is no conversation.
        guard !configuration.isDictation else { return [] }
        let kept = continuity.history.add(turn, id: id)
        guard let session = link.readySession else { return [] }
        // An answer of a lost session may be heard to its end in the next one.
        guard turn.session == session else { return kept.map { tell($0.items) } ?? [] }
        return shortenConversation(after: turn)
    }

    /// The conversation does not hold the item any more.
    mutating func deleted(_ item: ItemID) {
        turns.deleted(item)
        continuity.items.deleted(item)
        if continuity.lastKept == item { continuity.lastKept = nil }
    }

    /// Turns that are given up: what is captured of them is kept elsewhere. An end still to be captured is cut off.
    func spool(_ utterances: [Range<Int>]) -> [Action] {
        guard configuration.isSpooling else { return [] }
        return utterances.map { .spool($0.clamped(to: 0..<max(capturedUntilFrame, 0))) }.filter { $0 != .spool(0..<0) }
    }

    /// The server did not take an item of an earlier session: the conversation goes on without it.
    mutating func historyRefused(_ reason: String) -> [Action] {
        guard !continuity.isRefusalSaid else { return [] }
        continuity.isRefusalSaid = true
        return [.report(Fault(.server, "the server does not take what was said in an earlier session: \(reason)"))]
    }
}
