import ArgumentParser
import FoundationEssentials

/// `kiosk-agent status`: how a running agent is.
struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Say how a running agent is: link, turns, latencies, cost, devices, faults.")

    @OptionGroup var settings: SettingsOptions

    @Flag(help: "As one JSON object on one line.")
    var json = false

    func run() throws {
        let settings = try settings.load(namedFiles: false)
        let path = settings.control.socket
        let answer: ControlAnswer
        do { answer = try ControlClient.ask(.status, at: path) } catch {
            throw CommandFailure(CommandFailure.runTime, error)
        }
        guard case .report(let line) = answer,
            let report = try? JSONDecoder().decode(StatusReport.self, from: Data(line.utf8))
        else {
            throw CommandFailure(
                CommandFailure.runTime, ControlError(path, "no status: it answered \"\(answer.line)\""))
        }
        StandardStream.output.write(json ? ConsoleText.escaped(line) + "\n" : report.text)
    }
}
