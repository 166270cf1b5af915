import Audio

/// The words of `kiosk-agent devices`.
struct DeviceList {
    let cards: [SoundCard]
    let plugins: [SoundPort]

    /// Something can be opened.
    var hasUsable: Bool { (cards.flatMap(\.ports) + plugins).contains(where: \.isUsable) }

    /// All of it; each line ends with a line break.
    var text: String {
        var lines: [String] = []
        for card in cards {
            let place = card.usbPort.map { " (USB port \($0))" } ?? ""
            lines.append("card \(card.id): \(card.name)\(place)")
            for port in card.ports {
                lines += words(port, device: port.device, alias: card.usbPort.map { Self.alias(of: port, at: $0) })
            }
            lines.append("")
        }
        if !plugins.isEmpty {
            lines.append("not a card but ALSA's own way to one, which converts and may be shared:")
            for port in plugins { lines += words(port, device: port.device, alias: nil) }
            lines.append("")
        }
        return (lines + advice).map { ConsoleText.escaped($0) + "\n" }.joined()
    }

    /// "hw:CARD=Device,DEV=1" at port 1-1.2 is "usb:1-1.2,1".
    static func alias(of port: SoundPort, at usbPort: String) -> String {
        let device = port.device.split(separator: ",DEV=")
        return "usb:\(usbPort)" + (device.count == 2 ? "," + device[1] : "")
    }

    private func words(_ port: SoundPort, device: String, alias: String?) -> [String] {
        let direction = switch port.direction {
        case .capture: "capture   "
        case .playback: "playback  "
        }
        let title = "  \(direction)\(device)" + (alias.map { " or \($0)" } ?? "")
        let indent = "            "
        switch port.abilities {
        case .failure(let error): return [title, indent + Self.reason(error, device)]
        case .success(let abilities):
            let rates = abilities.rates.map(String.init).joined(separator: ", ")
            let (fewest, most) = (abilities.channels.lowerBound, abilities.channels.upperBound)
            // A plug-in that converts says 10000.
            let counts = fewest == most ? "\(fewest)" : "\(fewest) to \(min(most, SoundConversion.channels.upperBound))"
            let offer = [
                abilities.rates.isEmpty ? "no usual rate" : rates + " Hz",
                abilities.formats.isEmpty ? "no usable format" : abilities.formats.joined(separator: ", "),
                counts + (counts == "1" ? " channel" : " channels"),
                abilities.hasMmap ? "mmap" : "read/write",
            ].joined(separator: "; ")
            let agreement = switch abilities.agreement {
            case .success(let words): "opened as: " + words
            case .failure(let error): "cannot be used: " + Self.reason(error, device)
            }
            return [title, indent + offer, indent + agreement]
        }
    }

    /// An error begins with the device, which stands above it already.
    private static func reason(_ error: AudioError, _ device: String) -> String {
        let words = error.description
        let reason = words.hasPrefix(device + ": ") ? String(words.dropFirst(device.utf8.count + 2)) : words
        return reason.hasSuffix("Device or resource busy") ? reason + " (in use, perhaps by the kiosk itself)" : reason
    }

    /// What to write into the settings.
    private var advice: [String] {
        let capture = best(.capture)
        let playback = best(.playback)
        guard capture != nil || playback != nil else { return [] }
        var lines = ["# For the settings file:", "[audio]"]
        lines.append(capture.map { "capture = \"\($0)\"" } ?? "# no microphone was found")
        lines.append(playback.map { "playback = \"\($0)\"" } ?? "# no loudspeaker was found")
        return lines
    }

    /// The device to use in one direction: a card before a plug-in, one that can both hear and speak before one that
    /// cannot, a USB card before a built-in one, and a monitor last.
    func best(_ direction: AudioDirection) -> String? {
        var best: (score: Int, device: String)?
        for card in cards {
            let usable = card.ports.filter(\.isUsable)
            guard let port = usable.first(where: { $0.direction == direction }) else { continue }
            let isDuplex = [AudioDirection.capture, .playback].allSatisfy { direction in
                usable.contains { $0.direction == direction }
            }
            let isMonitor = (card.id + card.name).lowercased().contains("hdmi")
            let score = (isDuplex ? 2 : 0) + (card.usbPort == nil ? 0 : 1) - (isMonitor ? 4 : 0)
            if score > best?.score ?? .min { best = (score, port.device) }
        }
        return best?.device ?? plugins.first { $0.direction == direction && $0.isUsable }?.device
    }
}

extension SoundPort {
    /// The agent could open it now.
    var isUsable: Bool {
        guard case .success(let abilities) = abilities, case .success = abilities.agreement else { return false }
        return true
    }
}
