import MonotonicClock
import Realtime
import Testing

@testable import Session

/// A long conversation is cut to its last turns behind a summary of the others.
@Suite struct ContextSummaryTests {
    /// Two turns are kept, so the fourth is one too many.
    private static func configuration(_ change: (inout SessionConfiguration) -> Void = { _ in }) -> SessionConfiguration {
        var configuration = SessionConfiguration.pushToTalk(
            outOfBand: .off, continuity: .init(renewAfter: nil, turns: 2, summarizes: true))
        change(&configuration)
        return configuration
    }

    @discardableResult
    private static func turn(_ number: Int, _ kiosk: inout Kiosk) -> [Kiosk.Action] {
        let (user, answer) = (ItemID(rawValue: "u\(number)"), ItemID(rawValue: "a\(number)"))
        let response = ResponseID(rawValue: "resp_\(number)")
        var actions = kiosk.talk()
        actions += kiosk.commit(user, after: number > 1 ? ItemID(rawValue: "a\(number - 1)") : nil)
        actions += kiosk.receive(
            .builtInTranscriptCompleted(user, contentIndex: 0, transcript: "question \(number)", usage: nil),
            .responseCreated(Response(id: response)), .itemAdded(.assistant(answer), previous: user), .done(response))
        return actions
    }

    private static func summarized(_ text: String, run: Int = 1) -> ServerEvent {
        .responseDone(Response(
            id: ResponseID(rawValue: "resp_s\(run)"), status: .completed, isOutOfBand: true,
            metadata: ["purpose": "task", "run": String(run)], output: [.assistant("item_s", text: text)]))
    }

    private static func deleted(_ actions: [Kiosk.Action]) -> [ItemID] {
        actions.sent.compactMap { if case .deleteItem(let item) = $0 { item } else { nil } }
    }

    private static func trims(_ actions: [Kiosk.Action]) -> [SessionStateMachine.Entry] {
        actions.compactMap { action in
            if case .record(let entry) = action, case .contextTrimmed = entry { entry } else { nil }
        }
    }

    @Test func beforeOldTurnsAreDeletedTheModelSumsThemUp() {
        var kiosk = Kiosk.ready(Self.configuration())
        for number in 1...3 { #expect(Self.turn(number, &kiosk).tasksAsked == []) }
        let asking = Self.turn(4, &kiosk)
        #expect(asking.tasksAsked == ["context-summary"] && Self.deleted(asking) == [])
        let cut = kiosk.receive(Self.summarized("She asked four things."))
        #expect(Self.deleted(cut) == ["u1", "a1", "u2", "a2"])
        #expect(cut.sent.last == .createItem(
            NewItem(.system("Summary of the conversation so far:\nShe asked four things."), id: "kept_summary_1"),
            previous: .root))
        #expect(Self.trims(cut) == [
            .contextTrimmed("sess_1", deletedItems: 4, keptTurns: 2, summary: "She asked four things."),
        ])
        #expect(cut.lines == [], "the visitor's console shows nothing of it")
    }

    @Test func theNextSummaryTakesThePlaceOfTheFormerOne() {
        var kiosk = Kiosk.ready(Self.configuration())
        for number in 1...4 { Self.turn(number, &kiosk) }
        kiosk.receive(Self.summarized("One."))
        kiosk.receive(.itemAdded(Item(id: "kept_summary_1", role: .system), previous: nil))
        Self.turn(5, &kiosk)
        #expect(Self.turn(6, &kiosk).tasksAsked == ["context-summary"])
        let cut = kiosk.receive(Self.summarized("Two.", run: 2))
        #expect(Self.deleted(cut) == ["kept_summary_1", "u3", "a3", "u4", "a4"])
    }

    @Test func withoutASummaryTheTurnsAreDeletedAllTheSameAndTheFormerSummaryStays() {
        var kiosk = Kiosk.ready(Self.configuration())
        for number in 1...4 { Self.turn(number, &kiosk) }
        kiosk.receive(Self.summarized("One."))
        kiosk.receive(.itemAdded(Item(id: "kept_summary_1", role: .system), previous: nil))
        for number in 5...6 { Self.turn(number, &kiosk) }
        let cut = kiosk.run(61_000)
        #expect(Self.deleted(cut) == ["u3", "a3", "u4", "a4"])
        #expect(Self.trims(cut) == [.contextTrimmed("sess_1", deletedItems: 4, keptTurns: 2, summary: nil)])
        #expect(kiosk.machine.continuity.summary?.text == "One.")
    }

    @Test func aFreshSessionIsToldTheSummaryAheadOfTheTurns() {
        var kiosk = Kiosk.ready(Self.configuration())
        for number in 1...4 { Self.turn(number, &kiosk) }
        kiosk.receive(Self.summarized("One."))
        _ = kiosk.lose()
        kiosk.run(1000)
        let told = kiosk.open("sess_2").told
        #expect(told.map(\.id) == ["kept_summary_1", "kept_3u", "kept_4u"])
    }

    @Test func theNextVisitorIsNotToldOfTheOneBefore() {
        var kiosk = Kiosk.ready(Self.configuration { $0.continuity.freshAfterIdle = .seconds(20) })
        for number in 1...4 { Self.turn(number, &kiosk) }
        // The visitor has gone before the summary came.
        #expect(!kiosk.run(20_100).contains(.close(reason: "idle: the next visitor begins anew")))
        let closing = kiosk.receive(Self.summarized("Her secret."))
        #expect(closing.last == .close(reason: "idle: the next visitor begins anew"))
        _ = kiosk.lose("closed", code: 1000)
        #expect(kiosk.open("sess_2").told == [])
    }

    @Test func aSpentBudgetAsksForNone() throws {
        let configuration = Self.configuration {
            $0.budget = Budget(dailyUSD: 1, outOfBandUntil: 0.5)
        }
        var kiosk = Kiosk.ready(configuration)
        var spent = CostSum()
        spent.addOther(0.6)
        kiosk.give(.today("2026-11-21"), .spentBefore(spent, day: "2026-11-21"))
        for number in 1...3 { Self.turn(number, &kiosk) }
        let cut = Self.turn(4, &kiosk)
        #expect(cut.tasksAsked == [] && Self.deleted(cut) == ["u1", "a1", "u2", "a2"])
    }
}
