import Realtime
import Testing

@testable import Session

@Suite struct TurnDisplayTests {
    private static let one = TurnID(rawValue: 1)
    private static let two = TurnID(rawValue: 2)

    private static func settled(_ number: Int) -> SettledTurn {
        SettledTurn(session: "sess_1", number: number, item: nil, realtime: .off, builtIn: .off, assistant: .none)
    }

    /// Two turns, each opened by a line.
    private static func bothOpened() -> TurnDisplay {
        var display = TurnDisplay()
        _ = display.add(.speechDetected, to: one)
        _ = display.add(.speechDetected, to: two)
        return display
    }

    @Test func linesOfTheForemostTurnPassAtOnce() {
        var display = TurnDisplay()
        #expect(display.add(.speechDetected, to: Self.one) == [.state(.speechDetected)])
        #expect(display.add(.speechEnded, to: Self.one) == [.state(.speechEnded)])
    }

    @Test func aLaterTurnsLinesWaitUntilTheTurnsBeforeItAreShown() {
        var display = Self.bothOpened()
        #expect(display.add(.speechEnded, to: Self.two) == [])
        #expect(display.settle(Self.one, as: Self.settled(1))
            == [.turn(Self.settled(1)), .state(.speechDetected), .state(.speechEnded)])
        #expect(display.add(.assistantSpeaking, to: Self.two) == [.state(.assistantSpeaking)])
    }

    @Test func aTurnThatSettlesEarlyWaitsForTheTurnsBeforeIt() {
        var display = Self.bothOpened()
        #expect(display.settle(Self.two, as: Self.settled(2)) == [])
        #expect(display.settle(Self.one, as: Self.settled(1))
            == [.turn(Self.settled(1)), .state(.speechDetected), .turn(Self.settled(2))])
    }

    @Test func aTurnThatSaidNothingIsShownWhenItSettles() {
        var display = TurnDisplay()
        #expect(display.settle(Self.one, as: Self.settled(1)) == [.turn(Self.settled(1))])
    }

    @Test func theServersOrderOfItemsDecides() {
        var display = Self.bothOpened()
        #expect(display.committed(Self.two, item: "item_2", previous: nil) == [])
        #expect(display.committed(Self.one, item: "item_1", previous: "item_2") == [.state(.speechDetected)])
        #expect(display.settle(Self.one, as: Self.settled(1)) == [])
        #expect(display.settle(Self.two, as: Self.settled(2)) == [.turn(Self.settled(2)), .turn(Self.settled(1))])
    }

    @Test func linesNeverOvertakeOneAnotherWhenTheOrderChanges() {
        var display = Self.bothOpened()
        _ = display.add(.speechEnded, to: Self.two)
        _ = display.committed(Self.two, item: "item_2", previous: nil)
        var shown = display.committed(Self.one, item: "item_1", previous: "item_2")
        shown += display.add(.assistantSpeaking, to: Self.two)
        #expect(shown == [.state(.speechDetected), .state(.speechEnded), .state(.assistantSpeaking)])
    }

    @Test func anUnknownPredecessorChangesNothing() {
        var display = Self.bothOpened()
        #expect(display.committed(Self.one, item: "item_1", previous: "item_assistant") == [])
        #expect(display.committed(Self.two, item: "item_2", previous: "item_1") == [])
        #expect(display.committed(TurnID(rawValue: 9), item: "item_9", previous: nil) == [])
        #expect(display.settle(Self.one, as: Self.settled(1)) == [.turn(Self.settled(1)), .state(.speechDetected)])
    }
}
