import Realtime
import Testing

@testable import Session

@Suite struct CostLedgerTests {
    private static func turn(
        _ session: String = "sess_1", assistant: Double? = nil, realtime: Double? = nil, builtIn: Double? = nil,
        usage: TurnUsage = TurnUsage()
    ) -> SettledTurn {
        SettledTurn(
            session: session, number: 1, item: "item", realtime: .off, builtIn: .off, assistant: .none, usage: usage,
            cost: TurnCost(assistant: assistant, realtimeTranscript: realtime, builtInTranscript: builtIn))
    }

    private static func ledger() -> CostLedger {
        var ledger = CostLedger()
        ledger.dayIs("2026-11-21")
        ledger.sessionOpened("sess_1")
        return ledger
    }

    @Test func turnsAddUpBySessionAndDay() {
        var ledger = Self.ledger()
        ledger.add(Self.turn(assistant: 0.5, realtime: 0.25, builtIn: 0.125))
        ledger.sessionOpened("sess_2")
        ledger.add(Self.turn("sess_2", assistant: 1))
        #expect(ledger.session.total == 1)
        #expect(ledger.session.turns == 1)
        #expect(ledger.day.total == 1.875)
        #expect(ledger.day[.assistant] == 1.5)
        #expect(ledger.day[.realtimeTranscript] == 0.25)
        #expect(ledger.day[.builtInTranscript] == 0.125)
        #expect(ledger.day.turns == 2)
    }

    @Test func aTurnThatSettlesAfterItsSessionCountsForTheDayOnly() {
        var ledger = Self.ledger()
        ledger.sessionOpened("sess_2")
        ledger.add(Self.turn("sess_1", assistant: 1))
        #expect(ledger.session == CostSum())
        #expect(ledger.day.total == 1)
    }

    @Test func anotherDayBeginsAtNothingAndTheClockMayJumpBack() {
        var ledger = Self.ledger()
        ledger.add(Self.turn(assistant: 1))
        ledger.dayIs("2026-11-22")
        #expect(ledger.day == CostSum())
        ledger.add(Self.turn(assistant: 2))
        ledger.dayIs("2026-11-21")
        #expect(ledger.day.total == 1)
        ledger.dayIs("2026-11-22")
        #expect(ledger.day.total == 2)
    }

    @Test func whatEarlierLivesSpentIsAddedWhenItIsKnownAndOnce() {
        var ledger = Self.ledger()
        ledger.add(Self.turn(assistant: 1))
        var before = CostSum()
        before.add(Self.turn(assistant: 4, realtime: 1))
        for _ in 0..<2 { ledger.spentBefore(before, on: "2026-11-21") }
        ledger.spentBefore(before, on: "2026-11-20")
        #expect(ledger.day.total == 6 && ledger.dayUSD == 6)
        #expect(ledger.day.turns == 2)
        #expect(ledger.session.total == 1)
    }

    @Test func daysAreForgottenButNeverToday() {
        var ledger = Self.ledger()
        ledger.add(Self.turn(assistant: 1))
        for day in 1...20 {
            ledger.dayIs("2027-01-\(10 + day)")
            ledger.add(Self.turn(assistant: 1))
            #expect(ledger.day.total == 1)
        }
        ledger.dayIs("2026-11-21")
        #expect(ledger.day.total == 0)
        // The oldest of all, and today.
        ledger.add(Self.turn(assistant: 3))
        #expect(ledger.day.total == 3)
    }

    @Test func theRatioComparesTurnsThatHaveBothTranscripts() {
        var ledger = Self.ledger()
        #expect(ledger.day.transcriptRatio == nil)
        ledger.add(Self.turn(realtime: 0.004, builtIn: 0.0005))
        ledger.add(Self.turn(builtIn: 0.0005))
        ledger.add(Self.turn(realtime: 0.004))
        #expect(ledger.day.transcriptRatio == 8)
    }

    @Test func turnsWithoutAPriceAreCounted() {
        var ledger = Self.ledger()
        ledger.add(Self.turn(assistant: 1, usage: TurnUsage(assistant: Usage(inputTokens: 1))))
        ledger.add(Self.turn(usage: TurnUsage(assistant: Usage(inputTokens: 1))))
        ledger.add(Self.turn(usage: TurnUsage(builtInTranscript: .duration(seconds: 1))))
        ledger.add(Self.turn())
        #expect(ledger.day.unpricedTurns == 2)
        #expect(ledger.day.turns == 4)
    }

    @Test func costsOfNoTurnCountToo() {
        var ledger = Self.ledger()
        ledger.addOther(0.25)
        #expect(ledger.session[.other] == 0.25)
        #expect(ledger.day.total == 0.25)
        #expect(ledger.day.turns == 0)
    }

    @Test(arguments: [Double.nan, .infinity, -1, 1e9, 1e300])
    func whatIsNoAmountOfMoneyIsNotCounted(usd: Double) {
        var detail = CostDetail()
        detail[.audioMinutes] = usd
        var sum = CostSum()
        sum.addTurn([.assistant: usd, .builtInTranscript: 0.25], details: [.assistant: detail])
        sum.addOther(usd)
        #expect(sum.total == 0.25)
        #expect(sum.detail(of: .assistant) == CostDetail())
        #expect(sum.turns == 1)
    }

    @Test func aTranscriptOfNextToNothingMakesNoRatio() {
        var sum = CostSum()
        sum.addTurn([.realtimeTranscript: 0.001, .builtInTranscript: .leastNonzeroMagnitude])
        #expect(sum.transcriptRatio == nil)
    }

    @Test func detailsAddUpByPart() {
        var detail = CostDetail()
        detail[.audioIn] = 1
        var turn = Self.turn(assistant: 1)
        turn.costDetails[.assistant] = detail
        var sum = CostSum()
        for _ in 0..<3 { sum.add(turn) }
        #expect(sum.detail(of: .assistant)[.audioIn] == 3)
        #expect(sum.detail(of: .realtimeTranscript) == CostDetail())
        #expect(sum.total == 3)
    }
}
