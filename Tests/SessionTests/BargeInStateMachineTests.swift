import MonotonicClock
import Testing

@testable import Session

/// The two stages of a barge-in, by themselves.
@Suite struct BargeInStateMachineTests {
    private static let turn = TurnID(rawValue: 1)

    private static func ducked() -> BargeInStateMachine {
        var machine = BargeInStateMachine(confirmMs: 400)
        #expect(machine.handle(.began(turn), at: t0) == [.duck])
        return machine
    }

    @Test func whatLastsIsSpeech() {
        var machine = Self.ducked()
        #expect(machine.handle(.lasted(ms: 399), at: .ms(450)) == [])
        #expect(machine.handle(.lasted(ms: 400), at: .ms(451)) == [.interrupt])
        #expect(machine.handle(.lasted(ms: 420), at: .ms(470)) == [])
        #expect(machine.handle(.ended, at: .ms(1500)) == [], "it was confirmed: no interjection")
        #expect(machine.interjections == [] && machine.deadline == nil)
    }

    @Test func whatIsOverSoonerIsACough() {
        var machine = Self.ducked()
        #expect(machine.handle(.ended, at: .ms(700)) == [.restore])
        #expect(machine.interjections == [Self.turn])
        #expect(machine.handle(.understood(Self.turn, hasWords: false), at: .ms(900)) == [.dismiss(Self.turn)])
        #expect(machine.handle(.understood(Self.turn, hasWords: true), at: .ms(950)) == [])
    }

    @Test func aShortWordIsUnderstoodLater() {
        var machine = Self.ducked()
        _ = machine.handle(.ended, at: .ms(700))
        #expect(machine.handle(.understood(Self.turn, hasWords: true), at: .ms(900))
            == [.interrupt, .answer(Self.turn)])
    }

    @Test func softSpeechIsSpeechAfterTwoSeconds() {
        var machine = Self.ducked()
        #expect(machine.deadline == .ms(2000))
        #expect(machine.handle(.deadlineReached, at: .ms(1999)) == [])
        #expect(machine.handle(.deadlineReached, at: .ms(2000)) == [.interrupt])
        #expect(machine.deadline == nil)
    }

    @Test func whereNothingIsHeardAnyMoreNothingIsToBegin() {
        var machine = Self.ducked()
        #expect(machine.handle(.silenced, at: .ms(100)) == [.restore, .interrupt])
        #expect(machine.handle(.ended, at: .ms(900)) == [])
        #expect(machine.interjections == [], "nobody was interrupted: a turn like any other")
    }

    @Test func aLostSessionRestoresTheSoundAndLeavesNoTurnOpen() {
        var machine = Self.ducked()
        _ = machine.handle(.ended, at: .ms(500))
        _ = machine.handle(.began(TurnID(rawValue: 2)), at: .ms(600))
        #expect(machine.handle(.sessionLost, at: .ms(700)) == [.restore, .dismiss(Self.turn)])
        #expect(machine.interjections == [] && machine.state == .quiet)
    }
}
