import ArgumentParser
import FoundationEssentials
import Glibc

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
        let environment = ProcessInfo.processInfo.environment
        let settings = try environment["INVOCATION_ID"] == nil ? options.load(namedFiles: false) : waitForSettings()
        let isASCII = ascii || TerminalLayout.isASCII(environment: environment)
        do {
            let console = try SerialConsole(
                settings, file: options.file, columns: columns, isASCII: isASCII,
                takesKeys: interactive || settings.console.interactive)
            console.run()
        } catch {
            throw CommandFailure(CommandFailure.runTime, "\(error)")
        }
    }

    /// As a service there is nobody else to tell that the settings are wrong: a blank terminal would. Said once, on the
    /// terminal, until they are mended.
    private func waitForSettings() -> Settings {
        var said = ""
        while true {
            do throws(CommandFailure) { return try options.load(namedFiles: false) } catch {
                if error.line != said {
                    said = error.line
                    StandardStream.output.write("the kiosk cannot start: \(ConsoleText.escaped(said))\n")
                }
            }
            sleep(Self.settingsPause)
        }
    }

    /// Between two looks at wrong settings, in seconds.
    private static let settingsPause: UInt32 = 2
}
