import Realtime
import Testing

@testable import Session

@Suite struct JSONSchemaTests {
    private static let claim = """
        {"type": "object", "title": "A claim", "required": ["policy", "kind"], "properties": {
          "policy": {"type": ["string", "null"]}, "kind": {"enum": ["glass", "fire", 3]},
          "amount": {"type": "number"}, "count": {"type": "integer"}, "urgent": {"type": "boolean"},
          "items": {"type": "array", "items": {"type": "object", "required": ["name"],
            "properties": {"name": {"type": "string"}}}}}}
        """

    private static func value(_ text: String) throws -> JSONValue { try #require(JSONValue(json: Array(text.utf8))) }

    private static let fitting = [
        #"{"policy": "56B5-12C0", "kind": "glass"}"#, #"{"policy": null, "kind": 3, "more": [1]}"#,
        #"{"policy": "", "kind": "fire", "amount": 2, "count": 2, "urgent": false, "items": []}"#,
        #"{"policy": "", "kind": "fire", "amount": 2.5, "count": 2.0, "items": [{"name": "a"}, {"name": ""}]}"#,
    ]

    @Test func aValueThatFitsHasNoProblem() throws {
        let schema = try JSONSchema(Self.claim)
        for text in Self.fitting { #expect(schema.problem(in: try Self.value(text)) == nil, "\(text)") }
    }

    private static let wrong: [(String, String)] = [
        (#"[]"#, "wanted object"), (#""text""#, "wanted object"), ("{}", "policy: is missing"),
        (#"{"policy": ""}"#, "kind: is missing"), (#"{"policy": 5, "kind": 3}"#, "policy: wanted string or null"),
        (#"{"policy": "", "kind": "water"}"#, "kind: is none of the values of enum"),
        (#"{"policy": "", "kind": 3, "amount": "2"}"#, "amount: wanted number"),
        (#"{"policy": "", "kind": 3, "count": 2.5}"#, "count: wanted integer"),
        (#"{"policy": "", "kind": 3, "urgent": 1}"#, "urgent: wanted boolean"),
        (#"{"policy": "", "kind": 3, "items": {}}"#, "items: wanted array"),
        (#"{"policy": "", "kind": 3, "items": [{"name": ""}, {}]}"#, "items[1].name: is missing"),
        (#"{"policy": "", "kind": 3, "items": [{"name": 1}]}"#, "items[0].name: wanted string"),
    ]

    @Test func theFirstThingThatIsWrongIsNamedWithItsPlace() throws {
        let schema = try JSONSchema(Self.claim)
        for (text, problem) in Self.wrong { #expect(schema.problem(in: try Self.value(text)) == problem, "\(text)") }
    }

    private static let unusable: [(String, String)] = [
        ("{", "wanted valid JSON"), ("[]", "the schema: wanted an object"), ("3", "the schema: wanted an object"),
        (#"{"type": "text"}"#,
            "the schema: type: wanted object, array, string, number, integer, boolean or null"),
        (#"{"type": []}"#, "the schema: type: wanted object, array, string, number, integer, boolean or null"),
        (#"{"pattern": "x"}"#, "the schema: pattern: wanted type, properties, required, items or enum"),
        (#"{"properties": {"a": {"minLength": 1}}}"#,
            "the schema: properties.a: minLength: wanted type, properties, required, items or enum"),
        (#"{"properties": []}"#, "the schema: properties: wanted an object"),
        (#"{"required": "a"}"#, "the schema: required: wanted an array of texts"),
        (#"{"required": [1]}"#, "the schema: required: wanted an array of texts"),
        (#"{"items": []}"#, "the schema: items: wanted an object"),
        (#"{"enum": []}"#, "the schema: enum: wanted an array of values"),
    ]

    @Test func aSchemaOfWhichNotAllIsCheckedIsRefused() {
        for (text, words) in Self.unusable {
            #expect(throws: JSONSchema.Failure(words: words), "\(text)") { try JSONSchema(text) }
        }
    }

    @Test func sixteenLevelsAreEnough() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: #"{"items": "#, count: depth - 1) + "{}" + String(repeating: "}", count: depth - 1)
        }
        _ = try JSONSchema(nested(16))
        #expect(throws: JSONSchema.Failure.self) { try JSONSchema(nested(17)) }
    }
}
