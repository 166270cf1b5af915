import Realtime

/// The part of JSON Schema that is checked here: `type`, `properties`, `required`, `items` and `enum`.
public struct JSONSchema: Sendable, Equatable {
    /// A schema that cannot be used.
    public struct Failure: Error, Equatable {
        /// What was wanted, and where.
        public let words: String
    }

    fileprivate enum Kind: String { case object, array, string, number, integer, boolean, null }

    private struct Node: Equatable {
        /// Empty: any.
        var kinds: [Kind] = []
        var properties: [String: Node] = [:]
        var required: [String] = []
        /// None or one.
        var items: [Node] = []
        /// nil: any.
        var values: [JSONValue]?
    }

    /// Deepest nesting of schemas; a form has two or three levels.
    static let depthLimit = 16
    /// Keywords that say nothing about a value.
    private static let notes: Set<String> = [
        "$schema", "$id", "$comment", "title", "description", "examples", "default",
    ]

    /// As the operator wrote it, for the model.
    public let text: String
    private let root: Node

    public init(_ text: String) throws(Failure) {
        guard let json = JSONValue(json: Array(text.utf8)) else { throw Failure(words: "wanted valid JSON") }
        self.text = text
        root = try Self.node(json, at: "the schema", depth: 1)
    }

    private static func node(_ json: JSONValue, at place: String, depth: Int) throws(Failure) -> Node {
        guard depth <= depthLimit else { throw Failure(words: "\(place): wanted at most \(depthLimit) levels") }
        guard case .object(let members) = json else { throw Failure(words: "\(place): wanted an object") }
        var node = Node()
        for (key, value) in members.sorted(by: { $0.key < $1.key }) {
            let place = "\(place): \(key)"
            switch key {
            case "type": node.kinds = try kinds(value, at: place)
            case "properties":
                guard case .object(let schemas) = value else { throw Failure(words: "\(place): wanted an object") }
                for (name, schema) in schemas {
                    node.properties[name] = try Self.node(schema, at: "\(place).\(name)", depth: depth + 1)
                }
            case "required": node.required = try texts(value, at: place)
            case "items": node.items = [try Self.node(value, at: place, depth: depth + 1)]
            case "enum":
                guard case .array(let values) = value, !values.isEmpty else {
                    throw Failure(words: "\(place): wanted an array of values")
                }
                node.values = values
            case _ where notes.contains(key): break
            default:
                // What is not checked must not look as if it were.
                throw Failure(words: "\(place): wanted type, properties, required, items or enum")
            }
        }
        return node
    }

    private static func kinds(_ json: JSONValue, at place: String) throws(Failure) -> [Kind] {
        let names: [String]
        if case .string(let name) = json { names = [name] } else { names = try texts(json, at: place) }
        let kinds = names.compactMap(Kind.init)
        guard kinds.count == names.count, !kinds.isEmpty else {
            throw Failure(words: "\(place): wanted object, array, string, number, integer, boolean or null")
        }
        return kinds
    }

    private static func texts(_ json: JSONValue, at place: String) throws(Failure) -> [String] {
        guard case .array(let values) = json else { throw Failure(words: "\(place): wanted an array of texts") }
        let texts: [String] = values.compactMap { if case .string(let text) = $0 { text } else { nil } }
        guard texts.count == values.count else { throw Failure(words: "\(place): wanted an array of texts") }
        return texts
    }

    // MARK: Checking

    /// The first thing that is wrong with a value, "claim.number: wanted string"; nil when it fits.
    public func problem(in value: JSONValue) -> String? { Self.problem(in: value, root, at: "") }

    private static func problem(in value: JSONValue, _ node: Node, at path: String) -> String? {
        let place = path.isEmpty ? "" : path + ": "
        if !node.kinds.isEmpty, !node.kinds.contains(where: { value.is($0) }) {
            return place + "wanted " + node.kinds.map(\.rawValue).joined(separator: " or ")
        }
        if let values = node.values, !values.contains(value) { return place + "is none of the values of enum" }
        switch value {
        case .object(let members):
            for name in node.required where members[name] == nil {
                return join(path, name) + ": is missing"
            }
            for (name, schema) in node.properties.sorted(by: { $0.key < $1.key }) {
                guard let member = members[name] else { continue }
                if let problem = problem(in: member, schema, at: join(path, name)) { return problem }
            }
        case .array(let elements):
            guard let schema = node.items.first else { return nil }
            for (index, element) in elements.enumerated() {
                if let problem = problem(in: element, schema, at: "\(path)[\(index)]") { return problem }
            }
        case .null, .bool, .integer, .number, .string: break
        }
        return nil
    }

    private static func join(_ path: String, _ name: String) -> String { path.isEmpty ? name : path + "." + name }
}

extension JSONValue {
    fileprivate func `is`(_ kind: JSONSchema.Kind) -> Bool {
        switch (self, kind) {
        case (.object, .object), (.array, .array), (.string, .string), (.bool, .boolean), (.null, .null),
            (.integer, .integer), (.integer, .number), (.number, .number):
            true
        case (.number(let number), .integer): number.rounded() == number
        default: false
        }
    }
}
