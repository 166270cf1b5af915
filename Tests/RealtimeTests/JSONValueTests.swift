import Testing

@testable import Realtime

@Suite struct JSONValueTests {
    private func read(_ text: String) -> JSONValue? { JSONValue(json: Array(text.utf8)) }

    @Test func everyKindOfValueIsRead() {
        #expect(read(#"{"a": [1, 2.5, "x", true, null], "b": {}}"#) == .object([
            "a": .array([.integer(1), .number(2.5), .string("x"), .bool(true), .null]), "b": .object([:]),
        ]))
    }

    @Test(arguments: ["", "{", "{]", "nul", "{\"a\": }", "{\"a\u{1}\": 1}", "[1] 2", "{\"\\ud800\": 1}"])
    func whatIsNoJSONIsNil(text: String) {
        #expect(read(text) == nil)
    }

    @Test(arguments: [(64, true), (65, false), (100_000, false)])
    func deepNestingIsRefused(depth: Int, isRead: Bool) {
        let text = String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        #expect((read(text) != nil) == isRead)
    }

    @Test func bracketsInTextsAreNoNesting() {
        let text = "\"\\\"" + String(repeating: "[", count: 100) + "\\\\\""
        #expect(read(text) == .string("\"" + String(repeating: "[", count: 100) + "\\"))
    }
}
