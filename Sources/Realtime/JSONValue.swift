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
