import Journal
import MonotonicClock
import Session

/// What is asked for over the control socket.
extension Runner {
    func perform(_ request: ControlSocket.Request, at now: Instant) {
        switch request.body {
        case .press:
            press(true, at: now)
            control.respond(request.id, "ok")
        case .release:
            press(false, at: now)
            control.respond(request.id, "ok")
        case .set(let assignments): set(assignments, for: request.id, at: now)
        case .status: control.respond(request.id, statusLine(at: now))
        case .forget(let forgetting):
            if !journal.forget(forgetting, request: request.id) {
                control.respond(request.id, ControlAnswer.error("too many requests to forget").line)
            }
        case .hold(let milliseconds):
            press(true, at: now)
            holds.append((request.id, now + .milliseconds(milliseconds)))
        }
    }

    /// What the journal has answered to a request to forget.
    func forgot(_ request: ControlSocket.RequestID, _ result: Result<Forgetting.Outcome, JournalError>) {
        switch result {
        case .success(let outcome): control.respond(request, ForgottenAnswer(outcome).line)
        case .failure(let error): control.respond(request, ControlAnswer.error(error.description).line)
        }
    }

    private func statusLine(at now: Instant) -> String {
        let report = StatusReport(
            machine.report(at: now), indicator: status.indicator, faults: faults, uptime: now - startedAt,
            devices: StatusReport.Devices(
                capture: .init(microphone.device.name, microphone.isMissing, microphone.interruptions),
                playback: .init(loudspeaker.device.name, loudspeaker.isMissing, loudspeaker.interruptions)))
        return keys.redact(report.json)
    }

    func releaseHolds(at now: Instant) {
        guard !holds.isEmpty else { return }
        for hold in holds where hold.releaseAt <= now {
            press(false, at: hold.releaseAt)
            control.respond(hold.request, "ok")
        }
        holds.removeAll { $0.releaseAt <= now }
    }
}
