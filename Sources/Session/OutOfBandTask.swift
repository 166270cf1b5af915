import Realtime

/// Something the operator wants to be told about a conversation, asked beside it: a summary, the fields of a form.
public struct OutOfBandTask: Sendable, Equatable {
    public enum Trigger: Sendable, Equatable {
        /// After each `count`th turn of a session; 1 is each turn.
        case everyTurns(Int)
        /// When a session with turns ends.
        case sessionEnd
        /// Before old turns are deleted: the agent's own.
        case trimming
    }

    public enum Output: Sendable, Equatable {
        case text
        /// One JSON value; nil takes any.
        case json(JSONSchema?)
    }

    /// 1 to 64 letters, digits, "_" and "-".
    public var name: String
    public var trigger: Trigger
    /// What the model is shown; `off` is not used here.
    public var context: SessionConfiguration.OutOfBand
    public var instructions: String
    public var output: Output
    /// Token cap of the result.
    public var maxTokens: Int

    public init(
        name: String, trigger: Trigger, context: SessionConfiguration.OutOfBand = .fullContext, instructions: String,
        output: Output = .text, maxTokens: Int = 4096
    ) {
        self.name = name
        self.trigger = trigger
        self.context = context
        self.instructions = instructions
        self.output = output
        self.maxTokens = maxTokens
    }

    /// The name of the agent's own.
    public static let contextSummaryName = "context-summary"
    /// Some 150 words, and room for languages that take more tokens.
    static let contextSummary = OutOfBandTask(
        name: contextSummaryName, trigger: .trimming, instructions: SessionConfiguration.contextSummaryInstructions,
        maxTokens: 600)

    /// What the model is told: of JSON also its form, so that no prompt has to.
    var wholeInstructions: String {
        guard case .json(let schema) = output else { return instructions }
        let form = "\n\nAnswer with one JSON value and nothing else: no words before or after it, no code fence."
        return instructions + form + (schema.map { " Its JSON schema:\n" + $0.text } ?? "")
    }
}

/// The result of a task, final.
public struct SettledTask: Sendable, Equatable {
    public enum Status: String, Sendable { case ok, empty, failed, timeout, invalid }

    public var session: String
    /// The task's.
    public var name: String
    /// The turn after which it was asked for: its number within the session, and its item.
    public var turn: Int
    public var item: ItemID?
    public var status: Status
    /// What the model wrote, whatever became of it.
    public var text: String
    /// The value that `text` spells; only of an `ok` one that was to be JSON.
    public var json: JSONValue?
    /// Why it failed or is invalid.
    public var reason: String?
    public var usage: Usage?
    /// USD; nil without usage or without a known price.
    public var cost: Double?
    /// It is the summary that takes the place of old turns.
    let isContextSummary: Bool

    public init(_ transcript: Transcript, of task: OutOfBandTask, session: String, turn: Int, item: ItemID?) {
        self.session = session
        name = task.name
        isContextSummary = task.trigger == .trimming
        self.turn = turn
        self.item = item
        text = transcript.text
        reason = transcript.reason
        status = switch transcript.status {
        case .ok: .ok
        case .empty, .off: .empty
        case .failed: .failed
        case .timeout: .timeout
        }
        guard status == .ok, case .json(let schema) = task.output else { return }
        if let value = JSONValue(json: Array(Self.unfenced(text).utf8)) {
            reason = schema?.problem(in: value)
            json = reason == nil ? value : nil
        } else {
            reason = "not JSON"
        }
        if reason != nil { status = .invalid }
    }

    /// The text inside a Markdown code fence, in which models like to wrap JSON whatever they are told.
    static func unfenced(_ text: String) -> Substring {
        let lines = text.split(omittingEmptySubsequences: true, whereSeparator: \.isNewline)
            .filter { !$0.allSatisfy(\.isWhitespace) }
        guard lines.count > 2, let first = lines.first, let last = lines.last, first.hasPrefix("```"),
            last.hasPrefix("```")
        else { return text[...] }
        return text[first.endIndex..<last.startIndex]
    }
}
