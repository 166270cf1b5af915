import Foundation

/// A journal as an outside tool reads it: every line JSON, every checksum right, every number in its place.
package struct JournalFile {
    package let entries: [[String: Any]]

    /// Throws when anything of the format does not hold.
    package init(directory: URL) throws {
        var entries: [[String: Any]] = []
        let names = try FileManager.default.contentsOfDirectory(atPath: directory.path)
        for name in names.filter({ $0.hasSuffix(".jsonl") }).sorted() {
            let text = try String(contentsOf: directory.appendingPathComponent(name), encoding: .utf8)
            for line in text.split(separator: "\n") {
                guard let range = line.range(of: ",\"crc32c\":\"", options: .backwards) else {
                    throw TimedOut(description: "\(name): no crc32c at the end of: \(line)")
                }
                let checksum = String(line[range.upperBound...].prefix(8))
                let expected = Self.hex(Self.crc32c(Array(line[..<range.lowerBound].utf8)))
                guard checksum == expected, line[range.upperBound...] == "\(checksum)\"}" else {
                    throw TimedOut(description: "\(name): crc32c \(checksum), expected \(expected): \(line)")
                }
                guard let entry = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any] else {
                    throw TimedOut(description: "\(name): not an object: \(line)")
                }
                guard entry["seq"] as? Int == entries.count + 1 else {
                    throw TimedOut(description: "\(name): seq is not \(entries.count + 1): \(line)")
                }
                entries.append(entry)
            }
        }
        self.entries = entries
    }

    /// A line as an agent writes it, with its line feed; `members` are those after `kind`, without braces.
    package static func line(seq: Int, at: String, kind: String, members: String) -> String {
        let covered = "{\"seq\":\(seq),\"at\":\"\(at)\",\"kind\":\"\(kind)\",\(members)"
        return covered + ",\"crc32c\":\"\(hex(crc32c(Array(covered.utf8))))\"}\n"
    }

    package func entries(of kind: String) -> [[String: Any]] { entries.filter { $0["kind"] as? String == kind } }
    package var turns: [[String: Any]] { entries(of: "turn") }

    private static func hex(_ value: UInt32) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 8 - digits.count) + digits
    }

    /// Bit by bit, straight from the definition (Castagnoli, reflected): an independent check of the table-driven one.
    private static func crc32c(_ bytes: [UInt8]) -> UInt32 {
        var crc: UInt32 = 0xFFFF_FFFF
        for byte in bytes {
            crc ^= UInt32(byte)
            for _ in 0..<8 { crc = crc & 1 == 1 ? (crc >> 1) ^ 0x82F6_3B78 : crc >> 1 }
        }
        return ~crc
    }
}

extension [String: Any] {
    /// `entry[path: "realtime", "text"]`
    package subscript(path path: String...) -> Any? {
        path.reduce(self as Any?) { value, key in (value as? [String: Any])?[key] }
    }
}
