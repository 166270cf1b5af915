import MonotonicClock
import Testing

@testable import Session

@Suite struct RenewalTests {
    /// Opened at 0 ms and idle since then.
    private static func idle(renewAfter: Duration? = .seconds(3000), fresh: Duration? = nil) -> RenewalStateMachine {
        var renewal = RenewalStateMachine(renewAfter: renewAfter, freshAfterIdle: fresh)
        renewal.sessionOpened(at: t0)
        _ = renewal.follow(isIdle: true, at: t0)
        return renewal
    }

    @Test func anIdleSessionIsRenewedAtFiftyMinutes() {
        var renewal = Self.idle()
        #expect(renewal.deadline == .ms(3_000_000))
        #expect(renewal.follow(isIdle: true, at: .ms(2_999_999)) == nil)
        #expect(renewal.follow(isIdle: true, at: .ms(3_000_000)) == .age)
    }

    @Test func anOldSessionIsRenewedOnlyAfterFiveSecondsWithoutATurn() {
        var renewal = Self.idle()
        #expect(renewal.follow(isIdle: false, at: .ms(2_990_000)) == nil)
        #expect(renewal.deadline == nil)
        #expect(renewal.follow(isIdle: false, at: .ms(3_100_000)) == nil)
        #expect(renewal.follow(isIdle: true, at: .ms(3_100_500)) == nil)
        #expect(renewal.deadline == .ms(3_105_500))
        #expect(renewal.follow(isIdle: true, at: .ms(3_105_499)) == nil)
        #expect(renewal.follow(isIdle: true, at: .ms(3_105_500)) == .age)
    }

    @Test func fromMinuteFiftyEightOnTheFirstMomentWithoutATurnIsTaken() {
        var renewal = Self.idle()
        #expect(renewal.follow(isIdle: false, at: .ms(2_990_000)) == nil)
        #expect(renewal.follow(isIdle: true, at: .ms(3_478_000)) == nil)
        #expect(renewal.deadline == .ms(3_480_000))
        #expect(renewal.follow(isIdle: false, at: .ms(3_479_000)) == nil)
        #expect(renewal.follow(isIdle: false, at: .ms(3_500_000)) == nil)
        #expect(renewal.follow(isIdle: true, at: .ms(3_510_000)) == .age)
    }

    @Test func withoutASessionThereIsNothingToRenew() {
        var renewal = Self.idle()
        renewal.sessionClosed()
        #expect(renewal.deadline == nil)
        #expect(renewal.follow(isIdle: true, at: .ms(9_000_000)) == nil)
    }

    @Test func neverMeansNever() {
        var renewal = Self.idle(renewAfter: nil)
        #expect(renewal.deadline == nil)
        #expect(renewal.follow(isIdle: true, at: .ms(9_000_000)) == nil)
    }

    @Test func afterTheIdleTimeTheConversationIsFreshOnceAndOnlyWhenThereWasATurn() {
        var renewal = Self.idle(fresh: .seconds(60))
        #expect(renewal.follow(isIdle: true, at: .ms(100_000)) == nil)
        #expect(renewal.follow(isIdle: false, at: .ms(110_000)) == nil)
        #expect(renewal.follow(isIdle: true, at: .ms(120_000)) == nil)
        #expect(renewal.deadline == .ms(180_000))
        #expect(renewal.follow(isIdle: true, at: .ms(179_999)) == nil)
        #expect(renewal.follow(isIdle: true, at: .ms(180_000)) == .newVisitor)
        #expect(renewal.follow(isIdle: true, at: .ms(400_000)) == nil)
        #expect(renewal.deadline == .ms(3_000_000))
    }

    @Test func theIdleTimeRunsWithoutASessionToo() {
        var renewal = RenewalStateMachine(renewAfter: nil, freshAfterIdle: .seconds(60))
        _ = renewal.follow(isIdle: false, at: t0)
        _ = renewal.follow(isIdle: true, at: .ms(1000))
        #expect(renewal.follow(isIdle: true, at: .ms(61_000)) == .newVisitor)
    }
}
