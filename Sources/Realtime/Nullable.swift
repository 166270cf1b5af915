/// A field that may be left as it is, cleared, or set: three different things to the server.
public enum Nullable<Value> {
    /// Not written: the server keeps what it has.
    case omitted
    /// Written as null: switched off.
    case null
    case value(Value)
}

extension Nullable: Equatable where Value: Equatable {}
extension Nullable: Sendable where Value: Sendable {}

extension Nullable {
    var isOmitted: Bool {
        if case .omitted = self { true } else { false }
    }
}

extension KeyedEncodingContainer {
    mutating func encode<Value: Encodable>(_ field: Nullable<Value>, forKey key: Key) throws {
        switch field {
        case .omitted: break
        case .null: try encodeNil(forKey: key)
        case .value(let value): try encode(value, forKey: key)
        }
    }
}
