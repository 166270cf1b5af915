import FoundationEssentials
import Glibc
import MonotonicClock

/// The self test beside a running agent: what `kiosk-agent check` asks of devices and lines is asked of the agent, who
/// holds them.
struct ConsoleCheck {
    let file: String
    let settings: Settings

    func findings(
        agent answer: Result<ControlAnswer, ControlError>, askedAt: Instant, now: Instant
    ) -> [SelfCheck.Finding] {
        [readSettings(), journal()] + agent(answer, askedAt: askedAt, now: now)
            + [SelfCheck(settings: settings, environment: [:]).clock()]
    }

    /// Whether the agent could start again.
    private func readSettings() -> SelfCheck.Finding {
        do {
            _ = try Settings.load(file: file, overrides: [])
            return .good("settings", "\(file): they and the files they name can be read")
        } catch {
            return .bad("settings", error)
        }
    }

    private func journal() -> SelfCheck.Finding {
        let directory = settings.journal.directory
        guard access(directory, R_OK | X_OK) == 0 else { return .bad("journal", "\(directory): \(systemText(errno))") }
        return SelfCheck.space(directory, "readable")
    }

    private func agent(
        _ answer: Result<ControlAnswer, ControlError>, askedAt: Instant, now: Instant
    ) -> [SelfCheck.Finding] {
        let report: StatusReport
        switch answer {
        case .failure(let error): return [.bad("agent", error)]
        case .success(let answer):
            guard let read = try? JSONDecoder().decode(StatusReport.self, from: Data(answer.line.utf8)) else {
                return [.bad("agent", "no status: it answered \"\(answer.line)\"")]
            }
            report = read
        }
        let ms = Int((now - askedAt) / .milliseconds(1))
        let link = "\(report.link), state \(report.state)"
        return [
            .good("agent", "answers within \(ms + 1) ms"),
            report.session == nil ? .bad("link", link) : .good("link", link),
            Self.device("capture", report.devices.capture), Self.device("playback", report.devices.playback),
            report.faults.last.map { .good("faults", "\(report.faults.count), the last: \($0.class): \($0.what)") }
                ?? .good("faults", "none"),
        ]
    }

    private static func device(_ name: String, _ device: StatusReport.Device) -> SelfCheck.Finding {
        if device.isMissing { return .bad(name, "\(device.name): missing") }
        return .good(name, "\(device.name): \(device.interruptions) interruptions, \(device.interruptedMs) ms")
    }
}
