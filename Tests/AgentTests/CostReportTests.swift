import Foundation
import Journal
import Realtime
import Session
import Testing

@testable import kiosk_agent

/// What the journal keeps of costs and latencies, and what is read back from it.
@Suite struct CostReportTests {
    private let folder: TemporaryFolder
    /// 2026-11-21T10:15:00Z.
    private static let atMs: Int64 = 1_795_256_100_000

    init() throws { folder = try TemporaryFolder() }

    private static func turn(
        _ session: String, assistant: Double?, realtime: Double?, builtIn: Double?
    ) -> SettledTurn {
        var turn = SettledTurn(
            session: session, number: 1, item: "item", realtime: .off, builtIn: .off, assistant: .none,
            usage: TurnUsage(assistant: Usage(inputTokens: 1), realtimeTranscript: realtime.map { _ in Usage() }),
            cost: TurnCost(assistant: assistant, realtimeTranscript: realtime, builtInTranscript: builtIn))
        if let assistant {
            var detail = CostDetail()
            detail[.audioIn] = assistant * 0.25
            detail[.audioOut] = assistant * 0.75
            turn.costDetails[.assistant] = detail
        }
        return turn
    }

    private func write(_ turns: [SettledTurn], dayOffset: Int64 = 0, other: [(String, String)] = []) throws {
        var journal = try Journal(directory: folder.path, clock: WallClock { Self.atMs })
        let atMs = Self.atMs + dayOffset * WallClock.dayMs
        for turn in turns {
            try journal.append(kind: "turn", members: JournalEntry.turn(turn).members, durable: false, atMs: atMs)
        }
        for (kind, members) in other { try journal.append(kind: kind, members: members, durable: false, atMs: atMs) }
        // As if written on a later day, whatever day it is: older segments are not read.
        for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) {
            let later = Date(timeIntervalSince1970: Double(Self.atMs / 1000 + 10 * 86_400))
            try FileManager.default.setAttributes([.modificationDate: later], ofItemAtPath: folder.path + "/" + name)
        }
    }

    private func costs(_ day: String = "2026-11-21") throws -> JournalCosts {
        var costs = JournalCosts()
        var reader = JournalReader(directory: folder.path)
        try reader.read(day: day) { costs.add($0) }
        return costs
    }

    @Test func whatWasKeptIsReadBackToTheSixthDecimal() throws {
        let turns = [
            Self.turn("sess_1", assistant: 0.0052256, realtime: 0.0010728, builtIn: 0.000206),
            Self.turn("sess_1", assistant: 0.1, realtime: nil, builtIn: 0.0003),
            Self.turn("sess_2", assistant: nil, realtime: 0.002, builtIn: 0.0004),
        ]
        try write(turns, other: [("session", #"{"event":"opened","session":"sess_1"}"#)])
        try write([Self.turn("sess_3", assistant: 5, realtime: nil, builtIn: nil)], dayOffset: 1)
        var wanted = CostSum()
        for turn in turns { wanted.add(turn) }
        let costs = try costs()
        for part in CostPart.allCases { #expect(abs(costs.sum[part] - wanted[part]) < 1e-9) }
        #expect(abs(costs.sum.total - 0.1092044) < 1e-9)
        #expect(costs.sum.turns == 3 && costs.sum.unpricedTurns == 1)
        #expect(abs((costs.sum.transcriptRatio ?? 0) - 0.0030728 / 0.000606) < 1e-6)
        #expect(costs.sessions.map(\.name) == ["sess_1", "sess_2"])
        #expect(costs.sessions.map(\.sum.turns) == [2, 1])
        #expect(abs(costs.sum.detail(of: .assistant)[.audioOut] - 0.0789192) < 1e-9)
        #expect(try self.costs("2026-11-22").sum.total == 5)
    }

    @Test func entriesOfOtherKindsAndShapesCountAsFarAsTheyCost() throws {
        try write([], other: [
            ("task", #"{"session":"s","cost_usd":0.25}"#), ("task", #"{"session":"s","cost_usd":{"task":0.5}}"#),
            ("turn", #"{"session":"s","cost_usd":{"assistant":1,"tools":0.125,"built_in_transcript":"nan"}}"#),
            ("turn", #"{"session":7,"usage":3,"cost_usd":[1]}"#),
            ("turn", #"{"usage":{"assistant":{}},"cost_usd":{"assistant":-1}}"#),
            ("fault", #"{"class":"link","what":"x"}"#), ("task", #"{"cost_usd":null}"#),
        ])
        let sum = try costs().sum
        #expect(sum[.other] == 0.875)
        #expect(sum[.assistant] == 1)
        #expect(sum.unpricedTurns == 1)
        #expect(sum.turns == 3)
    }

    @Test func theReportIsATableWithASum() throws {
        try write([
            Self.turn("sess_1", assistant: 0.0052256, realtime: 0.001, builtIn: 0.0002),
            Self.turn("sess_2", assistant: nil, realtime: 0.002, builtIn: 0.0004),
            Self.turn("", assistant: 0, realtime: nil, builtIn: nil),
        ])
        let report = CostReport(day: "2026-11-21", costs: try costs(), damagedLines: 1)
        #expect(report.text == """
            time   session     turns  assistant  Realtime tr.  built-in tr.     other        USD
            10:15  sess_1          1   0.005226      0.001000      0.000200  0.000000   0.006426
            10:15  sess_2          1   0.000000      0.002000      0.000400  0.000000  0.002400+
            10:15  (none)          1   0.000000      0.000000      0.000000  0.000000   0.000000
                   2026-11-21      3   0.005226      0.003000      0.000600  0.000000  0.008826+
            transcripts 0.003000 and 0.000600 USD, ratio 5.0
            counted as audio in 0.001306, audio out 0.003919
            1 of 3 turns used something without a known price
            1 line is damaged and not counted

            """)
    }

    @Test func theReportForToolsIsOneLineOfJSON() throws {
        try write([Self.turn("sess_1", assistant: 0.0052256, realtime: 0.001, builtIn: 0.0002)])
        let json = CostReport(day: "2026-11-21", costs: try costs(), damagedLines: 0).json
        #expect(!json.contains("\n"))
        let object = try #require(try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
        let sum = try #require(object["sum"] as? [String: Any])
        let cost = try #require(sum["cost_usd"] as? [String: Double])
        #expect(abs((cost["total"] ?? 0) - 0.0064256) < 1e-9)
        #expect((object["sessions"] as? [[String: Any]])?.first?["session"] as? String == "sess_1")
        #expect(CostReport(day: "2026-11-21", costs: JournalCosts(), damagedLines: 0).text
            == "2026-11-21: nothing was said\n")
    }

    @Test func aDayIsReadWithoutWhatThisLifeWrote() async throws {
        try write([Self.turn("sess_1", assistant: 1, realtime: nil, builtIn: nil)])
        try write([Self.turn("sess_1", assistant: 2, realtime: nil, builtIn: nil)])
        let days = DayCosts(directory: folder.path, lastSeq: 1)
        days.read(day: "2026-11-21")
        days.read(day: "2026-11-20")
        var found: [DayCosts.Finding] = []
        for _ in 0..<500 where found.count < 2 {
            found += days.take()
            try await Task.sleep(for: .milliseconds(10))
        }
        #expect(found.first { $0.day == "2026-11-21" }?.sum.total == 1)
        #expect(found.first { $0.day == "2026-11-20" }?.sum == CostSum())
        #expect(found.allSatisfy { $0.failure == nil })
    }

    @Test func aJournalThatCannotBeReadIsSaid() async throws {
        let days = DayCosts(directory: folder.path + "/none", lastSeq: 1)
        days.read(day: "2026-11-21")
        var found: [DayCosts.Finding] = []
        for _ in 0..<500 where found.isEmpty {
            found += days.take()
            try await Task.sleep(for: .milliseconds(10))
        }
        #expect(found.first?.failure?.contains("/none: opendir: No such file or directory") == true)
    }

    @Test(arguments: [
        ("2026-11-21", true), ("2026-1-21", false), ("2026-13-01", false), ("2026-11-32", false), ("today", false),
        ("2026-11-211", false), ("2026/11/21", false), ("٢٠٢٦-11-21", false), ("", false), ("2026-11-2+", false),
    ])
    func aDayIsYearMonthAndDay(text: String, isDay: Bool) { #expect(CostCommand.isDay(text) == isDay) }

    @Test func theEntryOfATurnHasItsLatenciesAndWhatWasCounted() throws {
        var turn = Self.turn("sess_1", assistant: 1, realtime: nil, builtIn: nil)
        turn.latency[.firstDelta] = 300
        let members = JournalEntry.turn(turn).members
        let object = try #require(try JSONSerialization.jsonObject(with: Data(members.utf8)) as? [String: Any])
        let latency = try #require(object["latency_ms"] as? [String: Any])
        #expect(latency["first_delta"] as? Int == 300)
        #expect(latency.count == 4)
        #expect(["first_audible", "realtime_transcript", "built_in_transcript"].allSatisfy { latency[$0] is NSNull })
        #expect(object["cost_detail_usd"] as? [String: [String: Double]]
            == ["assistant": ["audio_in": 0.25, "audio_out": 0.75]])
    }
}
