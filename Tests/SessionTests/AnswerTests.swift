import MonotonicClock
import Realtime
import Testing

@testable import Session

@Suite struct AnswerTests {
    private static let part = ContentPart.part("resp_1", "item_a")
    private static let later = ContentPart.part("resp_1", "item_b", output: 1)

    private static func segment(_ part: ContentPart, ms: Int, heardMs: Int) -> Playout.Segment {
        Playout.Segment(part: part, frames: frames(ms), heardFrames: frames(heardMs))
    }

    private static func requested() -> AnswerStateMachine {
        AnswerStateMachine(turn: TurnID(rawValue: 1), requestedAt: t0)
    }

    private static func generating(text: String = "one two three four") -> AnswerStateMachine {
        var answer = requested()
        _ = answer.handle(.created("resp_1"), at: t0)
        _ = answer.handle(.item("item_a"), at: t0)
        _ = answer.handle(.text(part, delta: text), at: t0)
        _ = answer.handle(.audio(part), at: t0)
        return answer
    }

    private static func done(_ status: Response.Status = .completed, reason: String? = nil, error: String? = nil)
        -> AnswerStateMachine.Input {
        .done(Response(id: "resp_1", status: status, statusReason: reason, error: error.map { APIError(message: $0) }))
    }

    private static func stopping() -> AnswerStateMachine {
        var answer = generating()
        _ = answer.handle(.interrupt, at: t0)
        return answer
    }

    private static func settled(_ actions: [AnswerStateMachine.Action]) -> AssistantPart? {
        actions.compactMap { if case .settled(let part, _) = $0 { part } else { nil } }.first
    }

    // MARK: Heard to the end

    @Test func aDoneAnswerSettlesOnlyWhenItIsHeard() {
        var answer = Self.generating()
        #expect(answer.handle(Self.done(), at: t0) == [])
        #expect(!answer.occupiesConversation && answer.isAudible)
        #expect(Self.settled(answer.handle(.playedOut([Self.segment(Self.part, ms: 2140, heardMs: 2140)]), at: t0))
            == AssistantPart(status: .completed, text: "one two three four", playedMs: 2140))
        #expect(answer.state == .settled)
    }

    @Test func aGapInPlaybackIsNotTheEndOfAnAnswerThatIsBeingMade() {
        var answer = Self.generating()
        #expect(answer.handle(.playedOut([]), at: t0) == [])
    }

    @Test func anIncompleteAnswerHeardToItsEndIsCompletedWithTheReason() {
        var answer = Self.generating()
        _ = answer.handle(Self.done(.incomplete, reason: "max_output_tokens"), at: t0)
        let part = Self.settled(answer.handle(.playedOut([]), at: t0))
        #expect(part?.status == .completed && part?.reason == "max_output_tokens")
    }

    @Test(arguments: [
        (Response.Status.failed, "server trouble"), (.cancelled, "cancelled by the server: turn_detected"),
        (.other("odd"), "ended with an unknown status"), (.inProgress, "ended with an unknown status"),
    ])
    func anAnswerThatTheServerEndedBadlyFailsAfterItIsHeard(status: Response.Status, reason: String) {
        var answer = Self.generating()
        _ = answer.handle(Self.done(status, reason: "turn_detected", error: "server trouble"), at: t0)
        let part = Self.settled(answer.handle(.playedOut([Self.segment(Self.part, ms: 10, heardMs: 10)]), at: t0))
        #expect(part == AssistantPart(status: .failed, text: "one two three four", playedMs: 10, reason: reason))
    }

    @Test func theUsageOfTheResponseComesWithTheSettling() {
        var answer = Self.generating()
        let usage = Usage(inputTokens: 7)
        _ = answer.handle(.done(Response(id: "resp_1", status: .completed, usage: usage)), at: t0)
        _ = answer.handle(Self.done(), at: t0)
        let settled = answer.handle(.playedOut([]), at: t0)
        #expect(settled == [.settled(AssistantPart(status: .completed, text: "one two three four"), usage)])
    }

    @Test func textThatCameOnlyWithTheEndIsKept() {
        var answer = Self.requested()
        _ = answer.handle(.created("resp_1"), at: t0)
        _ = answer.handle(
            .done(Response(id: "resp_1", status: .completed, output: [.assistant("item_a", text: "all of it")])),
            at: t0)
        #expect(Self.settled(answer.handle(.playedOut([]), at: t0))?.text == "all of it")
    }

    @Test func theWholeTextOfAPartReplacesItsDeltas() {
        var answer = Self.generating(text: "on")
        _ = answer.handle(.wholeText(Self.part, text: "one"), at: t0)
        _ = answer.handle(.text(Self.later, delta: "two"), at: t0)
        _ = answer.handle(Self.done(), at: t0)
        #expect(Self.settled(answer.handle(.playedOut([]), at: t0))?.text == "one two")
    }

    // MARK: Interrupted

    @Test func interruptingARunningAnswerCancelsItByItsID() {
        var answer = Self.generating()
        #expect(answer.handle(.interrupt, at: t0) == [.cancel("resp_1")])
        #expect(!answer.isAudible && answer.occupiesConversation)
    }

    @Test func interruptingAfterTheEndOfTheResponseCancelsNothing() {
        var answer = Self.generating()
        _ = answer.handle(Self.done(), at: t0)
        #expect(answer.handle(.interrupt, at: t0) == [])
        #expect(!answer.occupiesConversation)
    }

    @Test func interruptingBeforeTheResponseHasAnIDCancelsAtOnceAndAgainByID() {
        var answer = Self.requested()
        #expect(answer.handle(.interrupt, at: t0) == [.cancel(nil)])
        #expect(answer.awaitsResponse)
        #expect(answer.handle(.created("resp_1"), at: t0) == [.cancel("resp_1")])
        #expect(!answer.awaitsResponse)
    }

    @Test func interruptingTwiceIsOneInterruption() {
        var answer = Self.stopping()
        #expect(answer.handle(.interrupt, at: t0) == [])
    }

    @Test func truncationNamesTheMillisecondsThatWereHeard() {
        var answer = Self.stopping()
        #expect(answer.handle(.flushed([Self.segment(Self.part, ms: 1000, heardMs: 250)]), at: t0)
            == [.truncate("item_a", contentIndex: 0, audioEndMs: 250)])
        #expect(Self.settled(answer.handle(Self.done(.cancelled), at: t0)) == AssistantPart(
            status: .truncated, text: "one two three four", playedMs: 250, heardText: "one"))
    }

    @Test func laterItemsThatNobodyHeardAreDeleted() {
        var answer = Self.stopping()
        _ = answer.handle(.item("item_c"), at: t0)
        let segments = [Self.segment(Self.part, ms: 1000, heardMs: 400), Self.segment(Self.later, ms: 500, heardMs: 0)]
        #expect(answer.handle(.flushed(segments), at: t0)
            == [.truncate("item_a", contentIndex: 0, audioEndMs: 400), .delete("item_c"), .delete("item_b")])
    }

    @Test func anUnheardPartOfAHeardItemIsTruncatedToNothing() {
        var answer = Self.stopping()
        let second = ContentPart.part("resp_1", "item_a", content: 1)
        let segments = [Self.segment(Self.part, ms: 300, heardMs: 300), Self.segment(second, ms: 500, heardMs: 0)]
        #expect(answer.handle(.flushed(segments), at: t0) == [.truncate("item_a", contentIndex: 1, audioEndMs: 0)])
    }

    @Test func anItemAnnouncedAfterSilenceIsDeletedOnce() {
        var answer = Self.stopping()
        _ = answer.handle(.flushed([Self.segment(Self.part, ms: 1000, heardMs: 400)]), at: t0)
        #expect(answer.handle(.item("item_b"), at: t0) == [.delete("item_b")])
        #expect(answer.handle(.item("item_b"), at: t0) == [])
        #expect(answer.handle(.item("item_a"), at: t0) == [])
    }

    @Test func nothingHeardIsCancelled() {
        var answer = Self.stopping()
        #expect(answer.handle(.flushed([Self.segment(Self.part, ms: 500, heardMs: 0)]), at: t0) == [.delete("item_a")])
        #expect(Self.settled(answer.handle(Self.done(.cancelled), at: t0))?.status == .cancelled)
    }

    @Test func theEndMayComeBeforeTheSilence() {
        var answer = Self.stopping()
        #expect(answer.handle(Self.done(.cancelled), at: t0) == [])
        let actions = answer.handle(.flushed([Self.segment(Self.part, ms: 1000, heardMs: 500)]), at: t0)
        #expect(actions.first == .truncate("item_a", contentIndex: 0, audioEndMs: 500))
        #expect(Self.settled(actions)?.status == .truncated)
    }

    @Test func anInterruptionWithTheLastFrameOfAWholeAnswerIsNoInterruption() {
        var answer = Self.generating()
        _ = answer.handle(Self.done(), at: t0)
        _ = answer.handle(.interrupt, at: t0)
        let actions = answer.handle(.flushed([Self.segment(Self.part, ms: 800, heardMs: 800)]), at: t0)
        #expect(actions.count == 1)
        #expect(Self.settled(actions) == AssistantPart(status: .completed, text: "one two three four", playedMs: 800))
    }

    @Test func anAnswerCancelledHalfWayIsTruncatedEvenWhenAllThatCameWasHeard() {
        var answer = Self.stopping()
        _ = answer.handle(.flushed([Self.segment(Self.part, ms: 800, heardMs: 800)]), at: t0)
        let part = Self.settled(answer.handle(Self.done(.cancelled, reason: "client_cancelled"), at: t0))
        #expect(part?.status == .truncated)
        #expect(part?.heardText == "one two three four")
    }

    @Test func silenceIsSaidOnce() {
        var answer = Self.stopping()
        _ = answer.handle(.flushed([]), at: t0)
        #expect(answer.handle(.flushed([Self.segment(Self.part, ms: 800, heardMs: 80)]), at: t0) == [])
        var generating = Self.generating()
        #expect(generating.handle(.flushed([]), at: t0) == [])
    }

    // MARK: What never comes

    @Test func aRefusedRequestFailsAtOnce() {
        var answer = Self.requested()
        #expect(Self.settled(answer.handle(.failed("no"), at: t0)) == AssistantPart(status: .failed, reason: "no"))
    }

    @Test func aLostLinkLetsWhatCamePlayToItsEnd() {
        var answer = Self.generating()
        #expect(answer.handle(.linkLost("gone"), at: t0) == [])
        #expect(answer.isAudible && !answer.occupiesConversation)
        let part = Self.settled(answer.handle(.playedOut([Self.segment(Self.part, ms: 50, heardMs: 50)]), at: t0))
        #expect(part?.status == .failed && part?.reason == "gone" && part?.playedMs == 50)
    }

    @Test func theNextSessionIsNotToldOfItemsItNeverHad() {
        var answer = Self.generating()
        _ = answer.handle(Self.done(), at: t0)
        _ = answer.handle(.linkLost("gone"), at: t0)
        #expect(answer.handle(.interrupt, at: t0) == [])
        let actions = answer.handle(.flushed([Self.segment(Self.part, ms: 1000, heardMs: 100)]), at: t0)
        #expect(actions.count == 1)
        #expect(Self.settled(actions)?.status == .truncated)
    }

    @Test func noResponseWithinFifteenSecondsFails() {
        var answer = Self.requested()
        #expect(answer.deadline == .ms(15_000))
        #expect(answer.handle(.deadlineReached, at: .ms(14_999)) == [])
        #expect(Self.settled(answer.handle(.deadlineReached, at: .ms(15_000)))?.status == .failed)
    }

    @Test func aResponseThatStopsHalfWayIsCancelledAfterThirtySecondsOfSilence() {
        var answer = Self.generating()
        _ = answer.handle(.audio(Self.part), at: .ms(5000))
        #expect(answer.deadline == .ms(35_000))
        #expect(answer.handle(.deadlineReached, at: .ms(35_000)) == [.cancel("resp_1")])
        #expect(Self.settled(answer.handle(.playedOut([]), at: .ms(35_000)))?.reason == "the answer stopped half way")
    }

    @Test func theMovingPlaybackClockKeepsALongAnswerAlive() {
        var answer = Self.generating()
        _ = answer.handle(Self.done(), at: t0)
        answer.heardMore(at: .ms(29_000))
        #expect(!answer.isStuck(at: .ms(58_999)))
        #expect(answer.isStuck(at: .ms(59_000)))
    }

    @Test func aStopWithoutAnEndSettlesAfterThreeSeconds() {
        var answer = Self.stopping()
        _ = answer.handle(.flushed([Self.segment(Self.part, ms: 1000, heardMs: 500)]), at: t0)
        #expect(answer.handle(.deadlineReached, at: .ms(2999)) == [])
        #expect(Self.settled(answer.handle(.deadlineReached, at: .ms(3000)))?.status == .truncated)
    }

    @Test func aStopWithoutSilenceSettlesAfterThreeSeconds() {
        var answer = Self.stopping()
        _ = answer.handle(Self.done(.cancelled), at: t0)
        #expect(Self.settled(answer.handle(.deadlineReached, at: .ms(3000)))?.status == .cancelled)
    }

    @Test func aSettledAnswerIsDeafToEverything() {
        var answer = Self.requested()
        _ = answer.handle(.failed("no"), at: t0)
        let inputs: [AnswerStateMachine.Input] = [
            .created("resp_1"), .text(Self.part, delta: "x"), .wholeText(Self.part, text: "x"), .audio(Self.part),
            .item("item_a"), Self.done(), .failed("again"), .linkLost("gone"), .interrupt, .flushed([]), .playedOut([]),
            .deadlineReached,
        ]
        for input in inputs { #expect(answer.handle(input, at: .ms(99_000)) == [], "\(input)") }
        #expect(answer.deadline == nil && answer.response == nil && !answer.occupiesConversation)
    }

    @Test func aSecondBeginningChangesNothing() {
        for made in [Self.generating(), Self.stopping()] {
            var answer = made
            #expect(answer.handle(.created("resp_9"), at: t0) == [])
            #expect(answer.response == "resp_1")
        }
    }
}

@Suite struct AnswerTextTests {
    private static let part = ContentPart.part("resp_1", "item_a")

    private static func heard(_ heard: Int, of frames: Int, text: String) -> String {
        var texts = AnswerText()
        texts.append(text, to: part)
        return texts.heard(of: [Playout.Segment(part: part, frames: frames, heardFrames: heard)])
    }

    @Test func theHeardTextIsTheShareOfTheHeardAudioInWholeWords() {
        #expect(Self.heard(50, of: 100, text: "alpha beta gamma delta") == "alpha beta")
        #expect(Self.heard(10, of: 100, text: "alpha beta gamma delta") == "")
        #expect(Self.heard(100, of: 100, text: "alpha beta") == "alpha beta")
        #expect(Self.heard(0, of: 0, text: "alpha") == "")
    }

    @Test func textOfItemsThatCameOnlyWithTheEndGoesWithTheirAudio() {
        var texts = AnswerText()
        texts.fill(from: Response(id: "resp_1", output: [.assistant("item_a", text: "alpha beta gamma delta")]))
        #expect(texts.heard(of: [Playout.Segment(part: Self.part, frames: 100, heardFrames: 50)]) == "alpha beta")
    }
}
