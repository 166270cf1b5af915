/// A sound device and how it is to be used.
public struct AudioDevice: Sendable, Equatable {
    /// An ALSA PCM name, "usb:PORT", or "wav:" and an absolute path.
    public let name: String
    /// 1 ... 1000 ms.
    public let periodMs: Int
    /// Two periods ... 2000 ms.
    public let bufferMs: Int
    /// For cards.
    public let conversion: SoundConversion

    /// Checked when the device is opened.
    public init(
        _ name: String, periodMs: Int = 10, bufferMs: Int = 40, conversion: SoundConversion = SoundConversion()
    ) {
        self.name = name
        self.periodMs = periodMs
        self.bufferMs = bufferMs
        self.conversion = conversion
    }
}

/// A device's name, told apart.
enum DeviceName: Equatable {
    case pcm(String)
    case wav(path: String)

    init(_ device: String) throws(AudioError) {
        guard !device.isEmpty, !device.utf8.contains(0) else {
            throw AudioError(.tellOperator, "device \"\(device)\": wanted an ALSA PCM name or wav:PATH")
        }
        guard device.hasPrefix("wav:") else {
            self = .pcm(device)
            return
        }
        let path = String(device.dropFirst(4))
        guard path.hasPrefix("/") else {
            throw AudioError(.tellOperator, "\(device): wanted an absolute path after wav:")
        }
        self = .wav(path: path)
    }
}

/// Period and buffer, within limits.
struct StreamTiming: Equatable {
    let periodMs: Int
    let bufferMs: Int

    init(_ device: AudioDevice) throws(AudioError) {
        let (periodMs, bufferMs) = (device.periodMs, device.bufferMs)
        guard (1...1000).contains(periodMs) else {
            throw AudioError(.tellOperator, "\(device.name): period of \(periodMs) ms: wanted 1 to 1000 ms")
        }
        guard (2 * periodMs...2000).contains(bufferMs) else {
            let wanted = "\(2 * periodMs) (two periods) to 2000 ms"
            throw AudioError(.tellOperator, "\(device.name): buffer of \(bufferMs) ms: wanted \(wanted)")
        }
        self.periodMs = periodMs
        self.bufferMs = bufferMs
    }
}
