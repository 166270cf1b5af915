import Audio
import MonotonicClock
import Session
import Testing

@testable import kiosk_agent

@Suite struct DeviceRecoveryTests {
    private let start = Instant.now

    @Test func aLostDeviceIsLookedForEverySecondForHalfAMinuteThenEveryFive() throws {
        var recovery = DeviceRecovery()
        var looks: [Int] = []
        var now = start
        for _ in 0..<34 {
            _ = recovery.failed("hw:1,0: open: No such device", at: now)
            now = try #require(recovery.retryAt)
            #expect(recovery.isDue(at: now))
            #expect(!recovery.isDue(at: now - .nanoseconds(1)))
            looks.append(Int((now - start) / .seconds(1)))
        }
        #expect(looks == Array(1...30) + [35, 40, 45, 50])
    }

    @Test func theLossIsAFaultOnceAndTheReturnALineThatSaysHowLong() {
        var recovery = DeviceRecovery()
        let opening = recovery.opened("hw:1,0: 48000 Hz", at: start)
        #expect(opening == [.line("hw:1,0: 48000 Hz")])
        let words = "hw:1,0: capture: No such device"
        let fault = Fault(.audio, words + "; it is looked for every second, after 30 s every 5 s")
        let loss = recovery.failed(words, at: start)
        #expect(loss == [.fault(fault)])
        let secondLook = recovery.failed(words, at: start + .seconds(1))
        #expect(secondLook == [])
        let line = "hw:1,0: 48000 Hz; it was missing for 2.5 s"
        let comeback = recovery.opened("hw:1,0: 48000 Hz", at: start + .milliseconds(2500))
        #expect(comeback == [.line(line)])
        #expect(recovery.retryAt == nil)
        #expect(recovery.interruptions.count == 1)
        #expect(recovery.interruptions.longest == .milliseconds(2500))
        // The next loss is a new one.
        let nextLoss = recovery.failed(words, at: start + .seconds(60))
        #expect(nextLoss == [.fault(fault)])
        #expect(recovery.retryAt == start + .seconds(61))
    }

    @Test func theLossOfAButtonIsTheButtonsFault() {
        var recovery = DeviceRecovery(.button)
        let words = "kiosk: no such GPIO chip; it is looked for every second, after 30 s every 5 s"
        #expect(recovery.failed("kiosk: no such GPIO chip", at: start) == [.fault(Fault(.button, words))])
    }

    @Test func theSummaryAddsLossesAndInterruptionsAndIsSilentWithout() {
        var recovery = DeviceRecovery()
        _ = recovery.opened("null", at: start)
        recovery.streamEnded(InterruptionStatistics())
        #expect(recovery.summary("null", "capture") == [])
        var two = InterruptionStatistics()
        two.add(.milliseconds(200))
        two.add(.milliseconds(300))
        recovery.streamEnded(two)
        _ = recovery.failed("null: gone", at: start)
        _ = recovery.opened("null", at: start + .seconds(2))
        let line = "null: capture: 3 interruptions, 2.5 s together, the longest 2.0 s"
        #expect(recovery.summary("null", "capture") == [.line(line)])
    }
}
