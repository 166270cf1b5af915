import MonotonicClock
import Realtime

/// What the link decides, carried out: a session that opens, and one that ends.
extension SessionStateMachine {
    mutating func linkHandle(_ input: LinkStateMachine.Input, at now: Instant) -> [Action] {
        let wasRefused = link.trouble == .refused
        let actions = link.handle(input, at: now).flatMap { perform($0, at: now) }
        guard link.trouble == .refused, !wasRefused else { return actions }
        return actions + promptsHandle(.refused, at: now)
    }

    private mutating func perform(_ action: LinkStateMachine.Action, at now: Instant) -> [Action] {
        switch action {
        case .connect: return continuity.switching == nil ? [.show(.connecting), .connect] : [.connect]
        case .configure(let eventID):
            return [.send(ClientEvent(.sessionUpdate(configuration.sessionUpdate), eventID: eventID))]
        case .opened(let session):
            turns.sessionOpened(session)
            figures.costs.sessionOpened(session)
            figures.sessionOpenedAt = now
            undecodableCount = 0
            sounds.sessionOpened()
            tasks.sessionOpened(session)
            if !configuration.isPushToTalk { microphone.sessionOpened(capturedUntil: capturedUntilFrame) }
            let prompts = promptsHandle(.sessionOpened, at: now)
            return prompts + conversationOpened(session, at: now)
        case .closed(let session, let reason):
            let actions = sessionLost(reason, at: now)
            return actions + settleTurns() + tasksLost(reason) + [.record(.sessionClosed(session, reason: reason))]
        case .close(let reason): return [.close(reason: reason)]
        case .abandon: return [.abandon]
        case .wait(let duration):
            switchFailed()
            return [.show(.disconnected(retryIn: duration))]
        case .report(let fault): return [.report(fault)]
        case .stopped: return linkStopped()
        }
    }

    /// What the server had not finished it never will; what it had not committed waits for the next session.
    private mutating func sessionLost(_ reason: String, at now: Instant) -> [Action] {
        let reason = "connection lost: \(reason)"
        utterances.linkLost()
        sessionIsGone()
        turns.sessionLost(reason, keeping: utterances.turns, at: now)
        return toolsHandle(.sessionLost) + reconfigurationHandle(.sessionLost, at: now)
            + bargeInHandle(.sessionLost, at: now)
            + answersHandle(answers.linkLost(reason, keeping: utterances.turns, at: now))
    }
}
