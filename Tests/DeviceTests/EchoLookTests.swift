import Foundation
import KioskBench
import Testing

@testable import Audio

extension Devices {
    /// Where a card is when it is asked late: what keeps the echo canceller's reference in its place.
    @Suite(Needed.loopback) struct EchoLookTests {
        private static let cable = Loopback(cable: 7)
        /// snd-aloop moves in steps of the kernel's tick, 250 a second.
        private static let tickUs: UInt32 = 4000

        /// Asked within the tick it says when that came; asked after the next one it may be late, but is never early.
        @Test(arguments: [AudioDirection.capture, .playback])
        func aCardThatIsAskedLateSaysWhenItWasThere(direction: AudioDirection) throws {
            let timing = try StreamTiming(AudioDevice("looks", periodMs: 10, bufferMs: 40))
            let layout = Layout(rate: runnerRate, format: .s16, channels: 1)
            let pcm = try PCM(name: Self.cable.kiosk, direction: direction, timing: timing, wishes: layout.wishes)
            let periodFrames = pcm.geometry.periodFrames
            let silence = UnsafeMutableRawPointer.allocate(byteCount: 2 * periodFrames, alignment: 16)
            silence.initializeMemory(as: UInt8.self, repeating: 0, count: 2 * periodFrames)
            defer { silence.deallocate() }
            var frames = 0
            func fill() {
                while direction == .playback, pcm.available() >= periodFrames {
                    frames += max(0, pcm.write(silence, frames: periodFrames))
                }
            }
            _ = pcm.dropAndPrepare()
            fill()
            _ = pcm.start()
            var (prompt, late): ([Double], [Double]) = ([], [])
            for period: UInt32 in 0..<200 {
                guard pcm.wait(wake: -1, timeoutMs: PCM.stallMs) == .ready else { break }
                let isLate = period % 4 == 3
                usleep(isLate ? Self.tickUs + period * 10 : period * 10)
                guard let look = pcm.look() else { break }
                let place = direction == .capture ? frames + look.delay : frames - look.delay
                let startMs = Double(look.ns) / 1e6 - Double(place) * 1000 / Double(runnerRate)
                if isLate { late.append(startMs) } else { prompt.append(startMs) }
                if direction == .capture { frames += max(0, pcm.read(into: silence, frames: periodFrames)) }
                fill()
            }
            #expect(prompt.count + late.count == 200)
            let (least, most) = (prompt.min() ?? 0, prompt.max() ?? .infinity)
            #expect(most - least < 0.1, "\(prompt)")
            #expect(late.allSatisfy { (-0.1...4.1).contains($0 - least) }, "\(late) against \(least)")
            Figures.record(
                "position of a card that is asked up to 2 ms late, \(direction)",
                "within \(((most - least) * 1000).tenths) us of an even pace")
        }
    }
}
