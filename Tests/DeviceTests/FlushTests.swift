import Foundation
import KioskBench
import Testing

@testable import Audio

extension Devices {
    /// The visitor interrupts.
    @Suite(Needed.loopback) struct FlushTests {
        private static let layout = Layout(rate: 48_000, format: .s16, channels: 2)
        private let cable = Loopback(cable: 3)

        @Test func aFlushSilencesTheCardAndCountsWhatWasHeard() throws {
            let visitor = try FarEnd.recording(Self.layout, on: cable)
            let loudspeaker = try PlaybackStream(device: AudioDevice(cable.kiosk))
            loudspeaker.start(at: .now)
            #expect(loudspeaker.write(noise(24_000)) == 24_000)
            #expect(eventually { loudspeaker.position.heardFrames > 4800 })
            let before = loudspeaker.position.heardFrames
            let epoch = loudspeaker.flush()
            #expect(eventually { loudspeaker.position.epoch == epoch })
            let heard = try #require(loudspeaker.heardAtFlush(epoch))
            try visitor.recordMore(Self.layout.rate / 5 * Self.layout.bytesPerFrame)
            let recorded = try Self.layout.samples(visitor.recorded(), channel: 0).sound()
            let end = try #require(recorded.lastIndex { $0 != 0 })
            let recordedMs = Double(end + 1 - recorded.startIndex) / 48
            let heardMs = Double(heard) / 24
            // 20 ms to fall silent, and the card's tick of 4 ms at either end of it.
            #expect(recordedMs < Double(before) / 24 + 28)
            #expect(abs(recordedMs - heardMs) < 20)
            // The next answer is heard from its beginning.
            #expect(loudspeaker.write(noise(2400)) == 2400)
            #expect(loudspeaker.isHeard())
            #expect(loudspeaker.statistics.underruns == 0)
            Figures.record(
                "alsa flush at 48 kHz", "\(recordedMs.tenths) ms recorded, \(heardMs.tenths) ms counted")
        }
    }
}
