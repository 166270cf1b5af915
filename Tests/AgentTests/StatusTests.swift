import Audio
import Foundation
import MonotonicClock
import Session
import Testing

@testable import kiosk_agent

@Suite struct StatusTests {
    static func report(isBudgeted: Bool = true) throws -> StatusReport {
        var configuration = SessionConfiguration(
            model: "gpt-realtime", voice: "marin", detection: .pushToTalk(preRollFrames: 0, tailFrames: 0))
        if isBudgeted { configuration.budget = Budget(dailyUSD: 5) }
        var machine = SessionStateMachine(configuration: configuration, prices: try PriceTable.builtIn.get(), seed: 1)
        let now = Instant.now
        var spent = CostSum()
        spent.addTurn([.assistant: 4, .realtimeTranscript: 0.5, .builtInTranscript: 0.1], isUnpriced: true)
        for input in [.today("2026-11-21"), .start, .spentBefore(spent, day: "2026-11-21")]
            as [SessionStateMachine.Input] { _ = machine.handle(input, at: now) }
        var faults = FaultCount()
        faults.add(Fault(.link, "first"))
        faults.add(Fault(.audio, "hw:1,0\nis gone" + String(repeating: ".", count: 5000)))
        var interruptions = InterruptionStatistics()
        interruptions.add(.milliseconds(1500))
        return StatusReport(
            machine.report(at: now + .seconds(9)), indicator: .offline, faults: faults, uptime: .seconds(3725),
            devices: StatusReport.Devices(
                capture: .init("hw:1,0", true, interruptions), playback: .init("default", false, .init())))
    }

    @Test func theAnswerIsOneLineThatIsReadBackAndFitsTheSocket() throws {
        let report = try Self.report()
        let json = report.json
        #expect(!json.contains("\n"))
        #expect(json.utf8.count < longestControlAnswer / 2)
        #expect(try JSONDecoder().decode(StatusReport.self, from: Data(json.utf8)) == report)
        #expect(ControlAnswer(line: json) == .report(json))
        let object = try #require(try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
        #expect(object["link"] as? String == "connecting")
        #expect((object["budget"] as? [String: Any])?["state"] as? String == "reduced")
        #expect((object["faults"] as? [String: Any])?["count"] as? Int == 2)
        let capture = (object["devices"] as? [String: Any])?["capture"] as? [String: Any]
        #expect(capture?["missing"] as? Bool == true)
        #expect(capture?["interrupted_ms"] as? Int == 1500)
        let today = (object["cost_usd"] as? [String: Any])?["today"] as? [String: Any]
        #expect(today?["total"] as? Double == 4.6)
        #expect(today?["transcript_ratio"] as? Double == 5)
    }

    @Test func forPeopleItIsALineEach() throws {
        let text = try Self.report().text
        let lines = text.split(separator: "\n")
        #expect(lines.first == "state      offline, link connecting, running for 1 h 2 min")
        #expect(lines.contains("session    none"))
        #expect(lines.contains("detection  push-to-talk"))
        #expect(lines.contains("cost       session 0.000000 USD, today 4.600000 USD (1 turns without a price)"))
        #expect(lines.contains("           transcripts 0.500000 and 0.100000 USD, ratio 5.0"))
        #expect(lines.contains("budget     reduced, 5.000000 USD a day"))
        #expect(lines.contains("capture    hw:1,0: missing, 1 interruptions, 1500 ms"))
        #expect(lines.last?.hasPrefix("faults     2, the last: audio: hw:1,0\\nis gone...") == true)
        #expect(try !Self.report(isBudgeted: false).text.contains("budget"))
    }
}
