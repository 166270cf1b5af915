import MonotonicClock

/// Silence at the first edge of the button's contact: whether that is a press is known only once it has settled.
extension SessionStateMachine {
    /// The longest silence of a contact that never comes to rest; debouncing takes a second at most.
    static let touchLimit = Duration.seconds(2)

    /// Mutes what a press would silence.
    mutating func touched(at now: Instant) -> [Action] {
        guard configuration.isPushToTalk, button.isUp, !isButtonDown, mutedUntil == nil,
            isAssistantAudible || playout.isPromptPending
        else { return [] }
        mutedUntil = now + Self.touchLimit
        return [.setPlaybackGain(0)]
    }

    /// Sound comes back unless the input, which led to these actions, leaves the button touched. To be done before
    /// them: it is for what is played then, too.
    mutating func endTouch(after input: Input, _ actions: [Action], at now: Instant) -> [Action] {
        guard let limit = mutedUntil else { return [] }
        if actions.contains(.flushPlayback) {
            mutedUntil = nil
            return []
        }
        switch input {
        // A press that silenced nothing: all was heard meanwhile.
        case .untouched, .pressed, .playbackLost, .stop: break
        case .start, .connected, .lost, .received, .receivedUndecodable, .released, .touched, .captured, .measured,
            .heard, .flushed, .deadlineReached, .today, .spentBefore, .toolFinished, .reconfigure:
            if now < limit { return [] }
        }
        mutedUntil = nil
        return [.setPlaybackGain(1)]
    }
}
