import Foundation
import KioskBench
import Testing

@testable import Audio

extension Devices {
    /// What the kiosk hears and says through a card of another rate, format and channel count than its own.
    @Suite(Needed.loopback) struct ConversionTests {
        private let cable = Loopback(cable: 1)

        /// What a filter needs to ring in, and the bar.
        private static let settling = 480
        private static let leastSignalToNoise = 60.0

        @Test(arguments: Layout.ours) func capturesBitExactWhereOnlyFormatAndChannelsDiffer(_ layout: Layout) throws {
            let visitor = try FarEnd.playing(layout, on: cable)
            let microphone = try CaptureStream(device: AudioDevice(cable.kiosk))
            #expect(microphone.description.hasPrefix("\(cable.kiosk): \(layout), period 240 frames (10.0 ms)"))
            microphone.start(at: .now)
            let sent = noise(9600)
            visitor.play(layout.bytes(sent), layout)
            let isExact = Array(microphone.hear(sent.count).prefix(sent.count)) == sent
            #expect(isExact)
            #expect(visitor.words == "")
            expectNoFaults(microphone)
            Figures.record(
                "alsa capture \(layout) -> 24 kHz",
                (isExact ? "bit exact" : "different") + ", \(microphone.statistics.overruns) xruns")
        }

        @Test(arguments: Layout.ours) func playsBitExactWhereOnlyFormatAndChannelsDiffer(_ layout: Layout) throws {
            let visitor = try FarEnd.recording(layout, on: cable)
            let loudspeaker = try PlaybackStream(device: AudioDevice(cable.kiosk))
            #expect(loudspeaker.description.hasPrefix("\(cable.kiosk): \(layout), period 240 frames (10.0 ms)"))
            loudspeaker.start(at: .now)
            // An odd number of periods, so that their end falls between two ticks of the card.
            let said = noise(9700)
            #expect(loudspeaker.write(said) == said.count)
            #expect(loudspeaker.isHeard())
            try visitor.recordMore(layout.rate / 10 * layout.bytesPerFrame)
            let recorded = try visitor.recorded()
            let channels = (0..<layout.channels).map { layout.samples(recorded, channel: $0).sound() }
            let isExact = channels.allSatisfy { Array($0.prefix(said.count)) == said }
            #expect(isExact)
            // Nothing is played twice, and nothing old after it and its fade.
            let end = said.count + PlaybackStage.edgeFrames
            let isSilentAfterwards = channels.allSatisfy { $0.dropFirst(end).allSatisfy { $0 == 0 } }
            #expect(isSilentAfterwards)
            #expect(visitor.words == "")
            expectNoFaults(loudspeaker)
            Figures.record(
                "alsa playback 24 kHz -> \(layout)",
                (isExact ? "bit exact" : "different") + (isSilentAfterwards ? "" : ", old sound after it")
                    + ", \(loudspeaker.statistics.underruns) xruns")
        }

        @Test(arguments: Layout.cards + Layout.speech)
        func capturesAbove60dBWhereTheRateDiffers(_ layout: Layout) throws {
            let visitor = try FarEnd.playing(layout, on: cable)
            let microphone = try CaptureStream(device: AudioDevice(cable.kiosk))
            #expect(microphone.description.hasPrefix("\(cable.kiosk): \(layout), period \(layout.rate / 100) frames"))
            microphone.start(at: .now)
            visitor.play(layout.bytes(
                Tones.samples(layout.rate * 3 / 10, rate: layout.rate, highest: layout.highestTone)), layout)
            let heard = microphone.hear(6000, louderThan: 1000)
            try #require(heard.count >= 6000)
            let tones = Tones(in: heard.dropFirst(Self.settling), rate: runnerRate, highest: layout.highestTone)
            expectGood(tones)
            #expect(visitor.words == "")
            expectNoFaults(microphone)
            Figures.record(
                "alsa capture \(layout) -> 24 kHz",
                tones.signalToNoise.tenths + " dB, \(microphone.statistics.overruns) xruns")
        }

        @Test(arguments: Layout.cards + Layout.speech)
        func playsAbove60dBWhereTheRateDiffers(_ layout: Layout) throws {
            let visitor = try FarEnd.recording(layout, on: cable)
            let loudspeaker = try PlaybackStream(device: AudioDevice(cable.kiosk))
            #expect(loudspeaker.description.hasPrefix("\(cable.kiosk): \(layout), period \(layout.rate / 100) frames"))
            loudspeaker.start(at: .now)
            #expect(loudspeaker.write(Tones.samples(7200, rate: runnerRate, highest: layout.highestTone)) == 7200)
            #expect(loudspeaker.isHeard())
            try visitor.recordMore(layout.rate / 10 * layout.bytesPerFrame)
            let recorded = try visitor.recorded()
            let heard = layout.samples(recorded, channel: 0).sound(louderThan: 1000)
            try #require(heard.count >= layout.rate * 28 / 100)
            let tones = Tones(
                in: heard.dropFirst(Self.settling * layout.rate / runnerRate), rate: layout.rate,
                highest: layout.highestTone)
            expectGood(tones)
            let last = layout.samples(recorded, channel: layout.channels - 1)
            let areChannelsEqual = last == layout.samples(recorded, channel: 0)
            #expect(areChannelsEqual)
            #expect(visitor.words == "")
            expectNoFaults(loudspeaker)
            Figures.record(
                "alsa playback 24 kHz -> \(layout)",
                tones.signalToNoise.tenths + " dB, \(loudspeaker.statistics.underruns) xruns")
        }

        private func expectGood(_ tones: Tones) {
            #expect(tones.signalToNoise > Self.leastSignalToNoise)
            #expect((0.98...1.02).contains(tones.worstGain))
        }

        private func expectNoFaults(_ stream: CaptureStream) {
            #expect(stream.failure == nil)
            #expect(stream.statistics.overruns == 0)
            #expect(stream.statistics.stalls == 0)
            #expect(stream.statistics.droppedFrames == 0)
        }

        private func expectNoFaults(_ stream: PlaybackStream) {
            #expect(stream.failure == nil)
            #expect(stream.statistics.underruns == 0)
            #expect(stream.statistics.stalls == 0)
        }
    }
}
