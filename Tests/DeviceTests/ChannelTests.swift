import KioskBench
import Testing

@testable import Audio

extension Devices {
    /// One channel of a card that has eight.
    @Suite(Needed.loopback) struct ChannelTests {
        private let cable = Loopback(cable: 5)

        @Test(arguments: [SampleFormat.s16, .s24Packed], [1, 5, 8])
        func capturesTheChosenChannelAlone(format: SampleFormat, channel: Int) throws {
            let layout = Layout(rate: 24_000, format: format, channels: 8)
            let visitor = try FarEnd.playing(layout, on: cable)
            let microphone = try CaptureStream(
                device: AudioDevice(cable.kiosk, conversion: SoundConversion(channel: channel)))
            #expect(microphone.description.contains("\(format.name), channel \(channel) of 8, period 240 frames"))
            microphone.start(at: .now)
            let sent = noise(4800)
            // A mean of all channels would be an eighth as loud.
            visitor.play(layout.bytes(sent, channel: channel), layout)
            let isExact = Array(microphone.hear(sent.count).prefix(sent.count)) == sent
            #expect(isExact)
            #expect(microphone.statistics.overruns == 0)
            Figures.record("alsa capture \(format.name), channel \(channel) of 8", isExact ? "bit exact" : "different")
        }

        @Test(arguments: [1, 5, 8]) func playsInTheChosenChannelAlone(channel: Int) throws {
            let layout = Layout(rate: 24_000, format: .s24Packed, channels: 8)
            let visitor = try FarEnd.recording(layout, on: cable)
            let loudspeaker = try PlaybackStream(
                device: AudioDevice(cable.kiosk, conversion: SoundConversion(channel: channel)))
            loudspeaker.start(at: .now)
            let said = noise(4800)
            #expect(loudspeaker.write(said) == said.count)
            #expect(loudspeaker.isHeard())
            try visitor.recordMore(layout.rate / 10 * layout.bytesPerFrame)
            let recorded = try visitor.recorded()
            for index in 1...8 {
                let heard = layout.samples(recorded, channel: index - 1).sound()
                let isAsChosen = index == channel ? Array(heard.prefix(said.count)) == said : heard.isEmpty
                #expect(isAsChosen, "channel \(index)")
            }
        }

        @Test func aChannelThatTheCardHasNotIsRefused() throws {
            let visitor = try FarEnd.playing(Layout(rate: 48_000, format: .s16, channels: 2), on: cable)
            let error = AudioError(.tellOperator, "\(cable.kiosk): at most 2 channels: wanted channel 3")
            #expect(throws: error) {
                _ = try CaptureStream(
                    device: AudioDevice(cable.kiosk, conversion: SoundConversion(channel: 3)))
            }
            #expect(visitor.words == "")
        }
    }
}
