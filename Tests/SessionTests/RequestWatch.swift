import MonotonicClock
import Realtime

@testable import Session

/// Follows every request of a machine until it is answered, and writes down one that nothing will ever end.
///
/// A request is open from its sending until the server's word on it, or until its turn no longer waits. While it is,
/// the machine must want to be called again within the request's limit: else a silent server is waited for for ever.
struct RequestWatch {
    typealias Input = SessionStateMachine.Input
    typealias Action = SessionStateMachine.Action

    private enum Subject: Equatable {
        case answer(TurnID)
        case commit(TurnID)
        case transcript(TurnID, of: String)
        case task(run: String)
        case settings
        case toolRun(Int)
        case closing
    }

    private struct Request {
        let subject: Subject
        var limit: Instant
        var response: ResponseID?

        var isAnswer: Bool { if case .answer = subject { true } else { false } }

        /// Its end can be seen in the turn; of an answer what came before may still be heard.
        var isOfTurn: Bool {
            switch subject {
            case .commit, .transcript: true
            case .answer, .task, .settings, .toolRun, .closing: false
            }
        }
    }

    private var open: [Request] = []
    /// Answers that the server is known to make: their turn, and the response.
    private var made: [ResponseID: TurnID] = [:]
    private(set) var violations: [String] = []
    /// So many were followed.
    private(set) var count = 0

    mutating func watch(_ input: Input, _ actions: [Action], of machine: SessionStateMachine, at now: Instant) {
        end(by: input)
        for action in actions { watch(action, at: now, of: machine) }
        if machine.isStopping { open.removeAll { $0.subject != .closing } }
        guard machine.deadline.map({ $0 > now }) ?? true else { return }
        // What is due has been handled: of each request that is still open an end is in sight.
        open.removeAll { Self.isAbandoned($0.subject, by: machine) }
        for request in open where request.limit <= now && request.isOfTurn {
            violations.append("nothing came of \(request.subject)")
        }
        open.removeAll { $0.limit <= now }
        for request in open where machine.deadline.map({ $0 > request.limit }) ?? true {
            violations.append("no deadline for \(request.subject)")
        }
        if violations.count > 9 { open = [] }
    }

    /// The machine itself no longer waits for it.
    private static func isAbandoned(_ subject: Subject, by machine: SessionStateMachine) -> Bool {
        switch subject {
        case .answer(let turn): !machine.turns.awaitsAssistant(turn)
        case .commit(let turn), .transcript(let turn, _): !machine.turns.isUnderWay(turn)
        case .settings: machine.link.readySession != nil && !Self.awaitsAnswer(machine.reconfiguration.state)
        case .task, .toolRun, .closing: false
        }
    }

    /// Somebody who speaks meanwhile makes the answer one that nobody waits for.
    private static func awaitsAnswer(_ state: ReconfigurationStateMachine.State) -> Bool {
        switch state {
        case .quieting, .asked: true
        case .settled, .waiting, .quiet: false
        }
    }

    // MARK: The machine's words

    private mutating func watch(_ action: Action, at now: Instant, of machine: SessionStateMachine) {
        switch action {
        case .send(let event): sent(event, at: now, of: machine)
        case .runTool(let run):
            let tool = machine.configuration.tools.first { $0.name == run.name }
            add(.toolRun(run.id), limit: now + (tool?.limit ?? .zero) + ToolStateMachine.grace)
        case .close:
            end { $0 == .closing }
            add(.closing, limit: now + LinkStateMachine.closingLimit)
        case .flushPlayback:
            // An interrupted answer has so long to end, unless it was given up before.
            for index in open.indices where open[index].isAnswer && open[index].limit > now {
                open[index].limit = max(open[index].limit, now + AnswerStateMachine.stopLimit)
            }
        case .abandon: forgetSession()
        case .record(.sessionClosed): forgetSession(butClosing: true)
        case .record(.task): end { if case .task = $0 { true } else { false } }
        case .report: end { $0 == .settings }
        case .connect, .sendAudio, .play, .setPlaybackGain, .spool, .prompt, .reconfigured, .notReconfigured, .record,
            .show, .showTurn, .stopped:
            break
        }
    }

    private mutating func sent(_ event: ClientEvent, at now: Instant, of machine: SessionStateMachine) {
        switch event.body {
        // A new session's come before it is greeted, and greeting and confirmation have their time each.
        case .sessionUpdate where event.eventID != OwnEventID.reconfiguration.text:
            return add(.settings, limit: now + LinkStateMachine.greetingLimit * 2)
        case .sessionUpdate: return add(.settings, limit: now + ReconfigurationStateMachine.limit)
        case .commit, .createResponse: break
        default: return
        }
        switch event.eventID.flatMap(OwnEventID.init) {
        case .commit(let turn): add(.commit(turn), limit: now + Turn.transcriptLimit)
        case .answer(let turn):
            if let other = occupant(of: machine) { violations.append("an answer to \(turn) beside that to \(other)") }
            add(.answer(turn), limit: now + AnswerStateMachine.requestLimit)
        case .transcription(let turn, _):
            let item = event.body.request?.metadata?["item"] ?? ""
            add(.transcript(turn, of: item), limit: now + Turn.transcriptLimit)
        case .task(let run, _): add(.task(run: "\(run)"), limit: now + TaskQueue.patience)
        default: violations.append("\(event.body) cannot be told when it is refused")
        }
    }

    /// The turn whose answer has the default conversation, for all that the machine was told.
    private func occupant(of machine: SessionStateMachine) -> TurnID? {
        let asked = open.lazy.compactMap { if case .answer(let turn) = $0.subject { turn } else { nil } }
        return (Array(asked) + made.values).first(where: machine.turns.awaitsAssistant)
    }

    private mutating func add(_ subject: Subject, limit: Instant) {
        count += 1
        open.append(Request(subject: subject, limit: limit))
    }

    private mutating func forgetSession(butClosing isClosing: Bool = false) {
        made = [:]
        open.removeAll { request in
            switch request.subject {
            case .toolRun: false
            case .closing: !isClosing
            case .answer, .commit, .transcript, .task, .settings: true
            }
        }
    }

    // MARK: The server's words

    private mutating func end(where isMeant: (Subject) -> Bool) { open.removeAll { isMeant($0.subject) } }

    private mutating func end(by input: Input) {
        switch input {
        case .received(let event): end(by: event)
        case .toolFinished(let run, _): end { $0 == .toolRun(run) }
        case .lost: forgetSession()
        default: break
        }
    }

    private mutating func end(by event: ServerEvent) {
        switch event {
        case .sessionUpdated: end { $0 == .settings }
        case .inputCommitted:
            if let first = open.firstIndex(where: { if case .commit = $0.subject { true } else { false } }) {
                open.remove(at: first)
            }
        case .responseCreated(let response): created(response)
        case .responseDone(let response): done(response)
        case .error(let error): refused(error)
        default: break
        }
    }

    private mutating func created(_ response: Response) {
        guard response.metadata["purpose"] == nil, !response.isOutOfBand else {
            for index in open.indices where Self.isMeant(open[index].subject, by: response) {
                open[index].response = response.id
            }
            return
        }
        // The newest that waits gets it.
        let newest = open.lastIndex { if case .answer = $0.subject { true } else { false } }
        guard let newest, case .answer(let turn) = open[newest].subject else { return }
        open.remove(at: newest)
        made[response.id] = turn
    }

    private mutating func done(_ response: Response) {
        made[response.id] = nil
        open.removeAll { $0.response == response.id || Self.isMeant($0.subject, by: response) }
        guard response.status == .failed else { return }
        end { if case .answer = $0 { true } else { false } }
    }

    private static func isMeant(_ subject: Subject, by response: Response) -> Bool {
        switch subject {
        case .transcript(_, let item): response.isTranscription && response.metadata["item"] == item
        case .task(let run): response.metadata["purpose"] == TaskQueue.purpose && response.metadata["run"] == run
        case .answer, .commit, .settings, .toolRun, .closing: false
        }
    }

    private mutating func refused(_ error: APIError) {
        // The word on a cancel, whatever it names: what was interrupted before it began never will.
        if error.code == "response_cancel_not_active" { return end { if case .answer = $0 { true } else { false } } }
        switch error.eventID.flatMap(OwnEventID.init) {
        case .answer(let turn): end { $0 == .answer(turn) }
        case .transcription(let turn, _): end { if case .transcript(turn, _) = $0 { true } else { false } }
        case .task(let run, _): end { $0 == .task(run: "\(run)") }
        case .reconfiguration: end { $0 == .settings }
        case .commit: end { if case .commit = $0 { true } else { false } }
        default:
            // Which request it means is the machine's to guess.
            end { if case .answer = $0 { true } else if case .commit = $0 { true } else { $0 == .settings } }
        }
    }
}
