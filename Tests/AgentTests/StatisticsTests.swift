import Foundation
import FoundationXML
import Journal
import Realtime
import Session
import Testing

@testable import kiosk_agent

/// What `journal stats` and `journal report` count.
@Suite struct StatisticsTests {
    private let week: JournalWeek
    private static let hostile = "<script>alert('x')</script> ]]> \"& \u{1b}[2J \u{fffe} </style>"

    init() throws { week = try JournalWeek() }

    /// Two days: ten turns on the first, one on the third.
    private func fill() throws {
        var turns: [(kind: String, members: String)] = (1...10).map { number in
            var turn = JournalWeek.turn(
                number, "Word", assistant: AssistantPart(status: number == 10 ? .truncated : .completed, text: "A", playedMs: 9))
            turn.latency[.firstAudible] = number * 100
            turn.cost = TurnCost(assistant: 0.01, realtimeTranscript: 0.002, builtInTranscript: 0.0005)
            turn.usage.assistant = Usage(inputTokens: 1)
            turn.review = TranscriptReview(
                flags: number == 1 ? [.disagreement] : [], wordErrorRate: number == 1 ? 0.8 : 0.1)
            turn.tools = number == 2 ? [ToolUse(name: "door", status: .ok, ms: 1)] : []
            return ("turn", JournalEntry.turn(turn).members)
        }
        turns += [
            ("task", #"{"session":"sess_1","turn":1,"status":"ok","text":"x","cost_usd":{"task":0.25}}"#),
            ("fault", #"{"class":"audio","what":"hw:1,0: capture: interrupted for 1.4 s: the card stood still"}"#),
            ("fault", #"{"class":"audio","what":"hw:1,0: playback: interrupted for 2.1 s: the card stood still"}"#),
            ("fault", #"{"class":"audio","what":"default: capture: open: interrupted"}"#),
            ("fault", JournalEntry.fault(Fault(.link, Self.hostile)).members),
            ("fault", JournalEntry.fault(Fault(.link, Self.hostile)).members),
            ("forgotten", #"{"was":"turn","forgotten_at":"2026-11-22T00:00:00.000Z"}"#),
        ]
        try week.append(turns)
        try week.append(
            [.turn(SettledTurn(session: "sess_2", number: 1, item: nil, realtime: .timeout("x"), builtIn: .off, assistant: .none))],
            firstMs: JournalWeek.startMs + 2 * WallClock.dayMs)
    }

    private func report(since: String? = nil, until: String? = nil) throws -> StatisticsReport {
        var reader = JournalReader(directory: week.path)
        var statistics = JournalStatistics()
        try statistics.read(&reader, since: since, until: until)
        return StatisticsReport(
            statistics: statistics, segments: reader.segments, sizeBytes: reader.sizeBytes,
            damagedLines: reader.damagedLines + statistics.unreadable)
    }

    @Test func everythingIsCounted() throws {
        try fill()
        let size = try Data(contentsOf: URL(fileURLWithPath: week.path + "/00000000000000000001.jsonl")).count
        #expect(try report().text.replacing(" of \(StatisticsReport.tenths(Double(size) / 1e6)) MB", with: " of SIZE") == """
            time       2026-11-21T10:15:00.000Z to 2026-11-23T10:15:00.000Z, 2 days with entries
            entries    18 in 1 segments of SIZE
            turns      11 in 2 sessions
            assistant  9 completed, 1 truncated, 1 none
            Realtime   10 ok, 1 timeout
            built-in   10 ok, 1 off
            differ     17.0 % of the words on average (10 turns)
            doubtful   1 disagreement
            latency    first audible: p50 500 ms, p95 1000 ms, p99 1000 ms (10 turns)
            tools      1 ok
            tasks      1 ok
            cost       0.375000 USD: assistant 0.100000, Realtime transcripts 0.020000, built-in transcripts 0.005000, other 0.250000
            faults     3 audio, 2 link
            sound      2 times interrupted for more than a second, 3.5 s: the card stood still
            forgotten  1 entries

            """)
    }

    @Test func aTimeHasItsOwnFigures() throws {
        try fill()
        #expect(try report(since: "2026-11-22").statistics.turns == 1)
        #expect(try report(until: "2026-11-21T10:15:03.000Z").statistics.turns == 3)
        #expect(try report(since: "2027-01-01").text == "nothing was written\n")
    }

    @Test func forToolsItIsOneLineOfJSON() throws {
        try fill()
        try week.damage(#""turn":5,"#)
        let json = try report().json
        #expect(!json.contains("\n"))
        let object = try #require(try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
        #expect(object["turns"] as? Int == 10 && object["damaged_lines"] as? Int == 1 && object["days"] as? Int == 2)
        let latency = try #require((object["latency_ms"] as? [String: [String: Any]])?["first_audible"])
        #expect(latency["p50"] as? Int == 600 && latency["count"] as? Int == 9)
        #expect((object["cost_usd"] as? [String: Double])?["total"] == 0.3625)
        #expect((object["interruptions"] as? [String: [String: Double]])?["the card stood still"] == ["count": 2, "seconds": 3.5])
    }

    // MARK: The page

    private func page() throws -> String { try ReportPage(report: report(), madeAt: "2026-11-24T00:00:00.000Z").html }

    @Test func thePageIsWellFormedAndSelfContained() throws {
        try fill()
        let page = try page()
        let elements = try Page(page).elements
        #expect(elements.count { $0.name == "svg" } == 6)
        // Each picture has words for those who do not see it.
        #expect(elements.count { $0.name == "desc" } == 6)
        #expect(elements.filter { $0.name == "svg" }.allSatisfy { $0.attributes["role"] == "img" })
        for name in ["script", "link", "img", "iframe", "object", "embed", "form", "base"] {
            #expect(!elements.contains { $0.name == name }, "\(name)")
        }
        let references = elements.flatMap(\.attributes).filter { name, value in
            ["src", "href", "xlink:href", "style"].contains(name) || name.hasPrefix("on") || value.contains("url(")
        }
        #expect(references.isEmpty, "\(references)")
        #expect(!page.contains("@import") && !page.contains("url("))
        #expect(page.contains("default-src 'none'"))
    }

    @Test func whatTheNetworkSaidIsTextAndNothingElse() throws {
        try fill()
        let page = try page()
        #expect(!page.contains("<script") && !page.contains("]]>") && !page.contains("</style> "))
        #expect(!page.unicodeScalars.contains("\u{1b}") && !page.unicodeScalars.contains("\u{fffe}"))
        // To be read as it was said, but for what steers terminals.
        let words = Self.hostile.replacing("\u{1b}", with: "\\u{1b}").replacing("\u{fffe}", with: "\u{fffd}")
        #expect(try Page(page).elements.contains { $0.name == "th" && $0.text == words })
    }

    @Test func theFiguresOfThePlotsAreThoseOfTheJournal() throws {
        try fill()
        let elements = try Page(page()).elements
        let titles = elements.filter { $0.name == "title" }.map(\.text)
        for wanted in [
            "2026-11-21, heard to its end: 9 turns", "2026-11-21, interrupted: 1 turns", "2026-11-23, none asked for: 1 turns",
            "2026-11-21, p50: 500 ms", "2026-11-21, p95: 1000 ms", "2026-11-21, assistant: 0.1 USD",
            "2026-11-21, other: 0.25 USD", "to 10 %, turns: 9 turns", "to 100 %, turns: 1 turns",
            "2026-11-21, audio: 3 faults", "2026-11-21, link: 2 faults", "2026-11-21, the card stood still: 2 times",
        ] {
            #expect(titles.contains(wanted), "\(wanted)")
        }
        // A day without entries has its place, and no bar.
        #expect(elements.contains { $0.name == "th" && $0.text == "2026-11-22" })
        #expect(!titles.contains { $0.hasPrefix("2026-11-22") })
        // Bars are as high as what they count: 9, 1 and 1 turns.
        let bars = elements.filter { $0.name == "rect" && $0.attributes["class"]?.hasPrefix("s") == true && $0.attributes["width"] != "11" }
        let heights = bars.prefix(3).compactMap { Double($0.attributes["height"] ?? "") }
        #expect(heights.count == 3 && abs(heights[0] / heights[1] - 9) < 0.05 && heights[1] == heights[2], "\(heights)")
    }

    @Test func anEmptyJournalHasAPage() throws {
        try week.append([] as [(kind: String, members: String)])
        let page = try page()
        #expect(page.contains("Nothing was written."))
        #expect(try !Page(page).elements.contains { $0.name == "svg" })
    }

    @Test func manyDaysAreGrouped() {
        let days = ["2025-01-01", "2026-12-31"]
        let groups = DayGroups(days, limit: 92)
        #expect(groups.daysEach == 8 && groups.names.count == 92)
        #expect(groups.names.first == "2025-01-01" && groups.names[1] == "2025-01-09")
        #expect(groups.members.joined().count == 730 && groups.members.last?.last == "2026-12-31")
        #expect(DayGroups(["2026-11-21"], limit: 92).names == ["2026-11-21"])
        #expect(DayGroups([], limit: 92).names == [] && DayGroups(["x"], limit: 92).names == [])
        // A clock that stood at its beginning.
        #expect(DayGroups(["1970-01-01", "2026-11-21"], limit: 92).names.count <= 92)
    }

    @Test(arguments: [
        (0, "0"), (12, "12"), (0.5, "0.5"), (0.000324, "0.000324"), (0.1 + 0.2, "0.3"), (123.456, "123.5"), (3.14159, "3.14"),
        (12_345.6, "12346"), (-0.25, "-0.25"), (.nan, "–"), (.infinity, "–"), (1e13, "–"), (0.9999999, "1"),
    ] as [(Double, String)])
    func figuresAreAsLongAsTheySaySomething(number: Double, text: String) { #expect(ReportPlot.figure(number) == text) }
}

/// A page as an XML parser reads it; throws when it is not well-formed.
private final class Page: NSObject, XMLParserDelegate {
    struct Element {
        let name: String
        let attributes: [String: String]
        var text = ""
    }

    private(set) var elements: [Element] = []
    private var open: [Int] = []

    init(_ text: String) throws {
        super.init()
        let parser = XMLParser(data: Data(text.utf8))
        parser.delegate = self
        guard parser.parse() else {
            throw TestFailure("line \(parser.lineNumber): \(parser.parserError.map { "\($0)" } ?? "not XML")")
        }
    }

    func parser(
        _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
        attributes: [String: String]
    ) {
        open.append(elements.count)
        elements.append(Element(name: name, attributes: attributes))
    }

    func parser(_ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?) {
        open.removeLast()
    }

    func parser(_ parser: XMLParser, foundCharacters text: String) {
        if let index = open.last { elements[index].text += text }
    }
}
