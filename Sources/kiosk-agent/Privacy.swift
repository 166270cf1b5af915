import Session

/// What of a conversation may be kept and shown. Applied before anything is written to the journal or to a console.
struct Privacy: Sendable {
    /// Takes the place of words that are not kept.
    static let withheld = "<withheld>"

    /// Whose words are kept; figures always are.
    enum Content: Sendable {
        case all
        /// The assistant's.
        case assistant
        /// Nobody's.
        case metadata
    }

    /// Whatever fits a pattern is replaced by `[label]`.
    struct Redaction: Sendable {
        let label: String
        let pattern: RegularExpression
    }

    private let content: Content
    private let redactions: [Redaction]

    init(content: Content = .all, redactions: [Redaction] = []) {
        self.content = content
        self.redactions = redactions
    }

    /// The redactions alone: for words that are nobody's.
    func redacted(_ text: String) -> String {
        redactions.reduce(text) { $1.pattern.replace(in: $0, by: "[\($1.label)]") }
    }

    func applied(to entry: SessionStateMachine.Entry) -> SessionStateMachine.Entry {
        switch entry {
        case .turn(let turn): .turn(applied(to: turn))
        case .part(let part): .part(applied(to: part))
        case .task(let task): .task(applied(to: task))
        case .contextTrimmed(let session, let deletedItems, let keptTurns, let summary):
            .contextTrimmed(
                session, deletedItems: deletedItems, keptTurns: keptTurns, summary: summary.map(visitors))
        case .sessionOpened, .usage: entry
        case .sessionClosed(let session, let reason): .sessionClosed(session, reason: redacted(reason))
        }
    }

    func applied(to turn: SettledTurn) -> SettledTurn {
        var turn = turn
        turn.realtime = applied(to: turn.realtime)
        turn.builtIn = applied(to: turn.builtIn)
        turn.assistant = applied(to: turn.assistant)
        return turn
    }

    /// A visitor's words.
    func applied(to transcript: Transcript) -> Transcript {
        Transcript(
            status: transcript.status, text: visitors(transcript.text), reason: transcript.reason.map(redacted))
    }

    /// The result of a task, as the console shows it.
    func applied(to line: StateLine) -> StateLine {
        guard case .task(let name, let words) = line else { return line }
        return .task(name: name, visitors(words))
    }

    func applied(to fault: Fault) -> Fault { Fault(fault.class, redacted(fault.what)) }

    private func applied(to part: AssistantPart) -> AssistantPart {
        var part = part
        part.text = assistants(part.text)
        part.heardText = part.heardText.map(assistants)
        part.reason = part.reason.map(redacted)
        return part
    }

    private func applied(to part: TurnPart) -> TurnPart {
        let content: TurnPart.Content = switch part.content {
        case .realtime(let transcript): .realtime(applied(to: transcript))
        case .builtIn(let transcript): .builtIn(applied(to: transcript))
        case .assistant(let part): .assistant(applied(to: part))
        }
        return TurnPart(session: part.session, number: part.number, item: part.item, content: content)
    }

    /// What a model made of a visitor's words is as much the visitor's.
    private func applied(to task: SettledTask) -> SettledTask {
        var applied = task
        applied.text = visitors(task.text)
        applied.reason = task.reason.map(redacted)
        // As text: what was found may have been a number, or the name of a member.
        if applied.text != task.text { applied.json = nil }
        return applied
    }

    private func visitors(_ text: String) -> String { content == .all ? redacted(text) : withheld(text) }

    private func assistants(_ text: String) -> String { content == .metadata ? withheld(text) : redacted(text) }

    private func withheld(_ text: String) -> String { text.isEmpty ? text : Self.withheld }
}
