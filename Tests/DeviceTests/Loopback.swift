import Audio
import Foundation
import MonotonicClock

/// One cable of an snd-aloop card: what is played at one end is captured at the other.
///
/// The end that is opened first decides rate, format and channels; the other has to take them.
struct Loopback {
    var card = "Loopback"
    /// 0...7; a cable of its own for each test, so that none finds what another left behind.
    let cable: Int

    /// Where the kiosk plays and captures.
    var kiosk: String { "hw:\(card),0,\(cable)" }
    /// Where the visitor is.
    var far: String { "hw:\(card),1,\(cable)" }

    /// What /proc/asound says of the far end: "PREPARED" (then its layout is that of the cable), "RUNNING" and so on.
    func farState(_ direction: AudioDirection) -> String? { farStatus(direction, "state") }

    /// When the card began to play what the far end has written, while it does.
    func farStart() -> Instant? {
        guard farState(.playback) == "RUNNING" else { return nil }
        return farStatus(.playback, "trigger_time").flatMap(Double.init).map { Instant(ns: Int64($0 * 1e9)) }
    }

    /// Of lines like "trigger_time: 12.345678901".
    private func farStatus(_ direction: AudioDirection, _ name: String) -> String? {
        let path = "/proc/asound/\(card)/pcm1\(direction == .playback ? "p" : "c")/sub\(cable)/status"
        let lines = (try? String(contentsOfFile: path, encoding: .utf8))?.split(separator: "\n") ?? []
        return lines.first { $0.hasPrefix(name + ":") }
            .map { $0.dropFirst(name.count + 1).trimmingCharacters(in: .whitespaces) }
    }
}
