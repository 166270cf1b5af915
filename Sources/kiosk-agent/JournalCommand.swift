import ArgumentParser
import Journal

/// `kiosk-agent journal`: what was said, and what it was like.
struct JournalCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "journal", abstract: "Read the journal: beside a running agent, or a copied folder.",
        subcommands: [JournalForgetCommand.self, JournalVerifyCommand.self])

    func run() throws {
        throw ValidationError("journal: wanted forget or verify")
    }

    /// What the journal room refused, as the end of a command.
    static func failure(_ error: JournalError) -> CommandFailure {
        CommandFailure(CommandFailure.runTime, ConsoleText.escaped(error.description))
    }
}
