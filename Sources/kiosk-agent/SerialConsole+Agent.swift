import FoundationEssentials
import MonotonicClock

// The agent is not there: a failed start, after an upgrade or a slip in the settings, is nowhere else to be seen.
extension SerialConsole {
    /// systemctl answers within milliseconds, or hangs.
    private static let systemdLimit = Duration.seconds(5)

    func watchAgent(at now: Instant) {
        if watch.nextLook <= now {
            switch watch.looked(AgentWatch.isThere(settings.control.socket), at: now) {
            case .gone: askSystemd(at: now)
            case .back: output.write(layout.rule("the agent is running"))
            case nil: break
            }
        }
        guard let inquiry else { return }
        switch inquiry.process(now: now) {
        case .goesOn: break
        case .printed(let bytes): showGone(UnitState(String(decoding: bytes, as: UTF8.self)))
        case .failed: showGone(nil)
        }
    }

    private func askSystemd(at now: Instant) {
        do throws(CommandRunError) {
            inquiry = try CommandRun(
                UnitState.command(UnitState.agent), environment: [:], limit: Self.systemdLimit,
                outputLimit: UnitState.outputLimit, now: now)
        } catch {
            showGone(nil)
        }
    }

    /// nil: systemd cannot be asked.
    private func showGone(_ state: UnitState?) {
        inquiry = nil
        var lines = layout.rule("the agent is not running")
        if let state {
            lines += layout.paragraph("service", state.words)
            lines += layout.paragraph("it says", state.lastWords)
        }
        do {
            _ = try Settings.load(file: file, namedFiles: false)
        } catch {
            lines += layout.paragraph("settings", "\(error)")
        }
        output.write(lines)
    }
}
