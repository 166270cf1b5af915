import Testing

@testable import GPIO

@Suite struct DebouncerTests {
    private let periodUs: UInt32 = 10_000

    private func edge(_ ms: Int64, _ isActive: Bool) -> EdgeEvent {
        EdgeEvent(timestampNs: ms * 1_000_000, isActive: isActive)
    }

    private func debouncer(isActive: Bool = false) -> Debouncer {
        Debouncer(periodUs: periodUs, isActive: isActive)
    }

    @Test func cleanPressCountsWhenThePeriodIsOverWithTheTimeOfItsEdge() {
        var debouncer = debouncer()
        #expect(debouncer.handle(edge(100, true)) == nil)
        #expect(debouncer.deadlineNs == 110_000_000)
        #expect(!debouncer.isActive)
        #expect(debouncer.settle(isActive: true, nowNs: 110_000_000) == edge(100, true))
        #expect(debouncer.isActive)
        #expect(debouncer.deadlineNs == nil)
    }

    @Test func whatHasNotSettledIsTheLastEdgeWithTheTimeOfTheFirst() {
        var debouncer = debouncer()
        #expect(debouncer.unsettled == nil)
        for (ms, isActive) in [(100, true), (101, false), (103, true)] {
            _ = debouncer.handle(edge(Int64(ms), isActive))
            #expect(debouncer.unsettled == edge(100, isActive))
        }
        #expect(debouncer.settle(isActive: true, nowNs: 113_000_000) == edge(100, true))
        #expect(debouncer.unsettled == nil)
        // A later edge is a burst of its own, whether or not anybody saw the one before it settle.
        _ = debouncer.handle(edge(200, false))
        #expect(debouncer.handle(edge(300, true)) == edge(200, false))
        #expect(debouncer.unsettled == edge(300, true))
        // A line that came back to where it was has settled, too.
        #expect(debouncer.settle(isActive: false, nowNs: 310_000_000) == nil)
        #expect(debouncer.unsettled == nil)
    }

    @Test func bounceBurstIsOnePressWithTheTimeOfItsFirstEdge() {
        var debouncer = debouncer()
        for (ms, isActive) in [(100, true), (101, false), (103, true), (104, false), (109, true)] {
            #expect(debouncer.handle(edge(Int64(ms), isActive)) == nil)
        }
        #expect(debouncer.deadlineNs == 119_000_000)
        #expect(debouncer.settle(isActive: true, nowNs: 119_000_000) == edge(100, true))
        #expect(debouncer.settle(isActive: true, nowNs: 200_000_000) == nil)
    }

    @Test func settlingBeforeTheDeadlineDoesNothing() {
        var debouncer = debouncer()
        _ = debouncer.handle(edge(100, true))
        #expect(debouncer.settle(isActive: true, nowNs: 109_999_999) == nil)
        #expect(debouncer.deadlineNs == 110_000_000)
    }

    @Test func spikeShorterThanThePeriodIsNoPress() {
        var debouncer = debouncer()
        _ = debouncer.handle(edge(100, true))
        _ = debouncer.handle(edge(102, false))
        #expect(debouncer.settle(isActive: false, nowNs: 112_000_000) == nil)
        #expect(debouncer.deadlineNs == nil)
    }

    @Test func lostReleaseEdgeIsFoundByReadingTheLine() {
        var debouncer = debouncer(isActive: true)
        // The release's last edge was lost: the edges say active, the line says inactive.
        _ = debouncer.handle(edge(100, false))
        _ = debouncer.handle(edge(101, true))
        #expect(debouncer.settle(isActive: false, nowNs: 111_000_000) == edge(100, false))
        #expect(!debouncer.isActive)
    }

    @Test func repeatedEdgeOfTheSameLevelIsOnePress() {
        var debouncer = debouncer()
        _ = debouncer.handle(edge(100, true))
        _ = debouncer.settle(isActive: true, nowNs: 110_000_000)
        #expect(debouncer.handle(edge(200, true)) == nil)
        #expect(debouncer.settle(isActive: true, nowNs: 210_000_000) == nil)
        #expect(debouncer.isActive)
    }

    @Test func buttonHeldAtTheStartIsReleasedButNeverPressed() {
        var debouncer = debouncer(isActive: true)
        #expect(debouncer.deadlineNs == nil)
        _ = debouncer.handle(edge(50, false))
        #expect(debouncer.settle(isActive: false, nowNs: 60_000_000) == edge(50, false))
    }

    @Test func pressAndReleaseReadTogetherAfterAStallBothCount() {
        var debouncer = debouncer()
        #expect(debouncer.handle(edge(100, true)) == nil)
        #expect(debouncer.handle(edge(250, false)) == edge(100, true))
        #expect(debouncer.settle(isActive: false, nowNs: 400_000_000) == edge(250, false))
    }

    @Test func zeroPeriodPassesEveryEdgeOn() {
        var debouncer = Debouncer(periodUs: 0, isActive: false)
        #expect(debouncer.handle(edge(100, true)) == nil)
        #expect(debouncer.settle(isActive: true, nowNs: 100_000_000) == edge(100, true))
        #expect(debouncer.handle(edge(101, false)) == nil)
        #expect(debouncer.settle(isActive: false, nowNs: 101_000_000) == edge(101, false))
    }

    @Test func absurdTimestampNeitherTrapsNorSettlesEarly() {
        var debouncer = debouncer()
        _ = debouncer.handle(EdgeEvent(timestampNs: .max, isActive: true))
        #expect(debouncer.deadlineNs == .max)
        #expect(debouncer.settle(isActive: true, nowNs: 1_000_000_000) == nil)
        _ = debouncer.handle(EdgeEvent(timestampNs: .min, isActive: false))
        #expect(debouncer.settle(isActive: false, nowNs: 1_000_000_000) == nil)
        #expect(debouncer.deadlineNs == nil)
    }
}
