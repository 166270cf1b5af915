import MonotonicClock
import Realtime
import Testing

@testable import Session

@Suite struct AnswerQueueTests {
    private static let one = TurnID(rawValue: 1)
    private static let two = TurnID(rawValue: 2)
    private static let busy = APIError(code: "conversation_already_has_active_response", message: "busy")

    private static func asked() -> AnswerQueue {
        var queue = AnswerQueue()
        queue.want(one, at: t0)
        _ = queue.nextRequest(at: t0)
        return queue
    }

    private static func generating() -> AnswerQueue {
        var queue = asked()
        _ = queue.created("resp_1", at: t0)
        return queue
    }

    private static func settled(_ decisions: [AnswerQueue.Decision]) -> [TurnID: AssistantPart.Status] {
        decisions.reduce(into: [:]) { if case .settled(let turn, let part, _) = $1 { $0[turn] = part.status } }
    }

    private static func sent(_ decisions: [AnswerQueue.Decision]) -> [ClientEvent.Body] {
        decisions.compactMap { if case .send(let event) = $0 { event.body } else { nil } }
    }

    // MARK: One at a time

    @Test func aWishIsAskedForOnce() {
        var queue = AnswerQueue()
        queue.want(Self.one, at: t0)
        #expect(queue.nextRequest(at: t0) == ClientEvent(.createResponse(ResponseRequest()), eventID: "answer-1"))
        #expect(queue.nextRequest(at: t0) == nil)
    }

    @Test func aRequestWaitsForTheResponseThatIsBeingMade() {
        var queue = Self.generating()
        queue.want(Self.two, at: t0)
        #expect(queue.nextRequest(at: t0) == nil)
        _ = queue.done(Response(id: "resp_1", status: .completed), at: t0)
        #expect(queue.nextRequest(at: t0)?.eventID == "answer-2")
    }

    @Test func aWaitingWishHasNoDeadlineOfItsOwn() {
        var queue = Self.generating()
        queue.want(Self.two, at: t0)
        #expect(queue.deadline == .ms(30_000))
    }

    // MARK: Refusals

    @Test func aRequestThatFoundAnotherResponseActiveIsRepeatedAfterHalfASecond() {
        var queue = Self.asked()
        #expect(queue.refused(Self.busy, turn: Self.one, at: t0) == [])
        #expect(queue.deadline == .ms(500))
        #expect(queue.nextRequest(at: .ms(499)) == nil)
        #expect(queue.nextRequest(at: .ms(500))?.eventID == "answer-1")
    }

    @Test func afterFiveRepetitionsTheTurnGoesWithoutAnAnswer() {
        var queue = Self.asked()
        for attempt in 1...5 {
            #expect(queue.refused(Self.busy, turn: Self.one, at: .ms(attempt * 500 - 500)) == [])
            #expect(queue.nextRequest(at: .ms(attempt * 500)) != nil)
        }
        let decisions = queue.refused(Self.busy, turn: Self.one, at: .ms(2500))
        #expect(Self.settled(decisions) == [Self.one: .failed])
        #expect(decisions.last == .report(Fault(.turn, "no answer: busy")))
        #expect(queue.isEmpty)
    }

    @Test func aRefusalThatNamesNoRequestIsOfTheLastOne() {
        var queue = Self.asked()
        _ = queue.refused(Self.busy, turn: nil, at: t0)
        #expect(queue.nextRequest(at: .ms(500))?.eventID == "answer-1")
    }

    @Test func anyOtherRefusalFailsTheAnswer() {
        var queue = Self.asked()
        #expect(Self.settled(queue.refused(APIError(message: "no"), turn: Self.one, at: t0)) == [Self.one: .failed])
    }

    @Test func aRefusalOfNothingIsIgnored() {
        var queue = Self.generating()
        #expect(queue.refused(Self.busy, turn: Self.one, at: t0) == [])
        #expect(queue.refused(Self.busy, turn: nil, at: t0) == [])
        #expect(queue.contains("resp_1"))
    }

    @Test func anInterruptedRequestIsNotRepeated() {
        var queue = Self.asked()
        _ = queue.interrupt(isPlaying: false, at: t0)
        _ = queue.flushed([], at: t0)
        #expect(Self.settled(queue.refused(Self.busy, turn: Self.one, at: t0)) == [Self.one: .cancelled])
        #expect(queue.nextRequest(at: .ms(9000)) == nil)
    }

    @Test func aCancelThatFoundNothingFreesTheConversation() {
        var queue = Self.asked()
        _ = queue.interrupt(isPlaying: false, at: t0)
        _ = queue.flushed([], at: t0)
        #expect(Self.settled(queue.nothingToCancel(at: t0)) == [Self.one: .cancelled])
        #expect(queue.nothingToCancel(at: t0) == [])
    }

    @Test func aCancelThatFoundNothingDoesNotEndARequestThatWasNotInterrupted() {
        var queue = Self.asked()
        #expect(queue.nothingToCancel(at: t0) == [])
        #expect(!queue.isEmpty)
    }

    // MARK: The server's responses

    @Test func anAnswerNobodyAskedForIsCancelledAndSaid() {
        var queue = AnswerQueue()
        let decisions = queue.created("resp_x", at: t0)
        #expect(Self.sent(decisions) == [.cancelResponse("resp_x")])
        #expect(decisions.count == 2)
    }

    @Test func aBeginningSaidTwiceDoesNotCancelTheAnswer() {
        var queue = Self.generating()
        #expect(queue.created("resp_1", at: t0) == [])
        #expect(queue.contains("resp_1"))
    }

    @Test func theNewestWaitingTurnGetsTheResponseAndOlderOnesFail() {
        var queue = AnswerQueue()
        queue.expect(Self.one, at: t0)
        queue.expect(Self.two, at: t0)
        #expect(Self.settled(queue.created("resp_1", at: t0)) == [Self.one: .failed])
        #expect(queue.turn(of: "resp_1") == Self.two)
    }

    @Test func aResponseMayFailWithoutHavingBegun() {
        var queue = Self.asked()
        let failed = Response(id: "resp_1", status: .failed, error: APIError(message: "overloaded"))
        #expect(queue.done(failed, at: t0) == [.report(Fault(.turn, "the answer failed: overloaded"))])
        #expect(Self.settled(queue.playedOut(Playout(), at: t0)) == [Self.one: .failed])
    }

    @Test(arguments: [Response.Status.completed, .cancelled, .incomplete])
    func theEndOfAnUnknownResponseIsNotTheEndOfTheNext(status: Response.Status) {
        var queue = Self.asked()
        #expect(queue.done(Response(id: "resp_0", status: status), at: t0) == [])
        #expect(queue.created("resp_1", at: t0) == [])
        #expect(queue.turn(of: "resp_1") == Self.one)
    }

    @Test func itemsThatAreNotMessagesAreLeftAlone() {
        var queue = Self.generating()
        _ = queue.item(Item(id: "item_f", type: "function_call"), of: "resp_1", at: t0)
        _ = queue.item(Item(id: "item_a"), of: "resp_1", at: t0)
        #expect(queue.item(Item(id: "item_z"), of: "resp_unknown", at: t0) == [])
        _ = queue.interrupt(isPlaying: false, at: t0)
        #expect(Self.sent(queue.flushed([], at: t0)) == [.deleteItem("item_a")])
    }

    // MARK: Interruption and playback

    @Test func interruptingFlushesBeforeItTellsTheServer() {
        var queue = Self.generating()
        let decisions = queue.interrupt(isPlaying: false, at: t0)
        #expect(decisions.first == .flushPlayback)
        #expect(Self.sent(decisions) == [.cancelResponse("resp_1")])
        #expect(queue.interrupt(isPlaying: false, at: t0) == [])
    }

    @Test func interruptingNothingDoesNothing() {
        var queue = AnswerQueue()
        #expect(queue.interrupt(isPlaying: false, at: t0) == [])
        #expect(queue.flushed([], at: t0) == [])
    }

    @Test func interruptingAWishSettlesTheTurnWithoutAnAnswer() {
        var queue = Self.generating()
        queue.want(Self.two, at: t0)
        #expect(Self.settled(queue.interrupt(isPlaying: false, at: t0)) == [Self.two: AssistantPart.Status.none])
    }

    @Test func twoAnswersAreSilencedByOneFlush() {
        var queue = Self.generating()
        _ = queue.done(Response(id: "resp_1", status: .completed), at: t0)
        queue.want(Self.two, at: t0)
        _ = queue.nextRequest(at: t0)
        _ = queue.created("resp_2", at: t0)
        let decisions = queue.interrupt(isPlaying: false, at: t0)
        #expect(decisions.filter { $0 == .flushPlayback }.count == 1)
        #expect(Self.sent(decisions) == [.cancelResponse("resp_2")])
    }

    @Test func playbackThatStandsStillForThirtySecondsIsSilencedForAllAnswersAndTheTurnKeepsWhatWasHeard() {
        var queue = Self.generating()
        let part = ContentPart.part("resp_1", "item_a")
        _ = queue.takesAudio(of: part, at: t0)
        _ = queue.done(Response(id: "resp_1", status: .completed), at: t0)
        #expect(queue.deadlineReached(at: .ms(30_000)) == [.flushPlayback])
        let decisions = queue.flushed([Playout.Segment(part: part, frames: 2400, heardFrames: 1200)], at: .ms(30_000))
        #expect(Self.sent(decisions) == [.truncateItem("item_a", contentIndex: 0, audioEndMs: 50)])
        #expect(Self.settled(decisions) == [Self.one: .truncated])
    }

    @Test func lateAudioOfAnInterruptedAnswerIsNotTaken() {
        var queue = Self.generating()
        let part = ContentPart.part("resp_1", "item_a")
        let before = queue.takesAudio(of: part, at: t0)
        _ = queue.interrupt(isPlaying: false, at: t0)
        let after = queue.takesAudio(of: part, at: t0)
        let unknown = queue.takesAudio(of: .part("resp_x", "item_x"), at: t0)
        #expect([before, after, unknown] == [true, false, false])
    }

    // MARK: Ends

    @Test func aLostLinkFailsWhatWasAskedForAndForgetsWhatWillBeAskedAgain() {
        var queue = Self.asked()
        #expect(Self.settled(queue.linkLost("gone", keeping: [], at: t0)) == [Self.one: .failed])
        queue = Self.asked()
        #expect(queue.linkLost("gone", keeping: [Self.one], at: t0) == [])
        #expect(queue.isEmpty)
    }

    @Test func aWishThatIsOvertakenIsAnsweredWithTheLaterOne() {
        var queue = Self.generating()
        queue.want(Self.two, at: t0)
        #expect(Self.settled(queue.want(TurnID(rawValue: 3), at: t0)) == [Self.two: .none])
    }

    @Test func aRequestThatIsRefusedWhileALaterTurnWaitsIsAnsweredWithThat() {
        var queue = Self.asked()
        queue.want(Self.two, at: t0)
        #expect(Self.settled(queue.refused(Self.busy, turn: nil, at: t0)) == [Self.one: .none])
        #expect(queue.nextRequest(at: t0) != nil)
    }

    @Test func afterAResponseThatFellSilentItsEndIsWaitedFor() {
        var queue = Self.generating()
        queue.want(Self.two, at: t0)
        #expect(!Self.sent(queue.deadlineReached(at: .ms(30_001))).isEmpty, "it was cancelled")
        #expect(queue.nextRequest(at: .ms(30_500)) == nil)
        #expect(queue.deadline == .ms(30_501))
        #expect(queue.nextRequest(at: .ms(30_501)) != nil)
    }

    @Test func aLostLinkFailsAWishUnlessItIsKept() {
        var queue = Self.generating()
        queue.want(Self.two, at: t0)
        #expect(Self.settled(queue.linkLost("gone", keeping: [], at: t0)) == [Self.two: .failed])
        queue = Self.generating()
        queue.want(Self.two, at: t0)
        #expect(Self.settled(queue.linkLost("gone", keeping: [Self.two], at: t0)) == [:])
        #expect(queue.nextRequest(at: t0) == nil)
    }

    @Test func stoppingAccountsForWhatWasHeardUntilNow() {
        var queue = Self.generating()
        var playout = Playout()
        let part = ContentPart.part("resp_1", "item_a")
        _ = playout.append(pcm(frames(1000)), of: part)
        playout.heard(frames: frames(300))
        let decisions = queue.stop(playout, at: t0)
        #expect(decisions.first == .flushPlayback)
        #expect(Self.sent(decisions)
            == [.cancelResponse("resp_1"), .truncateItem("item_a", contentIndex: 0, audioEndMs: 300)])
        #expect(Self.settled(decisions) == [Self.one: .truncated])
        #expect(queue.isEmpty)
    }

    @Test func stoppingBetweenAPressAndItsSilenceStillKnowsWhatWasHeard() {
        var queue = Self.generating()
        var playout = Playout()
        _ = playout.append(pcm(frames(1000)), of: .part("resp_1", "item_a"))
        playout.heard(frames: frames(300))
        _ = queue.interrupt(isPlaying: false, at: t0)
        playout.flush()
        #expect(Self.settled(queue.stop(playout, at: t0)) == [Self.one: .truncated])
        #expect(queue.flushed([], at: t0) == [])
    }
}
