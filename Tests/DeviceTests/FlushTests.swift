import Foundation
import KioskBench
import MonotonicClock
import Testing

@testable import Audio

extension Devices {
    /// The visitor interrupts; answers come late. Heard at the far end of a cable.
    @Suite(Needed.loopback) struct FlushTests {
        struct Card: Sendable, CustomTestStringConvertible {
            let rate: Int
            let periodMs: Int
            let bufferMs: Int
            let trials: Int

            var layout: Layout { Layout(rate: rate, format: .s16, channels: 2) }
            var testDescription: String { "\(rate) Hz, period \(periodMs) ms, buffer \(bufferMs) ms" }
        }

        /// From the press to silence, and from the first write to sound, at 99 of 100.
        private static let silenceLimitMs = 20.0
        private static let soundLimitMs = 10.0
        private static let fadeMs = Double(PlaybackStage.cutMs)

        private let cable = Loopback(cable: 3)

        @Test(arguments: [
            Card(rate: 48_000, periodMs: 10, bufferMs: 40, trials: 100),
            Card(rate: 24_000, periodMs: 10, bufferMs: 40, trials: 30),
            Card(rate: 44_100, periodMs: 5, bufferMs: 20, trials: 30),
        ])
        func aFlushSilencesTheCardWithoutAClickAndCountsWhatWasHeard(_ card: Card) throws {
            let listener = try Listener(card.layout, on: cable)
            let loudspeaker = try PlaybackStream(
                device: AudioDevice(cable.kiosk, periodMs: card.periodMs, bufferMs: card.bufferMs))
            loudspeaker.start(at: .now)
            usleep(100_000)
            let sound = SteadyTone.samples(12_000)
            var trials: [(writeNs: Int64, pressNs: Int64, heardFrames: Int)] = []
            for trial in 0..<card.trials {
                let writeNs = Instant.now.ns
                #expect(loudspeaker.write(sound) == sound.count)
                // Each time at another place between two periods and two ticks.
                usleep(UInt32(60_000 + trial * 1117 % 20_000))
                let before = loudspeaker.position.heardFrames
                let pressNs = Instant.now.ns
                let epoch = loudspeaker.flush()
                #expect(eventually { loudspeaker.position.epoch == epoch })
                let heard = try #require(loudspeaker.heardAtFlush(epoch))
                #expect(heard >= before)
                trials.append((writeNs, pressNs, heard))
                usleep(60_000)
            }
            let recording = listener.recording()
            var (silenceMs, soundMs, differenceMs, steps): ([Double], [Double], [Double], [Int]) = ([], [], [], [])
            for trial in trials {
                let window = recording.samples[
                    recording.frame(at: trial.writeNs - 5_000_000)..<recording.frame(at: trial.pressNs + 55_000_000)]
                let first = try #require(window.firstIndex { $0 != 0 })
                let last = try #require(window.lastIndex { $0 != 0 })
                soundMs.append(Double(recording.ns(of: first) - trial.writeNs) / 1e6)
                silenceMs.append(Double(recording.ns(of: last) - trial.pressNs) / 1e6)
                let recordedMs = Double(last + 1 - first) * 1000 / Double(card.rate)
                differenceMs.append(recordedMs - Double(trial.heardFrames) / 24)
                steps.append(SteadyTone.steepest(window[(first + card.rate / 50)...]))
            }
            let allowedStep = SteadyTone.steepestStep(rate: card.rate)
            let (silence, sounding) = (silenceMs.sorted(), soundMs.sorted())
            let p99 = card.trials * 99 / 100
            #expect(silence[p99] <= Self.silenceLimitMs)
            #expect(sounding[p99] <= Self.soundLimitMs)
            #expect(Double(steps.max() ?? 0) <= allowedStep)
            // The fade is heard and not counted; its last frames are zeros.
            #expect(differenceMs.allSatisfy { abs($0 - Self.fadeMs) <= 1 })
            #expect(loudspeaker.statistics.underruns == 0)
            #expect(loudspeaker.statistics.gaps == 0)
            Figures.record(
                "alsa flush at \(card.testDescription), \(card.trials) times",
                "silent after \(silence[silence.count / 2].tenths) ms, p99 \(silence[p99].tenths) ms; "
                    + "steepest step \(steps.max() ?? 0), \(allowedStep.tenths) allowed; heard and not counted "
                    + "\((differenceMs.min() ?? 0).tenths) to \((differenceMs.max() ?? 0).tenths) ms")
            Figures.record(
                "alsa first write to sound at \(card.testDescription), \(card.trials) times",
                "\(sounding[sounding.count / 2].tenths) ms, p99 \(sounding[p99].tenths) ms")
        }

        @Test(arguments: [24_000, 48_000]) func aGapIsFadedAndCountedAndNothingIsLostOrOld(rate: Int) throws {
            let listener = try Listener(Layout(rate: rate, format: .s16, channels: 2), on: cable)
            let loudspeaker = try PlaybackStream(device: AudioDevice(cable.kiosk))
            loudspeaker.start(at: .now)
            usleep(100_000)
            // Ends at a peak of the tone.
            let sound = SteadyTone.samples(2403)
            let pieces = 10
            var (heard, isMonotonic) = (0, true)
            for piece in 0..<pieces {
                #expect(loudspeaker.write(sound) == sound.count)
                let isHeard = eventually {
                    let now = loudspeaker.position.heardFrames
                    isMonotonic = isMonotonic && now >= heard
                    heard = now
                    return now == (piece + 1) * sound.count
                }
                #expect(isHeard)
                usleep(UInt32(10_000 + piece * 1300))
            }
            #expect(isMonotonic)
            usleep(50_000)
            let samples = listener.recording().samples
            let allowedStep = SteadyTone.steepestStep(rate: rate)
            let first = try #require(samples.firstIndex { $0 != 0 })
            let step = SteadyTone.steepest(samples[(first + rate / 50)...])
            #expect(Double(step) <= allowedStep)
            #expect(loudspeaker.statistics.gaps == pieces - 1)
            #expect(loudspeaker.statistics.underruns == 0)
            // Each piece and its fade once, and nothing old; a zero of the tone is taken for sound, too.
            let soundMs = samples.split(separator: 0, maxSplits: .max, omittingEmptySubsequences: true)
                .reduce(0) { $0 + $1.count + 1 } * 1000 / rate
            let writtenMs = pieces * (sound.count / 24 + 5)
            #expect(abs(soundMs - writtenMs) <= pieces)
            Figures.record(
                "alsa gaps at \(rate) Hz", "\(loudspeaker.statistics.gaps) of \(pieces - 1) counted, steepest step "
                    + "\(step), \(allowedStep.tenths) allowed; \(soundMs) ms heard of \(writtenMs) ms")
        }
    }
}
