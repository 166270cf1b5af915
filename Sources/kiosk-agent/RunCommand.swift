import ArgumentParser
import FoundationEssentials

/// `kiosk-agent run`: the kiosk, until SIGTERM or SIGINT; SIGHUP has it read its settings anew.
struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Run the kiosk until SIGTERM or SIGINT.")

    @OptionGroup var settings: SettingsOptions

    func run() throws {
        throw ExitCode(try runAgent(environment: ProcessInfo.processInfo.environment, load: load))
    }

    private func load() throws(CommandFailure) -> Runner.Setup {
        let settings = try settings.load()
        do {
            let key = try APIKey.find(for: settings, environment: ProcessInfo.processInfo.environment)
            return Runner.Setup(settings: settings, key: key)
        } catch {
            throw CommandFailure(CommandFailure.settings, error)
        }
    }
}
