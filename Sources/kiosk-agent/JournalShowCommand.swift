import ArgumentParser
import Journal

/// `kiosk-agent journal show`: everything about one turn.
struct JournalShowCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show everything the journal has about one turn.",
        discussion: "TURN is 3 (of the last session that has turns), SESSION/3, an item, or seq:7, an entry.")

    @Argument(help: ArgumentHelp("Which turn.", valueName: "turn"))
    var turn: String

    @OptionGroup var source: JournalOptions

    @Flag(help: "The entries as they are in the journal.")
    var json = false

    func validate() throws {
        if TurnReference(turn) == nil { throw ValidationError("show \(turn): wanted \(TurnReference.wanted)") }
    }

    func run() throws {
        // validate() has made sure that it is one.
        guard let reference = TurnReference(turn) else { return }
        let folder = try source.folder()
        let output = try CommandOutput(file: nil)
        var entries = TurnEntries(directory: folder)
        let found: [TurnEntries.Found]
        do { found = try entries.read(reference) } catch { throw JournalCommand.failure(error) }
        guard !found.isEmpty else { throw try absence(&entries) }
        if json {
            for line in found.map(\.line) { output.writeJSON(line[...]) }
        } else {
            output.write(TurnReport.text(found.map(\.entry)))
        }
        try output.finish()
        JournalCommand.report(damagedLines: entries.damagedLines)
    }

    private func absence(_ entries: inout TurnEntries) throws(CommandFailure) -> CommandFailure {
        let forgotten: (turns: Int, lastAt: String)?
        do { forgotten = try entries.forgotten() } catch { throw JournalCommand.failure(error) }
        var words = "\(turn): not in the journal"
        if let forgotten {
            words += "; \(forgotten.turns) turn\(forgotten.turns == 1 ? " was" : "s were") removed from it, "
                + "the last at \(forgotten.lastAt)"
        }
        let damage = entries.damagedLines
        if damage > 0 { words += "; \(damage) line\(damage == 1 ? " is" : "s are") damaged" }
        return CommandFailure(CommandFailure.runTime, ConsoleText.escaped(words))
    }
}
