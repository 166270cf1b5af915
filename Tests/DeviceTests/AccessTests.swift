import Foundation
import KioskBench
import Testing

@testable import Audio

extension Devices {
    /// mmap and read/write: the same sound, and what each costs.
    @Suite(Needed.loopback) struct AccessTests {
        private static let layout = Layout(rate: 24_000, format: .s16, channels: 2)
        private let cable = Loopback(cable: 6)

        @Test(arguments: [PCMAccess.mmap, .readWrite]) func bothAccessesCaptureTheSame(access: PCMAccess) throws {
            let visitor = try FarEnd.playing(Self.layout, on: cable)
            var wishes = PCMWishes()
            wishes.accesses = [access]
            let microphone = try CaptureStream(device: AudioDevice(cable.kiosk), wishes: wishes)
            let words = access == .mmap ? "mmap" : "read/write"
            #expect(microphone.description.hasSuffix(", \(words)"))
            microphone.start(at: .now)
            let sent = noise(24_000)
            visitor.play(Self.layout.bytes(sent), Self.layout)
            // The ring holds it all; nobody but the capture thread works meanwhile.
            let begin = clock()
            sleep(2)
            let cpuMs = Double(clock() - begin) * 1000 / Double(CLOCKS_PER_SEC)
            let isExact = Array(microphone.hear(sent.count).prefix(sent.count)) == sent
            #expect(isExact)
            #expect(microphone.statistics.overruns == 0)
            Figures.record("alsa capture of 2 s at 24 kHz by \(words)", "\(cpuMs.tenths) ms of CPU")
        }

        @Test(arguments: [PCMAccess.mmap, .readWrite]) func bothAccessesPlayTheSame(access: PCMAccess) throws {
            let visitor = try FarEnd.recording(Self.layout, on: cable)
            var wishes = PCMWishes()
            wishes.accesses = [access]
            let loudspeaker = try PlaybackStream(device: AudioDevice(cable.kiosk), wishes: wishes)
            loudspeaker.start(at: .now)
            let said = noise(9700)
            #expect(loudspeaker.write(said) == said.count)
            #expect(loudspeaker.isHeard())
            try visitor.recordMore(2400 * Self.layout.bytesPerFrame)
            let heard = try Self.layout.samples(visitor.recorded(), channel: 0).sound()
            let isExact = Array(heard.prefix(said.count)) == said
            #expect(isExact)
            #expect(loudspeaker.statistics.underruns == 0)
        }

        /// A plug-in is never mapped, even over a card that could be.
        @Test func aPlugInIsReadAndWritten() throws {
            let microphone = try CaptureStream(device: AudioDevice("plug\(cable.kiosk)"))
            #expect(microphone.description.contains(", read/write"))
        }
    }
}
