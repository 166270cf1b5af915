import GPIO
import Testing

@testable import kiosk_agent

@Suite struct TouchTests {
    /// Whether the button is touched after each of these: settled as pressed or not, and the edge that has not settled.
    private func touched(_ steps: [(isPressed: Bool, edge: Bool?)]) -> [Bool] {
        var touch = Touch()
        return steps.map { isPressed, edge in
            touch.update(isPressed: isPressed, unsettled: edge.map { EdgeEvent(timestampNs: 0, isActive: $0) })
            return touch.isOpen
        }
    }

    @Test func aPressIsATouchUntilItHasSettledHoweverItBounces() {
        #expect(touched([(false, nil), (false, true), (false, false), (false, true), (true, nil)])
            == [false, true, true, true, false])
    }

    @Test func aGlitchIsATouchUntilItHasSettled() {
        #expect(touched([(false, true), (false, false), (false, nil), (false, true)]) == [true, true, false, true])
    }

    @Test func aSpikeThatWasOverBeforeAnybodyLookedIsNone() {
        #expect(touched([(false, false), (false, nil)]) == [false, false])
        #expect(touched([(false, false), (false, true)]) == [false, true])
    }

    @Test func aReleaseIsNone() {
        #expect(touched([(true, false), (true, true), (true, false), (false, nil)]) == [false, false, false, false])
    }
}
