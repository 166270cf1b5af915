import ArgumentParser

/// `kiosk-agent session`: the open session of a running agent.
struct SessionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "session", abstract: "Change settings of a running agent, until it reads them anew.",
        subcommands: [Set.self])

    func run() throws { throw ValidationError("session: wanted set KEY=VALUE ...") }

    struct Set: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "set",
            abstract: "Tell the open session settings between two turns; returns when they are in force.",
            discussion: "Keys: \(SettingsKeys.changeable.joined(separator: ", ")).")

        @Argument(help: ArgumentHelp("What to change.", valueName: "section.key=value"))
        var assignments: [String]
        @OptionGroup var options: SettingsOptions

        func run() throws {
            let settings = try options.load(namedFiles: false)
            // The agent checks again, by the settings in force.
            do { _ = try settings.changed(by: assignments) } catch {
                throw CommandFailure(CommandFailure.settings, error)
            }
            do { try ControlClient.perform(.set(assignments), at: settings.control.socket) } catch {
                throw CommandFailure(CommandFailure.runTime, error)
            }
        }
    }
}
