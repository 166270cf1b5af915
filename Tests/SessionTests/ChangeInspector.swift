import Realtime

@testable import Session

/// Watches changes of settings: each ends once, none is begun in a turn, and meanwhile no audio leaves that would be
/// heard by another detection than was meant.
struct ChangeInspector {
    typealias Input = SessionStateMachine.Input
    typealias Action = SessionStateMachine.Action

    private var open: Set<Int> = []
    private var isHeld = false
    private var wasPushToTalk = true
    private(set) var violations: [String] = []
    /// Times that somebody else than before came to end the turns.
    private(set) var switches = 0

    mutating func watch(_ input: Input, _ actions: [Action], of machine: SessionStateMachine) {
        if case .reconfigure(_, let change, _) = input, !machine.isStopping { open.insert(change) }
        let isPushToTalk = machine.configuration.isPushToTalk
        if isPushToTalk != wasPushToTalk { switches += 1 }
        let isHeldThroughout = isHeld && machine.reconfiguration.holdsMicrophone
        for action in actions {
            switch action {
            case .reconfigured(let change), .notReconfigured(let change, _):
                if open.remove(change) == nil { violations.append("change \(change) ended twice, or never began") }
            case .sendAudio(let range):
                if isHeldThroughout { violations.append("\(range) left during a change of who ends a turn") }
                if isPushToTalk, wasPushToTalk, !machine.turns.isAnyUnderWay {
                    violations.append("\(range) left under push-to-talk and belongs to no turn")
                }
            case .send(let event) where event.eventID == "reconfigure":
                if !machine.turns.isEmpty { violations.append("the session was changed in mid-turn") }
            default: break
            }
        }
        (isHeld, wasPushToTalk) = (machine.reconfiguration.holdsMicrophone, isPushToTalk)
    }

    /// Changes without an end.
    var unanswered: [Int] { open.sorted() }
}
