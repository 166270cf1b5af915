import Foundation
import KioskBench
import MonotonicClock
import Testing

@testable import Audio
@testable import GPIO

extension Devices {
    /// The contact's first edge silences the card before it is known to be a press, and a glitch gives the sound back.
    /// Heard at the far end of a cable.
    @Suite(Needed.loopback, Needed.simulatedChips) struct TouchTests {
        private static let debounceUs: UInt32 = 10_000
        private static let silenceLimitMs = 20.0
        private static let fadeMs = Double(PlaybackStage.cutMs)

        /// Half a second; fades away as speech does, so that the next one is no sound that goes on.
        private static let tone = SteadyTone.samples(12_000) { max(0, min(1, Double(11_700 - $0) / 2400)) }

        private let cable = Loopback(cable: 5)

        /// Button and loudspeaker, and a loop that does with them what the runner does.
        private struct Kiosk: ~Copyable {
            let chip: SimulatedChip
            var button: Button
            let loudspeaker: PlaybackStream

            init(_ cable: Loopback) throws {
                let chip = try SimulatedChip(lines: [4: "TALK"])
                let loudspeaker = try PlaybackStream(device: AudioDevice(cable.kiosk))
                // The last that can fail.
                button = try Button(
                    line: "TALK", chip: chip.label, activeLow: false, debounceUs: TouchTests.debounceUs)
                self.chip = chip
                self.loudspeaker = loudspeaker
                loudspeaker.start(at: .now)
                usleep(100_000)
            }

            /// Touches the button, and lets go after a time; the flush of a press, nil when it was none.
            mutating func touch(releasingAfterNs: Int64? = nil) throws -> UInt16? {
                var releaseNs = releasingAfterNs.map { Instant.now.ns + $0 }
                var isTouched = false
                try chip.pull(4, high: true)
                while true {
                    let nowNs = Instant.now.ns
                    if let at = releaseNs, at <= nowNs {
                        try chip.pull(4, high: false)
                        releaseNs = nil
                    }
                    let isPressed = try button.readEdges(nowNs: nowNs).contains { $0.isActive }
                    if isPressed { return loudspeaker.flush() }
                    let isUnsettled = button.unsettled != nil
                    if isUnsettled != isTouched { loudspeaker.setGain(isUnsettled ? 0 : 1) }
                    if isTouched, !isUnsettled { return nil }
                    isTouched = isUnsettled
                    let wakeNs = min(button.deadlineNs ?? .max, releaseNs ?? .max, nowNs + 100_000_000)
                    var waiting = pollfd(fd: button.descriptor, events: Int16(POLLIN), revents: 0)
                    poll(&waiting, 1, Int32(max(0, wakeNs - Instant.now.ns) / 1_000_000 + 1))
                }
            }

            mutating func letGo() throws {
                try chip.pull(4, high: false)
                try #require(button.watch(count: 1).map(\.isActive) == [false])
            }
        }

        @Test(arguments: [48_000, 24_000])
        func aPressSilencesTheCardWithoutAClickAndEndsWhatWasHeard(rate: Int) throws {
            let trialCount = 100
            let listener = try Listener(Layout(rate: rate, format: .s16, channels: 2), on: cable)
            var kiosk = try Kiosk(cable)
            var trials: [(writeNs: Int64, pressNs: Int64, heardFrames: Int)] = []
            for trial in 0..<trialCount {
                let writeNs = Instant.now.ns
                #expect(kiosk.loudspeaker.write(Self.tone) == Self.tone.count)
                // Each time at another place between two periods and two ticks.
                usleep(UInt32(60_000 + trial * 1117 % 20_000))
                let pressNs = Instant.now.ns
                let epoch = try #require(try kiosk.touch())
                #expect(eventually { kiosk.loudspeaker.position.epoch == epoch })
                trials.append((writeNs, pressNs, try #require(kiosk.loudspeaker.heardAtFlush(epoch))))
                usleep(60_000)
                try kiosk.letGo()
            }
            let recording = listener.recording()
            var (silenceMs, differenceMs, steps): ([Double], [Double], [Int]) = ([], [], [])
            for trial in trials {
                let window = recording.samples[
                    recording.frame(at: trial.writeNs - 5_000_000)..<recording.frame(at: trial.pressNs + 55_000_000)]
                let first = try #require(window.firstIndex { $0 != 0 })
                let last = try #require(window.lastIndex { $0 != 0 })
                silenceMs.append(Double(recording.ns(of: last) - trial.pressNs) / 1e6)
                let recordedMs = Double(last + 1 - first) * 1000 / Double(rate)
                differenceMs.append(recordedMs - Double(trial.heardFrames) / 24)
                steps.append(SteadyTone.steepest(window[(first + rate / 50)...]))
            }
            let silence = silenceMs.sorted()
            let p99 = silence[trialCount * 99 / 100]
            let allowedStep = SteadyTone.steepestStep(rate: rate)
            #expect(p99 <= Self.silenceLimitMs)
            #expect(Double(steps.max() ?? 0) <= allowedStep)
            // The fade is heard and not counted, and what was muted before the press was known is neither.
            #expect(differenceMs.allSatisfy { abs($0 - Self.fadeMs) <= 1 })
            #expect(kiosk.loudspeaker.statistics.underruns == 0)
            Figures.record(
                "touch at \(rate) Hz, \(trialCount) times",
                "silent \(silence[trialCount / 2].tenths) ms after the press, p99 \(p99.tenths) ms; steepest step "
                    + "\(steps.max() ?? 0), \(allowedStep.tenths) allowed; heard and not counted "
                    + "\((differenceMs.min() ?? 0).tenths) to \((differenceMs.max() ?? 0).tenths) ms")
        }

        @Test func aGlitchOfThreeMillisecondsIsADipInTheSoundAndNothingElse() throws {
            let trialCount = 20
            let listener = try Listener(Layout(rate: 24_000, format: .s16, channels: 2), on: cable)
            var kiosk = try Kiosk(cable)
            var writes: [Int64] = []
            for trial in 1...trialCount {
                writes.append(Instant.now.ns)
                #expect(kiosk.loudspeaker.write(Self.tone) == Self.tone.count)
                usleep(UInt32(60_000 + trial * 1117 % 20_000))
                #expect(try kiosk.touch(releasingAfterNs: 3_000_000) == nil)
                // The answer goes on to its end, and all of it counts.
                #expect(eventually { kiosk.loudspeaker.position.heardFrames == trial * Self.tone.count })
                usleep(60_000)
            }
            let recording = listener.recording()
            var (dipMs, silentMs): ([Double], [Double]) = ([], [])
            for writeNs in writes {
                let window = Array(recording.samples[recording.frame(at: writeNs - 5_000_000)...])
                // Its first sample is a zero.
                let first = try #require(window.firstIndex { $0 != 0 }) - 1
                let heard = Array(window[first..<first + Self.tone.count])
                let other = heard.indices.filter { heard[$0] != Self.tone[$0] }
                let dip = try #require(other.first)...(try #require(other.last))
                // Outside of it every sample is there, at its place.
                #expect(dip.lowerBound > 1200 && dip.upperBound < 4800)
                dipMs.append(Double(dip.count) / 24)
                silentMs.append(Double(dip.filter { heard[$0] == 0 }.count) / 24)
                let step = SteadyTone.steepest(heard[480...])
                #expect(Double(step) <= SteadyTone.steepestStep(rate: 24_000))
            }
            #expect((dipMs.max() ?? .infinity) < 35)
            #expect((silentMs.min() ?? 0) > 3)
            #expect(kiosk.loudspeaker.statistics == PlaybackStatistics(
                underruns: 0, stalls: 0, playedFrames: trialCount * Self.tone.count, gaps: 0))
            Figures.record(
                "touch for 3 ms, \(trialCount) times",
                "a dip of \((dipMs.min() ?? 0).tenths) to \((dipMs.max() ?? 0).tenths) ms; nothing lost, nothing late")
        }
    }
}
