import MonotonicClock
import Realtime

/// Changed settings in an open session.
extension SessionStateMachine {
    mutating func reconfigurationHandle(_ input: ReconfigurationStateMachine.Input, at now: Instant) -> [Action] {
        let actions = reconfiguration.handle(input, at: now).flatMap { action -> [Action] in
            switch action {
            case .send(let update):
                return [.send(ClientEvent(.sessionUpdate(update), eventID: OwnEventID.reconfiguration.text))]
            case .adopt(let change):
                return adopt(change.configuration) + [.reconfigured(change: change.id)]
            case .decline(let change, let refusal):
                return [.notReconfigured(change: change, reason: words(for: refusal))]
            case .report(let fault): return [.report(fault)]
            case .renew: return renewUnclear(at: now)
            }
        }
        microphone.isHeld = reconfiguration.holdsMicrophone
        return actions
    }

    /// Whether the button begins turns is not known until the server, or a fresh session, has said so.
    private var holdsPresses: Bool { reconfiguration.isSwitching || continuity.due == .unclear }

    mutating func reconfigureIfIdle(at now: Instant) -> [Action] {
        guard reconfiguration.isUnderWay else { return [] }
        let maySwitch = link.readySession != nil && isIdle && continuity.due != .unclear
        return reconfigurationHandle(maySwitch ? .idle(configuration) : .busy, at: now)
    }

    /// In words for whoever asked for the change.
    private func words(for refusal: ReconfigurationStateMachine.Refusal) -> String {
        switch refusal {
        case .overtaken: "a later change took its place"
        case .late where link.readySession == nil: "there is no session to be told"
        case .late: "a turn was open all the time"
        case .refused(let words): "the server refuses: \(words)"
        case .unconfirmed: "the server does not confirm it"
        }
    }

    private mutating func renewUnclear(at now: Instant) -> [Action] {
        guard link.readySession != nil else { return [] }
        continuity.due = .unclear
        tasks.endSession(within: TaskQueue.endLimit, delaysStop: false, at: now)
        return followTasks(at: now)
    }

    // MARK: In force

    private mutating func adopt(_ configuration: SessionConfiguration) -> [Action] {
        let former = self.configuration
        self.configuration = configuration
        tools.offer(configuration.tools)
        figures.budget.isReducible = configuration.builtInModel != nil
        bargeIn.confirmMs = configuration.bargeInConfirmMs
        microphone.isMutable = configuration.microphoneWhileSpeaking == .muted
        guard configuration.detection != former.detection else { return [] }
        let (preRollFrames, tailFrames) = configuration.margins
        let pressedFrame = presses.first.map { button.startFrame(pressedAt: $0.frame) }
        button.change(
            preRollFrames: preRollFrames, tailFrames: tailFrames, notBefore: keptFromFrame,
            isDown: isButtonDown && presses.isEmpty)
        prompts.tail = .seconds(tailFrames) / sessionRate
        switch (former.isPushToTalk, configuration.isPushToTalk) {
        case (true, true), (false, false): return []
        case (true, false):
            // Whoever pressed meanwhile is listened to from there on.
            let frame = max(pressedFrame ?? capturedUntilFrame, keptFromFrame)
            microphone.switchedOn(fromFrame: min(frame, capturedUntilFrame))
        case (false, true): microphone.sessionClosed()
        }
        // What the server has of it belongs to no turn.
        return [.send(ClientEvent(.clear, eventID: OwnEventID.bookkeeping.text))]
    }

    // MARK: The button

    mutating func pressed(frame: Int, at now: Instant) -> [Action] {
        let overtaken = promptsHandle(.overtaken, at: now)
        if holdsPresses, !isButtonDown { waits(WaitingPress(frame: frame, at: now)) }
        isButtonDown = true
        let beginsTurn = configuration.isPushToTalk && !holdsPresses
        return overtaken + (beginsTurn ? buttonHandle(.pressed(frame: frame), at: now) : interrupt(at: now))
    }

    mutating func released(frame: Int, at now: Instant) -> [Action] {
        isButtonDown = false
        if waits(WaitingPress.Release(frame: frame, at: now)) { return [] }
        return buttonHandle(.released(frame: frame), at: now) + promptsHandle(.released(link.trouble), at: now)
    }

    /// A press that waits for the server's answer: it says whether the button begins a turn.
    struct WaitingPress: Sendable, Equatable {
        let frame: Int
        let at: Instant
        var released: Release?

        struct Release: Sendable, Equatable {
            let frame: Int
            let at: Instant
        }
    }

    mutating func waits(_ press: WaitingPress) {
        // Pressed twice is one press.
        if let last = presses.last, last.released == nil { return }
        presses.append(press)
    }

    /// False when no press waits for it.
    mutating func waits(_ release: WaitingPress.Release) -> Bool {
        guard let last = presses.last, last.released == nil else { return false }
        // A tap says nothing.
        if release.at - last.at < PushToTalkStateMachine.tapLimit {
            presses.removeLast()
        } else {
            presses[presses.count - 1].released = release
        }
        return true
    }

    /// What follows from any input: the server has answered, and the button counts again as it did at its edges.
    mutating func followPresses(at now: Instant) -> [Action] {
        guard !presses.isEmpty, !isStopping, !holdsPresses else { return [] }
        defer { presses = [] }
        // Under the server's detection the press has done its work.
        guard configuration.isPushToTalk else { return [] }
        return presses.flatMap { press -> [Action] in
            let pressed = buttonHandle(.pressed(frame: max(press.frame, keptFromFrame)), at: press.at)
            guard let release = press.released else {
                return pressed + buttonHandle(.captured(untilFrame: capturedUntilFrame), at: now)
            }
            return pressed + buttonHandle(.released(frame: release.frame), at: release.at)
        }
    }
}

extension SessionConfiguration {
    /// Frames that are sent from before a press and from after a release; none where the button begins no turn.
    var margins: (preRollFrames: Int, tailFrames: Int) {
        switch detection {
        case .pushToTalk(let preRollFrames, let tailFrames): (preRollFrames, tailFrames)
        case .server: (0, 0)
        }
    }
}
