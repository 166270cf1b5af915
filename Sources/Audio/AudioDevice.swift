/// A device setting, told apart.
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

    init(device: String, periodMs: Int, bufferMs: Int) throws(AudioError) {
        guard (1...1000).contains(periodMs) else {
            throw AudioError(.tellOperator, "\(device): period of \(periodMs) ms: wanted 1 to 1000 ms")
        }
        guard (2 * periodMs...2000).contains(bufferMs) else {
            throw AudioError(
                .tellOperator, "\(device): buffer of \(bufferMs) ms: wanted \(2 * periodMs) (two periods) to 2000 ms")
        }
        self.periodMs = periodMs
        self.bufferMs = bufferMs
    }
}
