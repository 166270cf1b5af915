import Foundation

/// A GPIO chip of the kernel's gpio-sim, gone with the object. Its lines are pulled from outside as wires would be.
package final class SimulatedChip {
    /// gpio-sim in configfs.
    package static let folder = "/sys/kernel/config/gpio-sim"

    /// Name of the chip for all of /dev, as "gpiochip1".
    package let name: String
    package let label: String

    private let folder: String
    private let lineFolder: String
    private let lineNames: [Int: String]

    /// Makes a chip of eight lines, these with a name; without a label it gets one that no other has.
    package init(label wanted: String? = nil, lines: [Int: String]) throws {
        label = wanted ?? "kiosk-\(UUID().uuidString.prefix(8).lowercased())"
        folder = Self.folder + "/" + label
        lineNames = lines
        for path in ["", "/bank"] + lines.keys.map({ "/bank/line\($0)" }) {
            guard mkdir(folder + path, 0o755) == 0 else { throw Self.failure(folder + path) }
        }
        try Self.write("8", to: folder + "/bank/num_lines")
        try Self.write(label, to: folder + "/bank/label")
        for (offset, name) in lines { try Self.write(name, to: folder + "/bank/line\(offset)/name") }
        try Self.write("1", to: folder + "/live")
        name = try Self.read(folder + "/bank/chip_name")
        lineFolder = try "/sys/devices/platform/\(Self.read(folder + "/dev_name"))/\(name)/sim_gpio"
    }

    deinit { remove() }

    /// Pulls the chip's plug.
    package func remove() {
        // What cannot be removed stays behind under a name that no other test uses.
        try? Self.write("0", to: folder + "/live")
        for path in lineNames.keys.map({ "/bank/line\($0)" }) + ["/bank", ""] { rmdir(folder + path) }
    }

    /// Connects an input line to power (high) or to ground.
    package func pull(_ offset: Int, high: Bool) throws {
        try Self.write(high ? "pull-up" : "pull-down", to: "\(lineFolder)\(offset)/pull")
    }

    /// The level that an output line drives.
    package func isHigh(_ offset: Int) throws -> Bool { try Self.read("\(lineFolder)\(offset)/value") == "1" }

    private static func read(_ path: String) throws -> String {
        try String(contentsOfFile: path, encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// One write(2): the kernel takes a value whole.
    private static func write(_ text: String, to path: String) throws {
        let descriptor = open(path, O_WRONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure(path) }
        defer { close(descriptor) }
        guard Glibc.write(descriptor, text, text.utf8.count) == text.utf8.count else { throw failure(path) }
    }

    private static func failure(_ path: String) -> TimedOut {
        TimedOut(description: "\(path): \(String(cString: strerror(errno)))")
    }
}
