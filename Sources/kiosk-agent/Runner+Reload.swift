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
            tell(Change(settings: setup.settings, request: nil, words: "settings reloaded"), at: now)
            notifier.ready(status: "running")
        } catch {
            nextSetup = nil
            report(Fault(.settings, "reload: \(error.line): the settings in force stay"))
            notifier.ready(status: "running")
        }
    }

    /// Whether an open session can be told what has changed. Its voice may have been heard, a stored prompt cannot take
    /// the place of instructions that were given, and the echo canceller stands between the devices or does not.
    private func canTell(_ setup: Setup) -> Bool {
        let told = settings.taking(whatASessionCanBeToldOf: setup.settings)
        let keepsItsKind = (settings.realtime.promptID == nil) == (setup.settings.realtime.promptID == nil)
        guard setup.settings.cancelsEcho == isEchoCancelled else { return false }
        return setup.key == keys.own && setup.settings != settings && setup.settings == told && keepsItsKind
    }
}
