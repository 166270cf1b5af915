import ArgumentParser
import FoundationEssentials

/// `kiosk-agent run`: the kiosk, until SIGTERM or SIGINT.
struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Run the kiosk until SIGTERM or SIGINT.")

    @OptionGroup var settings: SettingsOptions

    func run() throws {
        let settings = try settings.load()
        let key: APIKey?
        do {
            key = try APIKey.find(for: settings, environment: ProcessInfo.processInfo.environment)
        } catch {
            throw CommandFailure(CommandFailure.settings, error)
        }
        throw ExitCode(runAgent(settings: settings, key: key))
    }
}
