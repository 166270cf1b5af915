import MonotonicClock
import Realtime

/// Changed settings in an open session.
extension SessionStateMachine {
    mutating func reconfigurationHandle(_ input: ReconfigurationStateMachine.Input, at now: Instant) -> [Action] {
        reconfiguration.handle(input, at: now).flatMap { action -> [Action] in
            switch action {
            case .send(let update):
                return [.send(ClientEvent(.sessionUpdate(update), eventID: OwnEventID.reconfiguration.text))]
            case .adopt(let configuration):
                self.configuration = configuration
                tools.offer(configuration.tools)
                return [.reconfigured]
            case .report(let fault): return [.report(fault)]
            }
        }
    }

    mutating func reconfigureIfIdle(at now: Instant) -> [Action] {
        link.readySession != nil && isIdle ? reconfigurationHandle(.idle, at: now) : []
    }
}
