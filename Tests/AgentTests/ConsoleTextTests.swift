import Foundation
import Testing

@testable import kiosk_agent

@Suite struct ConsoleTextTests {
    @Test func theThreeBlocksAreHeadedExactlyAsTheContractSays() {
        #expect(ConsoleText.Heading.allCases.map { ConsoleText.block($0, "text") } == [
            "=== User turn (Realtime transcript) ===\ntext\n\n",
            "=== User turn (Transcription model) ===\ntext\n\n",
            "=== Assistant response ===\ntext\n\n",
        ])
    }

    @Test func costLinesStandBetweenTextAndEmptyLine() {
        let costs = [ConsoleText.cost(0.0011, note: "41 tokens"), ConsoleText.cost(nil)]
        #expect(ConsoleText.block(.assistant, "Hello.", costs: costs)
            == "=== Assistant response ===\nHello.\n[cost] 0.001100 USD (41 tokens)\n[cost] unknown\n\n")
    }

    @Test func totalsAndTranscriptsStandUnderThem() {
        #expect(ConsoleText.totals(session: 0.0123, day: 1.5) == "[cost] session 0.012300 USD, today 1.500000 USD\n")
        #expect(ConsoleText.totals(session: 0, day: 0, note: "1 turn without a price")
            == "[cost] session 0.000000 USD, today 0.000000 USD (1 turn without a price)\n")
        #expect(ConsoleText.transcripts(realtime: 0.0041, builtIn: 0.000324, ratio: 12.65)
            == "[cost] transcripts today 0.004100 and 0.000324 USD, ratio 12.7\n")
        #expect(ConsoleText.transcripts(realtime: .nan, builtIn: 0, ratio: .infinity).hasPrefix("[cost] transcripts"))
    }

    @Test(arguments: [
        (0.0, "0.000000 USD"), (0.0123, "0.012300 USD"), (0.0000004, "0.000000 USD"), (0.0000006, "0.000001 USD"),
        (12.5, "12.500000 USD"), (0.9999999, "1.000000 USD"), (-1, "unknown"), (.nan, "unknown"),
        (.infinity, "unknown"), (1e300, "unknown"),
    ])
    func dollarsHaveSixDecimals(dollars: Double, words: String) {
        #expect(ConsoleText.cost(dollars) == "[cost] \(words)\n")
    }

    @Test(arguments: [
        (ConsoleText.Transcript.ok("Hello, Wörld 👋"), "Hello, Wörld 👋"), (.empty, "<empty>"),
        (.failed(reason: "no answer"), "<failed: no answer>"), (.timedOut, "<timed out>"), (.off, "<off>"),
    ])
    func aTranscriptThatIsNotOkStandsInAngleBrackets(transcript: ConsoleText.Transcript, text: String) {
        #expect(ConsoleText.text(of: transcript) == text)
    }

    @Test func stateAndFaultAreOneLineEach() {
        #expect(ConsoleText.state("speech detected") == "[kiosk] speech detected\n")
        #expect(ConsoleText.fault("link", "a\nb") == "[fault] link: a\\nb\n")
    }

    @Test(arguments: [
        ("a\nb\r\tc", "a\\nb\\r\\tc"), ("\u{1B}[2J", "\\u{1b}[2J"), ("\u{0}\u{7}\u{7F}", "\\u{0}\\u{7}\\u{7f}"),
        ("\u{80}\u{9B}31m\u{9F}", "\\u{80}\\u{9b}31m\\u{9f}"), ("\u{2028}\u{2029}", "\\u{2028}\\u{2029}"),
        ("\u{202A}\u{202B}\u{202C}\u{202D}\u{202E}", "\\u{202a}\\u{202b}\\u{202c}\\u{202d}\\u{202e}"),
        ("\u{2066}\u{2067}\u{2068}\u{2069}", "\\u{2066}\\u{2067}\\u{2068}\\u{2069}"),
        ("\u{200E}\u{200F}\u{61C}", "\\u{200e}\\u{200f}\\u{61c}"), ("\r\n", "\\r\\n"),
        ("a\u{301}\u{85}", "a\u{301}\\u{85}"),
    ])
    func controlCharactersAreEscaped(text: String, escaped: String) {
        #expect(ConsoleText.escaped(text) == escaped)
    }

    @Test(arguments: ["", "plain", "back\\slash \\n", "\u{A0}é漢字👩‍👩‍👧", "=== Assistant response ===", "שלום"])
    func everythingElseStaysAsItIs(text: String) {
        #expect(ConsoleText.escaped(text) == text)
    }

    @Test func noScalarThatSteersATerminalPassesRaw() {
        let scalars = (0...0x10FFFF).lazy.compactMap(Unicode.Scalar.init)
        let raw = scalars.filter {
            let category = $0.properties.generalCategory
            return [.control, .lineSeparator, .paragraphSeparator].contains(category) || $0.properties.isBidiControl
        }.filter { ConsoleText.escaped(String(Character($0))).unicodeScalars.contains($0) }
        #expect(raw.isEmpty)
    }

    @Test func aLineOfJSONForATerminalMeansTheSame() throws {
        let line = "{\"a\":\"\u{9b}2J \u{202e}\u{7f} ü \\u0007\\n\"}"
        let shown = ConsoleText.escapedJSON(line)
        #expect(shown == "{\"a\":\"\\u009b2J \\u202e\\u007f ü \\u0007\\n\"}")
        let decode = { try JSONDecoder().decode([String: String].self, from: Data(($0 as String).utf8)) }
        #expect(try decode(shown) == decode(line))
        #expect(ConsoleText.escapedJSON("{}") == "{}")
    }
}
