import MonotonicClock
import Realtime
import Testing

@testable import Session

/// One conversation over several sessions.
@Suite struct ContinuityTests {
    private static let renewing = SessionConfiguration.Continuity(renewAfter: .seconds(60))

    /// A session with one settled turn: "hello", answered by "Good day" of 1000 ms, all heard.
    private static func afterATurn(_ configuration: SessionConfiguration) -> Kiosk {
        var kiosk = Kiosk.answering(configuration)
        kiosk.receive(.said("Good day", "resp_1", "item_a1"), .done("resp_1"))
        kiosk.transcribe("item_u1", response: "t1")
        kiosk.give(.heard(frames: frames(1000)))
        return kiosk
    }

    private static let toldTurn = [
        NewItem(.user([.text("hello")]), id: "kept_1u"), NewItem(.assistant("Good day"), id: "kept_1a"),
    ]

    private static func entries(_ actions: [Kiosk.Action]) -> [SessionStateMachine.Entry] {
        actions.compactMap { if case .record(let entry) = $0 { entry } else { nil } }
    }

    // MARK: Renewal

    @Test func anOldIdleSessionIsClosedAndTheNextOneIsToldWhatWasSaid() {
        var kiosk = Self.afterATurn(.pushToTalk(continuity: Self.renewing))
        let closing = kiosk.run(until: 61_000)
        #expect(closing == [
            .record(.sessionClosed("sess_1", reason: "renewed for its age")), .close(reason: "renewed for its age"),
        ])
        #expect(kiosk.machine.indicator == .ready)
        #expect(kiosk.lose("closed", code: 1000) == [.connect])
        let opening = kiosk.open("sess_2")
        #expect(opening.told == Self.toldTurn)
        #expect(opening.lines == [.renewed(session: "sess_2", keptTurns: 1)])
        #expect(Self.entries(opening) == [.sessionOpened("sess_2", reason: .renewed, keptTurns: 1)])
        #expect(kiosk.machine.indicator == .ready)
    }

    @Test func theItemsFollowEachOther() {
        var kiosk = Self.afterATurn(.pushToTalk(continuity: Self.renewing))
        kiosk.run(until: 61_000)
        _ = kiosk.lose("closed", code: 1000)
        let previous = kiosk.open("sess_2").sent.compactMap { body -> ItemID?? in
            if case .createItem(_, let previous) = body { .some(previous) } else { nil }
        }
        #expect(previous == [nil, "kept_1u"])
    }

    // MARK: The old session's last tasks

    private static func summarized(_ text: String = "All went well.", id: ResponseID = "resp_t1") -> ServerEvent {
        .responseDone(Response(
            id: id, status: .completed, isOutOfBand: true, metadata: ["purpose": "task", "run": "1"],
            output: [.assistant("item_x", text: text)]))
    }

    @Test func theOldSessionIsClosedWhenItsSummaryIsThere() {
        var configuration = SessionConfiguration.pushToTalk(continuity: Self.renewing)
        configuration.tasks = [.summary]
        var kiosk = Self.afterATurn(configuration)
        let asking = kiosk.run(until: 61_000)
        #expect(asking.tasksAsked == ["summary"] && asking.count == 1)
        let closing = kiosk.receive(Self.summarized())
        #expect(closing.tasks.map(\.text) == ["All went well."])
        #expect(closing.last == .close(reason: "renewed for its age"))
    }

    @Test func aSummaryIsWaitedForFifteenSeconds() {
        var configuration = SessionConfiguration.pushToTalk(continuity: Self.renewing)
        configuration.tasks = [.summary]
        var kiosk = Self.afterATurn(configuration)
        let asking = kiosk.run(until: 61_000)
        #expect(asking.tasksAsked == ["summary"])
        #expect(kiosk.run(until: 74_000) == [])
        let closing = kiosk.run(until: 76_500)
        #expect(closing.tasks.map(\.status) == [.timeout])
        #expect(closing.contains(.close(reason: "renewed for its age")))
    }

    @Test func whoeverSpeaksDuringTheSummaryKeepsTheSessionUntilTheNextPause() {
        var configuration = SessionConfiguration.pushToTalk(continuity: Self.renewing)
        configuration.tasks = [.summary]
        var kiosk = Self.afterATurn(configuration)
        kiosk.run(until: 61_000)
        kiosk.press()
        kiosk.run(200)
        let result = kiosk.receive(Self.summarized())
        #expect(result.tasks.count == 1 && !result.contains(.close(reason: "renewed for its age")))
        kiosk.release()
        kiosk.run(300)
        kiosk.commit("item_u2")
        kiosk.transcribe("item_u2", response: "t2")
        kiosk.receive(.responseCreated(Response(id: "resp_2")), .done("resp_2"))
        #expect(kiosk.machine.isIdle)
        #expect(kiosk.run(5100).tasksAsked == ["summary"], "the longer conversation has a summary of its own")
    }

    // MARK: Between two sessions

    @Test func aBudgetThatIsSpentMeanwhileIsNoSwitchAnyMore() {
        var configuration = SessionConfiguration.pushToTalk(continuity: Self.renewing)
        configuration.budget = Budget(dailyUSD: 1)
        var kiosk = Self.afterATurn(configuration)
        kiosk.give(.today("2026-11-21"))
        kiosk.run(until: 61_000)
        var spent = CostSum()
        spent.addOther(2)
        kiosk.give(.spentBefore(spent, day: "2026-11-21"))
        _ = kiosk.lose("closed", code: 1000)
        #expect(kiosk.machine.indicator == .offline)
        #expect(kiosk.press().lines.contains(.budgetSpent) || kiosk.run(100).lines.contains(.budgetSpent))
    }

    @Test func aServerThatDoesNotCloseIsNotWaitedFor() {
        var kiosk = Self.afterATurn(.pushToTalk(continuity: Self.renewing))
        kiosk.run(until: 61_000)
        #expect(kiosk.run(400) == [.abandon, .connect])
    }

    @Test func aPressDuringTheSwitchIsKeptAndSentToTheFreshSessionBehindTheHistory() {
        var kiosk = Self.afterATurn(.pushToTalk(continuity: Self.renewing))
        kiosk.run(until: 61_000)
        let start = kiosk.nowMs - 300
        kiosk.press()
        #expect(kiosk.run(100).lines == [.speechDetected])
        _ = kiosk.lose("closed", code: 1000)
        kiosk.run(300)
        kiosk.release()
        kiosk.run(200)
        let opening = kiosk.open("sess_2")
        #expect(opening.audio == [frames(start)..<frames(start + 900)])
        let kinds = opening.filter { if case .sendAudio = $0 { true } else { $0.told.count > 0 } }
        #expect(kinds.prefix(2).allSatisfy { $0.told.count == 1 } && opening.commits == 1)
    }

    @Test func anOpenTurnIsNeverCutOff() {
        var kiosk = Kiosk.ready(.pushToTalk(continuity: Self.renewing))
        kiosk.press()
        #expect(kiosk.run(70_000).closings == [])
        kiosk.release()
        kiosk.run(200)
        kiosk.commit("item_u1")
        kiosk.receive(.responseCreated(Response(id: "resp_1")), .audio("resp_1", "item_a1", ms: 5000), .done("resp_1"))
        kiosk.transcribe("item_u1", response: "t1")
        #expect(kiosk.run(2000).closings == [])
        // Past the last minute the end of the turn is the moment.
        #expect(kiosk.give(.heard(frames: frames(5000))).closings == ["renewed for its age"])
    }

    @Test func aSwitchThatFailsIsALostLinkLikeAnyOther() {
        var kiosk = Self.afterATurn(.pushToTalk(continuity: Self.renewing))
        kiosk.run(until: 61_000)
        _ = kiosk.lose("closed", code: 1000)
        let actions = kiosk.lose("no route to host")
        #expect(actions.faults == [Fault(.link, "no route to host")])
        #expect(kiosk.machine.indicator == .offline)
        #expect(kiosk.run(600).lines == [.connecting])
        let opening = kiosk.open("sess_2")
        #expect(opening.lines == [.ready(session: "sess_2")])
        #expect(opening.told == Self.toldTurn)
        #expect(Self.entries(opening) == [.sessionOpened("sess_2", reason: .reconnected, keptTurns: 1)])
    }

    @Test func stoppingDuringTheSwitchStops() {
        var kiosk = Self.afterATurn(.pushToTalk(continuity: Self.renewing))
        kiosk.run(until: 61_000)
        #expect(kiosk.give(.stop) == [.show(.stopping), .close(reason: "stopped")])
        #expect(kiosk.lose("closed", code: 1000) == [.stopped])
    }

    @Test func underServerDetectionWhatIsSaidDuringTheSwitchIsHeardByTheFreshSession() {
        var kiosk = Kiosk.ready(.serverVAD(continuity: Self.renewing))
        let before = kiosk.run(until: 61_000)
        #expect(before.closings.count == 1)
        let sentUntil = before.audio.last?.upperBound ?? 0
        _ = kiosk.lose("closed", code: 1000)
        #expect(kiosk.run(800).audio == [])
        kiosk.open("sess_2")
        // From a second before the end, because the old session may have heard the first syllable in vain.
        #expect(kiosk.run(20).audio == [sentUntil - sessionRate..<kiosk.frame - frames(10)])
    }

    // MARK: A lost link

    @Test func afterALostLinkTheSameConversationGoesOn() {
        var kiosk = Self.afterATurn(.pushToTalk())
        _ = kiosk.lose()
        kiosk.run(600)
        let opening = kiosk.open("sess_2")
        #expect(opening.told == Self.toldTurn)
        #expect(opening.lines == [.ready(session: "sess_2")])
    }

    @Test func anAnswerHeardToItsEndInTheNextSessionIsToldBehindTheOthersAndAheadOfNewTurns() {
        var kiosk = Self.afterATurn(.pushToTalk())
        kiosk.talk()
        kiosk.commit("item_u2")
        kiosk.receive(.responseCreated(Response(id: "resp_2")), .audio("resp_2", "item_a2", ms: 1000))
        kiosk.receive(.said("Bye", "resp_2", "item_a2"))
        _ = kiosk.lose()
        kiosk.run(600)
        #expect(kiosk.open("sess_2").told == Self.toldTurn)
        kiosk.receive(.itemAdded(Item(id: "kept_1u", role: .user), previous: nil))
        let events = kiosk.give(.heard(frames: frames(2000))).sent
        #expect(events == [.createItem(NewItem(.assistant("Bye"), id: "kept_2a"), previous: "kept_1a")])
    }

    @Test func aRefusedItemIsSaidOnceAndNothingElseHappens() {
        var kiosk = Self.afterATurn(.pushToTalk())
        _ = kiosk.lose()
        kiosk.run(600)
        kiosk.open("sess_2")
        let first = kiosk.receive(.failure("no", code: "invalid_value", eventID: "history"))
        #expect(first.faults.map(\.class) == [.server] && first.count == 1)
        #expect(kiosk.receive(.failure("no", code: "invalid_value", eventID: "history")) == [])
    }

    // MARK: A new visitor

    @Test func afterTheIdleTimeTheNextVisitorGetsAFreshConversation() {
        var kiosk = Self.afterATurn(.pushToTalk(continuity: .init(renewAfter: nil, freshAfterIdle: .seconds(30))))
        #expect(kiosk.run(29_999) == [])
        #expect(kiosk.run(1).closings == ["idle: the next visitor begins anew"])
        _ = kiosk.lose("closed", code: 1000)
        let opening = kiosk.open("sess_2")
        #expect(opening.told == [])
        #expect(Self.entries(opening) == [.sessionOpened("sess_2", reason: .newVisitor)])
        #expect(kiosk.run(100_000).closings == [], "an unused session is fresh")
    }

    @Test func afterTheIdleTimeWithoutASessionTheNextOneIsToldNothing() {
        var kiosk = Self.afterATurn(.pushToTalk(continuity: .init(renewAfter: nil, freshAfterIdle: .seconds(30))))
        _ = kiosk.lose("refused", code: 3000)
        kiosk.run(31_000)
        kiosk.run(270_000)
        #expect(kiosk.open("sess_2").told == [])
    }

    // MARK: Trimming

    @Test func turnsBeyondTheNumberAreDeletedAndNoLongerReferenced() {
        var kiosk = Kiosk.ready(.pushToTalk(
            outOfBand: .lastTurns(5), continuity: .init(renewAfter: nil, turns: 2)))
        var sent: [ClientEvent.Body] = []
        for turn in 1...4 {
            kiosk.talk()
            let item = ItemID(rawValue: "u\(turn)"), response = ResponseID(rawValue: "r\(turn)")
            kiosk.commit(item)
            kiosk.receive(.responseCreated(Response(id: response)), .done(response))
            sent += kiosk.transcribe(item, response: ResponseID(rawValue: "t\(turn)")).sent
        }
        #expect(sent == [.deleteItem("u1"), .deleteItem("u2")])
        kiosk.talk()
        #expect(kiosk.commit("u5").transcriptionRequests.first?.input?.count == 3)
    }

    // MARK: Turns that no session took

    @Test(arguments: [false, true]) func aTurnThatIsGivenUpIsSpooledIfWanted(isSpooling: Bool) {
        var configuration = SessionConfiguration.pushToTalk()
        configuration.isSpooling = isSpooling
        var kiosk = Kiosk(configuration)
        kiosk.give(.start)
        kiosk.run(1000)
        kiosk.talk(500)
        let actions = kiosk.run(10_000)
        let spooled = actions.filter { if case .spool = $0 { true } else { false } }
        #expect(spooled == (isSpooling ? [.spool(frames(700)..<frames(1700))] : []))
        #expect(actions.turns.count == 1)
    }

    @Test func theServersTruncationIsPartOfTheFirstUpdate() {
        var kiosk = Kiosk(.pushToTalk(continuity: .init(truncation: .retentionRatio(0.8))))
        kiosk.give(.start)
        guard case .sessionUpdate(let update)? = kiosk.give(.connected).sent.first else {
            Issue.record("no update")
            return
        }
        #expect(update.truncation == .retentionRatio(0.8))
    }
}

extension Kiosk {
    /// Sessions of these tests are opened at 1000 ms.
    @discardableResult
    fileprivate mutating func run(until ms: Int) -> [Action] { run(ms - nowMs) }
}

extension SessionStateMachine.Action {
    fileprivate var told: [NewItem] { [self].told }
}
