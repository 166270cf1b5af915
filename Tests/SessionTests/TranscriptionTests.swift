import MonotonicClock
import Realtime
import Testing

@testable import Session

@Suite struct TranscriptionTests {
    private static let item: ItemID = "item_u"

    private static func requested() -> TranscriptionStateMachine {
        var transcription = TranscriptionStateMachine(isOff: false)
        _ = transcription.handle(.itemKnown, at: t0)
        return transcription
    }

    private static func retrying(_ reason: String = "trouble") -> TranscriptionStateMachine {
        var transcription = requested()
        _ = transcription.handle(.refused(reason), at: t0)
        return transcription
    }

    private static func done(
        _ status: Response.Status = .completed, text: String? = nil, reason: String? = nil, error: String? = nil
    ) -> TranscriptionStateMachine.Input {
        var response = Response.transcription("resp_t", of: item, status: status, text: text, error: error)
        response.statusReason = reason
        return .done(response)
    }

    @Test func theRequestLeavesWhenTheItemIsKnownAndOnlyOnce() {
        var transcription = TranscriptionStateMachine(isOff: false)
        #expect(transcription.handle(.itemKnown, at: t0) == 1)
        #expect(transcription.handle(.itemKnown, at: t0) == nil)
    }

    @Test func switchedOffItAsksNothing() {
        var transcription = TranscriptionStateMachine(isOff: true)
        #expect(transcription.handle(.itemKnown, at: t0) == nil)
        #expect(transcription.transcript == .off)
        transcription.timeOut()
        #expect(transcription.transcript == .off)
    }

    @Test func deltasMakeTheText() {
        var transcription = Self.requested()
        _ = transcription.handle(.created("resp_t"), at: t0)
        _ = transcription.handle(.text(delta: "56B5"), at: t0)
        _ = transcription.handle(.text(delta: "-12C0"), at: t0)
        _ = transcription.handle(Self.done(), at: t0)
        #expect(transcription.transcript == Transcript(status: .ok, text: "56B5-12C0"))
    }

    @Test func theWholeTextReplacesItsDeltas() {
        var transcription = Self.requested()
        _ = transcription.handle(.text(delta: "helo"), at: t0)
        _ = transcription.handle(.wholeText("hello"), at: t0)
        _ = transcription.handle(Self.done(), at: t0)
        #expect(transcription.transcript?.text == "hello")
    }

    @Test func textThatCameOnlyWithTheEndIsTaken() {
        var transcription = Self.requested()
        _ = transcription.handle(Self.done(text: "hello"), at: t0)
        #expect(transcription.transcript == Transcript(status: .ok, text: "hello"))
    }

    @Test(arguments: ["", " \n\t "]) func whitespaceMeansThatNothingWasSaid(text: String) {
        var transcription = Self.requested()
        _ = transcription.handle(Self.done(text: text), at: t0)
        #expect(transcription.transcript == Transcript(status: .empty, text: ""))
    }

    @Test func aFailureIsTriedOnceMoreAfterHalfASecond() {
        var transcription = Self.requested()
        _ = transcription.handle(Self.done(.failed, error: "overloaded"), at: t0)
        #expect(transcription.retryAt == .ms(500))
        #expect(transcription.handle(.deadlineReached, at: .ms(499)) == nil)
        #expect(transcription.handle(.deadlineReached, at: .ms(500)) == 2)
        _ = transcription.handle(Self.done(.failed, error: "overloaded again"), at: .ms(600))
        #expect(transcription.transcript == .failed("overloaded again"))
    }

    @Test func aRefusalIsTriedOnceMore() {
        var transcription = Self.retrying()
        #expect(transcription.handle(.deadlineReached, at: .ms(500)) == 2)
        _ = transcription.handle(.refused("no"), at: .ms(600))
        #expect(transcription.transcript == .failed("no"))
    }

    @Test(arguments: [
        ("Rate limit reached. Please try again in 2.3s.", 2300), ("Please try again in 120ms.", 120),
        ("Please try again in 40s.", 8000), ("Please try again in a moment.", 500), ("try again in 1.2.3s", 500),
    ])
    func theRetryWaitsAsLongAsTheServerAsksButNotPastItsUse(message: String, waitMs: Int) {
        #expect(Self.retrying(message).retryAt == .ms(waitMs))
    }

    @Test func anIncompleteTranscriptFailsWithoutARetry() {
        var transcription = Self.requested()
        _ = transcription.handle(Self.done(.incomplete, text: "hel", reason: "max_output_tokens"), at: t0)
        #expect(transcription.transcript == .failed("incomplete: max_output_tokens", text: "hel"))
    }

    @Test(arguments: [Response.Status.cancelled, .inProgress, .other("odd")])
    func everyOtherEndIsTriedOnceMore(status: Response.Status) {
        var transcription = Self.requested()
        _ = transcription.handle(Self.done(status), at: t0)
        #expect(transcription.retryAt != nil)
    }

    @Test func aTimeOutKeepsWhatHadArrived() {
        var transcription = Self.requested()
        _ = transcription.handle(.text(delta: "hel"), at: t0)
        transcription.timeOut()
        #expect(transcription.transcript == .timeout("hel"))
        var waiting = TranscriptionStateMachine(isOff: false)
        waiting.timeOut()
        #expect(waiting.transcript == .timeout(""))
        var retrying = Self.retrying()
        retrying.timeOut()
        #expect(retrying.transcript == .timeout("") && retrying.retryAt == nil)
    }

    @Test func abandonedItKeepsWhatHadArrived() {
        var transcription = Self.requested()
        _ = transcription.handle(.text(delta: "hel"), at: t0)
        _ = transcription.handle(.abandoned("gone"), at: t0)
        #expect(transcription.transcript == .failed("gone", text: "hel"))
        for made in [TranscriptionStateMachine(isOff: false), Self.retrying()] {
            var other = made
            _ = other.handle(.abandoned("gone"), at: t0)
            #expect(other.transcript == .failed("gone"))
        }
    }

    @Test func theFirstLastWordStands() {
        var transcription = Self.requested()
        _ = transcription.handle(Self.done(text: "hello"), at: t0)
        let late: [TranscriptionStateMachine.Input] = [
            .itemKnown, .created("resp_9"), .text(delta: "x"), .wholeText("x"), Self.done(.failed), .refused("no"),
            .deadlineReached, .abandoned("gone"),
        ]
        for input in late { #expect(transcription.handle(input, at: .ms(99_000)) == nil) }
        transcription.timeOut()
        #expect(transcription.transcript == Transcript(status: .ok, text: "hello"))
    }

    @Test func theSecondAttemptBeginsWithAnEmptyText() {
        var transcription = Self.requested()
        _ = transcription.handle(.text(delta: "garbage"), at: t0)
        _ = transcription.handle(Self.done(.failed), at: t0)
        _ = transcription.handle(.deadlineReached, at: .ms(500))
        _ = transcription.handle(.text(delta: "hello"), at: .ms(600))
        _ = transcription.handle(Self.done(), at: .ms(600))
        #expect(transcription.transcript?.text == "hello")
    }

    @Test func theUsageIsKept() {
        var transcription = Self.requested()
        _ = transcription.handle(
            .done(.transcription("resp_t", of: Self.item, status: .completed, text: "x", usage: Usage(inputTokens: 9))),
            at: t0)
        #expect(transcription.usage == Usage(inputTokens: 9))
    }
}
