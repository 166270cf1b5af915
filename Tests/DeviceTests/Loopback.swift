import Audio
import Foundation

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
    func farState(_ direction: AudioDirection) -> String? {
        let path = "/proc/asound/\(card)/pcm1\(direction == .playback ? "p" : "c")/sub\(cable)/status"
        let text = try? String(contentsOfFile: path, encoding: .utf8)
        return text?.split(separator: "\n").first.map { String($0.dropFirst("state: ".count)) }
    }
}
