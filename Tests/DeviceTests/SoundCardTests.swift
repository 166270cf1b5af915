import KioskBench
import Testing

@testable import Audio

extension Devices {
    /// What `kiosk-agent devices` is told.
    @Suite(Needed.loopback) struct SoundCardTests {
        @Test func cardsAreListedByIDWithEachDirectionOfEachPCM() throws {
            let cards = try listSoundCards()
            for id in ["Loopback", "Spare"] {
                let card = try #require(cards.first { $0.id == id })
                #expect(card.usbPort == nil)
                #expect(card.ports.map(\.device) == [
                    "hw:CARD=\(id)", "hw:CARD=\(id)", "hw:CARD=\(id),DEV=1", "hw:CARD=\(id),DEV=1",
                ])
                #expect(card.ports.map(\.direction) == [.capture, .playback, .capture, .playback])
                for port in card.ports {
                    let abilities = try port.abilities.get()
                    #expect(Set(abilities.rates).isSuperset(of: [48_000, 44_100, 32_000, 24_000, 16_000, 8000]))
                    #expect(Set(abilities.formats).isSuperset(of: ["S16_LE", "S32_LE", "S24_3LE"]))
                    #expect(abilities.channels.contains(8))
                    #expect(abilities.hasMmap)
                    let agreement = try abilities.agreement.get()
                    #expect(agreement.hasPrefix("24000 Hz, S16_LE, 1 channel, period 240 frames (10.0 ms)"))
                    // What is advised can be written into the settings.
                    let words = try probe(device: AudioDevice(port.device), port.direction)
                    #expect(words == "\(port.device): \(agreement)")
                }
            }
            Figures.record("alsa cards", cards.map { "\($0.id) (\($0.ports.count) ports)" }.joined(separator: ", "))
        }

        @Test func askingACardTakesNothingFromWhoeverUsesIt() throws {
            let loudspeaker = try PlaybackStream(device: AudioDevice(Loopback(cable: 7).kiosk))
            loudspeaker.start(at: .now)
            #expect(loudspeaker.write(noise(9600)) == 9600)
            _ = try listSoundCards()
            #expect(loudspeaker.isHeard())
            #expect(loudspeaker.failure == nil)
            #expect(loudspeaker.statistics.underruns == 0)
        }
    }
}
