import Realtime
import Testing

@testable import Session

/// Who ends a turn changes while the kiosk runs: between turns, and the button and the microphone with it.
@Suite struct SwitchTests {
    private static let updated = ServerEvent.sessionUpdated(SessionInfo(id: "sess_1"))
    private static let clear = ClientEvent.Body.clear

    private static func semanticVAD() -> SessionConfiguration {
        var configuration = SessionConfiguration.serverVAD()
        configuration.detection = .server(.semanticVAD(eagerness: .high))
        return configuration
    }

    /// A kiosk whose server is asked for the other detection, and has not answered.
    private static func asked(
        _ former: SessionConfiguration = .pushToTalk(), _ wanted: SessionConfiguration = .serverVAD()
    ) -> Kiosk {
        var kiosk = Kiosk.ready(former)
        kiosk.run(1000)
        kiosk.give(.reconfigure(wanted, change: 1))
        if !former.isPushToTalk { kiosk.receive(updated) }
        return kiosk
    }

    private static func switched(
        _ former: SessionConfiguration = .pushToTalk(), _ wanted: SessionConfiguration = .serverVAD()
    ) -> Kiosk {
        var kiosk = asked(former, wanted)
        kiosk.receive(updated)
        return kiosk
    }

    // MARK: Each to each

    @Test func fromTheButtonToTheServerTheMicrophoneOpensAndTheBufferIsCleared() {
        var kiosk = Self.asked()
        #expect(kiosk.run(500).audio == [])
        #expect(kiosk.receive(Self.updated) == [
            .send(ClientEvent(.clear, eventID: "bookkeeping")), .reconfigured(change: 1),
        ])
        let frame = kiosk.frame
        #expect(kiosk.run(100).audio == [frame..<frame + frames(100)])
        let spoken = kiosk.speak("item_u1")
        #expect(spoken.commits == 0 && spoken.answerRequests == 0 && spoken.lines == [.speechDetected, .speechEnded])
    }

    @Test func underTheServersDetectionThePressSilencesAndBeginsNoTurn() {
        var kiosk = Self.switched()
        kiosk.speak("item_u1")
        kiosk.receive(.responseCreated(Response(id: "resp_1")), .audio("resp_1", "item_a1", ms: 1000))
        #expect(kiosk.press().contains(.flushPlayback))
        #expect(kiosk.run(500).lines == [])
        #expect(kiosk.release() == [])
    }

    @Test func fromTheServerToTheButtonTheMicrophoneClosesAndAHeldButtonIsATurn() {
        var kiosk = Self.switched(.serverVAD(), .pushToTalk())
        #expect(kiosk.run(500).audio == [])
        let frame = kiosk.frame
        let talked = kiosk.talk()
        #expect(talked.audio == [frame - frames(300)..<frame + frames(700)])
        #expect(talked.commits == 1)
    }

    @Test func whatTheServerHeardForNobodyIsClearedWhenTheButtonTakesOver() {
        var kiosk = Self.asked(.serverVAD(), .pushToTalk())
        #expect(kiosk.receive(Self.updated).sent == [.clear])
    }

    @Test func thePreRollNeverAsksForAudioThatIsForgotten() {
        var kiosk = Self.asked(.serverVAD(), .pushToTalk(preRollMs: 2000))
        let needed = kiosk.machine.oldestNeededFrame
        #expect(needed > kiosk.frame - frames(2000))
        kiosk.receive(Self.updated)
        kiosk.press()
        #expect(kiosk.run(200).audio.first?.lowerBound == needed)
        #expect(kiosk.machine.oldestNeededFrame == needed)
    }

    @Test func theServersMillisecondsCountWhatTheButtonSentToo() throws {
        var kiosk = Self.switched()
        // A second of the button's turn went before; it settles.
        kiosk = Kiosk.ready()
        kiosk.talk(800)
        let sentMs = 300 + 800 + 200
        kiosk.commit("item_u1")
        kiosk.receive(.responseCreated(Response(id: "resp_1")), .done("resp_1"))
        kiosk.transcribe("item_u1", response: "resp_t")
        kiosk.give(.reconfigure(.serverVAD()))
        kiosk.receive(Self.updated)
        let openedFrame = kiosk.frame
        for _ in 0..<100 {
            kiosk.run(20)
            kiosk.give(.measured(SoundLevel(untilFrame: kiosk.frame, squares: frames(20) * 1_000_000)))
        }
        kiosk.receive(
            .speechStarted("item_u2", audioStartMs: sentMs + 500), .speechStopped("item_u2", audioEndMs: sentMs + 1500))
        #expect(kiosk.machine.sounds.frames(of: "item_u2")
            == openedFrame + frames(500)..<openedFrame + frames(1500))
    }

    @Test func fromServerToSemanticDetectionTheMicrophoneIsHeldAndNothingIsLost() {
        var kiosk = Kiosk.ready(.serverVAD())
        let before = kiosk.run(1000).audio
        let quieting = kiosk.give(.reconfigure(Self.semanticVAD()))
        #expect(quieting.sent == [.sessionUpdate(SessionUpdate())])
        #expect(kiosk.run(100).audio == [])
        #expect(kiosk.receive(Self.updated).sent == [.sessionUpdate(Self.semanticVAD().laterUpdate)])
        #expect(kiosk.run(100).audio == [])
        #expect(kiosk.receive(Self.updated) == [.reconfigured()])
        let after = kiosk.run(20).audio
        #expect(after.first?.lowerBound == before.last?.upperBound && after.count == 1)
        #expect(kiosk.frame - (after.last?.upperBound ?? 0) < UtteranceQueue.blockFrames)
    }

    // MARK: Turns that cross it

    @Test func anOpenTurnIsFinishedFirst() {
        var kiosk = Kiosk.answering()
        #expect(kiosk.give(.reconfigure(.serverVAD())).sent == [])
        kiosk.receive(.done("resp_1"))
        kiosk.give(.heard(frames: frames(1000)))
        #expect(kiosk.transcribe("item_u1", response: "resp_t").sent
            == [.sessionUpdate(SessionConfiguration.serverVAD().laterUpdate)])
    }

    @Test func speechThatTheServerHeardMeanwhileIsATurnAndTheChangeWaitsForItsEnd() {
        var kiosk = Kiosk.ready(.serverVAD())
        let before = kiosk.run(1000).audio
        kiosk.give(.reconfigure(.pushToTalk(), change: 1))
        kiosk.run(100)
        // Crossed our update on the wire.
        kiosk.receive(.speechStarted("item_u1", audioStartMs: 700))
        kiosk.receive(Self.updated)
        let audio = kiosk.run(100).audio
        #expect(audio.first?.lowerBound == before.last?.upperBound)
        kiosk.receive(.speechStopped("item_u1", audioEndMs: 1500))
        kiosk.commit("item_u1")
        kiosk.receive(.responseCreated(Response(id: "resp_1")), .done("resp_1"))
        #expect(kiosk.transcribe("item_u1", response: "resp_t").sent == [.sessionUpdate(SessionUpdate())])
        kiosk.receive(Self.updated)
        #expect(kiosk.receive(Self.updated).contains(.reconfigured(change: 1)))
    }

    @Test func aPressBeforeTheServerHasRefusedIsATurnFromItsFirstFrame() {
        var kiosk = Self.asked()
        let frame = kiosk.frame
        #expect(kiosk.press() + kiosk.run(500) == [])
        let refused = kiosk.receive(.failure("no", eventID: "reconfigure"))
        #expect(refused.lines == [.speechDetected])
        let rest = kiosk.release() + kiosk.run(200)
        #expect((refused + rest).audio == [frame - frames(300)..<frame + frames(700)])
        #expect(rest.commits == 1)
    }

    @Test func aWholeTurnOfTheButtonBeforeTheServersAnswerIsSentThen() {
        var kiosk = Self.asked()
        let frame = kiosk.frame
        #expect(kiosk.talk() == [])
        let refused = kiosk.receive(.failure("no", eventID: "reconfigure"))
        #expect(refused.audio == [frame - frames(300)..<frame + frames(700)])
        #expect(refused.commits == 1 && refused.lines == [.speechDetected, .speechEnded])
    }

    @Test func aTapBeforeTheServersAnswerSaysNothing() {
        var kiosk = Self.asked()
        kiosk.press()
        kiosk.run(50)
        kiosk.release()
        #expect(kiosk.machine.isIdle)
        #expect(kiosk.receive(.failure("no", eventID: "reconfigure")).sent == [])
        #expect(kiosk.run(500).lines == [])
    }

    @Test func whoeverPressedBeforeTheServerListensIsHeardFromThereOn() {
        var kiosk = Self.asked()
        let frame = kiosk.frame
        kiosk.press()
        kiosk.run(500)
        kiosk.receive(Self.updated)
        #expect(kiosk.run(10).audio == [frame - frames(300)..<kiosk.frame])
    }

    @Test func aPressBeforeTheButtonCountsIsATurnWhenItDoes() {
        var kiosk = Self.asked(.serverVAD(), .pushToTalk())
        let frame = kiosk.frame
        kiosk.press()
        kiosk.run(300)
        let begun = kiosk.receive(Self.updated)
        #expect(begun.lines == [.speechDetected])
        #expect(begun.sent == [.clear])
        #expect(begun.audio.first?.lowerBound == frame - frames(300))
    }

    @Test func aSessionLostMeanwhileKeepsThePress() {
        var kiosk = Self.asked()
        kiosk.press()
        kiosk.run(500)
        #expect(kiosk.lose().lines.contains(.keptForLater))
        kiosk.release()
        kiosk.run(1000)
        let opened = kiosk.open("sess_2")
        #expect(opened.sent.first == .sessionUpdate(SessionConfiguration.pushToTalk().sessionUpdate))
        #expect(opened.commits == 1)
    }

    @Test func aServerThatNeverAnswersIsLeftAndTheTurnGoesToTheNextSession() {
        var kiosk = Self.asked()
        kiosk.run(9_000)
        kiosk.press()
        let givenUp = kiosk.run(1_001)
        #expect(givenUp.closings == ["renewed: it did not confirm changed settings"] && givenUp.audio == [])
        #expect(givenUp.contains(.notReconfigured(change: 1, reason: "the server does not confirm it")))
        kiosk.release()
        _ = kiosk.lose()
        let opened = kiosk.open("sess_2") + kiosk.run(300)
        #expect(opened.commits == 1 && opened.turns == [])
    }

    @Test func aButtonThatIsDownWhenItTakesOverBeginsATurnWhenItIsPressedAgain() {
        var kiosk = Kiosk.ready(.serverVAD())
        kiosk.press()
        kiosk.give(.reconfigure(.pushToTalk()))
        kiosk.receive(Self.updated)
        kiosk.receive(Self.updated)
        #expect(kiosk.press() + kiosk.run(300) == [])
        kiosk.release()
        #expect(kiosk.talk().commits == 1)
    }

    @Test func aButtonThatWasJammedAndLetGoUnderTheServersDetectionBeginsTurnsAgain() {
        var kiosk = Kiosk.answering()
        kiosk.press()
        kiosk.run(120_000)
        kiosk.commit("item_u2")
        kiosk.receive(.responseCreated(Response(id: "resp_2")), .done("resp_2"))
        kiosk.run(20_000)
        kiosk.give(.reconfigure(.serverVAD()))
        kiosk.receive(Self.updated)
        kiosk.release()
        kiosk.give(.reconfigure(.pushToTalk()))
        kiosk.receive(Self.updated)
        kiosk.receive(Self.updated)
        #expect(kiosk.machine.configuration.isPushToTalk)
        #expect(kiosk.talk().commits == 1)
    }

    // MARK: Limits

    @Test func aChangeThatFindsNoPauseInTimeIsDeclined() {
        var kiosk = Kiosk.ready()
        kiosk.press()
        kiosk.run(200)
        kiosk.give(.reconfigure(.serverVAD(), change: 5, within: .seconds(30)))
        #expect(kiosk.run(29_999).declined == [])
        #expect(kiosk.run(1).declined == ["5: a turn was open all the time"])
        kiosk.release()
        kiosk.run(200)
        #expect(kiosk.machine.configuration.isPushToTalk)
    }

    @Test func aChangeWithoutASessionIsDeclined() {
        var kiosk = Kiosk()
        kiosk.give(.start)
        kiosk.give(.reconfigure(.serverVAD(), change: 5, within: .seconds(30)))
        #expect(kiosk.run(30_000).declined == ["5: there is no session to be told"])
    }

    @Test func aLaterChangeTakesTheWaitingOnesPlaceAndFollowsTheOneThatIsAsked() {
        var kiosk = Self.asked()
        #expect(kiosk.give(.reconfigure(Self.semanticVAD(), change: 2)).declined == [])
        #expect(kiosk.give(.reconfigure(.pushToTalk(), change: 3)).declined == ["2: a later change took its place"])
        #expect(kiosk.receive(Self.updated).contains(.reconfigured(change: 1)))
        // The machine listens by the server: first an update that changes nothing.
        kiosk.receive(Self.updated)
        #expect(kiosk.receive(Self.updated).contains(.reconfigured(change: 3)))
        #expect(kiosk.machine.configuration.isPushToTalk)
    }

    @Test func anAnswerToAnUpdateThatWasGivenUpIsNotTakenForThatOfTheNext() {
        var kiosk = Kiosk.ready(.serverVAD())
        kiosk.run(1000)
        kiosk.give(.reconfigure(.pushToTalk(), change: 1))
        kiosk.receive(.speechStarted("item_u1", audioStartMs: 0), .speechStarted("item_u2", audioStartMs: 0))
        kiosk.receive(.speechStopped("item_u2", audioEndMs: 500))
        kiosk.commit("item_u2")
        kiosk.receive(.responseCreated(Response(id: "resp_1")), .done("resp_1"))
        kiosk.transcribe("item_u2", response: "resp_t")
        // Two updates that change nothing are on their way; the first answer says nothing of the second.
        #expect(kiosk.receive(Self.updated) == [])
        #expect(kiosk.receive(Self.updated).sent == [.sessionUpdate(SessionConfiguration.pushToTalk().laterUpdate)])
    }

    @Test func dictationSwitchesTooByUpdatesOfItsOwnKind() {
        func dictation(_ configuration: SessionConfiguration) -> SessionConfiguration {
            var configuration = configuration
            configuration.isDictation = true
            configuration.outOfBand = .off
            return configuration
        }
        var kiosk = Kiosk.ready(dictation(.serverVAD()))
        kiosk.run(100)
        var sent = kiosk.give(.reconfigure(dictation(.pushToTalk()))).sent
        sent += kiosk.receive(Self.updated).sent + kiosk.receive(Self.updated).sent
        let kinds = sent.compactMap { if case .sessionUpdate(let update) = $0 { update.kind } else { nil } }
        #expect(kinds == [.transcription, .transcription])
        let talked = kiosk.talk()
        #expect(talked.commits == 1 && talked.answerRequests == 0)
    }

    // MARK: The idle timeout

    @Test func aSilenceThatTheServerAnswersIsATurnWithoutWordsAndWithoutARequest() throws {
        var kiosk = Kiosk.ready(.serverVAD())
        let begun = kiosk.receive(.idleTimeoutTriggered("item_i", audioStartMs: 0, audioEndMs: 6000))
        #expect(begun.lines == [.nobodySpoke])
        let committed = kiosk.commit("item_i")
        #expect(committed.transcriptionRequests.isEmpty)
        kiosk.receive(.responseCreated(Response(id: "resp_1")), .audio("resp_1", "item_a1", ms: 100), .done("resp_1"))
        kiosk.receive(.builtInTranscriptCompleted("item_i", contentIndex: 0, transcript: "", usage: nil))
        let turn = try #require(kiosk.give(.heard(frames: frames(100))).turns.first)
        #expect(turn.isTimeout && turn.builtIn.status == .empty && turn.assistant.status == .completed)
        #expect(turn.realtime == Transcript(status: .off, text: "", reason: "nobody spoke"))
    }

    @Test func aSilenceThatTheServerNeverCommitsIsOverAfterFifteenSeconds() {
        var kiosk = Kiosk.ready(.serverVAD())
        kiosk.receive(.idleTimeoutTriggered("item_i", audioStartMs: 0, audioEndMs: 6000))
        #expect(kiosk.run(14_999).turns == [])
        #expect(kiosk.run(1).turns.map(\.assistant) == [AssistantPart.none])
        #expect(kiosk.machine.isIdle)
    }

    @Test func aSilenceThatALostSessionNeverCommitsIsOver() {
        var kiosk = Kiosk.ready(.serverVAD())
        kiosk.receive(.idleTimeoutTriggered("item_i", audioStartMs: 0, audioEndMs: 6000))
        #expect(kiosk.lose().turns.map(\.assistant.status) == [.failed])
        #expect(kiosk.machine.isIdle)
    }

    @Test func aSilenceIsNoVisitor() {
        var configuration = SessionConfiguration.serverVAD()
        configuration.continuity = .init(renewAfter: nil, freshAfterIdle: .seconds(60))
        var kiosk = Kiosk.ready(configuration)
        kiosk.speak("item_u1")
        kiosk.receive(.responseCreated(Response(id: "resp_1")), .done("resp_1"))
        kiosk.transcribe("item_u1", response: "resp_t")
        kiosk.run(30_000)
        kiosk.receive(.idleTimeoutTriggered("item_i", audioStartMs: 0, audioEndMs: 6000))
        kiosk.commit("item_i")
        kiosk.receive(.responseCreated(Response(id: "resp_2")), .done("resp_2"))
        kiosk.receive(.builtInTranscriptCompleted("item_i", contentIndex: 0, transcript: "", usage: nil))
        #expect(kiosk.run(29_900).closings == [])
        #expect(kiosk.run(200).closings == ["idle: the next visitor begins anew"])
    }

    @Test func underPushToTalkASilenceIsNothing() {
        var kiosk = Kiosk.ready()
        #expect(kiosk.receive(.idleTimeoutTriggered("item_i", audioStartMs: 0, audioEndMs: 6000)) == [])
    }
}

extension [SessionStateMachine.Action] {
    /// Changes that were not made, and why.
    fileprivate var declined: [String] {
        compactMap { if case .notReconfigured(let change, let reason) = $0 { "\(change): \(reason)" } else { nil } }
    }
}
