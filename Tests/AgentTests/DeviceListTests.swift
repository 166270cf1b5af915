import Audio
import Testing

@testable import kiosk_agent

@Suite struct DeviceListTests {
    private static let agreed = "48000 Hz, S16_LE, 1 channel, period 480 frames (10.0 ms)"

    private func port(_ device: String, _ direction: AudioDirection, channels: ClosedRange<Int> = 1...2) -> SoundPort {
        let abilities = SoundAbilities(
            rates: [48_000, 44_100], formats: ["S16_LE", "S24_3LE"], channels: channels, hasMmap: true,
            agreement: .success(Self.agreed))
        return SoundPort(device: device, direction: direction, abilities: .success(abilities))
    }

    private func card(_ id: String, usb: String? = nil, _ directions: [AudioDirection]) -> SoundCard {
        SoundCard(id: id, name: id + " name", usbPort: usb, ports: directions.map { port("hw:CARD=\(id)", $0) })
    }

    @Test func eachPortSaysItsNameWhatItOffersAndWhatWouldBeAgreed() {
        let card = SoundCard(id: "Device", name: "USB Audio\nDevice", usbPort: "1-1.2", ports: [
            port("hw:CARD=Device", .capture, channels: 1...1), port("hw:CARD=Device,DEV=1", .playback),
        ])
        #expect(DeviceList(cards: [card], plugins: [port("default", .playback, channels: 1...10_000)]).text == """
            card Device: USB Audio\\nDevice (USB port 1-1.2)
              capture   hw:CARD=Device or usb:1-1.2
                        48000, 44100 Hz; S16_LE, S24_3LE; 1 channel; mmap
                        opened as: \(Self.agreed)
              playback  hw:CARD=Device,DEV=1 or usb:1-1.2,1
                        48000, 44100 Hz; S16_LE, S24_3LE; 1 to 2 channels; mmap
                        opened as: \(Self.agreed)

            not a card but ALSA's own way to one, which converts and may be shared:
              playback  default
                        48000, 44100 Hz; S16_LE, S24_3LE; 1 to 64 channels; mmap
                        opened as: \(Self.agreed)

            # For the settings file:
            [audio]
            capture = "hw:CARD=Device"
            playback = "hw:CARD=Device,DEV=1"

            """)
    }

    @Test func theBestCardHearsAndSpeaksAndIsNoMonitor() {
        let cards = [
            card("HDMI", [.playback]), card("PCH", [.capture, .playback]), card("Webcam", usb: "1-1", [.capture]),
            card("Device", usb: "1-2", [.capture, .playback]),
        ]
        func best(_ cards: [SoundCard]) -> [String?] {
            let list = DeviceList(cards: cards, plugins: [port("default", .playback)])
            return [list.best(.capture), list.best(.playback)]
        }
        #expect(best(cards) == ["hw:CARD=Device", "hw:CARD=Device"])
        #expect(best(Array(cards.prefix(3))) == ["hw:CARD=PCH", "hw:CARD=PCH"])
        #expect(best([cards[0], cards[2]]) == ["hw:CARD=Webcam", "hw:CARD=HDMI"])
        #expect(best([]) == [nil, "default"])
    }

    @Test func aPortThatCannotBeOpenedSaysWhyAndIsNotAdvised() throws {
        let gone = try soundPort(device: "no-such-pcm", .capture)
        let list = DeviceList(
            cards: [SoundCard(id: "Gone", name: "Gone", usbPort: nil, ports: [gone])], plugins: [])
        #expect(list.text == """
            card Gone: Gone
              capture   no-such-pcm
                        open: No such file or directory


            """)
        #expect(!list.hasUsable)
    }

    @Test func theNullCardIsUsable() throws {
        #expect(try soundPort(device: "null", .capture).isUsable)
    }
}
