import MonotonicClock
import Realtime
import Testing

@testable import Session

/// What the kiosk says by itself: when, how often, and what it gives way to.
@Suite struct VoicePromptTests {
    private static let second = frames(1000)

    private static func configuration(_ base: SessionConfiguration = .pushToTalk()) -> SessionConfiguration {
        var configuration = base
        for prompt in VoicePrompt.allCases { configuration.promptFrames[prompt] = second }
        return configuration
    }

    /// Its first attempt to connect failed, and every later one.
    private static func unreachable(_ base: SessionConfiguration = .pushToTalk()) -> Kiosk {
        var kiosk = Kiosk(configuration(base))
        kiosk.give(.start)
        kiosk.run(1000)
        _ = kiosk.lose("connect: Connection refused")
        return kiosk
    }

    private static func refused() -> (kiosk: Kiosk, actions: [SessionStateMachine.Action]) {
        var kiosk = Kiosk(configuration())
        kiosk.give(.start)
        kiosk.run(1000)
        kiosk.give(.connected)
        kiosk.receive(.failure("Incorrect API key provided", code: "invalid_api_key"))
        let actions = kiosk.lose("closed", code: 3000)
        return (kiosk, actions)
    }

    // MARK: When

    @Test func withoutANetworkAVisitorIsToldAfterTheReleaseAndTheTail() {
        var kiosk = Self.unreachable()
        #expect((kiosk.press() + kiosk.run(800) + kiosk.release() + kiosk.run(199)).prompts == [])
        #expect(kiosk.run(1) == [.prompt(.noNetwork)])
        #expect(kiosk.machine.indicator == .speaking)
        kiosk.run(1000)
        kiosk.give(.heard(frames: Self.second))
        #expect(kiosk.machine.indicator == .offline)
    }

    @Test func aTapIsEnoughToAsk() {
        var kiosk = Self.unreachable()
        #expect((kiosk.press() + kiosk.run(50) + kiosk.release() + kiosk.run(300)).prompts == [.noNetwork])
    }

    @Test func nothingIsSaidUnlessSomebodyAsks() {
        var kiosk = Self.unreachable()
        #expect(kiosk.run(5000).prompts == [])
    }

    @Test func beforeTheFirstAttemptHasFailedTheKioskKeepsSilentUntilTheTurnIsLost() {
        var kiosk = Kiosk(Self.configuration())
        kiosk.give(.start)
        #expect(kiosk.talk().prompts == [])
        #expect(kiosk.run(9_790).prompts == [])
        #expect(kiosk.run(20).prompts == [.noNetwork])
    }

    @Test func aTurnThatIsLostAfterItsVisitorWasToldIsNotTalkedOfAgain() {
        for start in [Self.unreachable(), Self.refused().kiosk] {
            var kiosk = start
            kiosk.talk()
            kiosk.give(.heard(frames: Self.second))
            let actions = kiosk.run(11_000)
            #expect(actions.turns.count == 1 && actions.prompts == [])
        }
    }

    @Test func noNetworkIsNotSaidMoreOftenThanEveryThirtySeconds() {
        var kiosk = Self.unreachable()
        var said: [Int] = []
        for _ in 0..<70 {
            // Turns are lost meanwhile, which is a reason to say it as well.
            if !(kiosk.talk(300) + kiosk.run(1000)).prompts.isEmpty { said.append(kiosk.nowMs) }
            kiosk.give(.heard(frames: said.count * Self.second))
        }
        #expect(said.count == 4, "in 105 s")
        #expect(zip(said.dropFirst(), said).allSatisfy { $0 - $1 >= 30_000 })
    }

    @Test func aRefusalIsSaidWhenItHappensAndAtEachPressWhileItLasts() {
        var (kiosk, actions) = Self.refused()
        #expect(actions.prompts == [.key])
        kiosk.give(.heard(frames: Self.second))
        #expect(kiosk.talk().prompts == [], "0.7 s later")
        kiosk.run(5000)
        for heard in 2...4 {
            #expect(kiosk.talk().prompts == [.key])
            kiosk.give(.heard(frames: heard * Self.second))
            kiosk.run(5000)
        }
        // Tried again after five minutes, and refused again: no news, and nobody is there.
        let later = kiosk.run(300_000)
        #expect(later.contains(.connect))
        kiosk.give(.connected)
        kiosk.receive(.failure("Incorrect API key provided", code: "invalid_api_key"))
        #expect(kiosk.lose("closed", code: 3000).prompts == [])
    }

    @Test func refusedSettingsAreARefusalToo() {
        var kiosk = Kiosk(Self.configuration())
        kiosk.give(.start, .connected)
        kiosk.receive(.sessionCreated(SessionInfo(id: "s")))
        #expect(kiosk.receive(.failure("no such voice", eventID: "configure-1")).prompts == [.key])
    }

    @Test(arguments: [429, 500, 503]) func aServerWithoutRoomIsBusyAndNotAway(status: Int) {
        var kiosk = Kiosk(Self.configuration())
        kiosk.give(.start, .lost(LinkLoss(httpStatus: status, words: "HTTP \(status)")))
        #expect(kiosk.talk().prompts == [.busy])
    }

    @Test func anAnswerThatFailsBeforeItIsHeardIsSaidToBeMissing() {
        var kiosk = Kiosk.ready(Self.configuration())
        kiosk.talk()
        kiosk.commit("item_1")
        kiosk.receive(.responseCreated(Response(id: "resp_1")))
        let failure = Response(id: "resp_1", status: .failed, error: APIError(code: "rate_limit_exceeded", message: "x"))
        #expect(kiosk.receive(.responseDone(failure)).prompts == [.busy])
    }

    @Test func anAnswerThatFailsHalfWayIsHeardAsFarAsItCame() {
        var kiosk = Kiosk.answering(Self.configuration(), ms: 500)
        let failure = Response(id: "resp_1", status: .failed, error: APIError(message: "x"))
        #expect((kiosk.receive(.responseDone(failure)) + kiosk.give(.heard(frames: frames(500)))).prompts == [])
    }

    @Test func anAnswerLostWithTheLinkIsSaidToBeLost() {
        var kiosk = Kiosk.ready(Self.configuration())
        kiosk.talk()
        kiosk.commit("item_1")
        #expect(kiosk.lose().prompts == [.noNetwork])
    }

    @Test func withoutItsRecordingAPromptIsOverAsSoonAsItIsSaid() {
        var kiosk = Kiosk()
        kiosk.give(.start)
        kiosk.run(1000)
        _ = kiosk.lose()
        #expect(kiosk.talk().prompts == [.noNetwork])
        #expect(kiosk.machine.indicator == .offline)
        #expect(kiosk.press() == [])
    }

    // MARK: What it gives way to

    @Test func aPressSilencesAPromptAndIsNoInterruptionOfTheAssistant() {
        var kiosk = Self.unreachable()
        kiosk.talk()
        kiosk.give(.heard(frames: 100))
        #expect(kiosk.press() == [.flushPlayback])
        #expect(kiosk.run(500) == [] && kiosk.machine.indicator == .listening)
        kiosk.give(.flushed(heardFrames: 200))
        #expect((kiosk.release() + kiosk.run(300)).prompts == [], "said 1 s ago")
    }

    @Test func aPressTakesBackWhatWasAboutToBeSaid() {
        var kiosk = Self.unreachable()
        _ = kiosk.press() + kiosk.run(300) + kiosk.release() + kiosk.run(100)
        #expect((kiosk.press() + kiosk.run(2000)).prompts == [])
        #expect((kiosk.release() + kiosk.run(200)).prompts == [.noNetwork])
    }

    @Test func aSessionThatComesBackBeforeThePromptMakesItNeedless() {
        var kiosk = Self.unreachable()
        kiosk.run(600)
        // A tap: no turn follows that would be in the way of the prompt.
        _ = kiosk.press() + kiosk.run(50) + kiosk.release() + kiosk.run(100)
        #expect((kiosk.open("sess_1") + kiosk.run(1000)).prompts == [])
    }

    @Test func whatIsOvertakenBeforeItIsSaidIsForgotten() {
        var prompts = VoicePromptStateMachine(frames: [.noNetwork: Self.second], tail: .milliseconds(200))
        #expect(prompts.handle(.released(.unreachable), at: .ms(0)) == [])
        #expect(prompts.state == .waiting(.noNetwork, until: .ms(200)))
        #expect(prompts.handle(.overtaken, at: .ms(100)) == [] && prompts.state == .quiet)
        #expect(prompts.handle(.refused, at: .ms(100)) == [])
        #expect(prompts.state == .due(.key, deadline: .ms(10_100)))
        #expect(prompts.handle(.overtaken, at: .ms(200)) == [] && prompts.deadline == nil)
        #expect(prompts.handle(.roomIsSilent, at: .ms(300)) == [])
    }

    @Test func anAnswerReplacesAPromptAndItsFramesAreCountedByThemselves() {
        var kiosk = Self.unreachable()
        kiosk.talk()
        kiosk.run(300)
        kiosk.give(.heard(frames: frames(300)))
        // The link comes back in the middle of the prompt, and the kept turn is answered before its end.
        let opened = kiosk.open("sess_1")
        #expect(opened.commits == 1 && !opened.contains(.flushPlayback))
        kiosk.commit("item_1")
        kiosk.receive(.responseCreated(Response(id: "resp_1")))
        let actions = kiosk.receive(.audio("resp_1", "item_a", ms: 400))
        #expect(actions.first == .flushPlayback)
        #expect(actions.playedFrames == frames(400))
        // Crossed the flush: still of the prompt.
        kiosk.give(.heard(frames: frames(350)))
        kiosk.give(.flushed(heardFrames: frames(360)))
        kiosk.receive(.done("resp_1"))
        #expect(kiosk.machine.indicator == .speaking)
        kiosk.give(.heard(frames: frames(400)))
        let settled = kiosk.transcribe("item_1", response: "t").turns
        #expect(settled.map(\.assistant) == [AssistantPart(status: .completed, playedMs: 400)])
    }

    @Test func anAnswerAfterAPromptIsTruncatedByItsOwnFrames() {
        var kiosk = Self.unreachable()
        kiosk.talk()
        kiosk.run(1000)
        kiosk.give(.heard(frames: Self.second))
        kiosk.open("sess_1")
        kiosk.commit("item_1")
        kiosk.receive(.responseCreated(Response(id: "resp_1")), .audio("resp_1", "item_a", ms: 600))
        kiosk.give(.heard(frames: Self.second + frames(200)))
        #expect(kiosk.press().contains(.flushPlayback))
        let sent = kiosk.give(.flushed(heardFrames: Self.second + frames(250))).sent
        #expect(sent.contains(.truncateItem("item_a", contentIndex: 0, audioEndMs: 250)))
    }

    @Test func whileSomebodySpeaksARefusalWaitsAndIsSaidAfterTheTail() {
        var kiosk = Kiosk(Self.configuration())
        kiosk.give(.start)
        kiosk.run(1000)
        kiosk.press()
        kiosk.run(300)
        kiosk.give(.lost(LinkLoss(httpStatus: 401, words: "HTTP 401")))
        #expect(kiosk.run(3000).prompts == [])
        #expect(kiosk.release().prompts == [])
        #expect(kiosk.run(200).prompts == [.key])
    }

    @Test func whatCouldNotBeSaidForTenSecondsIsNoNews() {
        var kiosk = Kiosk(Self.configuration())
        kiosk.give(.start)
        kiosk.run(1000)
        kiosk.press()
        kiosk.run(300)
        kiosk.give(.lost(LinkLoss(httpStatus: 401, words: "HTTP 401")))
        kiosk.run(10_000)
        #expect(kiosk.machine.prompts.state == .quiet)
    }

    @Test func aPlaybackThatStandsStillIsEmptiedFiveSecondsAfterThePromptsEnd() {
        var kiosk = Self.unreachable()
        kiosk.talk()
        #expect(!kiosk.run(5999).contains(.flushPlayback))
        #expect(kiosk.run(1).contains(.flushPlayback))
        #expect(kiosk.machine.indicator == .offline)
        #expect(kiosk.give(.flushed(heardFrames: 0)) == [])
    }

    @Test func aPlaybackThatIsLostTakesThePromptWithIt() {
        var kiosk = Self.unreachable()
        kiosk.talk()
        #expect(kiosk.give(.playbackLost) == [.flushPlayback])
        #expect(kiosk.machine.prompts.state == .quiet)
    }

    // MARK: Server detection

    @Test func underServerDetectionAButtonAsksAsWell() {
        var kiosk = Self.unreachable(.serverVAD())
        #expect((kiosk.press() + kiosk.release()).prompts == [.noNetwork])
    }

    @Test func aMutedMicrophoneStaysMutedUntilThePromptIsHeard() {
        var kiosk = Self.unreachable(.serverVAD())
        kiosk.run(600)
        _ = kiosk.press() + kiosk.release()
        kiosk.open("sess_1")
        #expect(kiosk.run(900).audio == [])
        kiosk.give(.heard(frames: Self.second))
        #expect(kiosk.run(190).audio == [])
        #expect(!kiosk.run(100).audio.isEmpty)
    }

    @Test func speechAtAnOpenMicrophoneSilencesThePrompt() {
        var kiosk = Self.unreachable(.serverVAD(microphone: .open))
        kiosk.run(600)
        _ = kiosk.press() + kiosk.release()
        kiosk.open("sess_1")
        #expect(kiosk.receive(.speechStarted("item_1", audioStartMs: 0)).first == .flushPlayback)
    }

    // MARK: The end

    @Test func aStopInATurnSaysGoodbyeAndWaitsForIt() {
        var kiosk = Kiosk.answering(Self.configuration(), ms: 1000)
        kiosk.give(.heard(frames: frames(500)))
        let actions = kiosk.give(.stop)
        let flush = actions.firstIndex(of: .flushPlayback), goodbye = actions.firstIndex(of: .prompt(.goodbye))
        #expect(flush != nil && goodbye != nil && flush! < goodbye!)
        #expect(kiosk.lose("closed", code: 1000) == [])
        #expect(kiosk.give(.flushed(heardFrames: frames(510)), .heard(frames: Self.second - 1)) == [])
        #expect(kiosk.give(.heard(frames: Self.second)) == [.stopped])
        #expect(kiosk.machine.deadline == nil)
    }

    @Test func aGoodbyeEndsAfterASecondAndTheLinkMayTakeItsTimeMeanwhile() {
        var kiosk = Kiosk.answering(Self.configuration(), ms: 1000)
        kiosk.give(.stop)
        #expect(kiosk.run(999) == [.abandon], "the closing handshake has 0.4 s")
        #expect(kiosk.run(1) == [.stopped])
        #expect(kiosk.run(2000) == [])
    }

    @Test func aLostLoudspeakerDoesNotHoldUpTheEnd() {
        var kiosk = Kiosk.answering(Self.configuration(), ms: 1000)
        kiosk.give(.stop)
        _ = kiosk.lose("closed", code: 1000)
        #expect(kiosk.give(.playbackLost) == [.stopped])
    }

    @Test func aStopThatNobodyNoticesIsSilent() {
        var kiosk = Kiosk.ready(Self.configuration())
        #expect(kiosk.give(.stop).prompts == [])
        var offline = Self.unreachable()
        #expect(offline.give(.stop).prompts == [])
    }
}
