import Testing

@testable import Audio

@Suite struct InterruptionTests {
    @Test func interruptionsAreAddedUpAndLongOnesToldOnce() {
        let log = InterruptionLog()
        var seen: UInt16 = 0
        log.count(.xrun, ns: 200_000_000)
        log.count(.stall, ns: InterruptionLog.longNs)
        #expect(log.long(since: &seen) == nil)
        log.count(.suspend, ns: InterruptionLog.longNs + 1_000_000)
        #expect(log.long(since: &seen) == Interruption(cause: .suspend, duration: .milliseconds(1001)))
        #expect(log.long(since: &seen) == nil)
        log.count(.failure, ns: 30_000_000)
        #expect(log.long(since: &seen) == nil)
        let statistics = log.statistics
        #expect(statistics.count == 4)
        #expect(statistics.total == .milliseconds(2231))
        #expect(statistics.longest == .milliseconds(1001))
    }

    @Test(arguments: Interruption.Cause.allCases) func everyCauseComesThrough(cause: Interruption.Cause) {
        let log = InterruptionLog()
        var seen: UInt16 = 0
        // 60 days: more milliseconds than 32 bits hold.
        log.count(cause, ns: 60 * 86_400_000_000_000)
        #expect(log.long(since: &seen) == Interruption(cause: cause, duration: .seconds(60 * 86_400)))
    }

    @Test func theNumberOfLongOnesMayWrap() {
        let log = InterruptionLog()
        var seen: UInt16 = 0
        for _ in 0..<(1 << 16) - 1 { log.count(.stall, ns: 2_000_000_000) }
        #expect(log.long(since: &seen) != nil)
        log.count(.xrun, ns: 3_000_000_000)
        #expect(log.long(since: &seen)?.cause == .xrun)
    }

    @Test func theWordsSayHowLongAndWhy() {
        let stall = Interruption(cause: .stall, duration: .milliseconds(1449))
        #expect(stall.description == "interrupted for 1.4 s: the card stood still")
        var statistics = InterruptionStatistics()
        statistics.add(.milliseconds(999))
        #expect(statistics.description == "1 interruption, 999 ms together, the longest 999 ms")
        statistics.add(InterruptionStatistics(count: 2, totalNs: 1_500_000_000, longestNs: 1_000_000_000))
        #expect(statistics.description == "3 interruptions, 2.5 s together, the longest 1.0 s")
    }
}
