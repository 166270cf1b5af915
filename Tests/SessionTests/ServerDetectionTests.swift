import Realtime
import Testing

@testable import Session

/// Turns that the server detects.
@Suite struct ServerDetectionTests {
    @Test func audioFlowsFromTheReadySessionOn() {
        var kiosk = Kiosk.ready(.serverVAD())
        #expect(kiosk.run(100).audio == [frames(1000)..<frames(1100)])
    }

    @Test func aWholeTurnNeedsNoCommitAndNoRequestOfOurs() {
        var kiosk = Kiosk.ready(.serverVAD())
        let spoken = kiosk.speak("item_u1")
        #expect(spoken.commits == 0 && spoken.answerRequests == 0 && spoken.transcriptionRequests.count == 1)
        #expect(spoken.lines == [.speechDetected, .speechEnded])
        kiosk.receive(
            .responseCreated(Response(id: "resp_1")), .said("Good day", "resp_1", "item_a1"),
            .audio("resp_1", "item_a1", ms: 200), .done("resp_1"))
        kiosk.transcribe("item_u1", response: "resp_t")
        let settled = kiosk.give(.heard(frames: frames(200))).turns
        #expect(settled == [SettledTurn(
            session: "sess_1", number: 1, item: "item_u1", realtime: .heard("hello"), builtIn: .heard("hello"),
            assistant: AssistantPart(status: .completed, text: "Good day", playedMs: 200),
            review: TranscriptReview(wordErrorRate: 0))])
    }

    @Test func theMicrophoneIsClosedFromTheFirstAudioUntilTwoHundredMillisecondsAfterTheLastHeardFrame() {
        var kiosk = Kiosk.speaking()
        #expect(kiosk.run(500).audio == [])
        kiosk.receive(.done("resp_1"))
        #expect(kiosk.run(500).audio == [])
        kiosk.give(.heard(frames: frames(1000)))
        let heardAt = kiosk.nowMs
        let audio = kiosk.run(300).audio
        #expect(audio == [frames(heardAt + 200)..<frames(heardAt + 300)])
    }

    @Test func capturedAudioIsInAHurryWhileTheMicrophoneIsOpenOrAboutToBe() {
        var kiosk = Kiosk(.serverVAD())
        #expect(!kiosk.machine.status().wantsFrames)
        kiosk = Kiosk.ready(.serverVAD())
        #expect(kiosk.machine.status().wantsFrames)
        kiosk = Kiosk.speaking()
        #expect(!kiosk.machine.status().wantsFrames)
        kiosk.receive(.done("resp_1"))
        kiosk.give(.heard(frames: frames(1000)))
        #expect(kiosk.machine.status().wantsFrames)
    }

    @Test func aTranscriptThatOvertakesTheCommitIsItsTurns() {
        var kiosk = Kiosk.ready(.serverVAD(outOfBand: .off))
        kiosk.receive(.speechStarted("item_u1", audioStartMs: 0))
        kiosk.run(500)
        kiosk.receive(
            .builtInTranscriptCompleted("item_u1", contentIndex: 0, transcript: "hello", usage: nil),
            .speechStopped("item_u1", audioEndMs: 500))
        kiosk.commit("item_u1")
        let turns = kiosk.receive(.responseCreated(Response(id: "resp_1")), .done("resp_1")).turns
        #expect(turns.map(\.builtIn) == [.heard("hello")])
    }

    @Test func speechThatTheServerNeverEndsIsGivenUpAfterTwoMinutes() {
        var kiosk = Kiosk.ready(.serverVAD())
        kiosk.receive(.speechStarted("item_u1", audioStartMs: 0))
        #expect(kiosk.run(119_999).turns.isEmpty && kiosk.machine.indicator == .listening)
        let actions = kiosk.run(1)
        #expect(actions.sent == [.clear])
        let given = actions.turns
        #expect(given.map(\.builtIn.reason) == ["the server never said where it ended"])
        #expect(given.map(\.assistant.status) == [.none] && kiosk.machine.isIdle)
    }

    @Test func aGapInTheAnswerDoesNotOpenTheMicrophone() {
        var kiosk = Kiosk.speaking()
        kiosk.give(.heard(frames: frames(1000)))
        #expect(kiosk.run(1000).audio == [])
    }

    @Test func anOpenMicrophoneStaysOpen() {
        var kiosk = Kiosk.speaking(microphone: .open)
        #expect(kiosk.run(100).audio.count == 1)
    }

    @Test func timeAloneOpensNoMicrophoneSoNoDeadlineIsLeftBehind() {
        var kiosk = Kiosk.speaking()
        kiosk.receive(.done("resp_1"))
        kiosk.transcribe("item_u1", response: "resp_t")
        kiosk.give(.heard(frames: frames(1000)))
        #expect(kiosk.machine.deadline == nil)
    }

    @Test func speechThatIsNeverCommittedEndsWithTheNextSpeech() {
        var kiosk = Kiosk.ready(.serverVAD())
        kiosk.receive(.speechStarted("item_u1", audioStartMs: 0))
        let turns = kiosk.receive(.speechStarted("item_u2", audioStartMs: 900)).turns
        #expect(turns.map(\.realtime) == [.failed("the server never committed it")])
        #expect(turns.map(\.assistant) == [AssistantPart.none])
    }

    @Test func aCommitWithoutAnnouncedSpeechIsATurnOfItsOwn() {
        var kiosk = Kiosk.ready(.serverVAD())
        #expect(kiosk.commit("item_idle").transcriptionRequests.count == 1)
        kiosk.receive(.responseCreated(Response(id: "resp_1")), .done("resp_1"))
        #expect(kiosk.transcribe("item_idle", response: "resp_t").turns.map(\.item) == ["item_idle"])
    }

    @Test func anAnswerOvertakenByTheNextTurnFails() {
        var kiosk = Kiosk.ready(.serverVAD())
        kiosk.speak("item_u1")
        kiosk.commit("item_u2")
        kiosk.receive(.responseCreated(Response(id: "resp_1")), .done("resp_1"))
        let settled = kiosk.transcribe("item_u1", response: "t1") + kiosk.transcribe("item_u2", response: "t2")
        #expect(settled.turns.map(\.assistant.status) == [.failed, .completed])
    }

    @Test func theEndOfSpeechThatNeverBeganIsIgnored() {
        var kiosk = Kiosk.ready(.serverVAD())
        #expect(kiosk.receive(.speechStopped("item_x", audioEndMs: 3)) == [])
    }

    @Test func theMicrophoneStaysClosedWhenASessionOpensWhileTheAssistantIsStillHeard() {
        var kiosk = Kiosk.speaking()
        _ = kiosk.lose()
        #expect(kiosk.run(600).contains(.connect))
        kiosk.open("sess_2")
        #expect(kiosk.run(500).audio == [])
        kiosk.give(.heard(frames: frames(1000)))
        #expect(!kiosk.run(500).audio.isEmpty)
    }

    @Test func theSessionUpdateLetsTheServerAnswerAndInterrupt() {
        let update = SessionConfiguration.serverVAD().sessionUpdate
        let json = ClientEvent(.sessionUpdate(update)).encoded()
        #expect(json.contains("\"create_response\":true") && json.contains("\"interrupt_response\":true"))
        #expect(json.contains("gpt-4o-transcribe"))
    }

    @Test func theShippedPromptsAreThere() {
        #expect(!SessionConfiguration.defaultInstructions.isEmpty)
        #expect(SessionConfiguration.defaultTranscriptionInstructions.last?.isNewline == false)
    }
}
