import Realtime
import Testing

@testable import Session

/// The budget by itself.
@Suite struct BudgetStateMachineTests {
    private static let two = TurnID(rawValue: 2)
    private static let three = TurnID(rawValue: 3)

    private static func machine(isReducible: Bool = true, spent usd: Double = 0) -> BudgetStateMachine {
        var machine = BudgetStateMachine(Budget(dailyUSD: 10), isReducible: isReducible)
        _ = machine.handle(.spent(usd: usd, openTurn: two))
        return machine
    }

    private static func closed() -> BudgetStateMachine {
        var machine = machine(spent: 10)
        _ = machine.handle(.settled(until: two))
        return machine
    }

    @Test func belowTheShareEverythingIsAllowed() {
        var machine = Self.machine()
        #expect(machine.handle(.spent(usd: 7.99, openTurn: Self.two)) == [])
        #expect(machine.state == .open)
        #expect(machine.allowsOutOfBand)
    }

    @Test func fromTheShareOnTheOutOfBandTranscriptsEndAndThatIsSaidOnce() {
        var machine = Self.machine()
        #expect(machine.handle(.spent(usd: 8, openTurn: Self.two)) == [.report(Fault(
            .budget, "8.00 of 10.00 USD are spent today: built-in transcripts only"))])
        #expect(machine.handle(.spent(usd: 9, openTurn: Self.two)) == [])
        #expect(machine.state == .reduced)
        #expect(!machine.allowsOutOfBand)
    }

    @Test func withoutABuiltInTranscriptTheOutOfBandOneGoesOn() {
        var machine = Self.machine(isReducible: false)
        #expect(machine.handle(.spent(usd: 9.99, openTurn: Self.two)) == [])
        #expect(machine.allowsOutOfBand)
        _ = machine.handle(.spent(usd: 10, openTurn: Self.two))
        #expect(machine.allowsOutOfBand, "the turn under way is transcribed")
    }

    @Test func theTurnUnderWayEndsBeforeTheSession() {
        var machine = Self.machine()
        #expect(machine.handle(.spent(usd: 10, openTurn: Self.two)) == [.report(Fault(
            .budget, "today's 10.00 USD are spent: closed until the day ends (00:00 UTC)"))])
        #expect(machine.state == .ending(lastTurn: Self.two))
        #expect(machine.handle(.settled(until: TurnID(rawValue: 1))) == [])
        // A later turn does not put the end off.
        #expect(machine.handle(.spent(usd: 11, openTurn: Self.three)) == [])
        #expect(machine.handle(.settled(until: Self.two)) == [.rest])
        #expect(machine.state == .closed)
        #expect(machine.handle(.settled(until: Self.three)) == [])
    }

    @Test func anotherDayOpensAgainAndLessWhenMuchOfItIsSpent() {
        var machine = Self.closed()
        #expect(machine.handle(.spent(usd: 0, openTurn: Self.two)) == [.resume])
        #expect(machine.state == .open)
        machine = Self.closed()
        #expect(machine.handle(.spent(usd: 9, openTurn: Self.two)) == [.resume])
        #expect(machine.state == .reduced)
        #expect(machine.handle(.spent(usd: 0, openTurn: Self.two)) == [])
        #expect(machine.state == .open)
    }

    @Test func anotherDayBeforeTheLastTurnsEndClosesNothing() {
        var machine = Self.machine(spent: 10)
        #expect(machine.handle(.spent(usd: 0, openTurn: Self.two)) == [])
        #expect(machine.handle(.settled(until: Self.three)) == [])
        #expect(machine.state == .open)
    }

    @Test func withoutABudgetNothingEnds() {
        var machine = BudgetStateMachine(Budget(), isReducible: true)
        #expect(machine.handle(.spent(usd: 1e12, openTurn: Self.two)) == [])
        #expect(machine.handle(.settled(until: Self.two)) == [])
        #expect(machine.allowsOutOfBand)
    }
}

/// The budget in a kiosk.
@Suite struct BudgetScenarioTests {
    private static func configuration(
        outOfBandUntil: Double = 0.8, builtInModel: String? = "gpt-4o-transcribe"
    ) -> SessionConfiguration {
        var configuration = SessionConfiguration.pushToTalk(builtInModel: builtInModel)
        configuration.budget = Budget(dailyUSD: 10, outOfBandUntil: outOfBandUntil)
        configuration.promptFrames = [.budget: frames(500)]
        return configuration
    }

    private static func kiosk(_ configuration: SessionConfiguration = configuration()) throws -> Kiosk {
        var kiosk = Kiosk.ready(configuration, prices: try PriceTable.builtIn.get())
        kiosk.give(.today("2026-11-21"))
        return kiosk
    }

    private static func spent(_ usd: Double) -> CostSum {
        var sum = CostSum()
        sum.addTurn([.assistant: usd])
        return sum
    }

    @Test func theSessionClosesWhenTheTurnThatSpentTheLastOfItHasEnded() throws {
        var kiosk = try Self.kiosk()
        #expect(kiosk.wholeTurn(1, usd: 4).faults == [])
        let turn = kiosk.talk() + kiosk.answer(2, usd: 6)
        #expect(!turn.contains(.close(reason: "the daily budget is spent")), "its transcripts are still to come")
        let actions = kiosk.transcribe("item_2", response: "t_2")
        #expect(actions.turns.map(\.realtime.status) == [.ok])
        #expect(actions.faults.map(\.class) == [.budget])
        #expect(actions.lines == [.budgetSpent])
        #expect(actions.prompts == [.budget])
        let closed = SessionStateMachine.Action.record(.sessionClosed("sess_1", reason: "the daily budget is spent"))
        let close = try #require(actions.firstIndex(of: .close(reason: "the daily budget is spent")))
        #expect(actions.firstIndex(of: closed).map { $0 < close } == true)
        #expect(kiosk.lose(code: 1000) == [])
        kiosk.give(.heard(frames: frames(200 + 500)))
        #expect(kiosk.run(20_000).isEmpty, "no session is tried")
        #expect(kiosk.machine.report(at: kiosk.now).link == .overBudget)
    }

    @Test func aPressAfterwardsIsToldAndKeptAsFailed() throws {
        var kiosk = try Self.kiosk()
        kiosk.wholeTurn(1, usd: 10)
        _ = kiosk.lose(code: 1000)
        kiosk.run(10_000)
        kiosk.give(.heard(frames: frames(100 + 500)))
        let actions = kiosk.talk() + kiosk.run(11_000)
        #expect(actions.lines.contains(.budgetSpent) && !actions.lines.contains(.keptForLater))
        #expect(actions.prompts == [.budget])
        #expect(actions.turns.map(\.assistant.status) == [.failed])
        #expect(actions.sent == [])
        #expect(!actions.contains(.connect))
    }

    @Test func anotherDayOpensAgain() throws {
        var kiosk = try Self.kiosk()
        kiosk.wholeTurn(1, usd: 10)
        _ = kiosk.lose(code: 1000)
        kiosk.give(.heard(frames: frames(100 + 500)))
        #expect(kiosk.give(.today("2026-11-21")) == [])
        #expect(kiosk.give(.today("2026-11-22")) == [.show(.openAgain), .show(.connecting), .connect])
        kiosk.open("sess_2")
        #expect(kiosk.wholeTurn(2, usd: 1, promptFrames: frames(500)).turns.count == 1)
    }

    @Test func whatTheJournalSaysWasSpentClosesARestartedKiosk() throws {
        var kiosk = Kiosk(Self.configuration(), prices: try PriceTable.builtIn.get())
        kiosk.give(.today("2026-11-21"), .start)
        let actions = kiosk.give(.spentBefore(Self.spent(10), day: "2026-11-21"))
        #expect(actions.contains(.abandon))
        #expect(actions.prompts == [], "nobody is there")
        #expect(kiosk.run(10_000).isEmpty)
        #expect(kiosk.give(.today("2026-11-22")).contains(.connect))
    }

    @Test func whatWasSpentOnAnotherDayDoesNotCount() throws {
        var kiosk = try Self.kiosk()
        #expect(kiosk.give(.spentBefore(Self.spent(50), day: "2026-11-20")) == [])
        #expect(kiosk.machine.link.readySession != nil)
    }

    @Test func fromTheShareOnTheTurnHasItsBuiltInTranscriptOnly() throws {
        var kiosk = try Self.kiosk()
        #expect(kiosk.wholeTurn(1, usd: 8).faults.map(\.class) == [.budget])
        let actions = kiosk.wholeTurn(2, usd: 0.5)
        #expect(actions.transcriptionRequests == [])
        #expect(actions.turns.map(\.realtime)
            == [Transcript(status: .off, text: "", reason: "the daily budget is spent")])
        #expect(actions.turns.map(\.builtIn.status) == [.ok])
        #expect(actions.answerRequests == 1)
    }

    @Test func withoutABuiltInTranscriptTheOutOfBandOneIsAskedForToTheEnd() throws {
        var kiosk = try Self.kiosk(Self.configuration(builtInModel: nil))
        #expect(kiosk.wholeTurn(1, usd: 9.5).faults == [])
        #expect(kiosk.wholeTurn(2, usd: 0.1).transcriptionRequests.count == 1)
    }

    @Test func aTurnBegunBeforeTheEndIsAnsweredAndALaterOneIsNotWaitedFor() throws {
        var kiosk = try Self.kiosk()
        kiosk.talk()
        kiosk.answer(1, usd: 10)
        // The visitor speaks again before the first turn's transcripts are there.
        kiosk.press()
        kiosk.run(300)
        var actions = kiosk.transcribe("item_1", response: "t_1")
        #expect(actions.faults.map(\.class) == [.budget])
        #expect(kiosk.machine.link.readySession != nil, "in mid-turn nothing is closed")
        actions = kiosk.release() + kiosk.run(200) + kiosk.answer(2, usd: 1)
        #expect(actions.answerRequests == 1)
        kiosk.press()
        kiosk.run(300)
        actions = kiosk.transcribe("item_2", response: "t_2")
        #expect(actions.contains(.close(reason: "the daily budget is spent")))
        #expect(actions.prompts == [], "the visitor speaks")
        actions = kiosk.release() + kiosk.run(12_000)
        #expect(actions.prompts == [.budget])
        #expect(actions.turns.map(\.assistant.status) == [.failed])
    }

    @Test func theTurnCarriesItsTotals() throws {
        var kiosk = try Self.kiosk()
        kiosk.give(.spentBefore(Self.spent(2), day: "2026-11-21"))
        kiosk.wholeTurn(1, usd: 1)
        let totals = try #require(kiosk.wholeTurn(2, usd: 1).countedTurns.first?.totals)
        #expect(abs(totals.session.total - 2) < 1e-9)
        #expect(abs(totals.day.total - 4) < 1e-9)
        #expect(totals.day.turns == 3)
    }

    @Test func stoppingWhileClosedEndsAtOnce() throws {
        var kiosk = try Self.kiosk()
        kiosk.wholeTurn(1, usd: 10)
        _ = kiosk.lose(code: 1000)
        kiosk.give(.heard(frames: frames(100 + 500)))
        #expect(kiosk.give(.stop).last == .stopped)
    }
}

extension Kiosk {
    /// The server takes what was talked as `item_N` and answers it for so many dollars (of output text, at 16 USD a
    /// million tokens); the answer is heard.
    @discardableResult
    fileprivate mutating func answer(_ number: Int, usd: Double, promptFrames: Int = 0) -> [Action] {
        let response = ResponseID(rawValue: "r_\(number)")
        let usage = Usage(outputTokens: Int((usd * 62_500).rounded()))
        return commit(ItemID(rawValue: "item_\(number)"))
            + receive(
                .responseCreated(Response(id: response)),
                .audio(response, ItemID(rawValue: "a_\(number)"), ms: 100),
                .responseDone(Response(id: response, status: .completed, usage: usage)))
            + give(.heard(frames: frames(100 * number) + promptFrames))
    }

    @discardableResult
    fileprivate mutating func wholeTurn(_ number: Int, usd: Double, promptFrames: Int = 0) -> [Action] {
        talk() + answer(number, usd: usd, promptFrames: promptFrames)
            + transcribe(ItemID(rawValue: "item_\(number)"), response: ResponseID(rawValue: "t_\(number)"))
    }
}
