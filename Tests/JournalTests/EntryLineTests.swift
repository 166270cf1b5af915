import Testing

@testable import Journal

@Suite struct EntryLineTests {
    private func line(
        seq: UInt64 = 7, kind: String = "turn", members: String = "{}"
    ) throws(JournalError) -> [UInt8] {
        try EntryLine.encode(seq: seq, atMs: 1_795_256_102_123, kind: kind, members: members)
    }

    private func refusal(kind: String = "turn", members: String = "{}") -> String {
        do {
            return String(decoding: try line(kind: kind, members: members), as: UTF8.self)
        } catch {
            return error.description
        }
    }

    /// The checksum is that of another implementation (bit by bit, in Python).
    @Test func lineIsTheContractsToTheByte() throws {
        let covered = #"{"seq":7,"at":"2026-11-21T10:15:02.123Z","kind":"session","event":"opened""#
        let line = String(decoding: try line(kind: "session", members: #"{"event":"opened"}"#), as: UTF8.self)
        #expect(line == covered + #","crc32c":"f98c6afb"}"#)
    }

    @Test func shortestLineHasTheStatedLength() throws {
        #expect(try line(seq: 1, kind: "a").count == EntryLine.minimumBytes)
    }

    @Test(arguments: ["{}", "{ }", " {} ", #"{"a":1}"#, #" { "a" : {"seq":1} } "#, #"{"text":"é \u0000 \n 🎤"}"#])
    func lineIsRecognisedAgain(members: String) throws {
        let line = try line(members: members)
        let entry = try #require(EntryLine(line[...]))
        #expect(entry.seq == 7)
        #expect(entry.at == "2026-11-21T10:15:02.123Z")
        #expect(!line.contains(UInt8(ascii: "\n")))
    }

    @Test(arguments: [
        "", "{", "[1]", "null", #"{"a":1}{"b":2}"#, "{\"a\":\"b\nc\"}", "{\"a\":1}\n", "{\"a\":\n1}", #"{"a":1,}"#,
    ])
    func membersThatAreNoObjectOnOneLineAreRefused(members: String) {
        #expect(refusal(members: members) == "entry refused: members: wanted a JSON object on one line")
    }

    @Test(arguments: ["seq", "at", "kind", "crc32c", #"\u0073eq"#])
    func membersOfTheJournalsOwnAreRefused(name: String) {
        let refusal = refusal(members: #"{"a":1,"\#(name)":2}"#)
        #expect(refusal == "entry refused: members: \(name) is not for the caller to set")
    }

    @Test(arguments: ["", "Turn", "a b", "a\"", "é", "a\n", String(repeating: "a", count: 33)])
    func kindsOutsideTheAlphabetAreRefused(kind: String) {
        #expect(refusal(kind: kind) == "entry refused: kind: wanted 1 to 32 of a-z, 0-9 and -")
    }

    @Test func longestLineIsTakenAndOneByteMoreRefused() throws {
        let frame = try line(members: #"{"a":""}"#).count
        let text = String(repeating: "x", count: EntryLine.limitBytes - frame)
        #expect(try line(members: #"{"a":"\#(text)"}"#).count == EntryLine.limitBytes)
        #expect(refusal(members: #"{"a":"\#(text)x"}"#).contains("the limit of a line is 1048576"))
    }

    @Test func seqBeyondWhatJSONReadersKeepExactIsRefused() throws {
        #expect(throws: JournalError.self) { try line(seq: EntryLine.seqLimit + 1) }
        #expect(EntryLine(try line(seq: EntryLine.seqLimit)[...])?.seq == EntryLine.seqLimit)
    }

    @Test(arguments: [
        #"{"seq":0,"at":"x""#, #"{"seq":-1,"at":"x""#, #"{"seq":1.0,"at":"x""#, #"{"seq":"1","at":"x""#, #"{"at":"x""#,
        #"{"seq":1"#, #"{"seq":18446744073709551616,"at":"x""#, #"{"seq":18446744073709551615,"at":"x""#,
        "garbage", "", "{\"seq\":1,\"at\":\"x\u{1}\"",
    ])
    func soundChecksumDoesNotMakeAnEntry(covered: String) {
        #expect(EntryLine(sealed(Array(covered.utf8))[...]) == nil)
    }

    @Test func soundChecksumOverBrokenUTF8DoesNotMakeAnEntry() {
        #expect(EntryLine(sealed(Array(#"{"seq":1,"at":""#.utf8) + [0xff, UInt8(ascii: "\"")])[...]) == nil)
    }

    /// Positive control of the two above.
    @Test func entryOfAnotherWriterIsRecognised() {
        #expect(EntryLine(sealed(Array(#"{ "kind":"turn", "at":"x", "seq": 12"#.utf8))[...])?.seq == 12)
    }

    private func sealed(_ covered: [UInt8]) -> [UInt8] {
        let digits = String(CRC32C.checksum(covered), radix: 16)
        let padded = String(repeating: "0", count: 8 - digits.count) + digits
        return covered + Array(#","crc32c":"\#(padded)"}"#.utf8)
    }
}
