import Glibc
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
            // It would end what somebody else begins meanwhile.
            for hold in holds { control.respond(hold.request, "ok") }
            holds = []
            control.respond(request.id, "ok")
        case .set(let assignments): set(assignments, for: request.id, at: now)
        case .status: control.respond(request.id, statusLine(at: now))
        case .forget(let forgetting):
            if !journal.forget(forgetting, request: request.id) {
                control.respond(request.id, ControlAnswer.error("too many requests to forget").line)
            }
        case .levels:
            if levelRequests.isEmpty { microphone.meter = LevelMeter() }
            levelRequests.append((request.id, now + ControlRequest.levelsLimit))
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

    private func statusLine(at now: Instant) -> String { keys.redact(report(at: now).json) }

    /// How the agent is.
    private func report(at now: Instant) -> StatusReport {
        StatusReport(
            machine.report(at: now), indicator: status.indicator, faults: faults, uptime: now - startedAt,
            devices: StatusReport.Devices(
                capture: .init(microphone.device.name, microphone.isMissing, microphone.interruptions),
                playback: .init(loudspeaker.device.name, loudspeaker.isMissing, loudspeaker.interruptions)),
            lastTurn: lastTurn.map { .init($0.turn, ago: now - $0.settledAt) },
            disk: .init(freeBytes: freeBytes(settings.journal.directory), isRefusing: isJournalRefused))
    }

    func writeMetrics(at now: Instant) {
        guard let deadline = metrics?.deadline, deadline <= now else { return }
        let text = keys.redact(Metrics.text(report(at: now)))
        if let failure = metrics?.write(text, at: now) { report(Fault(.settings, failure)) }
    }

    /// What statvfs(3) says; nil where there is no such directory.
    private func freeBytes(_ directory: String) -> Int64? {
        var disk = statvfs()
        return statvfs(directory, &disk) == 0 ? Int64(disk.f_bavail) * Int64(disk.f_frsize) : nil
    }

    /// All who ask hear of the same stretch; the last to come of what is left of it.
    func tellLevels(at now: Instant) {
        guard !levelRequests.isEmpty, let meter = microphone.meter else { return }
        if meter.frames >= LevelsReport.frames {
            for waiting in levelRequests { control.respond(waiting.request, LevelsReport(meter).json) }
            levelRequests = []
        } else {
            for waiting in levelRequests where waiting.until <= now {
                let words = "\(microphone.device.name): nothing comes from the microphone"
                control.respond(waiting.request, ControlAnswer.error(words).line)
            }
            levelRequests.removeAll { $0.until <= now }
        }
        if levelRequests.isEmpty { microphone.meter = nil }
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
