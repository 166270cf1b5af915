import Testing

@testable import kiosk_agent

@Suite struct TOMLDocumentTests {
    /// Line, path and spelling of every entry, in one line each.
    private func entries(_ text: String) throws -> [String] {
        let document = try TOMLDocument(text)
        return document.entries.enumerated().map { index, entry in
            let path = entry.path.joined(separator: "/")
            return "\(entry.line) \(path)" + (document.spelling(at: index).map { " = " + $0 } ?? "")
        }
    }

    @Test func keysComeInTheOrderOfTheText() throws {
        let text = "[b] # one\nx = 1\n\n[a]\n  y = 2 # two\n  x = 3\n"
        #expect(try entries(text) == ["1 b", "2 b/x = 1", "4 a", "5 a/y = 2", "6 a/x = 3"])
    }

    @Test func dottedAndQuotedKeysArePlaced() throws {
        #expect(try entries("\na . \"x\" = 'v'") == ["2 a", "2 a/x = 'v'"])
        #expect(try entries("['a']\n'x.y' = 1") == ["1 a", "2 a/x.y = 1"])
        #expect(try entries("[a]\nx.y.z = 1") == ["1 a", "2 a/x"])
    }

    @Test func headersAreNoSpelling() throws {
        #expect(try entries("[a.x]\ny = 1\n[[b]]\n[a]") == ["1 a", "1 a/x", "3 b", "3 b"])
    }

    @Test func valuesAreSpelledAsTheOperatorDid() throws {
        #expect(try entries("a = { x = 1, y = \"}\" }") == ["1 a = { x = 1, y = \"}\" }", "1 a/x = 1", "1 a/y = \"}\""])
        #expect(try entries("[a]\nx = [ # ]\n  \"]\",\n]\t\r\ny = 0x1F # 2") == [
            "1 a", "2 a/x = [ # ]\n  \"]\",\n]", "5 a/y = 0x1F",
        ])
        #expect(try entries("\u{FEFF}'ä' = 'öü'  # é\nb = \"\"\"\nß\"\"\"\nc = 1979-05-27 # day") == [
            "1 ä = 'öü'", "2 b = \"\"\"\nß\"\"\"", "4 c = 1979-05-27",
        ])
    }

    @Test func valuesKeepTheirTypes() throws {
        let text = "s = \"a\\tb\"\ni = -9223372036854775808\nn = 1.5\nt = true\nf = false\nd = 07:32:00\nx = []\ny = {}"
        #expect(try TOMLDocument(text).entries.map(\.value) == [
            .text("a\tb"), .integer(.min), .number(1.5), .flag(true), .flag(false), .other, .list([]), .table([:]),
        ])
        #expect(try TOMLDocument(text).entries.map(\.isTable).filter { $0 }.count == 1)
    }

    @Test func anArrayOfTextsIsAListAndOfAnythingElseNothing() throws {
        let text = "a = [\"x\", '', \"y\"]\nb = [\"x\", 1]\nc = [[\"x\"]]\nd = {p = \"1\", q = '2'}\ne = {p = 1}"
        #expect(try TOMLDocument(text).entries.filter { $0.path.count == 1 }.map(\.value) == [
            .list(["x", "", "y"]), .other, .other, .table(["p": "1", "q": "2"]), .other,
        ])
    }

    @Test func eachTableOfAnArrayComesBeforeItsKeys() throws {
        let text = "[[a]]\nx = 1\n[[ a ]]\n[b]\ny = 2\n[[a]]\nx = 3\nz.w = 'v'"
        let document = try TOMLDocument(text)
        let lines = document.entries.map { entry in
            "\(entry.line) \(entry.path.joined(separator: "/")) \(entry.element.map(String.init) ?? "-")"
        }
        #expect(Set(lines.prefix(2)) == ["1 a -", "1 a 0"])
        #expect(Array(lines.dropFirst(2)) == [
            "2 a/x 0", "3 a 1", "4 b -", "5 b/y -", "6 a 2", "7 a/x 2", "8 a/z 2",
        ])
        #expect(document.entries.filter(\.isArrayOfTables).map(\.path) == [["a"]])
        #expect(document.entries.last?.value == .table(["w": "v"]))
        let inline = try TOMLDocument("a = [{x = 1}, {x = 2}]")
        #expect(inline.entries.map(\.element) == [nil, 0, 0, 1, 1])
    }

    @Test func aNULCutsNothingOff() throws {
        #expect(try TOMLDocument("a = \"x\\u0000y\"").entries.map(\.value) == [.text("x\0y")])
        #expect(throws: TOMLDocument.SyntaxError.self) { try TOMLDocument("a = 1\n\0") }
    }

    @Test func anEmptyTextHasNoEntries() throws {
        #expect(try entries("") == [])
        #expect(try TOMLDocument("").spelling(at: 0) == nil)
    }

    @Test(arguments: [
        "[", "[[", "=", "a", "a=", "a={", "a={b", "a=[", "a=\"", "a='''", "\"", "a.\"", "a=\"\\", "{", "]",
        "a={b={c={d={e={", String(repeating: "a=[", count: 10_000), "a=" + String(repeating: "{a=", count: 100_000),
    ])
    func whatIsNoTOMLIsAnErrorWithItsLine(text: String) {
        #expect { try TOMLDocument("\n" + text) } throws: { ($0 as? TOMLDocument.SyntaxError)?.line == 2 }
    }
}
