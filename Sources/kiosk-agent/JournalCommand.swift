import ArgumentParser
import Journal

/// `kiosk-agent journal`: what was said, and what it was like.
struct JournalCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "journal", abstract: "Read the journal: beside a running agent, or a copied folder.",
        subcommands: [
            JournalExportCommand.self, JournalForgetCommand.self, JournalReportCommand.self, JournalSearchCommand.self,
            JournalShowCommand.self, JournalStatsCommand.self, JournalTailCommand.self, JournalVerifyCommand.self,
        ])

    func run() throws {
        throw ValidationError("journal: wanted export, forget, report, search, show, stats, tail or verify")
    }

    /// What the journal room refused, as the end of a command.
    static func failure(_ error: JournalError) -> CommandFailure {
        CommandFailure(CommandFailure.runTime, ConsoleText.escaped(error.description))
    }

    /// Says on standard error how many lines were passed over.
    static func report(damagedLines: Int) {
        guard damagedLines > 0 else { return }
        let words = damagedLines == 1 ? "1 line is damaged and was" : "\(damagedLines) lines are damaged and were"
        StandardStream.error.write("kiosk-agent: journal: \(words) passed over\n")
    }
}
