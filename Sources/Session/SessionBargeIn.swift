import MonotonicClock
import Realtime

/// A voice over the assistant's under server detection, where it is to be confirmed first.
extension SessionStateMachine {
    /// What a voice that begins does to what is heard.
    mutating func voiceBegan(_ turn: TurnID, at now: Instant) -> [Action] {
        guard configuration.confirmsBargeIn, isAssistantAudible else { return interrupt(at: now) }
        return bargeInHandle(.began(turn), at: now)
    }

    mutating func bargeInHandle(_ input: BargeInStateMachine.Input, at now: Instant) -> [Action] {
        bargeIn.handle(input, at: now).flatMap { action -> [Action] in
            switch action {
            case .duck: return [.setPlaybackGain(BargeInStateMachine.duckedGain)]
            case .restore: return [.setPlaybackGain(1)]
            case .interrupt: return interrupt(at: now)
            case .answer(let turn):
                // A later turn is answered in its stead.
                guard turn == turns.newest else {
                    turns.settleAssistant(turn, as: .none)
                    return []
                }
                return answersHandle(answers.want(turn, at: now))
            case .dismiss(let turn): return dismiss(turn)
            }
        }
    }

    /// What follows from any input: how long the voice has lasted, and what short ones have said.
    mutating func followBargeIn(at now: Instant) -> [Action] {
        guard !bargeIn.isAtRest else { return [] }
        var actions: [Action] = []
        if bargeIn.state != .quiet {
            if isAssistantAudible {
                let lastedMs = sounds.speechMs(untilFrame: capturedUntilFrame)
                actions += lastedMs.map { bargeInHandle(.lasted(ms: $0), at: now) } ?? []
            } else {
                actions += bargeInHandle(.silenced, at: now)
            }
        }
        for (turn, realtime, builtIn) in turns.transcripts where bargeIn.interjections.contains(turn) {
            // A transcript may overtake the commit, an answer must not.
            guard turns.item(of: turn) != nil,
                let hasWords = Transcript.hasWords(builtIn: builtIn, realtime: realtime)
            else { continue }
            actions += bargeInHandle(.understood(turn, hasWords: hasWords), at: now)
        }
        return actions
    }

    /// The turn said nothing: no answer, and nothing of it stays in the conversation.
    private mutating func dismiss(_ turn: TurnID) -> [Action] {
        turns.settleAssistant(turn, as: .none)
        guard link.readySession != nil, let item = turns.item(of: turn) else { return [] }
        return [.send(ClientEvent(.deleteItem(item), eventID: OwnEventID.bookkeeping.text))]
    }
}

extension Transcript {
    /// Whether a turn said anything, by the built-in transcript, or by the other where that is none; nil while it is
    /// open.
    fileprivate static func hasWords(builtIn: Transcript?, realtime: Transcript?) -> Bool? {
        guard let builtIn else { return nil }
        switch builtIn.status {
        case .ok: return true
        case .empty: return false
        case .failed, .timeout, .off: return realtime.map { $0.status == .ok }
        }
    }
}
