import Glibc

internal import CALSA

/// What went wrong at a sound device or WAV file, as one line an operator can read: device, step, reason.
public struct AudioError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Errors in groups by what helps.
    public enum Remedy: Equatable, Sendable {
        /// The device is busy, absent or lost: opening it again later may work.
        case reopen
        /// The file, the device's abilities or the settings are wrong: it stays so until a person changes something.
        case tellOperator
    }

    /// What the caller can do about it.
    public let remedy: Remedy
    /// For example "hw:1,0: open: Device or resource busy".
    public let description: String

    init(_ remedy: Remedy, _ description: String) {
        self.remedy = remedy
        // Names come from a settings file and may hold line breaks; the promise is one line.
        let line = description.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7F ? "?" : Character($0) }
        self.description = String(line)
    }

    /// A failed alsa-lib call; `code` is what it returned (-errno).
    static func alsa(_ device: String, _ step: String, _ code: Int32) -> AudioError {
        let reason = snd_strerror(code).map { String(cString: $0) } ?? "error \(code)"
        return AudioError(.reopen, "\(device): \(step): \(reason)")
    }

    /// A running PCM that is given up; `code` is -errno, ETIMEDOUT for a stall.
    static func lost(_ device: String, _ step: String, _ code: Int) -> AudioError {
        if code == -Int(ETIMEDOUT) { return AudioError(.reopen, "\(device): \(step): the card stands still") }
        return alsa(device, step, Int32(clamping: code))
    }

    /// A failed system call; `code` is a positive errno.
    static func system(
        _ subject: String, _ step: String, _ code: Int32, _ remedy: Remedy = .tellOperator
    ) -> AudioError {
        AudioError(remedy, "\(subject): \(step): \(errnoText(code))")
    }
}

/// strerror(3) for a positive errno.
func errnoText(_ code: Int32) -> String {
    strerror(code).map { String(cString: $0) } ?? "error \(code)"
}
