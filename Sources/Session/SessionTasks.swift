import MonotonicClock
import Realtime

/// Out-of-band tasks in a session: after turns, and when a session or the program ends.
extension SessionStateMachine {
    /// Stop was asked for: nobody is listened to any more.
    var isStopping: Bool { link.isStopping || tasks.delaysStop }

    /// What follows from any input: tasks that can be asked for, and results.
    mutating func followTasks(at now: Instant) -> [Action] {
        guard !tasks.isEmpty else { return [] }
        guard link.readySession != nil else { return settleTasks() }
        if !figures.budget.allowsOutOfBand { tasks.decline(Self.budgetReason) }
        let isFree = isSilent && !turns.isAnyUnderWay
        let requests = tasks.requests(isFree: isFree, at: now) { [turns] in turns.lastItems($0, until: $1) }
        return requests.map { .send($0) } + settleTasks()
    }

    private mutating func settleTasks() -> [Action] {
        tasks.takeSettled().flatMap { task -> [Action] in
            var task = task
            task.cost = task.usage.flatMap { prices?.cost(of: $0, model: configuration.model) }
            if let cost = task.cost { figures.costs.addOther(cost) }
            // Nothing that the operator has asked for.
            guard !task.isContextSummary else { return [.record(.task(task))] + contextSummarized(task) }
            return [.record(.task(task)), .show(.task(name: task.name, task.words))]
        }
    }

    mutating func tasksLost(_ reason: String) -> [Action] {
        tasks.sessionLost("connection lost: \(reason)")
        return settleTasks()
    }

    // MARK: The end

    /// The program ends when the tasks of its session have; they have a second.
    mutating func endWithTasks(at now: Instant) -> [Action] {
        if link.readySession != nil { tasks.endSession(within: TaskQueue.endLimit, delaysStop: true, at: now) }
        return followEnd(at: now)
    }

    private mutating func followEnd(at now: Instant) -> [Action] {
        let actions = followTasks(at: now)
        return actions + (tasks.isEmpty ? linkHandle(.stop, at: now) : [])
    }

    /// Only what the tasks wait for is listened to.
    mutating func handleWhileTasksEnd(_ input: Input, at now: Instant) -> [Action] {
        guard tasks.delaysStop else { return [] }
        switch input {
        case .received(let event): taskReceived(event, at: now)
        case .lost(let loss): return tasksLost(loss.words) + linkHandle(.stop, at: now)
        case .deadlineReached: break
        case .start, .connected, .receivedUndecodable, .pressed, .released, .touched, .untouched, .captured, .measured,
            .heard, .flushed, .playbackLost, .today, .spentBefore, .toolFinished, .reconfigure, .stop:
            return []
        }
        return followEnd(at: now)
    }

    private mutating func taskReceived(_ event: ServerEvent, at now: Instant) {
        switch event {
        case .responseCreated(let response) where response.metadata["purpose"] == TaskQueue.purpose:
            tasks.created(response, at: now)
        case .responseDone(let response): _ = tasks.done(response, at: now)
        case .outputTextDelta(let part, let delta), .outputTranscriptDelta(let part, let delta):
            _ = tasks.handle(.text(delta: delta), response: part.response, at: now)
        case .outputTextDone(let part, let text), .outputTranscriptDone(let part, let text):
            _ = tasks.handle(.wholeText(text), response: part.response, at: now)
        case .error(let error):
            guard case .task(let run, let attempt)? = error.eventID.flatMap(OwnEventID.init) else { return }
            tasks.refused(error.message, run: run, attempt: attempt, at: now)
        default:
            // Turns and answers have been settled by the stop.
            break
        }
    }
}

extension SettledTask {
    /// How it ended, for the console.
    var words: String {
        switch status {
        case .ok: text
        case .empty: "<empty>"
        case .failed: "<failed: \(reason ?? "no reason given")>"
        case .invalid: "<invalid: \(reason ?? "no reason given")> \(text)"
        case .timeout: "<timed out>"
        }
    }
}
