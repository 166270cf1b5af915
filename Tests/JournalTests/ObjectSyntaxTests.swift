import Testing

@testable import Journal

@Suite struct ObjectSyntaxTests {
    private func isObject(_ text: String) -> Bool {
        Array(text.utf8).withUnsafeBytes { ObjectSyntax.members(of: $0) } != nil
    }

    @Test(arguments: [
        "{}", " { } ", #"{"a":1}"#, #"{"":""}"#,
        #"{ "a" : [ 1 , -0.5e+10 , 0 , -0 , 1E3 , true , false , null ] }"#,
        #"{"a":{"b":[[],{}]}}"#, #"{"a":"\"\\\/\b\f\n\r\t\u00e9\uD83D\uDE00"}"#, #"{"é":"日本 🎤"}"#,
        "{\t\"a\":1}",
    ])
    func objectOnOneLineIsTaken(text: String) {
        #expect(isObject(text))
    }

    @Test(arguments: [
        "", " ", "1", "null", "[]", #""a""#, "{", "}", "{}}", "{} {}", #"{"a"}"#, #"{"a":}"#, #"{"a":1,}"#,
        #"{,"a":1}"#, #"{"a":1 "b":2}"#, #"{"a":[1,]}"#, #"{"a":[1}"#, #"{a:1}"#, #"{'a':1}"#, #"{"a":1//c}"#,
        #"{"a":01}"#, #"{"a":1.}"#, #"{"a":.5}"#, #"{"a":+1}"#, #"{"a":-}"#, #"{"a":1e}"#, #"{"a":1e+}"#,
        #"{"a":0x1}"#, #"{"a":NaN}"#, #"{"a":tru}"#, #"{"a":True}"#, #"{"a":nul"#,
        #"{"a":"\x"}"#, #"{"a":"\u12g4"}"#, #"{"a":"\u12"}"#, #"{"a":"b}"#, #"{"a":"\"#,
        "{\"a\":\n1}", "{\"a\":\"b\nc\"}", "{\"a\":\"\u{0}\"}", "{\"a\":\"\t\"}", "{\r}", "{}\n", "\u{feff}{}",
    ])
    func anythingElseIsRefused(text: String) {
        #expect(!isObject(text))
    }

    /// Text is looked at eight bytes at a time, so the end of it and what is forbidden in it come at every place.
    @Test func textOfAnyLengthIsTakenAndWhatIsForbiddenIsSeenAtEveryPlace() {
        for length in 0..<40 {
            #expect(isObject(#"{"a":""# + String(repeating: "x", count: length) + #""}"#))
            for place in 0...length {
                let before = String(repeating: "é", count: place)
                let after = String(repeating: " ", count: length - place)
                #expect(isObject(#"{"a":""# + before + #"\""# + after + #""}"#))
                for control in ["\u{0}", "\u{1f}", "\n"] {
                    #expect(!isObject(#"{"a":""# + before + control + after + #""}"#))
                    let odd = String(repeating: "a", count: place) + control + String(repeating: "a", count: length - place)
                    #expect(!isObject(#"{"a":""# + odd + #""}"#))
                }
                #expect(!isObject(#"{"a":""# + before + #"\q"# + after + #""}"#))
            }
        }
    }

    @Test func nestingHasALimit() {
        func nested(_ depth: Int) -> String {
            #"{"a":"# + String(repeating: "[", count: depth - 1) + String(repeating: "]", count: depth - 1) + "}"
        }
        #expect(isObject(nested(ObjectSyntax.depthLimit)))
        #expect(!isObject(nested(ObjectSyntax.depthLimit + 1)))
        #expect(!isObject(#"{"a":"# + String(repeating: "[", count: 1_000_000)))
    }

    @Test func membersOfTheOutermostObjectAreFound() throws {
        let text = Array(#"{"seq" : 7,"a":{"seq":8},"b":["c"]}"#.utf8)
        let members = try #require(text.withUnsafeBytes { ObjectSyntax.members(of: $0) })
        #expect(members.map { String(decoding: text[$0.name], as: UTF8.self) } == ["seq", "a", "b"])
        #expect(members.map { String(decoding: text[$0.value], as: UTF8.self) } == ["7", #"{"seq":8}"#, #"["c"]"#])
    }
}
