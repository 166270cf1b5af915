import FoundationEssentials

/// Any JSON, for what this module passes on without reading: schemas of tool parameters, trace metadata.
public enum JSONValue: Equatable, Sendable, Encodable {
    case null
    case bool(Bool)
    case integer(Int)
    case number(Double)
    case string(String)
    case array([JSONValue])
    case object([String: JSONValue])

    public func encode(to encoder: any Encoder) throws {
        var json = encoder.singleValueContainer()
        switch self {
        case .null: try json.encodeNil()
        case .bool(let bool): try json.encode(bool)
        case .integer(let integer): try json.encode(integer)
        case .number(let number): try json.encode(number)
        case .string(let string): try json.encode(string)
        case .array(let array): try json.encode(array)
        case .object(let object): try json.encode(object)
        }
    }
}

extension JSONValue: Decodable {
    /// Deepest nesting that is read: each level costs stack.
    static let nestingLimit = 64

    /// Reads one JSON text; nil when it is none, or nested too deeply.
    public init?(json: [UInt8]) {
        guard KeyText.isSound(json), Self.isShallow(json),
            let value = try? JSONDecoder().decode(JSONValue.self, from: Data(json))
        else { return nil }
        self = value
    }

    private static func isShallow(_ json: [UInt8]) -> Bool {
        var depth = 0
        var isInText = false
        var isEscaped = false
        for byte in json {
            if isInText {
                if !isEscaped, byte == UInt8(ascii: "\"") { isInText = false }
                isEscaped = !isEscaped && byte == UInt8(ascii: "\\")
                continue
            }
            switch byte {
            case UInt8(ascii: "\""): isInText = true
            case UInt8(ascii: "["), UInt8(ascii: "{"): depth += 1
            case UInt8(ascii: "]"), UInt8(ascii: "}"): depth -= 1
            default: break
            }
            if depth > nestingLimit { return false }
        }
        return true
    }

    public init(from decoder: any Decoder) throws {
        let json = try decoder.singleValueContainer()
        if json.decodeNil() {
            self = .null
        } else if let bool = try? json.decode(Bool.self) {
            self = .bool(bool)
        } else if let integer = try? json.decode(Int.self) {
            self = .integer(integer)
        } else if let number = try? json.decode(Double.self) {
            self = .number(number)
        } else if let string = try? json.decode(String.self) {
            self = .string(string)
        } else if let array = try? json.decode([JSONValue].self) {
            self = .array(array)
        } else {
            self = .object(try json.decode([String: JSONValue].self))
        }
    }
}
