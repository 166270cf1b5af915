import MonotonicClock
import Session
import Testing

@testable import kiosk_agent

@Suite struct LightPatternTests {
    private let start = Instant.now

    @Test(arguments: [Indicator.offline, .ready, .listening, .thinking, .speaking])
    func theLightIsOnWhileTheVisitorIsListenedTo(indicator: Indicator) {
        var pattern = LightPattern()
        let isLit = pattern.isLit(indicator, trouble: nil, at: start)
        #expect(isLit == (indicator == .listening))
        #expect(pattern.deadline == nil)
    }

    @Test(arguments: [Indicator.ready, .listening])
    func itFlashesOnceASecondWhileADeviceIsMissing(indicator: Indicator) throws {
        var pattern = LightPattern()
        var changes: [Int] = []
        var now = start
        for turn in 0..<6 {
            let isLit = pattern.isLit(indicator, trouble: .deviceMissing, at: now)
            #expect(isLit == (turn % 2 == 0))
            now = try #require(pattern.deadline)
            changes.append(Int((now - start) / .milliseconds(1)))
        }
        #expect(changes == [100, 1000, 1100, 2000, 2100, 3000])
        let isLitAfterwards = pattern.isLit(indicator, trouble: nil, at: now)
        #expect(isLitAfterwards == (indicator == .listening))
        #expect(pattern.deadline == nil)
    }

    @Test func itFlashesTwiceASecondWhileTheJournalIsRefused() throws {
        var pattern = LightPattern()
        var changes: [Int] = []
        var now = start
        for turn in 0..<8 {
            let isLit = pattern.isLit(.ready, trouble: .journalRefused, at: now)
            #expect(isLit == (turn % 2 == 0))
            now = try #require(pattern.deadline)
            changes.append(Int((now - start) / .milliseconds(1)))
        }
        #expect(changes == [100, 200, 300, 1000, 1100, 1200, 1300, 2000])
    }

    @Test func theVisitorIsStillToldThatSomebodyListensWhileTheJournalIsRefused() {
        var pattern = LightPattern()
        let isLit = pattern.isLit(.listening, trouble: .journalRefused, at: start)
        #expect(isLit)
        #expect(pattern.deadline == nil)
    }

    @Test func aLateLoopFlashesAtOnceAndNotForWhatItMissed() throws {
        var pattern = LightPattern()
        _ = pattern.isLit(.ready, trouble: .deviceMissing, at: start)
        let late = start + .milliseconds(10_500)
        let isLitLate = pattern.isLit(.ready, trouble: .deviceMissing, at: late)
        #expect(isLitLate)
        #expect(try #require(pattern.deadline) > late)
        let isLitAfterTheFlash = pattern.isLit(.ready, trouble: .deviceMissing, at: late + .milliseconds(100))
        #expect(!isLitAfterTheFlash)
    }
}
