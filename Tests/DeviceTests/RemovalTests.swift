import Foundation
import KioskBench
import MonotonicClock
import Testing

@testable import Audio

extension Devices {
    /// A card is pulled and put back, or the other end of its cable is.
    @Suite(Needed.loopback) struct RemovalTests {
        private static let layout = Layout(rate: 48_000, format: .s16, channels: 2)
        private let cable = Loopback(card: "Spare", cable: 0)
        private let card = SpareCard()

        @Test func aMicrophonePulledInMidStreamIsReportedAndHearsAgainWhenOpenedAnew() throws {
            var visitor: FarEnd? = try FarEnd.playing(Self.layout, on: cable)
            var microphone: CaptureStream? = try openMicrophone()
            visitor?.play(Self.layout.bytes(noise(48_000)), Self.layout)
            #expect(microphone.map { $0.hear(480).count >= 480 } == true)
            try card.pull()
            let noticedMs = try milliseconds { microphone?.failure != nil }
            #expect(microphone?.failure == AudioError(.reopen, "\(cable.kiosk): capture: No such device"))
            #expect(microphone?.statistics.overruns == 0)
            expectGone { _ = try openMicrophone() }
            microphone = nil
            visitor = nil
            try card.putBack()

            visitor = try FarEnd.playing(Self.layout, on: cable)
            let again = try openMicrophone()
            visitor?.play(Self.layout.bytes(Tones.samples(9600, rate: 48_000)), Self.layout)
            #expect(again.hear(2400).count >= 2400)
            #expect(again.failure == nil)
            Figures.record("alsa microphone pulled", "noticed after \(noticedMs) ms, heard again when put back")
        }

        @Test func aLoudspeakerPulledInMidStreamIsReportedAndPlaysAgainWhenOpenedAnew() throws {
            var visitor: FarEnd? = try FarEnd.recording(Self.layout, on: cable)
            var loudspeaker: PlaybackStream? = try openLoudspeaker()
            #expect(loudspeaker?.write(noise(24_000)) == 24_000)
            #expect(eventually { loudspeaker.map { $0.position.heardFrames > 2400 } ?? false })
            try card.pull()
            let noticedMs = try milliseconds { loudspeaker?.failure != nil }
            #expect(loudspeaker?.failure == AudioError(.reopen, "\(cable.kiosk): playback: No such device"))
            #expect(loudspeaker?.statistics.underruns == 0)
            expectGone { _ = try openLoudspeaker() }
            loudspeaker = nil
            visitor = nil
            try card.putBack()

            visitor = try FarEnd.recording(Self.layout, on: cable)
            let again = try openLoudspeaker()
            #expect(again.write(noise(2400)) == 2400)
            #expect(again.isHeard())
            let recorded = try visitor.map { Self.layout.samples(try $0.recorded(), channel: 0) } ?? []
            #expect(recorded.contains { $0 != 0 })
            Figures.record("alsa loudspeaker pulled", "noticed after \(noticedMs) ms, played again when put back")
        }

        @Test func aLoudspeakerPulledWhileSilentIsReportedWithinASecondOrTwo() throws {
            var loudspeaker: PlaybackStream? = try openLoudspeaker()
            #expect(loudspeaker?.write(noise(2400)) == 2400)
            #expect(loudspeaker?.isHeard() == true)
            try card.pull()
            let noticedMs = try milliseconds { loudspeaker?.failure != nil }
            #expect(loudspeaker?.failure == AudioError(.reopen, "\(cable.kiosk): playback: No such device"))
            loudspeaker = nil
            try card.putBack()
            Figures.record("alsa silent loudspeaker pulled", "noticed after \(noticedMs) ms")
        }

        @Test func theOtherEndClosedAndOpenedAgainIsSilenceForTheMicrophoneAndNoFault() throws {
            var visitor: FarEnd? = try FarEnd.playing(Self.layout, on: cable)
            let microphone = try openMicrophone()
            visitor?.play(Self.layout.bytes(noise(48_000)), Self.layout)
            #expect(microphone.hear(480).count >= 480)
            visitor?.close()
            #expect(isSilent(microphone))
            visitor = try FarEnd.playing(Self.layout, on: cable)
            visitor?.play(Self.layout.bytes(noise(9600)), Self.layout)
            #expect(microphone.hear(480).count >= 480)
            #expect(microphone.failure == nil)
            #expect(microphone.statistics.overruns == 0)
            #expect(microphone.statistics.stalls == 0)
            Figures.record("alsa microphone's far end closed and opened", "silence between, no fault")
        }

        @Test func theOtherEndClosedInMidAnswerIsNoFaultForTheLoudspeaker() throws {
            let visitor = try FarEnd.recording(Self.layout, on: cable)
            let loudspeaker = try openLoudspeaker()
            #expect(loudspeaker.write(noise(12_000)) == 12_000)
            #expect(eventually { loudspeaker.position.heardFrames > 2400 })
            visitor.close()
            #expect(loudspeaker.isHeard())
            #expect(loudspeaker.failure == nil)
            #expect(loudspeaker.statistics == PlaybackStatistics(underruns: 0, stalls: 0, playedFrames: 12_000))
            Figures.record("alsa loudspeaker's far end closed", "played to its end, no fault")
        }

        private func openMicrophone() throws -> CaptureStream {
            let stream = try CaptureStream(device: AudioDevice(cable.kiosk))
            stream.start(at: .now)
            return stream
        }

        private func openLoudspeaker() throws -> PlaybackStream {
            let stream = try PlaybackStream(device: AudioDevice(cable.kiosk))
            stream.start(at: .now)
            return stream
        }

        /// How long it took until `condition` held; an error after 3 s.
        private func milliseconds(until condition: () -> Bool) throws -> Int {
            let start = Instant.now
            let isTrue = eventually(condition)
            try #require(isTrue)
            return Int(start.duration(to: .now) / .milliseconds(1))
        }

        private func isSilent(_ microphone: CaptureStream) -> Bool {
            eventually {
                usleep(50_000)
                let samples = [Int16](unsafeUninitializedCapacity: 4800) { $1 = microphone.read(into: $0) }
                return samples.count >= 240 && samples.allSatisfy { $0 == 0 }
            }
        }

        private func expectGone(_ open: () throws -> Void) {
            #expect(throws: AudioError(.reopen, "\(cable.kiosk): open: No such device")) { try open() }
        }
    }
}
