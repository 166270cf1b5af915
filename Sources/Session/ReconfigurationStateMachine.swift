import MonotonicClock
import Realtime

/// New settings for the session that is open: asked for by `session.update` between turns, taken over when the server
/// has confirmed them. A refused update changes nothing.
struct ReconfigurationStateMachine: Sendable {
    enum Input: Equatable {
        case wanted(SessionConfiguration)
        /// There is a session, and no turn is open.
        case idle
        case confirmed
        case refused(String)
        case sessionLost
        case deadlineReached
    }

    enum Action: Equatable {
        case send(SessionUpdate)
        case adopt(SessionConfiguration)
        case report(Fault)
    }

    enum State: Equatable {
        /// Nothing is to be changed. -> `waiting`.
        case settled
        /// The next pause between turns is waited for. -> `asked`.
        case waiting(SessionConfiguration)
        /// -> `settled`; `waiting` when the session is lost meanwhile.
        case asked(SessionConfiguration, deadline: Instant)
    }

    /// From the update to `session.updated`, as at the start of a session.
    static let limit = LinkStateMachine.greetingLimit

    private(set) var state = State.settled

    var deadline: Instant? {
        switch state {
        case .settled, .waiting: nil
        case .asked(_, let deadline): deadline
        }
    }

    mutating func handle(_ input: Input, at now: Instant) -> [Action] {
        switch input {
        case .wanted(let configuration):
            state = .waiting(configuration)
            return []
        case .idle:
            guard case .waiting(let configuration) = state else { return [] }
            state = .asked(configuration, deadline: now + Self.limit)
            return [.send(configuration.laterUpdate)]
        case .confirmed:
            guard case .asked(let configuration, _) = state else { return [] }
            state = .settled
            return [.adopt(configuration)]
        case .refused(let words):
            return giveUp("the server refuses the changed settings: \(words)")
        case .sessionLost:
            // The next session begins with the former settings, which the server is known to take.
            if case .asked(let configuration, _) = state { state = .waiting(configuration) }
            return []
        case .deadlineReached:
            guard let deadline, deadline <= now else { return [] }
            return giveUp("the server does not confirm the changed settings")
        }
    }

    private mutating func giveUp(_ words: String) -> [Action] {
        guard case .asked = state else { return [] }
        state = .settled
        return [.report(Fault(.settings, words + ": the former ones stay"))]
    }
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
}
