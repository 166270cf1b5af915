/// A server event that could not be understood. Its description is one line for the operator.
public struct EventDecodingError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The event's type as the server wrote it; nil when not even that could be read.
    public let eventType: String?
    /// Where in the event the fault lies ("response.output[0].id"); "" for the event as a whole.
    public let keyPath: String
    /// What was found there and what was wanted.
    public let problem: String

    /// At most this much of each text that came from the server is shown, so that a line stays a line.
    static let shownCharacters = 80

    /// A fault found by a reader of fields, which does not know the event that it reads for.
    init(at codingPath: [any CodingKey], problem: String) {
        eventType = nil
        keyPath = Self.path(codingPath)
        self.problem = problem
    }

    /// The message as a whole cannot be read.
    static let notJSON = EventDecodingError(at: [], problem: "not valid JSON")

    init(_ error: any Error, eventType: String?) {
        self.eventType = eventType
        switch error {
        case let fault as EventDecodingError:
            keyPath = fault.keyPath
            problem = fault.problem
        case DecodingError.keyNotFound(let key, let context):
            keyPath = Self.path(context.codingPath + [key])
            problem = "missing"
        case DecodingError.valueNotFound(let wanted, let context):
            keyPath = Self.path(context.codingPath)
            problem = "null, wanted \(Self.name(of: wanted))"
        case DecodingError.typeMismatch(let wanted, let context):
            keyPath = Self.path(context.codingPath)
            problem = "wrong type, wanted \(Self.name(of: wanted))"
        default:
            // Readers name what they cannot read, so what is left is a message that cannot be read at all.
            keyPath = Self.notJSON.keyPath
            problem = Self.notJSON.problem
        }
    }

    public var description: String {
        let subject = eventType.map { "event \(Self.shown($0))" } ?? "server event"
        let place = keyPath.isEmpty ? "" : "\(Self.shown(keyPath)): "
        return "\(subject): \(place)\(Self.shown(problem))"
    }

    private static func path(_ keys: [any CodingKey]) -> String {
        var path = ""
        for key in keys {
            if let index = key.intValue {
                path += "[\(index)]"
            } else {
                path += path.isEmpty ? key.stringValue : ".\(key.stringValue)"
            }
        }
        return path
    }

    /// How a type of ours is called in JSON.
    static func name(of wanted: any Any.Type) -> String {
        switch wanted {
        case is String.Type, is ItemID.Type, is ResponseID.Type: "a string"
        case is Int.Type, is Double.Type: "a number"
        // The decoder names its containers: Array<Any>, Dictionary<String, Any>.
        default: "\(wanted)".hasPrefix("Array<") ? "a list" : "an object"
        }
    }

    /// The text on one line and of bounded length: control and other invisible characters are escaped.
    private static func shown(_ text: String) -> String {
        var line = ""
        for (count, scalar) in text.unicodeScalars.enumerated() {
            if count == shownCharacters { return line + "..." }
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned:
                line += "\\u{\(String(scalar.value, radix: 16))}"
            default:
                line.unicodeScalars.append(scalar)
            }
        }
        return line
    }
}
