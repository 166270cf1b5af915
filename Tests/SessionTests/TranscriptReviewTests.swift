import Realtime
import Testing

@testable import Session

@Suite struct TranscriptReviewTests {
    /// Three seconds of speech at -26 dBFS.
    private static let speech = TurnSound(speechMs: 3000, meanSquare: 1638.0 * 1638.0)

    private static func review(
        _ realtime: Transcript, _ builtIn: Transcript = .off, sound: TurnSound? = speech
    ) -> TranscriptReview { TranscriptReview(realtime: realtime, builtIn: builtIn, sound: sound) }

    @Test func twoTranscriptsThatAgreeRaiseNoFlag() {
        #expect(Self.review(.heard("What time is it?"), .heard("what time is it"))
            == TranscriptReview(wordErrorRate: 0, sound: Self.speech))
    }

    @Test func moreThanHalfOfTheWordsDifferentIsADisagreement() {
        let half = Self.review(.heard("one two three four"), .heard("one two five six"))
        #expect(half.wordErrorRate == 0.5 && half.flags == [])
        let more = Self.review(.heard("one two three four five"), .heard("one two six seven eight"))
        #expect(more.wordErrorRate == 0.6 && more.flags == [.disagreement])
    }

    @Test func wordsAgainstNothingAreADisagreement() {
        #expect(Self.review(.heard("Hello! How can I help?"), .heard("")).flags == [.disagreement])
        #expect(Self.review(.heard(" "), .heard("hello")).flags == [.disagreement])
        #expect(Self.review(.heard(" "), .heard("")) == TranscriptReview(sound: Self.speech))
    }

    @Test(arguments: [Transcript.off, .failed("x", text: "other words"), .timeout("other")])
    func oneTranscriptAloneIsNotCompared(other: Transcript) {
        #expect(Self.review(.heard("hello"), other) == TranscriptReview(sound: Self.speech))
        #expect(Self.review(other, .heard("hello")).wordErrorRate == nil)
    }

    @Test func thirtyCharactersASecondAndFifteenMoreCanBeSpoken() {
        let most = String(repeating: "abcd ", count: 21)
        #expect(Self.review(.heard(most)).flags == [])
        #expect(Self.review(.heard(most + "x")).flags == [.tooLongForSpeech])
        #expect(Self.review(.off, .heard(most + "x")).flags == [.tooLongForSpeech])
        #expect(Self.review(.heard(String(repeating: "字", count: 26))).flags == [])
        #expect(Self.review(.heard(String(repeating: "字", count: 27))).flags == [.tooLongForSpeech])
    }

    @Test func wordsWithoutSpeechAreTooLongAndQuiet() {
        let silence = TurnSound(speechMs: 0, meanSquare: 0)
        #expect(Self.review(.heard("Thank you for watching!"), sound: silence).flags == [.tooLongForSpeech, .quiet])
        #expect(Self.review(.heard(""), .heard(""), sound: silence).flags == [])
        #expect(Self.review(.failed("x", text: "Thank you for watching!"), sound: silence).flags == [])
    }

    @Test func quietIsBelowMinusSixtyDecibels() {
        let limit = TranscriptReview.quietMeanSquare
        #expect(Self.review(.heard("yes"), sound: TurnSound(speechMs: 900, meanSquare: limit)).flags == [])
        #expect(Self.review(.heard("yes"), sound: TurnSound(speechMs: 900, meanSquare: limit * 0.99)).flags == [.quiet])
    }

    @Test func withoutAMeasurementOnlyTheTextsAreCompared() {
        #expect(Self.review(.heard(String(repeating: "long ", count: 999)), sound: nil) == TranscriptReview())
    }

    // MARK: In a kiosk

    /// Lets time pass with sound of an amplitude before the microphone.
    private static func run(_ kiosk: inout Kiosk, _ milliseconds: Int, amplitude: Int) {
        for _ in 0..<milliseconds / 10 {
            let frame = frames(kiosk.nowMs + 10)
            kiosk.give(.measured(SoundLevel(untilFrame: frame, squares: frames(10) * amplitude * amplitude)))
            kiosk.run(10)
        }
    }

    @Test func anUtterancesSoundIsMeasuredBetweenItsPreRollAndItsTail() throws {
        var kiosk = Kiosk.ready()
        // 10 ms more, so that the blocks of 20 ms end where the sound changes.
        Self.run(&kiosk, 1010, amplitude: 9000)
        Self.run(&kiosk, 300, amplitude: 0)
        kiosk.press()
        Self.run(&kiosk, 100, amplitude: 0)
        Self.run(&kiosk, 700, amplitude: 500)
        kiosk.release()
        Self.run(&kiosk, 200, amplitude: 0)
        Self.run(&kiosk, 500, amplitude: 9000)
        kiosk.commit("item_1")
        kiosk.receive(.responseCreated(Response(id: "resp_1")), .done("resp_1"))
        let turn = try #require(kiosk.transcribe("item_1", response: "t_1", text: "hello").turns.first)
        #expect(turn.review == TranscriptReview(wordErrorRate: 0, sound: TurnSound(speechMs: 700, meanSquare: 250_000)))
    }

    @Test func speechThatTheServerHeardIsMeasuredByItsMilliseconds() throws {
        var kiosk = Kiosk.ready(.serverVAD())
        Self.run(&kiosk, 1010, amplitude: 20)
        kiosk.receive(.speechStarted("item_1", audioStartMs: 1010))
        Self.run(&kiosk, 800, amplitude: 500)
        kiosk.receive(.speechStopped("item_1", audioEndMs: 1810))
        Self.run(&kiosk, 300, amplitude: 9000)
        kiosk.commit("item_1")
        kiosk.receive(.responseCreated(Response(id: "resp_1")), .done("resp_1"))
        let turn = try #require(kiosk.transcribe("item_1", response: "t_1", text: "hello").turns.first)
        #expect(turn.review.sound == TurnSound(speechMs: 800, meanSquare: 250_000))
    }

    @Test func aDoubtfulTurnIsKeptAndShownWithItsFlags() throws {
        var kiosk = Kiosk.ready()
        kiosk.press()
        Self.run(&kiosk, 500, amplitude: 3)
        kiosk.release()
        Self.run(&kiosk, 200, amplitude: 3)
        kiosk.commit("item_1")
        kiosk.receive(
            .responseCreated(Response(id: "resp_1")), .done("resp_1"),
            .builtInTranscriptCompleted("item_1", contentIndex: 0, transcript: "", usage: nil))
        let actions = kiosk.receive(
            .responseDone(.transcription("t_1", of: "item_1", status: .completed, text: "Hello! How can I help you?")))
        #expect(actions.turns.map(\.review.flags) == [[.disagreement, .quiet]])
        #expect(actions.turns == actions.shownTurns)
        #expect(actions.turns.map(\.realtime.text) == ["Hello! How can I help you?"])
    }

    @Test func theTokenCapIsTheOperators() {
        var configuration = SessionConfiguration.pushToTalk()
        configuration.transcriptionTokens = 77
        var kiosk = Kiosk.ready(configuration)
        kiosk.talk()
        #expect(kiosk.commit("item_1").transcriptionRequests.map(\.maxOutputTokens) == [.tokens(77)])
    }
}
