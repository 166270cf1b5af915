/// What a value of a client event may look like. Strict as the service is: unknown keys are refused.
indirect enum Shape: Sendable {
    case anything
    case null
    case boolean
    case string
    /// A string of so many characters at most.
    case limitedString(Int)
    case integer(ClosedRange<Int>)
    case number(ClosedRange<Double>)
    /// One of these strings.
    case word([String])
    case list(Shape, longest: Int? = nil)
    /// Any keys (64 characters at most), each with such a value, 16 pairs at most.
    case metadata
    case object([Field])
    /// The first of these that the value resembles (JSON type, and `type` where an object has one).
    case choice([Shape])

    /// A key of an object.
    struct Field: Sendable {
        let key: String
        let shape: Shape
        let isRequired: Bool

        static func optional(_ key: String, _ shape: Shape) -> Field {
            Field(key: key, shape: shape, isRequired: false)
        }

        static func required(_ key: String, _ shape: Shape) -> Field {
            Field(key: key, shape: shape, isRequired: true)
        }
    }
}

/// Why a client event is refused: the inner object of an `error` event.
struct Refusal: Error, Equatable {
    var type = "invalid_request_error"
    let code: String?
    let message: String
    var param: String?

    static func invalidValue(_ message: String, param: String?) -> Refusal {
        Refusal(code: "invalid_value", message: message, param: param)
    }
}

extension Shape {
    /// The first thing wrong with a value at `path`; nil when it has this shape.
    func refusal(of value: JSON, path: String) -> Refusal? {
        switch self {
        case .anything: return nil
        case .null: return value == .null ? nil : wrongType(path, "null", value)
        case .boolean: return value.flag == nil ? wrongType(path, "a boolean", value) : nil
        case .string: return value.text == nil ? wrongType(path, "a string", value) : nil
        case .limitedString(let longest):
            guard let text = value.text else { return wrongType(path, "a string", value) }
            return tooLong(text.unicodeScalars.count, longest, path: path)
        case .integer(let range):
            guard let integer = value.integer else { return wrongType(path, "an integer", value) }
            return outside(range, integer, "integer", path: path)
        case .number(let range):
            guard let number = value.double else { return wrongType(path, "a decimal", value) }
            return outside(range, number, "decimal", path: path)
        case .word(let words):
            guard let text = value.text else { return wrongType(path, "one of \(Shape.quoted(words))", value) }
            return words.contains(text)
                ? nil
                : .invalidValue(
                    "Invalid value: '\(text)'. Supported values are: \(Shape.quoted(words)).", param: path)
        case .list(let element, let longest):
            guard case .array(let elements) = value else { return wrongType(path, "an array", value) }
            if let longest, elements.count > longest {
                return Refusal(
                    code: "array_above_max_length",
                    message: "Invalid '\(path)': array too long. Expected an array with maximum length "
                        + "\(longest), but got an array with length \(elements.count) instead.", param: path)
            }
            return elements.enumerated().firstRefusal {
                element.refusal(of: $0.element, path: "\(path)[\($0.offset)]")
            }
        case .metadata: return metadataRefusal(of: value, path: path)
        case .object(let fields): return objectRefusal(of: value, fields: fields, path: path)
        case .choice(let shapes):
            if let shape = shapes.first(where: { $0.resembles(value) }) { return shape.refusal(of: value, path: path) }
            guard let words = shapes.lazy.compactMap(\.words).first, value["type"] != nil else {
                return wrongType(path, "another type", value)
            }
            let all = shapes.flatMap { $0.words ?? [] }
            return Shape.word(all.isEmpty ? words : all).refusal(
                of: value["type"] ?? .null, path: Shape.join(path, "type"))
        }
    }

    private func objectRefusal(of value: JSON, fields: [Field], path: String) -> Refusal? {
        guard case .object(let members) = value else { return wrongType(path, "an object", value) }
        for field in fields where field.isRequired && value[field.key] == nil {
            let param = Shape.join(path, field.key)
            return Refusal(
                code: "missing_required_parameter", message: "Missing required parameter: '\(param)'.", param: param)
        }
        return members.firstRefusal { member in
            let param = Shape.join(path, member.key)
            guard let field = fields.first(where: { $0.key == member.key }) else {
                return Refusal(code: "unknown_parameter", message: "Unknown parameter: '\(param)'.", param: param)
            }
            return field.shape.refusal(of: member.value, path: param)
        }
    }

    private func metadataRefusal(of value: JSON, path: String) -> Refusal? {
        guard case .object(let members) = value else { return wrongType(path, "an object", value) }
        if members.count > 16 {
            return .invalidValue("Invalid '\(path)': too many properties. Expected at most 16.", param: path)
        }
        return members.firstRefusal { member in
            tooLong(member.key.unicodeScalars.count, 64, path: path)
                ?? Shape.limitedString(512).refusal(of: member.value, path: Shape.join(path, member.key))
        }
    }

    /// The values of `type` that this object shape takes.
    private var words: [String]? {
        guard case .object(let fields) = self, let type = fields.first(where: { $0.key == "type" }),
            case .word(let words) = type.shape
        else { return nil }
        return words
    }

    private func resembles(_ value: JSON) -> Bool {
        switch (self, value) {
        case (.anything, _), (.null, .null), (.boolean, .boolean), (.string, .string), (.limitedString, .string),
            (.word, .string),
            (.integer, .integer), (.number, .integer), (.number, .number), (.list, .array), (.metadata, .object):
            true
        case (.object, .object):
            words.map { words in value["type"].map { words.map { .string($0) }.contains($0) } ?? true } ?? true
        case (.choice(let shapes), _): shapes.contains { $0.resembles(value) }
        default: false
        }
    }

    private func tooLong(_ length: Int, _ longest: Int, path: String) -> Refusal? {
        guard length > longest else { return nil }
        return Refusal(
            code: "string_above_max_length",
            message: "Invalid '\(path)': string too long. Expected a string with maximum length \(longest), "
                + "but got a string with length \(length) instead.", param: path)
    }

    private func outside<Number>(
        _ range: ClosedRange<Number>, _ value: Number, _ kind: String, path: String
    ) -> Refusal? {
        guard !range.contains(value) else { return nil }
        let isBelow = value < range.lowerBound
        return Refusal(
            code: "\(kind)_\(isBelow ? "below_min" : "above_max")_value",
            message:
                "Invalid '\(path)': \(kind) \(isBelow ? "below minimum" : "above maximum") value. Expected a value "
                + "\(isBelow ? ">= \(range.lowerBound)" : "<= \(range.upperBound)"), but got \(value) instead.",
            param: path)
    }

    private func wrongType(_ path: String, _ wanted: String, _ value: JSON) -> Refusal {
        let got =
            switch value {
            case .null: "null"
            case .boolean: "a boolean"
            case .integer: "an integer"
            case .number: "a decimal"
            case .string: "a string"
            case .array: "an array"
            case .object: "an object"
            }
        return Refusal(
            code: "invalid_type",
            message: "Invalid type for '\(path)': expected \(wanted), but got \(got) instead.", param: path)
    }

    private static func join(_ path: String, _ key: String) -> String {
        path.isEmpty ? key : "\(path).\(key)"
    }

    private static func quoted(_ words: [String]) -> String {
        words.map { "'\($0)'" }.joined(separator: ", ")
    }
}

extension Sequence {
    fileprivate func firstRefusal(_ check: (Element) -> Refusal?) -> Refusal? {
        for element in self {
            if let refusal = check(element) { return refusal }
        }
        return nil
    }
}
