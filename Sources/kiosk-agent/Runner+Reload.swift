import MonotonicClock
import Session

/// What systemd asks for: the end, and new settings.
extension Runner {
    func perform(_ request: ServiceSignals.Request, at now: Instant) {
        switch request {
        case .stop:
            nextSetup = nil
            notifier.stopping()
            stop(at: now)
        case .reload: reload(at: now)
        }
    }

    private func reload(at now: Instant) {
        notifier.reloading(at: now)
        do {
            let setup = try loadSetup()
            nextSetup = nil
            guard canTell(setup) else { return nextSetup = setup }
            askedSettings = setup.settings
            handle(.reconfigure(SessionConfiguration(setup.settings)), at: now)
            notifier.ready(status: "running")
        } catch {
            nextSetup = nil
            report(Fault(.settings, "reload: \(error.line): the settings in force stay"))
            notifier.ready(status: "running")
        }
    }

    /// Whether an open session can be told what has changed. Its voice may have been heard, and a stored prompt cannot
    /// take the place of instructions that were given.
    private func canTell(_ setup: Setup) -> Bool {
        let told = settings.taking(whatASessionCanBeToldOf: setup.settings)
        let keepsItsKind = (settings.realtime.promptID == nil) == (setup.settings.realtime.promptID == nil)
        return setup.key == keys.own && setup.settings != settings && setup.settings == told && keepsItsKind
    }

    func reconfigured() {
        if let askedSettings {
            settings = askedSettings
            tools.offer(askedSettings.tools)
        }
        askedSettings = nil
        console.showReloaded()
    }
}
