internal import CALSA

/// A sound card and what it can do, as `listSoundCards` found it.
public struct SoundCard: Sendable, Equatable {
    /// What stands for it in ALSA names: "Device". Unlike its number it survives a reboot.
    public let id: String
    /// "USB Audio Device".
    public let name: String
    /// The USB port it hangs at, "1-1.2"; nil when it is no USB card.
    public let usbPort: String?
    /// Where sound goes in or out, in the card's order.
    public let ports: [SoundPort]

    public init(id: String, name: String, usbPort: String?, ports: [SoundPort]) {
        self.id = id
        self.name = name
        self.usbPort = usbPort
        self.ports = ports
    }
}

/// One direction of one PCM.
public struct SoundPort: Sendable, Equatable {
    /// What to write into the settings: "hw:CARD=Device", or "default".
    public let device: String
    public let direction: AudioDirection
    /// What it can do, or why it could not be asked.
    public let abilities: Result<SoundAbilities, AudioError>

    public init(device: String, direction: AudioDirection, abilities: Result<SoundAbilities, AudioError>) {
        self.device = device
        self.direction = direction
        self.abilities = abilities
    }
}

/// What a PCM offers; each by itself, not every combination need be possible.
public struct SoundAbilities: Sendable, Equatable {
    /// Of the usual rates, the highest first.
    public let rates: [Int]
    /// Of the sample formats that we use, alsa-lib's names.
    public let formats: [String]
    public let channels: ClosedRange<Int>
    /// The card's buffer can be used directly, without a system call for each transfer.
    public let hasMmap: Bool
    /// What the agent would agree on with it, in one line; or why it cannot.
    public let agreement: Result<String, AudioError>

    public init(
        rates: [Int], formats: [String], channels: ClosedRange<Int>, hasMmap: Bool,
        agreement: Result<String, AudioError>
    ) {
        self.rates = rates
        self.formats = formats
        self.channels = channels
        self.hasMmap = hasMmap
        self.agreement = agreement
    }
}

/// All sound cards, in the kernel's order, each PCM opened, asked and closed again. Plays and records nothing. Blocks
/// for the time the drivers need to open.
public func listSoundCards() throws(AudioError) -> [SoundCard] {
    let timing = try StreamTiming(AudioDevice("devices"))
    PCM.silenceErrors()
    var cards: [SoundCard] = []
    var number: Int32 = -1
    while true {
        let code = snd_card_next(&number)
        if code < 0 { throw AudioError.alsa("cards", "list", code) }
        guard number >= 0 else { return cards }
        // A card that is being pulled out is no longer there when it is asked.
        guard let control = try? CardControl(number: number) else { continue }
        cards.append(try control.card(timing: timing))
    }
}

/// One direction of a PCM by any ALSA name, such as "default".
public func soundPort(device: String, _ direction: AudioDirection) throws(AudioError) -> SoundPort {
    let timing = try StreamTiming(AudioDevice(device))
    return SoundPort(device: device, direction: direction, timing: timing)
}

extension SoundPort {
    fileprivate init(device: String, direction: AudioDirection, timing: StreamTiming) {
        self.device = device
        self.direction = direction
        do throws(AudioError) {
            abilities = .success(try PCM.abilities(name: device, direction: direction, timing: timing))
        } catch {
            abilities = .failure(error)
        }
    }
}

/// Owner of a card's control device (snd_ctl_open).
private struct CardControl: ~Copyable {
    private let number: Int32
    private let raw: OpaquePointer

    init(number: Int32) throws(AudioError) {
        var opened: OpaquePointer?
        let code = snd_ctl_open(&opened, "hw:\(number)", Int32(SND_CTL_NONBLOCK))
        guard code == 0, let control = opened else { throw AudioError.alsa("card \(number)", "open", code) }
        self.number = number
        raw = control
    }

    deinit { snd_ctl_close(raw) }

    func card(timing: StreamTiming) throws(AudioError) -> SoundCard {
        var allocated: OpaquePointer?
        guard snd_ctl_card_info_malloc(&allocated) == 0, let info = allocated else {
            throw AudioError(.reopen, "card \(number): out of memory")
        }
        defer { snd_ctl_card_info_free(info) }
        let code = snd_ctl_card_info(raw, info)
        if code < 0 { throw AudioError.alsa("card \(number)", "information", code) }
        let id = String(cString: snd_ctl_card_info_get_id(info))
        return SoundCard(
            id: id, name: String(cString: snd_ctl_card_info_get_name(info)),
            usbPort: USBPort.port(ofCard: Int(number)), ports: ports(cardID: id, timing: timing))
    }

    private func ports(cardID: String, timing: StreamTiming) -> [SoundPort] {
        var ports: [SoundPort] = []
        var device: Int32 = -1
        while snd_ctl_pcm_next_device(raw, &device) == 0, device >= 0 {
            let name = "hw:CARD=\(cardID)" + (device == 0 ? "" : ",DEV=\(device)")
            for direction in [AudioDirection.capture, .playback] where has(direction, device) {
                ports.append(SoundPort(device: name, direction: direction, timing: timing))
            }
        }
        return ports
    }

    private func has(_ direction: AudioDirection, _ device: Int32) -> Bool {
        var allocated: OpaquePointer?
        guard snd_pcm_info_malloc(&allocated) == 0, let info = allocated else { return false }
        defer { snd_pcm_info_free(info) }
        snd_pcm_info_set_device(info, UInt32(device))
        snd_pcm_info_set_subdevice(info, 0)
        snd_pcm_info_set_stream(info, direction.alsa)
        return snd_ctl_pcm_info(raw, info) == 0
    }
}
