import MonotonicClock
import Testing

@testable import Session

@Suite struct PushToTalkTests {
    private static let preRoll = frames(300)
    private static let tail = frames(200)

    private static func button() -> PushToTalkStateMachine {
        PushToTalkStateMachine(preRollFrames: preRoll, tailFrames: tail)
    }

    /// Pressed at 1 s and held past the limit of a tap.
    private static func held() -> PushToTalkStateMachine {
        var button = button()
        _ = button.handle(.pressed(frame: frames(1000)), at: .ms(1000))
        _ = button.handle(.deadlineReached, at: .ms(1100))
        return button
    }

    @Test func pressingInterruptsBeforeItIsKnownWhetherItIsATap() {
        var button = Self.button()
        #expect(button.handle(.pressed(frame: 24_000), at: .ms(1000)) == [.interrupt])
        #expect(button.deadline == .ms(1100))
    }

    @Test func aTurnNeverBeginsBeforeTheAudioThatIsStillToBeHad() {
        var button = Self.button()
        button.change(preRollFrames: Self.preRoll, tailFrames: Self.tail, notBefore: frames(1000), isDown: false)
        // The edge is older than the change.
        _ = button.handle(.pressed(frame: frames(950)), at: .ms(1010))
        #expect(button.oldestNeededFrame(capturedUntil: frames(1010)) == frames(1000))
        #expect(button.handle(.deadlineReached, at: .ms(1110)) == [.begin(frame: frames(1000))])
    }

    @Test func aPressOfLessThanAHundredMillisecondsSaysNothing() {
        var button = Self.button()
        _ = button.handle(.pressed(frame: 24_000), at: .ms(1000))
        #expect(button.handle(.released(frame: 26_376), at: .ms(1099)) == [])
        #expect(button.state == .idle)
    }

    @Test func aHoldBeginsAtThePreRollBeforeThePress() {
        var button = Self.button()
        _ = button.handle(.pressed(frame: 24_000), at: .ms(1000))
        #expect(button.handle(.captured(untilFrame: 26_000), at: .ms(1099)) == [])
        #expect(button.handle(.captured(untilFrame: 26_400), at: .ms(1100)) == [.begin(frame: 24_000 - Self.preRoll)])
    }

    @Test func aReleaseAtExactlyTheLimitIsAHoldWhicheverInputComesFirst() {
        var button = Self.button()
        _ = button.handle(.pressed(frame: 24_000), at: .ms(1000))
        #expect(button.handle(.released(frame: 26_400), at: .ms(1100))
            == [.begin(frame: 24_000 - Self.preRoll), .end(frame: 26_400 + Self.tail)])
    }

    @Test func theTurnEndsATailAfterTheRelease() {
        var button = Self.held()
        #expect(button.handle(.released(frame: frames(1500)), at: .ms(1500)) == [.end(frame: frames(1700))])
        #expect(button.deadline == nil)
    }

    @Test func aTurnIsNeverShorterThanTheServerCommits() {
        var button = PushToTalkStateMachine(preRollFrames: 0, tailFrames: 0)
        _ = button.handle(.pressed(frame: 24_000), at: .ms(1000))
        #expect(button.handle(.released(frame: 24_100), at: .ms(1100)) == [.begin(frame: 24_000), .end(frame: 26_400)])
    }

    @Test func pressedTwiceIsOnePress() {
        var button = Self.button()
        _ = button.handle(.pressed(frame: 24_000), at: .ms(1000))
        #expect(button.handle(.pressed(frame: 24_500), at: .ms(1020)) == [])
        var held = Self.held()
        #expect(held.handle(.pressed(frame: 30_000), at: .ms(1250)) == [])
    }

    @Test func releasedTwiceIsOneRelease() {
        var button = Self.held()
        _ = button.handle(.released(frame: frames(1500)), at: .ms(1500))
        #expect(button.handle(.released(frame: frames(1600)), at: .ms(1600)) == [])
    }

    @Test func aReleaseWithoutAPressDoesNothing() {
        var button = Self.button()
        #expect(button.handle(.released(frame: 1000), at: .ms(1000)) == [])
        #expect(button.handle(.deadlineReached, at: .ms(1000)) == [])
    }

    @Test func thePreRollOfTheNextTurnBeginsWhereThePreviousTurnEnded() {
        var button = Self.held()
        _ = button.handle(.released(frame: frames(1500)), at: .ms(1500))
        _ = button.handle(.pressed(frame: frames(1800)), at: .ms(1800))
        #expect(button.handle(.deadlineReached, at: .ms(1900)) == [.begin(frame: frames(1700))])
    }

    @Test func aPressInsideThePreviousTailBeginsAtThePress() {
        var button = Self.held()
        _ = button.handle(.released(frame: frames(1500)), at: .ms(1500))
        _ = button.handle(.pressed(frame: frames(1600)), at: .ms(1600))
        #expect(button.handle(.deadlineReached, at: .ms(1700)) == [.begin(frame: frames(1600))])
    }

    @Test func thePreRollDoesNotReachBeforeTheStartOfAudio() {
        var button = Self.button()
        _ = button.handle(.pressed(frame: frames(100)), at: .ms(100))
        #expect(button.handle(.deadlineReached, at: .ms(200)) == [.begin(frame: 0)])
    }

    @Test func aJammedButtonEndsItsTurnAfterTwoMinutesAndBeginsNoOther() {
        var button = Self.held()
        #expect(button.deadline == .ms(121_000))
        #expect(button.handle(.captured(untilFrame: frames(121_000)), at: .ms(121_000))
            == [.end(frame: frames(121_000) + Self.tail)])
        #expect(button.state == .stuck)
        #expect(button.handle(.pressed(frame: frames(122_000)), at: .ms(122_000)) == [])
        #expect(button.handle(.released(frame: frames(130_000)), at: .ms(130_000)) == [])
        #expect(button.state == .idle)
    }

    @Test func aJammedButtonEndsWithoutAMicrophoneToo() {
        var button = Self.held()
        let start = frames(700)
        #expect(button.handle(.deadlineReached, at: .ms(121_000)) == [.end(frame: start + frames(120_000) + Self.tail)])
    }

    @Test func aPressThatIsHandledLateStillHasItsWholePreRoll() {
        var button = Self.button()
        let kept = button.oldestNeededFrame(capturedUntil: frames(1100))
        _ = button.handle(.pressed(frame: frames(1000)), at: .ms(1000))
        #expect(button.handle(.deadlineReached, at: .ms(1100)) == [.begin(frame: kept)])
    }

    @Test func whatATurnCouldStillAskForIsKept() {
        var button = Self.button()
        #expect(button.oldestNeededFrame(capturedUntil: frames(50)) == 0)
        #expect(button.oldestNeededFrame(capturedUntil: frames(900)) == frames(500))
        _ = button.handle(.pressed(frame: frames(1000)), at: .ms(1000))
        #expect(button.oldestNeededFrame(capturedUntil: frames(1050)) == frames(700))
        _ = button.handle(.deadlineReached, at: .ms(1100))
        #expect(button.oldestNeededFrame(capturedUntil: frames(5000)) == frames(700))
        _ = button.handle(.released(frame: frames(5000)), at: .ms(5000))
        #expect(button.oldestNeededFrame(capturedUntil: frames(5300)) == frames(5200))
        #expect(button.oldestNeededFrame(capturedUntil: frames(5250)) == frames(5150))
    }
}
