import ArgumentParser
import FoundationEssentials

/// `kiosk-agent console`: what the journal says, live on a terminal.
struct ConsoleCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "console", abstract: "Show turns, sessions and faults on a terminal as the journal gets them.",
        discussion: """
            A process of its own that only reads: a terminal that is stuck, slow or unplugged costs the agent nothing. \
            With --interactive single keys ask for more; ? shows them.
            """)

    @OptionGroup var options: SettingsOptions

    @Flag(help: "Take keys from standard input, whatever console.interactive says.")
    var interactive = false

    @Option(help: ArgumentHelp("Columns of the terminal; else what it says, or 80.", valueName: "n"))
    var columns: Int?

    @Flag(help: "ASCII only, whatever TERM and the locale say.")
    var ascii = false

    func validate() throws {
        let limit = TerminalLayout.columnsLimit
        if let columns, !limit.contains(columns) {
            throw ValidationError("--columns \(columns): wanted \(limit.lowerBound) to \(limit.upperBound)")
        }
    }

    func run() throws {
        let settings = try options.load(namedFiles: false)
        let isASCII = ascii || TerminalLayout.isASCII(environment: ProcessInfo.processInfo.environment)
        do {
            let console = try SerialConsole(
                settings, file: options.file, columns: columns, isASCII: isASCII,
                takesKeys: interactive || settings.console.interactive)
            console.run()
        } catch {
            throw CommandFailure(CommandFailure.runTime, "\(error)")
        }
    }
}
