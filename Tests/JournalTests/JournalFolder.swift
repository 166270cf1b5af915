import Foundation
import Testing

@testable import Journal

/// A directory of its own for each test, and an independent reader of what the journal left there.
final class JournalFolder {
    let path: String

    init() {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("journal-\(UUID().uuidString)").path
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// 2026-11-21T10:15:02.123Z.
    static let clock = WallClock { 1_795_256_102_123 }

    func open(segmentLimitBytes: Int64 = JournalLimits().segmentBytes, clock: WallClock = clock) throws -> Journal {
        var limits = JournalLimits()
        limits.segmentBytes = segmentLimitBytes
        return try open(limits, clock: clock)
    }

    func open(_ limits: JournalLimits, clock: WallClock = clock) throws -> Journal {
        try Journal(directory: path, clock: clock, limits: limits)
    }

    /// Opens the journal, appends `count` entries and closes it.
    func fill(_ count: Int, segmentLimitBytes: Int64 = JournalLimits().segmentBytes) throws {
        var journal = try open(segmentLimitBytes: segmentLimitBytes)
        for number in 1...max(count, 1) where number <= count {
            try journal.append(kind: "turn", members: #"{"text":"turn \#(number)"}"#, durable: false)
        }
    }

    func names(_ suffix: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: path).filter { $0.hasSuffix(suffix) }.sorted()
    }

    func contents(_ name: String) throws -> [UInt8] {
        try Array(Data(contentsOf: URL(fileURLWithPath: path + "/" + name)))
    }

    func write(_ bytes: [UInt8], to name: String) throws {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        try Data(bytes).write(to: URL(fileURLWithPath: path + "/" + name))
    }

    /// Appends a line as journals did that had no footers: to the newest segment while it fits, else to a new one.
    func append(_ line: [UInt8], seq: UInt64, segmentLimitBytes: Int64) throws {
        let newest = FileManager.default.fileExists(atPath: path) ? try names(".jsonl").last : nil
        let sizeBytes = try newest.map { try contents($0).count } ?? 0
        if let newest, Int64(sizeBytes + line.count + 1) <= segmentLimitBytes {
            let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path + "/" + newest))
            try file.seekToEnd()
            try file.write(contentsOf: line + [10])
            try file.close()
        } else {
            try write(line + [10], to: String(format: "%020llu.jsonl", seq))
        }
    }

    func mode(_ name: String) throws -> Int? {
        let attributes = try FileManager.default.attributesOfItem(atPath: path + "/" + name)
        return (attributes[.posixPermissions] as? NSNumber)?.intValue
    }

    /// All entries in name order; every line must parse, end with its checksum, and continue `seq` from 1.
    func entries(_ location: SourceLocation = #_sourceLocation) throws -> [[String: Any]] {
        var entries: [[String: Any]] = []
        for name in try names(".jsonl") {
            let text = try #require(
                String(validating: contents(name), as: UTF8.self), "\(name): no UTF-8", sourceLocation: location)
            #expect(text.isEmpty || text.hasSuffix("\n"), "\(name): torn", sourceLocation: location)
            for line in text.split(separator: "\n") {
                let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
                let entry = try #require(object, sourceLocation: location)
                let checked = try #require(line.range(of: #","crc32c":""#, options: .backwards))
                let checksum = String(format: "%08x", CRC32C.checksum(line[..<checked.lowerBound].utf8))
                #expect(line[checked.upperBound...] == checksum + "\"}", sourceLocation: location)
                entries.append(entry)
            }
        }
        #expect(entries.map { $0["seq"] as? Int } == Array(1..<entries.count + 1), sourceLocation: location)
        return entries
    }

    func kinds(_ location: SourceLocation = #_sourceLocation) throws -> [String] {
        try entries(location).compactMap { $0["kind"] as? String }
    }

    static func segment(_ firstSeq: Int) -> String { String(format: "%020d.jsonl", firstSeq) }
    static func torn(_ firstSeq: Int) -> String { String(format: "%020d.torn", firstSeq) }
}
