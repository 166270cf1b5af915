import Foundation

@testable import Audio

/// Drives the card Spare by the periods of a stream of ours on the card Loopback, so that it stands still whenever that
/// stream is silent, as a card with a hanging driver does: without an error.
final class Heart {
    private static let timerSource = URL(fileURLWithPath: "/proc/asound/Spare/timer_source")
    private static let cable = 5

    private let stream: PlaybackStream

    /// Before any stream of Spare is opened.
    init() throws {
        stream = try PlaybackStream(device: AudioDevice(Loopback(cable: Self.cable).kiosk))
        stream.start(at: .now)
        // A PCM's timers are counted playback, capture, playback.
        try Data("hw:Loopback,0,\(2 * Self.cable)".utf8).write(to: Self.timerSource)
    }

    deinit {
        stream.stop()
        // Nothing: the kernel's ticks.
        try? Data("\n".utf8).write(to: Self.timerSource)
    }

    /// Beats for so long, then stands still.
    func beat(ms: Int) { _ = stream.write([Int16](repeating: 0, count: ms * 24)) }

    /// Waits until it has stood still for so long.
    func standStill(ms: Int) {
        _ = stream.isHeard()
        usleep(UInt32(ms * 1000))
    }
}
