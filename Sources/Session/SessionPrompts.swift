import MonotonicClock

/// The kiosk's own voice beside the conversation: what becomes a prompt, and how one is laid over playback.
extension SessionStateMachine {
    mutating func promptsHandle(_ input: VoicePromptStateMachine.Input, at now: Instant) -> [Action] {
        prompts.handle(input, at: now).flatMap { action -> [Action] in
            switch action {
            case .say(let prompt):
                playout.prompt(frames: prompts.length(of: prompt))
                return [.prompt(prompt)]
            case .flush:
                return silencePrompt()
            }
        }
    }

    /// What follows from any input: a prompt is over, or can be said.
    mutating func followPrompts(at now: Instant) -> [Action] {
        guard !isStopping else { return [] }
        var actions = isAnswerMissing ? promptsHandle(.unanswered(link.trouble), at: now) : []
        isAnswerMissing = false
        if !playout.isPromptPending { actions.join(promptsHandle(.fellSilent, at: now)) }
        if isSilent { actions.join(promptsHandle(.roomIsSilent, at: now)) }
        return actions
    }

    /// Nothing of a prompt that waits or is heard shall be in the way of an answer.
    mutating func answerOvertakesPrompt(at now: Instant) -> [Action] {
        let actions = promptsHandle(.overtaken, at: now)
        return actions + (playout.isPromptPending ? silencePrompt() : [])
    }

    private mutating func silencePrompt() -> [Action] { answersHandle([answers.silencePrompt()]) }

    // MARK: The end

    /// Whoever is in a turn is not left without a word.
    mutating func farewell(at now: Instant) -> [Action] {
        playout.forgetHeard { _ in false }
        return promptsHandle(.farewell, at: now)
    }

    /// The link has ended; the program may when the farewell is heard.
    mutating func linkStopped() -> [Action] {
        isLinkStopped = true
        return prompts.isSpeaking ? [] : [.stopped]
    }

    /// Everything is recorded: only the ends of the link and of the farewell are still to come.
    mutating func handleWhileStopping(_ input: Input, at now: Instant) -> [Action] {
        let wasSpeaking = prompts.isSpeaking
        var actions = handleWhileTasksEnd(input, at: now)
        switch input {
        case .lost(let loss): actions += linkHandle(.lost(loss), at: now)
        case .deadlineReached:
            // A farewell that takes too long is cut off by the end itself.
            _ = prompts.handle(.deadlineReached, at: now)
            actions += linkHandle(.deadlineReached, at: now)
        case .heard(let frames): playout.heard(frames: frames)
        case .flushed(let heardFrames): _ = playout.flushed(heardFrames: heardFrames)
        case .playbackLost: _ = prompts.handle(.fellSilent, at: now)
        case .start, .connected, .received, .receivedUndecodable, .pressed, .released, .touched, .untouched,
            .captured, .measured, .today, .spentBefore, .toolFinished, .reconfigure, .stop:
            break
        }
        if !playout.isPromptPending { _ = prompts.handle(.fellSilent, at: now) }
        if wasSpeaking, !prompts.isSpeaking, isLinkStopped, !actions.contains(.stopped) { actions.append(.stopped) }
        return actions
    }
}
