import Foundation

/// The second card of snd-aloop, which can be pulled and put back like a USB card.
///
/// Pulling it blocks until its last user has closed it, so it is done by a process of its own.
final class SpareCard {
    private static let driver = "/sys/bus/platform/drivers/snd_aloop/"
    private static let device = "snd_aloop.1"

    private var pulling: Child?

    /// Takes the card away from whoever uses it; returns at once.
    func pull() throws {
        pulling = try Child("/bin/sh", ["-c", "echo \(Self.device) > \(Self.driver)unbind"])
    }

    /// Waits until all users have closed the card, then gives it back.
    func putBack() throws {
        guard let pulling else { return }
        self.pulling = nil
        pulling.wait()
        try Data(Self.device.utf8).write(to: URL(fileURLWithPath: Self.driver + "bind"))
    }

    /// Never leaves the next test without its card.
    deinit { try? putBack() }
}
