import MonotonicClock
import Session

/// Settings that the open session is told: by SIGHUP, and by `kiosk-agent session set`.
extension Runner {
    /// Settings that are in force when the open session has taken them.
    struct Change {
        let settings: Settings
        /// Who waits for it: nobody for the settings file.
        let request: ControlSocket.RequestID?
        /// For the console.
        let words: String
    }

    func tell(_ change: Change, within limit: Duration? = nil, at now: Instant) {
        lastChange += 1
        changes[lastChange] = change
        handle(.reconfigure(configuration(change.settings), change: lastChange, within: limit), at: now)
    }

    /// Without the canceller, which only a start puts between the devices, the microphone hears the assistant.
    func configuration(_ settings: Settings) -> SessionConfiguration {
        var settings = settings
        if settings.turns.microphoneWhileSpeaking == .echoCancelled, !isEchoCancelled {
            settings.turns.microphoneWhileSpeaking = .muted
        }
        return SessionConfiguration(settings)
    }

    /// `session set`: answered when the session has taken it, or will not.
    func set(_ assignments: [String], for request: ControlSocket.RequestID, at now: Instant) {
        guard changes.isEmpty, nextSetup == nil else {
            return refuse(request, "another change of settings is under way: try again")
        }
        do {
            let changed = try settings.changed(by: assignments)
            guard changed != settings else { return control.respond(request, ControlAnswer.ok.line) }
            let words = "settings changed: \(assignments.joined(separator: " "))"
            tell(
                Change(settings: changed, request: request, words: words), within: ControlRequest.changeLimit, at: now)
        } catch {
            refuse(request, error.description)
        }
    }

    func reconfigured(_ id: Int) {
        guard let change = changes.removeValue(forKey: id) else { return }
        settings = change.settings
        tools.offer(change.settings.tools)
        console.show(change: change.words)
        if let request = change.request { control.respond(request, ControlAnswer.ok.line) }
    }

    func notReconfigured(_ id: Int, reason: String) {
        guard let request = changes.removeValue(forKey: id)?.request else { return }
        refuse(request, reason + ": the former settings stay")
    }

    /// The program ends, or begins anew with the settings file alone.
    func dropChanges() {
        for change in changes.values {
            if let request = change.request { refuse(request, "the agent ends, or reads its settings anew") }
        }
        changes = [:]
    }

    private func refuse(_ request: ControlSocket.RequestID, _ words: String) {
        control.respond(request, ControlAnswer.error(keys.redact(words)).line)
    }
}
