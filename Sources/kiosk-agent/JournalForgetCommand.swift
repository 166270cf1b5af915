import ArgumentParser
import Glibc
import Journal

/// `kiosk-agent journal forget`: removes what entries say, for good.
struct JournalForgetCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "forget", abstract: "Remove entries for good: those before a time, or those of a turn.",
        discussion: """
            Each entry is replaced by one of kind "forgotten" with its number and time. Of a turn whatever names its \
            session and number goes; a summary of the conversation may still speak of it. Works beside the agent \
            (with --config) and without one.
            """)

    @OptionGroup var options: JournalOptions

    @Option(help: ArgumentHelp("What happened before: \(TimeArgument.wanted).", valueName: "time"))
    var before: String?

    @Option(help: ArgumentHelp("One turn.", valueName: "session/number"))
    var turn: String?

    func validate() throws {
        guard (before == nil) != (turn == nil) else { throw ValidationError("forget: wanted --before or --turn") }
        if let turn, Forgetting("turn", turn) == nil { throw ValidationError("--turn \(turn): wanted SESSION/NUMBER") }
        if let before, TimeArgument.instantMs(of: before, nowMs: 0) == nil {
            throw ValidationError("--before \(before): wanted \(TimeArgument.wanted)")
        }
    }

    func run() throws {
        let outcome = try forget(in: options.folder())
        StandardStream.output.write(
            "forgotten: \(outcome.entries) entries; removed: \(outcome.sideFiles) files of damaged bytes\n")
    }

    private func forget(in folder: String) throws(CommandFailure) -> Forgetting.Outcome {
        // validate() has made sure that there is one.
        let forgetting = turn.flatMap { Forgetting("turn", $0) }
            ?? .before(before.flatMap { TimeArgument.instantMs(of: $0, nowMs: WallClock.system.nowMs()) } ?? 0)
        // A folder that is not there would be made.
        guard access(folder, F_OK) == 0 else {
            throw JournalCommand.failure(.failed(path: folder, step: "open", errno: errno))
        }
        do throws(JournalError) {
            var journal = try Journal(directory: folder)
            for finding in journal.recovery.findings {
                StandardStream.error.write("kiosk-agent: journal: \(ConsoleText.escaped(finding))\n")
            }
            return try journal.forget(forgetting)
        } catch .inUse {
            return try ask(forgetting, folder)
        } catch {
            throw JournalCommand.failure(error)
        }
    }

    /// The agent that has the journal open does it.
    private func ask(_ forgetting: Forgetting, _ folder: String) throws(CommandFailure) -> Forgetting.Outcome {
        guard let file = options.file else {
            throw CommandFailure(
                CommandFailure.runTime, ConsoleText.escaped("\(folder): an agent has it open: wanted --config, too"))
        }
        let socket: String
        do { socket = try Settings.load(file: file, namedFiles: false).control.socket } catch {
            throw CommandFailure(CommandFailure.settings, error)
        }
        let answer: ControlAnswer
        do { answer = try ControlClient.ask(.forget(forgetting), at: socket) } catch {
            throw CommandFailure(CommandFailure.runTime, error)
        }
        switch answer {
        case .report(let json):
            if let outcome = ForgottenAnswer(line: json)?.outcome { return outcome }
        case .error(let words): throw CommandFailure(CommandFailure.runTime, words)
        case .ok: break
        }
        throw CommandFailure(CommandFailure.runTime, "\(socket): no agent: it answered \"\(answer.line)\"")
    }
}
