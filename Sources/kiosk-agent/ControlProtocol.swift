import Journal

/// What programs ask of the agent through the control socket.
///
/// One connection carries one request and one answer, each a line of ASCII that ends with a line feed:
///
///     button press          ok
///     button release        error: WORDS
///     button hold MS
///     status                {"state":"ready",…}
///     levels                {"peak_dbfs":-12.3,…}
///     session set KEY=VALUE ...
///     journal forget before INSTANT_MS
///     journal forget turn SESSION/N
///
/// `ok` says that the agent has acted; for `hold` that is after the release. The agent then closes the connection.
enum ControlRequest: Equatable, Sendable {
    case press
    case release
    /// Press, and release after so many milliseconds by the agent's clock. 0 to 600000.
    case hold(milliseconds: Int)
    /// How the agent is: one JSON object, see `StatusReport`.
    case status
    /// How loud the microphone is, measured from now on for a moment: one JSON object, see `LevelsReport`.
    case levels
    /// Tell the open session settings, each `section.key=value`; answered when they are in force.
    case set([String])

    /// Remove what entries of the journal say, for good; answered when the disk has done it, see `ForgottenAnswer`.
    case forget(Forgetting)

    /// Ten minutes: longer than anybody speaks, short enough that a slip of the pen does not block the kiosk for a day.
    static let holdMs = 0...600_000

    /// All requests, for errors.
    static let wanted = "\"button press\", \"button release\", \"button hold MS\" (0 to 600000), "
        + "\"status\", \"levels\", \"session set KEY=VALUE ...\" or \"journal forget before MS | turn SESSION/N\""

    /// How long a microphone that delivers nothing is waited for.
    static let levelsLimit = Duration.seconds(2)

    /// How long a change of settings waits for a pause between turns.
    static let changeLimit = Duration.seconds(30)
    /// How long a journal of some gigabytes on a slow card takes to forget.
    static let longestForgetting = Duration.seconds(300)
    /// With what the server may take to answer, twice.
    static let longestChange = changeLimit + .seconds(20)

    /// Reads a line without its line feed; nil when it is no request.
    init?(line: String) {
        switch line.split(separator: " ", omittingEmptySubsequences: false) {
        case ["button", "press"]: self = .press
        case ["button", "release"]: self = .release
        case let words where words.count == 3 && words[0] == "button" && words[1] == "hold":
            guard let milliseconds = Int(words[2]), Self.holdMs.contains(milliseconds) else { return nil }
            self = .hold(milliseconds: milliseconds)
        case ["status"]: self = .status
        case ["levels"]: self = .levels
        case let words where words.count > 2 && words[0] == "session" && words[1] == "set":
            guard words.dropFirst(2).allSatisfy({ $0.contains("=") }) else { return nil }
            self = .set(words.dropFirst(2).map(String.init))
        case let words where words.count == 4 && words[0] == "journal" && words[1] == "forget":
            guard let forgetting = Forgetting(String(words[2]), String(words[3])) else { return nil }
            self = .forget(forgetting)
        default: return nil
        }
    }

    /// The line without its line feed.
    var line: String {
        switch self {
        case .status: "status"
        case .levels: "levels"
        case .press: "button press"
        case .release: "button release"
        case .hold(let milliseconds): "button hold \(milliseconds)"
        case .forget(let forgetting): "journal forget " + forgetting.words
        case .set(let assignments): "session set " + assignments.joined(separator: " ")
        }
    }
}

/// What the agent answers.
enum ControlAnswer: Equatable, Sendable {
    case ok
    case error(String)
    /// A JSON object: what was asked for.
    case report(String)

    /// Reads a line without its line feed; nil when it is no answer.
    init?(line: String) {
        if line == "ok" {
            self = .ok
        } else if line.hasPrefix("{") {
            self = .report(line)
        } else if line.hasPrefix("error: ") {
            self = .error(String(line.dropFirst(7)))
        } else {
            return nil
        }
    }

    /// The line without its line feed.
    var line: String {
        switch self {
        case .ok: "ok"
        case .error(let words): "error: " + ConsoleText.escaped(words)
        case .report(let json): json
        }
    }
}

/// Longest request, in bytes with its line feed: all settings that can be changed take 300.
let longestControlLine = 1024

/// Longest answer, in bytes with its line feed: a status has some 2 KiB, and an empty socket buffer takes 64 KiB whole.
let longestControlAnswer = 16 << 10

/// What went wrong at the control socket, in one line that names its path.
struct ControlError: Error, Equatable, CustomStringConvertible {
    let description: String

    init(_ path: String, _ reason: String) {
        description = ConsoleText.escaped("\(path): \(reason)")
    }
}
