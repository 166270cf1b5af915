import ArgumentParser

/// `kiosk-agent button`: the talk button of a running agent.
struct ButtonCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "button", abstract: "Press, release or hold the talk button of a running agent.",
        subcommands: [Press.self, Release.self, Hold.self])

    func run() throws { throw ValidationError("button: wanted press, release or hold MS") }

    struct Press: ParsableCommand {
        static let configuration = CommandConfiguration(commandName: "press", abstract: "Press the button.")
        @OptionGroup var settings: SettingsOptions

        func run() throws { try ButtonCommand.perform(.press, settings) }
    }

    struct Release: ParsableCommand {
        static let configuration = CommandConfiguration(commandName: "release", abstract: "Release the button.")
        @OptionGroup var settings: SettingsOptions

        func run() throws { try ButtonCommand.perform(.release, settings) }
    }

    struct Hold: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "hold", abstract: "Press the button and release it after a time by the agent's clock.")
        @Argument(help: ArgumentHelp("How long, 0 to 600000 ms.", valueName: "ms"))
        var milliseconds: Int
        @OptionGroup var settings: SettingsOptions

        func validate() throws {
            let range = ControlRequest.holdMs
            guard range.contains(milliseconds) else {
                throw ValidationError(
                    "hold \(milliseconds): wanted \(range.lowerBound) to \(range.upperBound) (ms)")
            }
        }

        func run() throws { try ButtonCommand.perform(.hold(milliseconds: milliseconds), settings) }
    }

    fileprivate static func perform(_ request: ControlRequest, _ options: SettingsOptions) throws(CommandFailure) {
        // Whoever may press the button need not be able to read prompts and keys.
        let settings = try options.load(namedFiles: false)
        do { try ControlClient.perform(request, at: settings.control.socket) } catch {
            throw CommandFailure(CommandFailure.runTime, error)
        }
    }
}
