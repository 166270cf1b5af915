import Realtime
import Testing

@testable import Session

/// Breaks, reconnects and the end, seen from the turns.
@Suite struct LinkScenarioTests {
    // MARK: Breaks

    @Test func aTurnHeldWhileTheLinkBreaksIsSentAgainFromItsFirstFrame() {
        var kiosk = Kiosk.ready()
        kiosk.press()
        #expect(kiosk.run(400).audio == [frames(700)..<frames(1400)])
        #expect(kiosk.lose().contains(.record(.sessionClosed("sess_1", reason: "connection reset"))))
        #expect(kiosk.run(600).contains(.connect))
        #expect(kiosk.open("sess_2").audio == [frames(700)..<frames(2000)])
        let rest = kiosk.release() + kiosk.run(200)
        #expect(rest.audio == [frames(2000)..<frames(2200)] && rest.commits == 1)
        kiosk.commit("item_1")
        kiosk.receive(.responseCreated(Response(id: "resp_1")), .done("resp_1"))
        #expect(kiosk.transcribe("item_1", response: "t").turns.map(\.session) == ["sess_2"])
    }

    @Test func aTurnWhoseCommitWasNotAnsweredIsSentAgainAndCountsOnce() {
        var kiosk = Kiosk.ready()
        kiosk.talk()
        #expect(kiosk.lose().turns.isEmpty)
        kiosk.run(600)
        let again = kiosk.open("sess_2")
        #expect(again.audio == [frames(700)..<frames(1700)])
        #expect(again.commits == 1 && again.answerRequests == 1)
        kiosk.commit("item_1")
        kiosk.receive(.responseCreated(Response(id: "resp_1")), .done("resp_1"))
        var turns = kiosk.transcribe("item_1", response: "t").turns
        turns += kiosk.run(60_000).turns
        #expect(turns.map(\.item) == ["item_1"] && turns.map(\.number) == [1])
    }

    @Test func aCommittedTurnFailsWithItsSessionButIsHeardToItsEnd() {
        var kiosk = Kiosk.answering(ms: 1000)
        kiosk.receive(.said("Good day", "resp_1", "item_a1"))
        #expect(kiosk.lose().turns.isEmpty)
        let settled = kiosk.give(.heard(frames: frames(1000))).turns
        let reason = "connection lost: connection reset"
        #expect(settled == [SettledTurn(
            session: "sess_1", number: 1, item: "item_u1", realtime: .failed(reason), builtIn: .failed(reason),
            assistant: AssistantPart(status: .failed, text: "Good day", playedMs: 1000, reason: reason))])
    }

    @Test func aCommittedTurnWithoutAnAnswerFailsBeforeItsSessionIsRecordedAsClosed() {
        var kiosk = Kiosk.ready()
        kiosk.talk()
        kiosk.commit("item_1")
        let actions = kiosk.lose()
        #expect(actions.turns.map(\.assistant.status) == [.failed])
        let entries = actions.compactMap { if case .record(let entry) = $0 { entry } else { nil } }
        #expect(entries.last == .sessionClosed("sess_1", reason: "connection reset"))
        #expect(entries.count == 2)
    }

    @Test func anAnswerOfALostSessionIsNotTruncatedInTheNextOne() {
        var kiosk = Kiosk.answering(ms: 1000)
        _ = kiosk.lose()
        kiosk.run(600)
        kiosk.open("sess_2")
        #expect(kiosk.press().sent == [])
        let flushed = kiosk.give(.flushed(heardFrames: frames(500)))
        #expect(flushed.sent == [])
        #expect(flushed.turns.map(\.assistant.playedMs) == [500])
    }

    @Test func wordsOfASessionThatIsLostAreNotHeard() {
        var kiosk = Kiosk.ready()
        kiosk.talk()
        _ = kiosk.lose()
        #expect(kiosk.commit("item_1") == [])
        #expect(kiosk.receive(
            .responseCreated(Response(id: "resp_x")), .speechStarted("item_x", audioStartMs: 0), .failure("x")) == [])
    }

    // MARK: Without a session

    @Test func aPressWithoutASessionIsAcceptedAndTheVisitorIsTold() {
        var kiosk = Kiosk()
        kiosk.give(.start)
        kiosk.run(1000)
        let actions = kiosk.press() + kiosk.run(500)
        #expect(actions == [.show(.speechDetected), .show(.keptForLater)])
        #expect(kiosk.machine.indicator == .listening)
        kiosk.release()
        #expect(kiosk.machine.indicator == .offline)
        #expect(kiosk.machine.oldestNeededFrame == frames(700))
    }

    @Test func aSessionWithinTenSecondsOfTheReleaseStillGetsTheTurn() {
        var kiosk = Kiosk()
        kiosk.give(.start)
        kiosk.run(1000)
        kiosk.talk(500)
        #expect(kiosk.run(9799) == [])
        let actions = kiosk.open("sess_1")
        #expect(actions.audio == [frames(700)..<frames(1700)] && actions.commits == 1)
    }

    @Test func withoutASessionForTenSecondsTheTurnIsRecordedAsFailed() {
        var kiosk = Kiosk()
        kiosk.give(.start)
        kiosk.run(1000)
        kiosk.talk(500)
        #expect(kiosk.run(9799).turns.isEmpty)
        let actions = kiosk.run(1)
        let reason = "no session within 10 s of the release"
        #expect(actions.turns == [SettledTurn(
            session: "", number: 1, item: nil, realtime: .failed(reason), builtIn: .failed(reason),
            assistant: AssistantPart(status: .failed, reason: reason))])
        #expect(actions.faults == [Fault(.turn, "a turn was lost: \(reason)")])
        #expect(kiosk.open("sess_1").audio.isEmpty)
    }

    @Test func turnsThatReachedNoSessionAreNumberedByThemselves() {
        var kiosk = Kiosk()
        kiosk.give(.start)
        kiosk.run(1000)
        kiosk.talk(200)
        kiosk.talk(200)
        #expect(kiosk.run(11_000).turns.map(\.number) == [1, 2])
    }

    @Test func anExpiredSessionIsFollowedAtOnceAndAHeldTurnSurvivesIt() {
        var kiosk = Kiosk.ready()
        kiosk.press()
        kiosk.run(300)
        let actions = kiosk.lose("closed", code: 1001, reason: "Your session hit the maximum duration of 60 minutes.")
        #expect(actions == [
            .record(.sessionClosed("sess_1", reason: "closed")), .show(.connecting), .connect,
        ])
        #expect(kiosk.open("sess_2").audio.first?.lowerBound == frames(700))
    }

    @Test func aLostLinkIsShownWithTheWaitAndSaidOnce() {
        var kiosk = Kiosk.ready()
        let actions = kiosk.lose()
        #expect(actions.faults == [Fault(.link, "connection reset")])
        guard case .disconnected(let wait)? = actions.lines.last else {
            Issue.record("\(actions)")
            return
        }
        #expect(wait <= .milliseconds(500))
        #expect(kiosk.machine.indicator == .offline)
    }

    // MARK: Stop

    @Test func stoppingAnIdleSessionClosesItAndThenStops() {
        var kiosk = Kiosk.ready()
        #expect(kiosk.give(.stop) == [
            .show(.stopping), .record(.sessionClosed("sess_1", reason: "stopped")), .close(reason: "stopped"),
        ])
        #expect(kiosk.lose("closed", code: 1000) == [.stopped])
    }

    @Test func stoppingRecordsEveryOpenTurnBeforeTheSessionsEnd() {
        var kiosk = Kiosk.answering(ms: 1000)
        kiosk.receive(.said("one two three four", "resp_1", "item_a1"))
        kiosk.give(.heard(frames: frames(500)))
        let actions = kiosk.give(.stop)
        #expect(actions.sent
            == [.cancelResponse("resp_1"), .truncateItem("item_a1", contentIndex: 0, audioEndMs: 500)])
        let reason = "the agent was stopped"
        #expect(actions.turns == [SettledTurn(
            session: "sess_1", number: 1, item: "item_u1", realtime: .failed(reason), builtIn: .failed(reason),
            assistant: AssistantPart(
                status: .truncated, text: "one two three four", playedMs: 500, heardText: "one two"))])
        let entries = actions.compactMap { if case .record(let entry) = $0 { entry } else { nil } }
        #expect(entries.last == .sessionClosed("sess_1", reason: "stopped"))
    }

    @Test func stoppingWhileTheVisitorSpeaksRecordsTheTurnAsFailed() {
        var kiosk = Kiosk.ready()
        kiosk.press()
        kiosk.run(500)
        let turns = kiosk.give(.stop).turns
        #expect(turns.map(\.realtime.status) == [.failed] && turns.map(\.assistant.status) == [.failed])
    }

    @Test func stoppingWhileAnAnswerWaitsToBeAskedForRecordsItAsFailed() {
        var kiosk = Kiosk.answering()
        kiosk.press()
        kiosk.give(.flushed(heardFrames: 0))
        kiosk.run(500)
        kiosk.release()
        kiosk.run(200)
        #expect(kiosk.give(.stop).turns.map(\.assistant.status) == [.cancelled, .failed])
    }

    @Test func whileStoppingOnlyTheEndOfTheLinkCounts() {
        var kiosk = Kiosk.ready()
        kiosk.press()
        kiosk.give(.stop)
        let late = kiosk.give(.released(frame: 99_000), .pressed(frame: 99_000), .stop, .heard(frames: 5), .connected)
            + kiosk.commit("item_1") + kiosk.give(.flushed(heardFrames: 3), .playbackLost, .receivedUndecodable("x"))
        #expect(late == [])
        #expect(kiosk.run(1500) == [.abandon, .stopped])
        #expect(kiosk.machine.deadline == nil)
        #expect(kiosk.run(5000) == [])
    }

    @Test func stoppingWithoutASessionStopsAtOnce() {
        var kiosk = Kiosk()
        kiosk.give(.start)
        kiosk.run(1000)
        kiosk.talk()
        let actions = kiosk.give(.stop)
        #expect(actions.turns.count == 1)
        #expect(actions.suffix(2) == [.abandon, .stopped])
    }
}
