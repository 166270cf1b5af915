import Foundation
import KioskBench
import Testing

@testable import Audio

extension Devices {
    /// The kiosk is stopped for 200 ms in mid-stream, as a busy machine might do it; the card is not.
    @Suite(Needed.loopback) struct XrunTests {
        private static let layout = Layout(rate: 24_000, format: .s16, channels: 1)
        private let cable = Loopback(cable: 2)

        @Test func anOverrunIsCountedOnceAndCaptureGoesOn() throws {
            let visitor = try FarEnd.playing(Self.layout, on: cable)
            let microphone = try CaptureStream(device: AudioDevice(cable.kiosk))
            microphone.start(at: .now)
            let sent = ramp(24_000)
            visitor.play(Self.layout.bytes(sent), Self.layout)
            var heard = microphone.hear(4800)
            try stopThisProcess(ms: 200)
            heard += microphone.hear(9600)
            let jumps = zip(heard, heard.dropFirst()).filter { $1 != $0 + 1 }
            // One hole, and every frame before and after it in its place.
            try #require(jumps.count == 1)
            let lostMs = (Int(jumps[0].1) - Int(jumps[0].0)) / 24
            #expect((150...300).contains(lostMs))
            #expect(microphone.statistics.overruns == 1)
            #expect(microphone.statistics.stalls == 0)
            #expect(microphone.failure == nil)
            let counted = microphone.interruptions
            #expect(counted.count == 1)
            // The card's tick at either end.
            #expect(abs(Int(counted.total / .milliseconds(1)) - lostMs) <= 12)
            #expect(microphone.takeLongInterruption() == nil)
            Figures.record(
                "alsa capture stopped for 200 ms",
                "\(microphone.statistics.overruns) overrun, \(lostMs) ms lost, the rest exact; \(counted)")
        }

        /// The card's tick is 4 ms: it runs 2 ms beyond the end of a buffer of 30 ms, into what it played before.
        @Test(arguments: [40, 30]) func anUnderrunIsCountedOnceAndEverythingIsPlayedOnce(bufferMs: Int) throws {
            let visitor = try FarEnd.recording(Self.layout, on: cable)
            let loudspeaker = try PlaybackStream(device: AudioDevice(cable.kiosk, bufferMs: bufferMs))
            loudspeaker.start(at: .now)
            // It ends quietly, so that it needs no fade.
            let said = ramp(23_880) + [Int16](repeating: 1, count: 120)
            #expect(loudspeaker.write(said) == said.count)
            #expect(eventually { loudspeaker.position.heardFrames > 4800 })
            try stopThisProcess(ms: 200)
            #expect(loudspeaker.isHeard())
            try visitor.recordMore(Self.layout.rate / 10 * Self.layout.bytesPerFrame)
            let recorded = try Self.layout.samples(visitor.recorded(), channel: 0).sound()
            let isWhole = recorded.filter { $0 != 0 } == said
            #expect(isWhole)
            let end = try #require(recorded.lastIndex { $0 != 0 })
            let holeMs = (end + 1 - recorded.startIndex - said.count) / 24
            #expect((100...300).contains(holeMs))
            #expect(loudspeaker.statistics == PlaybackStatistics(underruns: 1, stalls: 0, playedFrames: said.count))
            #expect(loudspeaker.failure == nil)
            let counted = loudspeaker.interruptions
            #expect(counted.count == 1)
            #expect(abs(Int(counted.total / .milliseconds(1)) - holeMs) <= 12)
            Figures.record(
                "alsa playback stopped for 200 ms, \(bufferMs) ms buffer",
                "\(loudspeaker.statistics.underruns) underrun, \(holeMs) ms of silence, nothing lost; \(counted)")
        }

        private func stopThisProcess(ms: Int) throws {
            let seconds = Double(ms) / 1000
            let script = "kill -STOP \(getpid()); sleep \(seconds); kill -CONT \(getpid())"
            try #require(Child("/bin/sh", ["-c", script]).wait() == 0)
        }
    }
}
