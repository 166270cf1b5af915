import Glibc

/// A sound card by the USB port it hangs at: the same name for the same socket, whatever else is plugged in and in
/// whatever order. The kernel numbers ports as "1-1.2": bus 1, its port 1, and port 2 of the hub there.
struct USBPort: Equatable {
    /// Where the kernel shows its cards.
    static let kernelFolder = "/sys/class/sound"
    /// Of the kernel (SNDRV_CARDS).
    static let mostCards = 32

    /// "1-1.2".
    let path: String
    /// The card's PCM device; 0 on nearly all.
    let device: Int

    /// Reads a device setting of the form "usb:PORT" or "usb:PORT,DEVICE"; nil when it is another name.
    init?(_ setting: String) throws(AudioError) {
        guard setting.hasPrefix("usb:") else { return nil }
        let parts = setting.dropFirst(4).split(separator: ",", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), Self.isPath(parts[0]),
            let device = parts.count == 1 ? 0 : Int(parts[1]), (0..<Self.mostCards).contains(device)
        else {
            throw AudioError(
                .tellOperator, "\(setting): wanted usb:PORT or usb:PORT,DEVICE as kiosk-agent devices shows it")
        }
        path = String(parts[0])
        self.device = device
    }

    /// The ALSA name of the card that is at this port now.
    func pcmName(in folder: String = kernelFolder) throws(AudioError) -> String {
        for card in 0..<Self.mostCards where Self.port(ofCard: card, in: folder) == path {
            guard let id = firstLine("\(folder)/card\(card)/id") else { continue }
            return "hw:CARD=\(id),DEV=\(device)"
        }
        throw AudioError(.reopen, "usb:\(path): open: no sound card at this USB port")
    }

    /// The port of a card by its number; nil when it is no USB card.
    static func port(ofCard card: Int, in folder: String = kernelFolder) -> String? {
        // A zero is left at the end.
        var target = [CChar](repeating: 0, count: Int(PATH_MAX))
        guard readlink("\(folder)/card\(card)/device", &target, target.count - 1) > 0 else { return nil }
        // The card's parent is an interface of the USB device: ".../1-1.2:1.0".
        let text = target.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        let interface = String(decoding: text, as: UTF8.self).split(separator: "/").last ?? ""
        guard let colon = interface.firstIndex(of: ":"), isPath(interface[..<colon]) else { return nil }
        return String(interface[..<colon])
    }

    /// Bus, a dash, and ports joined by dots: all numbers.
    private static func isPath(_ text: Substring) -> Bool {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2 else { return false }
        let numbers = [parts[0]] + parts[1].split(separator: ".", omittingEmptySubsequences: false)
        return numbers.allSatisfy { number in
            (1...3).contains(number.utf8.count) && number.utf8.allSatisfy { (0x30...0x39).contains($0) }
        }
    }

    private func firstLine(_ path: String) -> String? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        // A card's id has 15 bytes at most.
        var bytes = [UInt8](repeating: 0, count: 64)
        let count = bytes.withUnsafeMutableBytes { read(file, $0.baseAddress, $0.count) }
        guard count > 0 else { return nil }
        return String(decoding: bytes[..<count].prefix { $0 != 0x0A }, as: UTF8.self)
    }
}
