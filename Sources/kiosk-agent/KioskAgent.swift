import ArgumentParser
import Glibc

/// The command `kiosk-agent`.
@main
struct KioskAgent: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kiosk-agent",
        abstract: "A voice kiosk: a button, a microphone, a speaker and a Realtime server.",
        version: "0.1.0",
        subcommands: [
            RunCommand.self, ButtonCommand.self, CheckCommand.self, DevicesCommand.self, LevelsCommand.self,
            StatusCommand.self, CostCommand.self, JournalCommand.self, TranscribeCommand.self, SessionCommand.self,
            ConsoleCommand.self,
        ])

    func run() throws {
        throw ValidationError(
            "wanted run, button, session, check, console, devices, levels, status, cost, journal or transcribe")
    }

    static func main() {
        // A reader that went away is an error of write(2), not the end of the process.
        signal(SIGPIPE, SIG_IGN)
        do {
            var command = try parseAsRoot()
            try command.run()
        } catch let failure as CommandFailure {
            StandardStream.error.write("kiosk-agent: \(failure.line)\n")
            Glibc.exit(failure.status)
        } catch {
            // Help and version are errors to the parser, with status 0.
            guard exitCode(for: error) == .validationFailure else { exit(withError: error) }
            let words = ConsoleText.escaped(message(for: error))
            StandardStream.error.write("kiosk-agent: \(words) (see kiosk-agent --help)\n")
            Glibc.exit(CommandFailure.usage)
        }
    }
}

/// The end of a command that failed: one line on standard error and an exit status (sysexits).
struct CommandFailure: Error, Equatable {
    /// A failure at run time.
    static let runTime: Int32 = 1
    /// Wrong usage (EX_USAGE).
    static let usage: Int32 = 64
    /// Wrong settings (EX_CONFIG).
    static let settings: Int32 = 78

    let status: Int32
    let line: String

    init(_ status: Int32, _ line: some CustomStringConvertible) {
        self.status = status
        self.line = line.description
    }
}

/// Where a command's settings come from.
struct SettingsOptions: ParsableArguments {
    @Option(name: .customLong("config"), help: ArgumentHelp("The settings file (TOML).", valueName: "file"))
    var file: String

    @Option(
        name: .customLong("set"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Overrides a setting; repeat it for more.", valueName: "section.key=value"))
    var overrides: [String] = []

    /// Reads the settings; see `Settings.load`.
    func load(namedFiles: Bool = true) throws(CommandFailure) -> Settings {
        do { return try Settings.load(file: file, overrides: overrides, namedFiles: namedFiles) } catch {
            throw CommandFailure(CommandFailure.settings, error)
        }
    }
}
