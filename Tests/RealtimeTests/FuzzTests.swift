import Testing

@testable import Realtime

/// Damaged events: each must end as an event or as an error of one bounded line, and none as a trap.
@Suite struct FuzzTests {
    /// The same damage in every run (SplitMix64).
    private struct Generator: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9e37_79b9_7f4a_7c15
            var z = state
            z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
            z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
            return z ^ (z >> 31)
        }
    }

    private func outcome(_ json: [UInt8]) -> Result<ServerEvent, EventDecodingError> {
        do throws(EventDecodingError) {
            return .success(try ServerEvent.decode(json))
        } catch {
            return .failure(error)
        }
    }

    private func isOneBoundedLine(_ error: EventDecodingError) -> Bool {
        let line = error.description
        return !line.isEmpty && line.count < 1_000 && line.unicodeScalars.allSatisfy { $0.value >= 0x20 }
    }

    @Test(arguments: [
        #"{"type":"x","\ud800":1}"#, #"{"type":"x","\udc00":1}"#, #"{"type":"x","\ud800\u0041" : 1}"#,
        #"{"type":"x","\ud800\n":1}"#, #"{"type":"x","a\ud83d":1}"#, #"{"type":"x","y":{"\uD83D\uD83D":1}}"#,
    ])
    func aKeyWithHalfASurrogatePairIsRefused(json: String) {
        #expect(outcome(Array(json.utf8)) == .failure(.notJSON))
    }

    @Test(arguments: ["\t", "\u{1}", "\n", #"\q"#, #"\u12"#, #"\u12x4"#, #"\u+123"#])
    func aKeyWithAControlCharacterOrAnUnknownEscapeIsRefused(key: String) {
        #expect(outcome(Array("{\"type\":\"x\",\"\(key)\":1}".utf8)) == .failure(.notJSON))
    }

    @Test func aKeyThatIsNoUTF8IsRefused() {
        let json = Array(#"{"type":"x","?":1}"#.utf8).map { $0 == UInt8(ascii: "?") ? 0xff : $0 }
        #expect(outcome(json) == .failure(.notJSON))
    }

    @Test(arguments: [
        #"{"type":"x","\ud83d\ude00":1}"#, #"{"type":"x","\\ud800":1}"#, #"{"type":"x","\"\u0041\/":1}"#,
        #"{"type":"x","y":"\ud800"}"#, #"{"type":"x","y":["\udc00"]}"#,
    ])
    func otherEscapesAndOtherStringsPass(json: String) {
        #expect(outcome(Array(json.utf8)) == .success(.ignored(type: "x")))
    }

    @Test func everyTruncatedEventIsRefused() throws {
        var generator = Generator(state: 1)
        for line in try Vectors.serverLines() {
            let json = Array(line.utf8)
            let ends = (0..<16).map { _ in Int.random(in: 0..<json.count, using: &generator) } + [json.count - 1]
            for end in ends {
                guard case .failure(let error) = outcome(Array(json[..<end])) else {
                    Issue.record("accepted \(end) bytes of \(line.prefix(100))")
                    continue
                }
                #expect(isOneBoundedLine(error))
            }
        }
    }

    @Test func flippedBytesGiveAnEventOrOneLine() throws {
        var generator = Generator(state: 2)
        var refusals = 0
        var events = 0
        for line in try Vectors.serverLines() {
            for _ in 0..<24 {
                var json = Array(line.utf8)
                // Most of an audio event is base64: the first kilobyte is where the structure is.
                for _ in 0..<Int.random(in: 1...4, using: &generator) {
                    let place = Int.random(in: 0..<min(json.count, 1_000), using: &generator)
                    json[place] = UInt8.random(in: 0...255, using: &generator)
                }
                switch outcome(json) {
                case .success: events += 1
                case .failure(let error):
                    refusals += 1
                    if !isOneBoundedLine(error) { Issue.record("\(error)") }
                }
            }
        }
        // Both ends are reached, so that neither is vacuous.
        #expect(refusals > 1_000)
        #expect(events > 100)
    }

    @Test func swappedValuesGiveAnEventOrOneLine() throws {
        let strange = ["null", "true", "-1", "1e308", "-1e400", "18446744073709551616", "\"\"", "[]", "{}", "[[null]]"]
        var refusals = 0
        for line in try Vectors.serverLines() where line.utf8.count < 4_000 {
            let fields = line.split(separator: ": ", omittingEmptySubsequences: false).map(String.init)
            for index in fields.indices.dropFirst() {
                // Each value is followed by a comma or a brace; what stands before it is replaced.
                guard let end = fields[index].firstIndex(where: { ",}]".contains($0) }) else { continue }
                var swapped = fields
                swapped[index] = strange[index % strange.count] + fields[index][end...]
                if case .failure(let error) = outcome(Array(swapped.joined(separator: ": ").utf8)) {
                    refusals += 1
                    if !isOneBoundedLine(error) { Issue.record("\(error)") }
                }
            }
        }
        #expect(refusals > 500)
    }
}
