import Foundation

/// A GPIO chip of the kernel's gpio-sim, gone with the object. Its lines are pulled from outside as wires would be.
final class SimulatedChip {
    /// gpio-sim in configfs.
    static let folder = "/sys/kernel/config/gpio-sim"

    /// Name of the chip for all of /dev, as "gpiochip1".
    let name: String
    let label: String

    private let folder: String
    private let lineFolder: String
    private let lineNames: [Int: String]

    /// Makes a chip of eight lines.
    init(lines: [Int: String]) throws {
        label = "kiosk-\(UUID().uuidString.prefix(8).lowercased())"
        folder = Self.folder + "/" + label
        lineNames = lines
        try Self.make(folder + "/bank")
        try Self.write("8", folder + "/bank/num_lines")
        try Self.write(label, folder + "/bank/label")
        for (offset, name) in lines {
            try Self.make(folder + "/bank/line\(offset)")
            try Self.write(name, folder + "/bank/line\(offset)/name")
        }
        try Self.write("1", folder + "/live")
        name = try Self.read(folder + "/bank/chip_name")
        lineFolder = try "/sys/devices/platform/\(Self.read(folder + "/dev_name"))/\(name)/sim_gpio"
        let path = "/dev/" + name
        guard eventually({ FileManager.default.fileExists(atPath: path) }) else { throw CocoaError(.fileNoSuchFile) }
    }

    deinit {
        // What cannot be removed stays behind under a name that no other test uses.
        try? Self.write("0", folder + "/live")
        for offset in lineNames.keys { rmdir(folder + "/bank/line\(offset)") }
        rmdir(folder + "/bank")
        rmdir(folder)
    }

    /// The wire to an input line, as a file to be written fast.
    func wire(_ offset: Int) throws -> Wire { try Wire(path: lineFolder + "\(offset)/pull") }

    /// The level that an output line drives.
    func isHigh(_ offset: Int) throws -> Bool { try Self.read(lineFolder + "\(offset)/value") == "1" }

    private static func make(_ path: String) throws {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    private static func write(_ text: String, _ path: String) throws {
        guard let file = fopen(path, "w") else { throw CocoaError(.fileNoSuchFile) }
        fputs(text, file)
        guard fclose(file) == 0 else { throw CocoaError(.fileWriteUnknown) }
    }

    private static func read(_ path: String) throws -> String {
        try String(contentsOfFile: path, encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines)
    }
}

/// The wire to an input line.
final class Wire {
    private let descriptor: Int32

    init(path: String) throws {
        descriptor = open(path, O_WRONLY)
        guard descriptor >= 0 else { throw CocoaError(.fileNoSuchFile) }
    }

    deinit { close(descriptor) }

    /// Connects the line to power (high) or to ground.
    func pull(high: Bool) {
        let text = high ? "pull-up" : "pull-down"
        let count = pwrite(descriptor, text, text.utf8.count, 0)
        precondition(count == text.utf8.count, "gpio-sim takes no \(text)")
    }
}
