import Foundation
import KioskBench
import MonotonicClock
import Testing

@testable import Audio

extension Devices {
    /// How often a card's thread wakes its owner, and how old the microphone is by then.
    @Suite(Needed.loopback) struct WakeTests {
        /// Of the 26 ms that an append may take from the air to the socket, at 99 of 100: what the resampler (1.7 ms)
        /// and the runner leave.
        private static let limitMs = 24.0

        @Test(arguments: [24_000, 48_000, 44_100])
        func theOwnerIsWokenFiftyTimesASecondAndNoFrameIsOlderForIt(rate: Int) throws {
            var wishes = PCMWishes()
            wishes.rates = [rate]
            let cable = Loopback(cable: 6)
            let stream = try CaptureStream(device: AudioDevice(cable.kiosk), wishes: wishes)
            stream.start(at: .now)
            let buffer = UnsafeMutableBufferPointer<Int16>.allocate(capacity: 24_000)
            defer { buffer.deallocate() }
            let start = Instant.now
            /// When each read happened, in ms, and the frames before and after it.
            var reads: [(ms: Double, from: Int, to: Int)] = []
            var wakeUps = 0
            while reads.last?.to ?? 0 < 10 * 24_000, start.duration(to: .now) < .seconds(20) {
                var event = pollfd(fd: stream.eventDescriptor, events: Int16(POLLIN), revents: 0)
                guard poll(&event, 1, 1000) > 0 else { continue }
                wakeUps += 1
                stream.takeEvent()
                let from = reads.last?.to ?? 0
                let count = stream.read(into: buffer)
                if count > 0 { reads.append((start.duration(to: .now) / .milliseconds(1), from, from + count)) }
            }
            stream.stop()
            // The clock of the card, from the reads that were least late.
            let zeroMs = reads.map { $0.ms - Double($0.to) / 24 }.min() ?? 0
            let agesMs = reads.map { $0.ms - zeroMs - Double($0.from) / 24 }.sorted()
            try #require(agesMs.count > 400)
            let p99 = agesMs[agesMs.count * 99 / 100]
            let seconds = Double(reads.last?.to ?? 0) / 24_000
            #expect(p99 <= Self.limitMs)
            #expect(Double(wakeUps) / seconds < 55)
            Figures.record(
                "alsa capture at \(rate) Hz, 10 ms periods",
                "\((Double(wakeUps) / seconds).tenths) wake-ups a second, oldest frame \(p99.tenths) ms at p99")
        }
    }
}
