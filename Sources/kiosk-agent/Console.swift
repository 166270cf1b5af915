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

    func show(journal words: String) { write(ConsoleText.state("journal: \(words)")) }

    func show(spool words: String) { write(ConsoleText.state("spool: \(words)")) }

    func show(change words: String) { write(ConsoleText.state(words)) }

    func showReloaded() { write(ConsoleText.state("settings reloaded")) }

    /// What speaks against its transcripts, and the three blocks of a turn, in one piece.
    func show(_ turn: SettledTurn) {
        let realtime = ConsoleText.block(
            .realtimeTranscript, ConsoleText.text(of: ConsoleText.Transcript(turn.realtime)),
            costs: Self.costs(turn.cost.realtimeTranscript, isUsed: turn.usage.realtimeTranscript != nil))
        let builtIn = ConsoleText.block(
            .builtInTranscript, ConsoleText.text(of: ConsoleText.Transcript(turn.builtIn)),
            costs: Self.costs(turn.cost.builtInTranscript, isUsed: turn.usage.builtInTranscript != nil))
        let assistant = ConsoleText.block(
            .assistant, Self.text(of: turn.assistant),
            costs: Self.costs(turn.cost.assistant, isUsed: turn.usage.assistant != nil) + Self.totals(turn))
        write(turn.review.doubts.map(ConsoleText.state).joined() + realtime + builtIn + assistant)
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

    /// Without usage there is nothing to price; with usage and no price it says so.
    private static func costs(_ usd: Double?, isUsed: Bool) -> [String] { isUsed ? [ConsoleText.cost(usd)] : [] }

    /// What session and day have cost, under a turn that cost something.
    private static func totals(_ turn: SettledTurn) -> [String] {
        guard let totals = turn.totals, turn.usage != TurnUsage() else { return [] }
        let unpriced = totals.day.unpricedTurns
        let note = unpriced == 0 ? "" : "\(unpriced) turn\(unpriced == 1 ? "" : "s") without a price"
        let sums = ConsoleText.totals(session: totals.session.total, day: totals.day.total, note: note)
        let (realtime, builtIn) = (totals.day[.realtimeTranscript], totals.day[.builtInTranscript])
        return [sums] + (totals.day.transcriptRatio.map {
            [ConsoleText.transcripts(realtime: realtime, builtIn: builtIn, ratio: $0)]
        } ?? [])
    }

    private static func text(of part: AssistantPart) -> String {
        if !part.text.isEmpty { return part.text }
        switch part.status {
        case .none: return "<none>"
        case .cancelled: return "<cancelled>"
        case .failed: return "<failed: \(part.reason ?? "no reason given")>"
        case .completed, .truncated: return "<empty>"
        }
    }
}

extension ConsoleText.Transcript {
    init(_ transcript: Transcript) {
        switch transcript.status {
        case .ok: self = .ok(transcript.text)
        case .empty: self = .empty
        case .failed: self = .failed(reason: transcript.reason ?? "no reason given")
        case .timeout: self = .timedOut
        case .off: self = .off
        }
    }
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
