import Realtime

/// A local command that the model may ask for.
public struct SessionTool: Sendable, Equatable {
    public var name: String
    /// What it does, for the model.
    public var description: String?
    /// JSON schema of its arguments.
    public var parameters: JSONValue
    /// How long it may take.
    public var limit: Duration

    public init(name: String, description: String? = nil, parameters: JSONValue, limit: Duration) {
        self.name = name
        self.description = description
        self.parameters = parameters
        self.limit = limit
    }
}

/// One run of a tool, to be performed outside.
public struct ToolRun: Sendable, Equatable {
    /// Names the run; never used again.
    public let id: Int
    public let name: String
    /// A JSON object, for standard input.
    public let arguments: String

    public init(id: Int, name: String, arguments: String) {
        self.id = id
        self.name = name
        self.arguments = arguments
    }
}

/// How a run ended.
public enum ToolResult: Sendable, Equatable {
    /// What the command wrote.
    case output(String)
    /// Why there is no output: words for the operator.
    case failed(String)
    case timedOut
}

/// A tool of a settled turn.
public struct ToolUse: Sendable, Equatable {
    public enum Status: String, Sendable {
        case ok, failed, timeout
        /// Its answer was interrupted or cut off before it could run.
        case notRun = "not-run"
        /// Still running when the turn ended.
        case unfinished
    }

    public var name: String
    public var status: Status
    /// From the call to the result.
    public var ms: Int

    public init(name: String, status: Status, ms: Int) {
        self.name = name
        self.status = status
        self.ms = ms
    }
}

/// A function that the model wants called.
struct ToolCall: Sendable, Equatable {
    let id: String
    let name: String
    /// JSON in a string, as the model wrote it.
    let arguments: String

    /// nil for any other item, and for a call that was cut off.
    init?(_ item: Item) {
        guard item.type == "function_call", let id = item.callID, let name = item.name,
            item.status == nil || item.status == "completed"
        else { return nil }
        self.id = id
        self.name = name
        arguments = item.arguments ?? ""
    }
}
