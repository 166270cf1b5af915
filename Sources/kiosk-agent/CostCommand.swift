import ArgumentParser
import Journal

/// `kiosk-agent cost`: what a day cost, as its journal says.
struct CostCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cost", abstract: "Say what a day cost, session by session, as the journal says.",
        discussion: "Works beside a running agent, and on a copied journal.")

    @OptionGroup var source: JournalOptions

    @Option(help: ArgumentHelp("The day, UTC; today without it.", valueName: "YYYY-MM-DD"))
    var day: String?

    @Flag(help: "As one JSON object on one line.")
    var json = false

    func validate() throws {
        if let day, !Self.isDay(day) { throw ValidationError("--day \(day): wanted YYYY-MM-DD") }
    }

    func run() throws {
        let folder = try source.folder()
        let day = day ?? WallClock.day(atMs: WallClock.system.nowMs())
        var reader = JournalReader(directory: folder)
        var costs = JournalCosts()
        do { try reader.read(day: day) { costs.add($0) } } catch {
            throw JournalCommand.failure(error)
        }
        let report = CostReport(day: day, costs: costs, damagedLines: reader.damagedLines)
        StandardStream.output.write(json ? report.json + "\n" : report.text)
        if costs.sessions.isEmpty, !json, let first = reader.firstDay, let last = reader.lastDay {
            StandardStream.output.write("the journal has entries from \(first) to \(last)\n")
        }
    }

    static func isDay(_ text: String) -> Bool {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.map(\.utf8.count) == [4, 2, 2], text.utf8.allSatisfy({ $0 == 45 || (48...57).contains($0) }),
            let month = Int(parts[1]), let day = Int(parts[2])
        else { return false }
        return (1...12).contains(month) && (1...31).contains(day)
    }
}
