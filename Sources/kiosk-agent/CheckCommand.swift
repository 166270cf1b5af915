import ArgumentParser
import Audio
import FoundationEssentials

/// `kiosk-agent check`: says what works and what does not, one line a check; exit status 0 when all holds, else 1.
struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Check settings, files, sound devices, button, key, journal and clock.")

    @OptionGroup var options: SettingsOptions

    @Flag(help: "Also connect to the server and wait for a session.")
    var online = false

    @Flag(help: "Also play a measuring sound for 14 s and say what the microphone hears of it.")
    var echo = false

    @Option(help: ArgumentHelp(
        "Also write a support report: all that helps to find a fault, no key and nothing that was said.",
        valueName: "file"))
    var report: String?

    func run() throws {
        // Before anything takes time: a file that cannot be written is better known at once.
        let output = try report.map { try CommandOutput(file: $0) }
        let (findings, settings, key) = check()
        if let output {
            let report = SupportReport(file: options.file, settings: settings, key: key, findings: findings)
            output.write(report.text(version: KioskAgent.configuration.version))
            try output.finish()
        }
        if !findings.allSatisfy(\.isGood) { throw ExitCode(CommandFailure.runTime) }
    }

    /// Shows each finding as it is made.
    private func check() -> ([SelfCheck.Finding], Settings?, APIKey?) {
        let environment = ProcessInfo.processInfo.environment
        let settings: Settings
        do {
            settings = try Settings.load(file: options.file, overrides: options.overrides, namedFiles: false)
        } catch {
            // Nothing else can be checked without them.
            let finding = SelfCheck.Finding.bad("settings", error)
            StandardStream.output.write(finding.line)
            return ([finding], nil, nil)
        }
        let key = (try? APIKey.find(for: settings, environment: environment)) ?? nil
        var findings: [SelfCheck.Finding] = []
        let show = { (finding: SelfCheck.Finding) in
            findings.append(finding)
            StandardStream.output.write(key?.redact(finding.line) ?? finding.line)
        }
        show(.good("settings", options.file))
        let loaded = Result { try Settings.load(file: options.file, overrides: options.overrides) }
        show(files(loaded))
        let check = SelfCheck(settings: settings, environment: environment)
        show(check.sound(.capture))
        show(check.sound(.playback))
        if let prompts = try? loaded.get().prompts { show(.good("prompts", prompts.recordings.summary)) }
        show(check.gpio())
        show(check.key())
        show(check.journal())
        show(check.control())
        show(check.clock())
        if echo { EchoCheck(settings: settings).findings().forEach(show) }
        if online { onlineFindings(settings, key, environment).forEach(show) }
        return (findings, settings, key)
    }

    private func files(_ loaded: Result<Settings, any Error>) -> SelfCheck.Finding {
        switch loaded {
        case .success: .good("files", "all that are named can be read")
        case .failure(let error): .bad("files", "\(error)")
        }
    }

    private func onlineFindings(
        _ settings: Settings, _ key: APIKey?, _ environment: [String: String]
    ) -> [SelfCheck.Finding] {
        do {
            let check = try OnlineCheck(settings: settings, key: key, environment: environment)
            let findings = check.findings(check.perform())
            // A key that was fetched is shown as little as the account's own.
            return findings.map { finding in
                let words = check.ring.redact(finding.words)
                return SelfCheck.Finding(name: finding.name, isGood: finding.isGood, words: words)
            }
        } catch {
            return [.bad("name", error)]
        }
    }
}
