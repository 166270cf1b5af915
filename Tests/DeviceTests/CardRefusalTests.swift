import Foundation
import KioskBench
import Testing

@testable import Audio

extension Devices {
    /// Cards that cannot be used: one clear line each.
    @Suite(Needed.loopback) struct CardRefusalTests {
        private static let layout = Layout(rate: 48_000, format: .s16, channels: 2)
        private let cable = Loopback(cable: 4)

        @Test func aCardInUseIsBusy() throws {
            let loudspeaker = try PlaybackStream(device: AudioDevice(cable.kiosk))
            let line = refusal { _ = try PlaybackStream(device: AudioDevice(cable.kiosk)) }
            #expect(line == "\(cable.kiosk): open: Device or resource busy")
            #expect(loudspeaker.failure == nil)
            Figures.record("alsa card in use", line)
        }

        @Test func aMissingCardOrDeviceIsNamed() {
            for name in ["hw:Nope", "hw:Loopback,7"] {
                let line = refusal { _ = try CaptureStream(device: AudioDevice(name)) }
                #expect(line.hasPrefix("\(name): open: No such "))
                Figures.record("alsa \(name)", line)
            }
        }

        @Test func aCardOfAnotherUserIsRefused() {
            let line = Nobody.run { refusal { _ = try CaptureStream(device: AudioDevice(cable.kiosk)) } }
            #expect(line == "\(cable.kiosk): open: Permission denied")
            Figures.record("alsa card without permission", line)
        }

        @Test func aLayoutThatTheOtherEndForbidsIsRefused() throws {
            let visitor = try FarEnd.playing(Self.layout, on: cable)
            let timing = try StreamTiming(AudioDevice(cable.kiosk))
            let wishes = PCMWishes(rates: [48_000], formats: [.s32], channels: [2])
            let line = refusal {
                _ = try PCM(name: cable.kiosk, direction: .capture, timing: timing, wishes: wishes)
            }
            #expect(line == "\(cable.kiosk): no usable sample format: wanted one of S32_LE")
            #expect(visitor.words == "")
            Figures.record("alsa format that is not to be had", line)
        }

        private func refusal(_ open: () throws -> Void) -> String {
            do {
                try open()
                return "opened"
            } catch {
                return "\(error)"
            }
        }
    }
}
