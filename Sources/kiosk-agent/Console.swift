import Glibc
import Session

/// What a person reads: turns and state on standard output, faults on standard error.
///
/// Never blocks, never shows the key.
final class Console {
    private let output = ConsoleOutput(descriptor: STDOUT_FILENO)
    private let errors = ConsoleOutput(descriptor: STDERR_FILENO)
    private let keys: KeyRing
    /// Where turns and faults are records, too; nil without systemd.
    private let systemJournal: SystemJournal?
    /// The records of turns have what was said.
    private let hasTurnText: Bool

    init(keys: KeyRing, environment: [String: String] = [:], hasTurnText: Bool = false) {
        self.keys = keys
        self.hasTurnText = hasTurnText
        systemJournal = SystemJournal(environment: environment, descriptor: STDERR_FILENO)
    }

    /// What poll(2) must wait for while a terminal does not take its lines.
    var pollDescriptors: [Int32] { [output.pollDescriptor, errors.pollDescriptor].compactMap { $0 } }

    func flush() {
        output.flush()
        errors.flush()
    }

    func show(_ line: StateLine) { write(ConsoleText.state(line.words)) }

    func show(device words: String) { write(ConsoleText.state("audio: \(words)")) }

    func show(button words: String) { write(ConsoleText.state("button: \(words)")) }

    func show(journal words: String) { write(ConsoleText.state("journal: \(words)")) }

    func show(spool words: String) { write(ConsoleText.state("spool: \(words)")) }

    func show(change words: String) { write(ConsoleText.state(words)) }

    func showReloaded() { write(ConsoleText.state("settings reloaded")) }

    /// What speaks against its transcripts, and the three blocks of a turn, in one piece.
    func show(_ turn: SettledTurn) {
        write(TurnText.blocks(turn))
        _ = send(SystemJournal.Record(turn, hasText: hasTurnText))
    }

    func report(_ fault: Fault) {
        guard !send(SystemJournal.Record(fault)) else { return }
        // As a line, whose level sd-daemon(3) is told by its beginning.
        let level = systemJournal == nil ? "" : "<\(SystemJournal.Record.Priority.warning.rawValue)>"
        errors.write(level + redacted(ConsoleText.fault(fault.class.rawValue, fault.what)))
    }

    private func send(_ record: SystemJournal.Record) -> Bool {
        systemJournal?.send(record.changed(by: redacted)) ?? false
    }

    private func write(_ text: String) { output.write(redacted(text)) }

    private func redacted(_ text: String) -> String { keys.redact(text) }
}

extension StateLine {
    fileprivate var words: String {
        switch self {
        case .connecting: "connecting"
        case .ready(let session): "ready: session \(session)"
        case .renewed(let session, let keptTurns):
            "fresh session \(session), told \(keptTurns) earlier turn\(keptTurns == 1 ? "" : "s")"
        case .disconnected(let wait): "not connected, next try in \(Self.seconds(wait))"
        case .speechDetected: "speech detected"
        case .speechEnded: "speech ended"
        case .nobodySpoke: "nobody spoke: the assistant does"
        case .keptForLater: "no connection: what is said is kept and sent if the connection is back within 10 s"
        case .budgetSpent: "today's budget is spent: closed until 00:00 UTC"
        case .openAgain: "another day: open again"
        case .assistantSpeaking: "assistant speaking"
        case .interrupted: "assistant interrupted"
        case .task(let name, let words): "task \(name): \(words)"
        case .stopping: "stopping"
        }
    }

    private static func seconds(_ duration: Duration) -> String {
        let tenths = Int((duration / .milliseconds(100)).rounded())
        return "\(tenths / 10).\(tenths % 10) s"
    }
}
