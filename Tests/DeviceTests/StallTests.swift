import Foundation
import KioskBench
import MonotonicClock
import Testing

@testable import Audio

extension Devices {
    /// A card that delivers and takes nothing, and reports no error.
    @Suite(Needed.loopback) struct StallTests {
        private let cable = Loopback(card: "Spare", cable: 1)

        /// 700 ms is only counted, 1.5 s is told.
        @Test(arguments: [700, 1500])
        func aMicrophoneThatStandsStillIsCountedWithItsDurationAndGoesOn(ms: Int) throws {
            let heart = try Heart()
            let microphone = try CaptureStream(device: AudioDevice(cable.kiosk))
            heart.beat(ms: 500)
            microphone.start(at: .now)
            heart.standStill(ms: ms)
            let before = microphone.statistics.capturedFrames
            #expect(before > 400 * 24)
            heart.beat(ms: 1000)
            #expect(eventually { microphone.statistics.capturedFrames >= before + 4800 })
            #expect(microphone.failure == nil)
            #expect(microphone.statistics.stalls >= ms / 250)
            let counted = microphone.interruptions
            let told = microphone.takeLongInterruption()
            microphone.stop()
            #expect(counted.count == 1)
            // The heart's last period and its first.
            let countedMs = Int(counted.longest / .milliseconds(1))
            #expect((ms - 60...ms + 60).contains(countedMs))
            #expect(told?.cause == (ms > 1000 ? .stall : nil))
            Figures.record("alsa microphone stood still for \(ms) ms", "\(counted), told: \(told != nil)")
        }

        @Test(arguments: [700, 1500])
        func aLoudspeakerThatStandsStillIsCountedWithItsDurationAndGoesOn(ms: Int) throws {
            let heart = try Heart()
            let loudspeaker = try PlaybackStream(device: AudioDevice(cable.kiosk))
            loudspeaker.start(at: .now)
            heart.beat(ms: 500)
            #expect(loudspeaker.write(noise(24_000)) == 24_000)
            heart.standStill(ms: ms)
            #expect(loudspeaker.position.heardFrames > 400 * 24)
            heart.beat(ms: 2000)
            #expect(loudspeaker.isHeard())
            #expect(loudspeaker.failure == nil)
            let counted = loudspeaker.interruptions
            let told = loudspeaker.takeLongInterruption()
            loudspeaker.stop()
            #expect(counted.count == 1)
            let countedMs = Int(counted.longest / .milliseconds(1))
            #expect((ms - 60...ms + 60).contains(countedMs))
            #expect(told?.cause == (ms > 1000 ? .stall : nil))
            Figures.record("alsa loudspeaker stood still for \(ms) ms", "\(counted), told: \(told != nil)")
        }

        @Test func aCardThatNeverMovesAgainIsGivenUpAndHeardWhenOpenedAnew() throws {
            let heart = try Heart()
            var microphone: CaptureStream? = try CaptureStream(device: AudioDevice(cable.kiosk))
            heart.beat(ms: 300)
            microphone?.start(at: .now)
            heart.standStill(ms: 0)
            let start = Instant.now
            #expect(eventually(limitMs: 5000) { microphone?.failure != nil })
            let givenUpMs = Int(start.duration(to: .now) / .milliseconds(1))
            #expect(microphone?.failure == AudioError(.reopen, "\(cable.kiosk): capture: the card stands still"))
            #expect((2000...2600).contains(givenUpMs))
            microphone = nil

            let again = try CaptureStream(device: AudioDevice(cable.kiosk))
            again.start(at: .now)
            heart.beat(ms: 500)
            #expect(eventually { again.statistics.capturedFrames >= 2400 })
            #expect(again.failure == nil)
            again.stop()
            Figures.record(
                "alsa microphone stands still for good", "given up after \(givenUpMs) ms, heard when opened anew")
        }

        @Test func aCardThatIsBusyAtTheStartIsOpenedOnceItIsFree() throws {
            do {
                let other = try CaptureStream(device: AudioDevice(cable.kiosk))
                #expect(throws: AudioError(.reopen, "\(cable.kiosk): open: Device or resource busy")) {
                    _ = try CaptureStream(device: AudioDevice(cable.kiosk))
                }
                withExtendedLifetime(other) {}
            }
            let stream = try CaptureStream(device: AudioDevice(cable.kiosk))
            stream.start(at: .now)
            #expect(eventually { stream.statistics.capturedFrames >= 2400 })
            stream.stop()
        }
    }
}
