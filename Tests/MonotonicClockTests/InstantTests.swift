import Glibc
import MonotonicClock
import Testing

@Suite struct InstantTests {
    @Test func anInstantIsTheKernelsNumber() {
        var before = timespec()
        clock_gettime(CLOCK_MONOTONIC, &before)
        let now = Instant.now
        var after = timespec()
        clock_gettime(CLOCK_MONOTONIC, &after)
        #expect(now.ns >= Int64(before.tv_sec) * 1_000_000_000 + Int64(before.tv_nsec))
        #expect(now.ns <= Int64(after.tv_sec) * 1_000_000_000 + Int64(after.tv_nsec))
    }

    @Test(arguments: [0, 1, -1, 999_999_999, 1_000_000_000, -1_000_000_001, 86_400_000_000_001] as [Int64])
    func nanosecondsComeBackAsTheyWentIn(ns: Int64) { #expect(Instant(ns: ns).ns == ns) }

    @Test func timePassesByDurations() {
        let start = Instant(ns: 5_000_000_000)
        #expect((start + .milliseconds(20)).ns == 5_020_000_000)
        #expect((start - .seconds(6)).ns == -1_000_000_000)
        #expect(start + .milliseconds(20) - start == .milliseconds(20))
        #expect(start.duration(to: start + .microseconds(1)) == .microseconds(1))
        #expect(start < start + .nanoseconds(1))
    }

    /// A deadline that a mistake has put beyond all time.
    @Test(arguments: [1 << 60, -(1 << 60)])
    func anInstantAbsurdlyFarAwayDoesNotOverflow(seconds: Int64) {
        let far = Instant(ns: 0) + .seconds(seconds)
        #expect(abs(far.ns) > 100 * 365 * 86_400 * 1_000_000_000)
        #expect((far.ns > 0) == (seconds > 0))
    }

    @Test func theEarlierDeadlineCountsAndNoneDoesNot() {
        let (one, two) = (Instant(ns: 1), Instant(ns: 2))
        #expect(earlier(one, two) == one)
        #expect(earlier(two, one) == one)
        #expect(earlier(nil, two) == two)
        #expect(earlier(one, nil) == one)
        #expect(earlier(nil, nil) == nil)
    }
}
