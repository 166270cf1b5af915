import Foundation
import KioskBench
import MonotonicClock
import Testing

/// The suites that need a kernel's devices: snd-aloop as the sound card, gpio-sim as button and light.
///
/// `board/test` runs them where these are, in a virtual machine if need be. One after the other: they count xruns,
/// and one of them stops the whole process for a while.
@Suite(.serialized) enum Devices {}

/// Devices that a suite cannot do without. It fails without them; it is never skipped.
struct Needed: SuiteTrait {
    /// Both cards of snd-aloop, and the far end's programs.
    static let loopback = Needed { _ in
        for card in ["Loopback", "Spare"] where !FileManager.default.fileExists(atPath: "/proc/asound/" + card) {
            throw Missing("no snd-aloop card '\(card)'")
        }
        for program in [FarEnd.player, FarEnd.recorder] where !FileManager.default.isExecutableFile(atPath: program) {
            throw Missing("no \(program) (Debian's package alsa-utils)")
        }
        // A page that is first read from a slow disk in mid-stream would be an xrun of our own making.
        mlockall(MCL_CURRENT)
    }

    /// gpio-sim's folder in configfs.
    static let simulatedChips = Needed { _ in
        guard FileManager.default.fileExists(atPath: SimulatedChip.folder) else {
            throw Missing("no gpio-sim at \(SimulatedChip.folder)")
        }
    }

    private let check: @Sendable (Test) throws -> Void

    func prepare(for test: Test) async throws { try check(test) }
}

/// What is missing, and where the suites find it.
struct Missing: Error, CustomStringConvertible {
    let description: String

    init(_ what: String) { description = "\(what): run this suite by board/test" }
}

/// Polls every 5 ms until `condition` holds; false after `limitMs`.
func eventually(limitMs: Int = 3000, _ condition: () throws -> Bool) rethrows -> Bool {
    let deadline = Instant.now + .milliseconds(limitMs)
    while try !condition() {
        if Instant.now > deadline { return false }
        usleep(5000)
    }
    return true
}

extension Double {
    /// With one decimal.
    var tenths: String { String(format: "%.1f", self) }
}
