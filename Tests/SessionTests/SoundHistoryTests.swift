import Realtime
import Testing

@testable import Session

@Suite struct SoundHistoryTests {
    /// Sound of an amplitude for so many milliseconds.
    typealias Stretch = (ms: Int, amplitude: Int)

    /// Measured in pieces of 10 ms, as the runner does.
    private static func history(_ stretches: [Stretch]) -> SoundHistory {
        var history = SoundHistory()
        var frame = 0
        for stretch in stretches {
            for _ in 0..<stretch.ms / 10 {
                frame += frames(10)
                let squares = frames(10) * stretch.amplitude * stretch.amplitude
                history.measured(SoundLevel(untilFrame: frame, squares: squares))
            }
        }
        return history
    }

    @Test func speechIsWhatIsAtMostThirtyDecibelsBelowTheLoudest() throws {
        // 3000 to 100 is 29.5 dB, to 90 it is 30.5 dB.
        let history = Self.history([(500, 90), (1000, 3000), (400, 100), (600, 90)])
        let sound = try #require(history.sound(in: 0..<frames(2500)))
        #expect(sound.speechMs == 1400)
        let mean = (1000.0 * 3000 * 3000 + 400 * 100 * 100) / 1400
        #expect(abs(sound.meanSquare - mean) < 1)
    }

    @Test func aPauseOfTwoHundredMillisecondsIsPartOfSpeechAndALongerOneIsNot() {
        #expect(Self.history([(300, 3000), (200, 1), (300, 3000)]).sound(in: 0..<frames(800))?.speechMs == 800)
        #expect(Self.history([(300, 3000), (220, 1), (300, 3000)]).sound(in: 0..<frames(820))?.speechMs == 600)
    }

    @Test func onlyTheTurnsOwnFramesCount() {
        let history = Self.history([(1000, 9000), (1000, 1000), (1000, 9000)])
        #expect(history.sound(in: frames(1000)..<frames(2000)) == TurnSound(speechMs: 1000, meanSquare: 1_000_000))
    }

    @Test func digitalSilenceIsMeasuredAsNoSpeech() {
        #expect(Self.history([(1000, 0)]).sound(in: 0..<frames(1000)) == TurnSound(speechMs: 0, meanSquare: 0))
    }

    @Test func whatWasNotMeasuredIsNotGuessed() {
        #expect(SoundHistory().sound(in: 0..<frames(1000)) == nil)
        #expect(Self.history([(1000, 9000)]).sound(in: frames(2000)..<frames(3000)) == nil)
    }

    @Test func threeMinutesAreKeptAndNoMore() {
        let history = Self.history([(100_000, 100), (181_000, 1000)])
        #expect(history.sound(in: 0..<frames(90_000)) == nil)
        #expect(history.sound(in: frames(101_000)..<frames(281_000))?.speechMs == 180_000)
    }

    @Test func uselessMeasurementsChangeNothing() {
        var history = Self.history([(1000, 100)])
        history.measured(SoundLevel(untilFrame: frames(1000), squares: .max))
        history.measured(SoundLevel(untilFrame: 5, squares: 1))
        #expect(history.sound(in: 0..<frames(1000)) == TurnSound(speechMs: 1000, meanSquare: 10_000))
        history.measured(SoundLevel(untilFrame: frames(1100), squares: -5))
        #expect(history.sound(in: frames(1000)..<frames(1100)) == TurnSound(speechMs: 0, meanSquare: 0))
    }

    // MARK: The server's milliseconds

    private static func heard(_ item: ItemID = "item_1", from startMs: Int, to endMs: Int) -> SoundHistory {
        var history = SoundHistory()
        history.sessionOpened()
        // The microphone was open from 5 s to 7 s and from 20 s on.
        history.appended(frames(5000)..<frames(6000))
        history.appended(frames(6000)..<frames(7000))
        history.appended(frames(20_000)..<frames(23_000))
        history.speechStarted(item, audioStartMs: startMs)
        history.speechStopped(item, audioEndMs: endMs)
        return history
    }

    @Test func theServersClockStandsStillWhileTheMicrophoneIsMuted() {
        #expect(Self.heard(from: 500, to: 1500).frames(of: "item_1") == frames(5500)..<frames(6500))
        #expect(Self.heard(from: 2500, to: 4000).frames(of: "item_1") == frames(20_500)..<frames(22_000))
        #expect(Self.heard(from: 1500, to: 3000).frames(of: "item_1") == frames(6500)..<frames(21_000))
    }

    @Test(arguments: [(1500, 500), (-1, 500), (0, .max), (.min, .max), (500, 500)])
    func aServerThatCountsWronglyGivesNoFrames(startMs: Int, endMs: Int) {
        #expect(Self.heard(from: startMs, to: endMs).frames(of: "item_1") == nil)
    }

    @Test func framesAreKnownForTheItemWhoseSpeechHasEnded() {
        #expect(Self.heard(from: 0, to: 500).frames(of: "item_2") == nil)
        var history = Self.heard(from: 0, to: 500)
        history.speechStarted("item_2", audioStartMs: 700)
        history.speechStopped("item_1", audioEndMs: 900)
        #expect(history.frames(of: "item_2") == nil)
        history.sessionOpened()
        history.speechStarted("item_3", audioStartMs: 0)
        history.speechStopped("item_3", audioEndMs: 900)
        #expect(history.frames(of: "item_3") == nil)
    }

    @Test func sixtyFourStretchesAreRemembered() {
        var history = SoundHistory()
        for number in 0..<65 { history.appended(frames(number * 200)..<frames(number * 200 + 100)) }
        history.speechStarted("item_1", audioStartMs: 6400)
        history.speechStopped("item_1", audioEndMs: 6500)
        #expect(history.frames(of: "item_1") == frames(12_800)..<frames(12_900))
        history.speechStarted("item_1", audioStartMs: 50)
        history.speechStopped("item_1", audioEndMs: 6500)
        #expect(history.frames(of: "item_1") == nil)
    }
}
