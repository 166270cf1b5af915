import Foundation
import KioskBench
import MonotonicClock
import Testing

@testable import Audio
@testable import GPIO

extension Devices {
    /// A click and a press at the same instant: where the press is found in the sound, by a loop that is late.
    @Suite(Needed.loopback, Needed.simulatedChips) struct SpliceTests {
        /// The loopback's own tick is in it: a click begins where the tick began.
        private static let tickMs = 4.0
        private static let limitMs = tickMs + 1
        /// The card was started anew a moment ago: since when, is known to another tick only.
        private static let limitAfterHoleMs = limitMs + tickMs
        /// In the midst of it the program is late for the card itself, and a hole is in the sound.
        private static let holeTrial = 6
        private let cable = Loopback(cable: 7)

        private struct Errors: CustomStringConvertible {
            var ms: [Double] = []
            var worst: Double { ms.map(abs).max() ?? .infinity }
            var description: String { "\((ms.min() ?? 0).tenths) to \((ms.max() ?? 0).tenths) ms" }
        }

        @Test(arguments: [24_000, 48_000]) func thePressIsFoundWhereTheClickIs(rate: Int) throws {
            var wishes = PCMWishes()
            wishes.rates = [rate]
            let chip = try SimulatedChip(lines: [4: "TALK"])
            var button = try Button(line: "TALK", chip: chip.label, activeLow: false, debounceUs: 5000)
            let visitor = try PlaybackStream(device: AudioDevice(cable.far), wishes: wishes)
            let microphone = try CaptureStream(device: AudioDevice(cable.kiosk), wishes: wishes)
            visitor.start(at: .now)
            microphone.start(at: .now)
            var captured: [Int16] = []
            func read() {
                microphone.takeEvent()
                captured += [Int16](unsafeUninitializedCapacity: microphone.availableFrames) {
                    $1 = microphone.read(into: $0)
                }
            }
            var byTheCard = Errors()
            var afterHole = Errors()
            var byReading = Errors()
            for trial in 0..<12 {
                // Each at another moment of the card's period and tick.
                usleep(UInt32(200_000 + trial * 3_700))
                if trial == Self.holeTrial { try stopThisProcess(ms: 200) }
                read()
                let start = captured.count
                _ = visitor.write([Int16](repeating: 20_000, count: 480))
                try chip.pull(4, high: true)
                // The click is where the card begins, some time before the press or after it.
                var began: Instant?
                #expect(eventually {
                    began = cable.farStart()
                    return began != nil
                })
                // The loop is busy elsewhere.
                usleep(UInt32(60_000 + trial * 1_300))
                let edges = try button.watch(count: 1)
                let edge = try #require(edges.first)
                let instant = Instant(ns: edge.timestampNs)
                let found = microphone.frame(at: instant)
                read()
                // As if the newest frame were captured when it is read.
                let age = instant.duration(to: .now) / .microseconds(1)
                let foundByReading = captured.count - Int(age * 24 / 1000)
                #expect(eventually {
                    read()
                    return captured[start...].contains { $0 > 10_000 }
                })
                let click = try #require(captured[start...].firstIndex { $0 > 10_000 })
                let earlyMs = Double(Int64(edge.timestampNs) - (try #require(began)).ns) / 1e6
                let errorMs = Double(found - click) / 24 - earlyMs
                if trial == Self.holeTrial { afterHole.ms.append(errorMs) } else { byTheCard.ms.append(errorMs) }
                byReading.ms.append(Double(foundByReading - click) / 24 - earlyMs)
                try chip.pull(4, high: false)
                let release = try button.watch(count: 1)
                #expect(release.map(\.isActive) == [false])
                #expect(eventually { visitor.position.heardFrames == visitor.writtenFrames })
            }
            #expect(microphone.interruptions.count == 1)
            microphone.stop()
            visitor.stop()
            #expect(byTheCard.worst <= Self.limitMs)
            #expect(afterHole.worst <= Self.limitAfterHoleMs)
            // What a loop does that believes the newest frame to be as old as its reading.
            #expect(byReading.worst > Self.limitMs)
            Figures.record(
                "splice at \(rate) Hz",
                "press to click \(byTheCard), after a hole \(afterHole); by the time of reading \(byReading)")
        }

        private func stopThisProcess(ms: Int) throws {
            let seconds = Double(ms) / 1000
            let script = "kill -STOP \(getpid()); sleep \(seconds); kill -CONT \(getpid())"
            try #require(Child("/bin/sh", ["-c", script]).wait() == 0)
        }
    }
}
