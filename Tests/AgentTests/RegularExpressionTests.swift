import Testing

@testable import kiosk_agent

@Suite struct RegularExpressionTests {
    private static func replaced(_ text: String, _ pattern: String, ignoresCase: Bool = false) throws -> String {
        try RegularExpression(pattern, ignoresCase: ignoresCase).replace(in: text, by: "[x]")
    }

    @Test(arguments: [
        ("no number", "[0-9]+", "no number"),
        ("1 and 22 and 333", "[0-9]{2,}", "1 and [x] and [x]"),
        ("1234-5678 at both ends 8765-4321", "[0-9]{4}-[0-9]{4}", "[x] at both ends [x]"),
        ("", "a", ""),
        ("aaaa", "a", "[x][x][x][x]"),
        // From left to right, the longest each.
        ("ab abc", "ab|abc", "[x] [x]"),
        // Only at the beginning, and only once.
        ("aa", "^a", "[x]a"),
        ("Größe 5, größer", "[Gg]rö(ß|ss)e", "[x] 5, [x]r"),
        // A character of several bytes is one.
        ("ü", "^.$", "[x]"),
        ("日本語", "本", "日[x]語"),
    ])
    func whatFitsIsReplaced(text: String, pattern: String, wanted: String) throws {
        #expect(try Self.replaced(text, pattern) == wanted)
    }

    @Test func eitherCaseMayBeIgnored() throws {
        #expect(try Self.replaced("Meier MEIER meier", "meier") == "Meier MEIER [x]")
        #expect(try Self.replaced("Meier MEIER Müller MÜLLER", "me(i)er|müller", ignoresCase: true) == "[x] [x] [x] [x]")
    }

    @Test func aZeroHidesNothing() throws {
        #expect(try Self.replaced("a\u{0}1234\u{0}1234", "[0-9]{4}") == "a\u{0}[x]\u{0}[x]")
    }

    @Test func nothingFoundInTheMiddleIsPassedOver() throws {
        #expect(try Self.replaced("aüba", "a*") == "[x]üb[x]")
        #expect(try RegularExpression("a*").isFoundInNothing)
        #expect(try !RegularExpression("a+").isFoundInNothing)
    }

    @Test(arguments: ["(", "[a", "a{2,1}", "*\u{0}"])
    func whatIsNoExpressionIsRefused(pattern: String) {
        #expect(throws: RegularExpression.Malformed.self) { try RegularExpression(pattern) }
    }
}
