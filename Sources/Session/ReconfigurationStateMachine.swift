import MonotonicClock
import Realtime

/// New settings for the session that is open: asked for by `session.update` between turns, taken over when the server
/// has confirmed them. A refused update changes nothing. Each change that is wanted is adopted or declined, once.
///
/// Who ends a turn must not change in the middle of one. A server that listens by itself may have begun to hear speech
/// that it has not announced yet, so the microphone is held first, and an update that changes nothing says by its
/// answer that the server has heard everything sent before.
struct ReconfigurationStateMachine: Sendable {
    /// What is wanted.
    struct Change: Equatable {
        /// The name by which its end is told.
        let id: Int
        let configuration: SessionConfiguration
        /// How long a pause between turns is waited for; nil: as long as it takes.
        var deadline: Instant?
    }

    enum Input: Equatable {
        case wanted(SessionConfiguration, id: Int, within: Duration?)
        /// There is a session, and no turn is open; the configuration is the one in force.
        case idle(SessionConfiguration)
        /// A turn is open, or about to begin, or there is no session.
        case busy
        case confirmed
        case refused(String)
        case sessionLost
        case deadlineReached
    }

    enum Action: Equatable {
        case send(SessionUpdate)
        case adopt(Change)
        case decline(Int, Refusal)
        case report(Fault)
        /// What the server made of the change is not known: only a fresh session is sure to have the former settings.
        case renew
    }

    /// Why a change is not made.
    enum Refusal: Equatable {
        /// A later one took its place.
        case overtaken
        /// There was no pause, or no session, in time.
        case late
        case refused(String)
        case unconfirmed
    }

    enum State: Equatable {
        /// Nothing is to be changed. -> `waiting`.
        case settled
        /// The next pause between turns is waited for. -> `quieting`, `asked`; `settled` when it comes too late.
        case waiting(Change)
        /// The microphone is held until the server has heard what was sent before. -> `quiet`; `waiting` when somebody
        /// spoke in it, or when the session is lost; `settled`.
        case quieting(Change, until: Instant)
        /// It has heard all, and begun no turn. -> `asked`; `waiting` when it has.
        case quiet(Change)
        /// -> `settled`; `waiting` when the session is lost meanwhile, or for the next change.
        case asked(Asked)
    }

    struct Asked: Equatable {
        let change: Change
        /// Somebody else than before is to end the turns.
        let isSwitch: Bool
        let until: Instant
        /// Wanted meanwhile.
        var next: Change?
    }

    /// From an update to its answer, as at the start of a session.
    static let limit = LinkStateMachine.greetingLimit

    private(set) var state = State.settled
    /// Updates of this session that have no answer yet; the server answers them in their order.
    private var unanswered = 0

    /// Something is to be changed.
    var isUnderWay: Bool {
        if case .settled = state { false } else { true }
    }

    /// The server is told who ends a turn: no turn may begin until it has answered.
    var isSwitching: Bool {
        switch state {
        case .settled, .waiting, .quieting, .quiet: false
        case .asked(let asked): asked.isSwitch
        }
    }

    /// Nothing that is captured goes to the server.
    var holdsMicrophone: Bool {
        switch state {
        case .settled, .waiting: false
        case .quieting, .quiet: true
        case .asked(let asked): asked.isSwitch
        }
    }

    var deadline: Instant? {
        switch state {
        case .settled: nil
        case .waiting(let change), .quiet(let change): change.deadline
        case .quieting(_, let until): until
        case .asked(let asked): earlier(asked.until, asked.next?.deadline)
        }
    }

    mutating func handle(_ input: Input, at now: Instant) -> [Action] {
        let actions = perform(input, at: now)
        // It may have been too late for long when it came to wait.
        switch state {
        case .waiting(let change) where change.isLate(at: now), .quiet(let change) where change.isLate(at: now):
            state = .settled
            return actions + [.decline(change.id, .late)]
        case .settled, .waiting, .quieting, .quiet, .asked: return actions
        }
    }

    private mutating func perform(_ input: Input, at now: Instant) -> [Action] {
        switch input {
        case .wanted(let configuration, let id, let limit):
            wanted(Change(id: id, configuration: configuration, deadline: limit.map { now + $0 }))
        case .idle(let former): idle(former, at: now)
        case .busy: busy()
        case .confirmed: confirmed()
        case .refused(let words): refused(words)
        case .sessionLost: sessionLost()
        case .deadlineReached: deadlineReached(at: now)
        }
    }

    private mutating func wanted(_ change: Change) -> [Action] {
        switch state {
        case .settled:
            state = .waiting(change)
            return []
        case .waiting(let former):
            state = .waiting(change)
            return [.decline(former.id, .overtaken)]
        case .quiet(let former):
            state = .quiet(change)
            return [.decline(former.id, .overtaken)]
        case .quieting(let former, let until):
            state = .quieting(change, until: until)
            return [.decline(former.id, .overtaken)]
        case .asked(var asked):
            // The server has been told: its answer first.
            let former = asked.next
            asked.next = change
            state = .asked(asked)
            return former.map { [.decline($0.id, .overtaken)] } ?? []
        }
    }

    private mutating func idle(_ former: SessionConfiguration, at now: Instant) -> [Action] {
        switch state {
        case .waiting(let change):
            let isSwitch = change.configuration.detection != former.detection
            guard isSwitch, !former.isPushToTalk else { return ask(change, isSwitch: isSwitch, at: now) }
            state = .quieting(change, until: now + Self.limit)
            unanswered += 1
            return [.send(former.emptyUpdate)]
        case .quiet(let change):
            return ask(change, isSwitch: change.configuration.detection != former.detection, at: now)
        case .settled, .quieting, .asked:
            return []
        }
    }

    private mutating func ask(_ change: Change, isSwitch: Bool, at now: Instant) -> [Action] {
        state = .asked(Asked(change: change, isSwitch: isSwitch, until: now + Self.limit))
        unanswered += 1
        return [.send(change.configuration.laterUpdate)]
    }

    private mutating func busy() -> [Action] {
        switch state {
        case .quieting(let change, _), .quiet(let change): state = .waiting(change)
        // Asked: nothing was sent that a faithful server could have heard somebody in.
        case .settled, .waiting, .asked: break
        }
        return []
    }

    /// The server has answered the oldest update; true when it was the newest, too.
    private mutating func takeAnswer() -> Bool {
        guard unanswered > 0 else { return false }
        unanswered -= 1
        return unanswered == 0
    }

    private mutating func confirmed() -> [Action] {
        guard takeAnswer() else { return [] }
        switch state {
        case .quieting(let change, _):
            state = .quiet(change)
            return []
        case .asked(let asked):
            state = asked.next.map(State.waiting) ?? .settled
            return [.adopt(asked.change)]
        case .settled, .waiting, .quiet: return []
        }
    }

    private mutating func refused(_ words: String) -> [Action] {
        guard takeAnswer() else { return [] }
        return giveUp(.refused(words), "the server refuses the changed settings: \(words)")
    }

    private mutating func sessionLost() -> [Action] {
        unanswered = 0
        switch state {
        case .settled, .waiting: return []
        case .quieting(let change, _), .quiet(let change):
            state = .waiting(change)
            return []
        case .asked(let asked):
            // The next session begins with the former settings, which the server is known to take.
            state = .waiting(asked.next ?? asked.change)
            return asked.next == nil ? [] : [.decline(asked.change.id, .overtaken)]
        }
    }

    private mutating func deadlineReached(at now: Instant) -> [Action] {
        switch state {
        case .quieting(_, let until) where until <= now: return unconfirmed()
        case .asked(let asked) where asked.until <= now: return unconfirmed()
        case .asked(var asked):
            guard let next = asked.next, next.isLate(at: now) else { return [] }
            asked.next = nil
            state = .asked(asked)
            return [.decline(next.id, .late)]
        case .settled, .waiting, .quieting, .quiet: return []
        }
    }

    private mutating func unconfirmed() -> [Action] {
        giveUp(.unconfirmed, "the server does not confirm the changed settings") + [.renew]
    }

    private mutating func giveUp(_ refusal: Refusal, _ words: String) -> [Action] {
        let id: Int
        switch state {
        case .settled, .waiting, .quiet: return []
        case .quieting(let change, _):
            id = change.id
            state = .settled
        case .asked(let asked):
            id = asked.change.id
            state = asked.next.map(State.waiting) ?? .settled
        }
        return [.decline(id, refusal), .report(Fault(.settings, words + ": the former ones stay"))]
    }
}

extension ReconfigurationStateMachine.Change {
    fileprivate func isLate(at now: Instant) -> Bool { deadline.map { $0 <= now } ?? false }
}

extension SessionConfiguration {
    /// What a session that is open can still be told: not its voice, which may have been heard, nor its formats.
    var laterUpdate: SessionUpdate {
        var update = sessionUpdate
        update.voice = nil
        update.inputFormat = nil
        update.outputFormat = nil
        update.outputModalities = nil
        guard !isDictation else { return update }
        if tools.isEmpty { update.tools = [] }
        if storedPrompt == nil { update.prompt = .null }
        return update
    }

    /// Changes nothing, and is answered all the same.
    fileprivate var emptyUpdate: SessionUpdate {
        var update = SessionUpdate()
        if isDictation { update.kind = .transcription }
        return update
    }
}
