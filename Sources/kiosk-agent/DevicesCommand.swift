import ArgumentParser
import Audio

/// `kiosk-agent devices`: the sound cards there are, what each can do, and what to write into the settings.
struct DevicesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "devices", abstract: "List sound cards, what each can do, and what to write into the settings.")

    /// PCMs without a card of their own: the system's choice, and the sound servers of a desktop.
    static let plugins = ["default", "pipewire", "pulse"]

    func run() throws {
        let cards: [SoundCard]
        do { cards = try listSoundCards() } catch { throw CommandFailure(CommandFailure.runTime, error) }
        var ports: [SoundPort] = []
        for plugin in Self.plugins {
            for direction in [AudioDirection.capture, .playback] {
                guard let port = try? soundPort(device: plugin, direction), plugin == "default" || port.isUsable else {
                    continue
                }
                ports.append(port)
            }
        }
        let list = DeviceList(cards: cards, plugins: ports)
        StandardStream.output.write(list.text)
        if !list.hasUsable {
            throw CommandFailure(CommandFailure.runTime, "devices: no sound card, or none that can be used")
        }
    }
}
