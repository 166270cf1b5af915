import Realtime
import Testing

@testable import Session

/// The visitor speaks while the assistant is audible or answering.
@Suite struct BargeInTests {
    private static func settledAssistant(_ kiosk: inout Kiosk, item: ItemID = "item_u1") -> AssistantPart? {
        kiosk.transcribe(item, response: "resp_t").turns.first?.assistant
    }

    @Test func pressingWhileSpeakingSilencesThenCancelsThenTruncatesAtTheLastPlayedFrame() {
        var kiosk = Kiosk.answering(ms: 1000)
        kiosk.receive(.said("one two three four five", "resp_1", "item_a1"))
        kiosk.give(.heard(frames: frames(300)))
        let pressed = kiosk.press()
        #expect(pressed.first == .flushPlayback)
        #expect(pressed.sent == [.cancelResponse("resp_1")])
        #expect(pressed.last == .show(.interrupted))
        let flushed = kiosk.give(.flushed(heardFrames: frames(420) + 23))
        #expect(flushed.sent == [.truncateItem("item_a1", contentIndex: 0, audioEndMs: 420)])
        kiosk.receive(.done("resp_1", .cancelled))
        #expect(Self.settledAssistant(&kiosk) == AssistantPart(
            status: .truncated, text: "one two three four five", playedMs: 420, heardText: "one two"))
    }

    @Test func playbackThatCountsTooMuchNeverTruncatesBeyondWhatWasReceived() {
        var kiosk = Kiosk.answering(ms: 1000)
        kiosk.press()
        #expect(kiosk.give(.flushed(heardFrames: frames(99_000))).sent == [])
    }

    @Test func pressingAfterTheEndOfTheResponseCancelsNothing() {
        var kiosk = Kiosk.answering(ms: 1000)
        kiosk.receive(.done("resp_1"))
        #expect(kiosk.press().sent == [])
        #expect(kiosk.give(.flushed(heardFrames: frames(500))).sent
            == [.truncateItem("item_a1", contentIndex: 0, audioEndMs: 500)])
        #expect(Self.settledAssistant(&kiosk)?.status == .truncated)
    }

    @Test func laterItemsThatNobodyHeardAreDeleted() {
        var kiosk = Kiosk.answering(ms: 1000)
        kiosk.receive(
            .outputItemAdded("resp_1", outputIndex: 0, .assistant("item_a1")),
            .outputItemAdded("resp_1", outputIndex: 1, .assistant("item_a2")),
            .audio("resp_1", "item_a2", output: 1, ms: 500),
            .outputItemAdded("resp_1", outputIndex: 2, .assistant("item_a3")))
        kiosk.press()
        #expect(kiosk.give(.flushed(heardFrames: frames(200))).sent == [
            .truncateItem("item_a1", contentIndex: 0, audioEndMs: 200), .deleteItem("item_a2"), .deleteItem("item_a3"),
        ])
    }

    @Test func aLaterItemIsTruncatedByItsOwnMilliseconds() {
        var kiosk = Kiosk.answering(ms: 1000)
        kiosk.receive(.audio("resp_1", "item_a2", output: 1, ms: 500))
        kiosk.press()
        #expect(kiosk.give(.flushed(heardFrames: frames(1100))).sent
            == [.truncateItem("item_a2", contentIndex: 0, audioEndMs: 100)])
        kiosk.receive(.done("resp_1", .cancelled))
        #expect(Self.settledAssistant(&kiosk)?.playedMs == 1100)
    }

    @Test func anItemAnnouncedAfterTheSilenceIsDeleted() {
        var kiosk = Kiosk.answering(ms: 1000)
        kiosk.press()
        kiosk.give(.flushed(heardFrames: frames(200)))
        #expect(kiosk.receive(.outputItemAdded("resp_1", outputIndex: 1, .assistant("item_a2"))).sent
            == [.deleteItem("item_a2")])
    }

    @Test func lateDeltasOfACancelledResponseAreNotPlayed() {
        var kiosk = Kiosk.answering()
        kiosk.press()
        #expect(kiosk.receive(.audio("resp_1", "item_a1", ms: 500)) == [])
        kiosk.give(.flushed(heardFrames: 0))
        kiosk.receive(.done("resp_1", .cancelled))
        #expect(kiosk.receive(.audio("resp_1", "item_a1", ms: 500)) == [])
    }

    @Test func pressingBetweenTheRequestAndItsResponseCancelsItWhenItHasAnID() {
        var kiosk = Kiosk.ready()
        kiosk.talk()
        kiosk.commit("item_u1")
        #expect(kiosk.press().sent == [.cancelResponse(nil)])
        kiosk.give(.flushed(heardFrames: 0))
        #expect(kiosk.receive(.responseCreated(Response(id: "resp_1"))).sent == [.cancelResponse("resp_1")])
        #expect(kiosk.receive(.audio("resp_1", "item_a1", ms: 100)).playedFrames == 0)
        kiosk.receive(.done("resp_1", .cancelled))
        #expect(Self.settledAssistant(&kiosk) == AssistantPart(status: .cancelled))
    }

    @Test(arguments: ["bookkeeping", nil])
    func aCancelThatFoundNothingFreesTheConversationAtOnce(eventID: String?) {
        var kiosk = Kiosk.ready()
        kiosk.talk()
        kiosk.commit("item_u1")
        kiosk.press()
        kiosk.give(.flushed(heardFrames: 0))
        kiosk.receive(.failure("none active", code: "response_cancel_not_active", eventID: eventID))
        #expect(Self.settledAssistant(&kiosk)?.status == .cancelled)
    }

    @Test func aCancelThatCrossedTheEndOfTheResponseIsHarmless() {
        var kiosk = Kiosk.answering()
        kiosk.press()
        #expect(kiosk.receive(
            .done("resp_1"), .failure("none active", code: "response_cancel_not_active", eventID: "bookkeeping")) == [])
        kiosk.give(.flushed(heardFrames: frames(100)))
        #expect(Self.settledAssistant(&kiosk)?.status == .truncated)
    }

    @Test func aTapInterruptsTooButBeginsNoTurn() {
        var kiosk = Kiosk.answering()
        let actions = kiosk.press() + kiosk.run(50) + kiosk.release() + kiosk.run(1000)
        #expect(actions.first == .flushPlayback && actions.commits == 0 && !actions.lines.contains(.speechDetected))
    }

    @Test func theHoldDoesNotFlushASecondTime() {
        var kiosk = Kiosk.answering()
        let actions = kiosk.press() + kiosk.give(.flushed(heardFrames: 0)) + kiosk.run(500)
        #expect(actions.filter { $0 == .flushPlayback }.count == 1)
    }

    @Test func pressingBeforeAnythingIsHeardCancelsTheAnswer() {
        var kiosk = Kiosk.answering(ms: 300)
        kiosk.press()
        #expect(kiosk.give(.flushed(heardFrames: 0)).sent == [.deleteItem("item_a1")])
        kiosk.receive(.done("resp_1", .cancelled))
        #expect(Self.settledAssistant(&kiosk)?.status == .cancelled)
    }

    @Test func theNextAnswersClockBeginsAnewAfterAFlush() {
        var kiosk = Kiosk.answering(ms: 1000)
        kiosk.press()
        kiosk.give(.flushed(heardFrames: frames(600)))
        kiosk.receive(.done("resp_1", .cancelled))
        kiosk.run(500)
        kiosk.release()
        kiosk.run(200)
        kiosk.commit("item_u2")
        kiosk.receive(.responseCreated(Response(id: "resp_2")), .audio("resp_2", "item_a2", ms: 400))
        kiosk.give(.heard(frames: frames(150)))
        kiosk.press()
        #expect(kiosk.give(.flushed(heardFrames: frames(160))).sent
            == [.truncateItem("item_a2", contentIndex: 0, audioEndMs: 160)])
    }

    @Test func aLostDeviceEndsTheAnswerWhereItWasHeard() {
        var kiosk = Kiosk.answering(ms: 1000)
        kiosk.give(.heard(frames: frames(250)))
        #expect(kiosk.give(.playbackLost).first == .flushPlayback)
        #expect(kiosk.give(.flushed(heardFrames: frames(250))).sent
            == [.truncateItem("item_a1", contentIndex: 0, audioEndMs: 250)])
    }

    @Test func aDeviceThatStandsStillDoesNotHoldTheTurnForEver() {
        var kiosk = Kiosk.answering(ms: 1000)
        kiosk.give(.heard(frames: frames(250)))
        kiosk.receive(.done("resp_1"))
        kiosk.transcribe("item_u1", response: "resp_t")
        let actions = kiosk.run(30_000)
        #expect(actions.filter { $0 == .flushPlayback }.count == 1)
        let settled = kiosk.give(.flushed(heardFrames: frames(250)))
        #expect(settled.sent == [.truncateItem("item_a1", contentIndex: 0, audioEndMs: 250)])
        #expect(settled.turns.map(\.assistant.playedMs) == [250])
    }

    @Test func audioThatBelongsToNoAnswerAnyMoreIsSilencedToo() {
        var kiosk = Kiosk.ready()
        kiosk.talk()
        // The response before its commit; then the link breaks, and the turn will be asked again.
        kiosk.receive(.responseCreated(Response(id: "resp_1")), .audio("resp_1", "item_a1", ms: 1000))
        _ = kiosk.lose()
        #expect(kiosk.press() == [.flushPlayback, .show(.interrupted)])
    }

    // MARK: Server detection

    @Test func speechWhileTheAssistantIsAudibleInterruptsWithAnOpenMicrophone() {
        var kiosk = Kiosk.speaking(microphone: .open)
        kiosk.give(.heard(frames: frames(100)))
        let actions = kiosk.receive(.speechStarted("item_u2", audioStartMs: 900))
        #expect(actions.first == .flushPlayback)
        #expect(actions.sent == [.cancelResponse("resp_1")])
        #expect(kiosk.give(.flushed(heardFrames: frames(120))).sent
            == [.truncateItem("item_a1", contentIndex: 0, audioEndMs: 120)])
    }

    @Test func theButtonInterruptsUnderServerDetectionButBeginsNoTurn() {
        var kiosk = Kiosk.speaking()
        #expect(kiosk.press().first == .flushPlayback)
        kiosk.run(300)
        #expect(kiosk.release() == [])
        #expect(kiosk.press() == [])
    }
}

extension Kiosk {
    /// A server-detected turn with a second of its answer received.
    static func speaking(microphone: SessionConfiguration.MicrophoneWhileSpeaking = .muted) -> Kiosk {
        var kiosk = Kiosk.ready(.serverVAD(microphone: microphone))
        kiosk.speak("item_u1")
        kiosk.receive(.responseCreated(Response(id: "resp_1")), .audio("resp_1", "item_a1", ms: 1000))
        return kiosk
    }

    /// The server hears the visitor begin and end, and commits.
    @discardableResult
    mutating func speak(_ item: ItemID) -> [Action] {
        let actions = run(100) + receive(.speechStarted(item, audioStartMs: 0)) + run(500)
        return actions + receive(.speechStopped(item, audioEndMs: 500)) + commit(item)
    }
}
