import Foundation
import Realtime
import Session
import Testing

@testable import Journal
@testable import kiosk_agent

/// A journal for tests of what reads it: written by the journal itself, with whatever entries a test wants.
struct JournalWeek {
    /// 2026-11-21T10:15:00Z.
    static let startMs: Int64 = 1_795_256_100_000

    let folder: TemporaryFolder
    var path: String { folder.path + "/journal" }

    init() throws { folder = try TemporaryFolder() }

    /// Appends entries, one a second from `startMs` on, or at the times they have.
    func append(_ entries: [(kind: String, members: String)], firstMs: Int64 = startMs, stepMs: Int64 = 1000) throws {
        // By itself, not by a journal, to which no footer may be given.
        let isNew = !FileManager.default.fileExists(atPath: path)
        if isNew { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }
        let before = isNew ? [] : try lines()
        var bytes = Data(before.joined(separator: [10]) + (before.isEmpty ? [] : [10]))
        for (index, entry) in entries.enumerated() {
            let atMs = firstMs + Int64(index) * stepMs
            let seq = UInt64(before.count + index + 1)
            bytes += try EntryLine.encode(seq: seq, atMs: atMs, kind: entry.kind, members: entry.members) + [10]
        }
        try bytes.write(to: URL(fileURLWithPath: path + "/00000000000000000001.jsonl"))
        // As if written on a later day, whatever day it is: segments older than a time are not read.
        for name in try FileManager.default.contentsOfDirectory(atPath: path) {
            let later = Date(timeIntervalSince1970: Double(Self.startMs / 1000 + 1000 * 86_400))
            try FileManager.default.setAttributes([.modificationDate: later], ofItemAtPath: path + "/" + name)
        }
    }

    func append(_ entries: [JournalEntry], firstMs: Int64 = startMs, stepMs: Int64 = 1000) throws {
        try append(entries.map { ($0.kind, $0.members) }, firstMs: firstMs, stepMs: stepMs)
    }

    /// The line of every entry.
    func lines() throws -> [[UInt8]] {
        var reader = JournalReader(directory: path)
        var lines: [[UInt8]] = []
        try reader.read { lines.append(Array($0.line)) }
        return lines
    }

    func entries() throws -> [KnownEntry] { try lines().map { try #require(KnownEntry($0[...])) } }

    /// Breaks one byte of an entry's text.
    func damage(_ words: String) throws {
        for name in try FileManager.default.contentsOfDirectory(atPath: path) where name.hasSuffix(".jsonl") {
            let file = URL(fileURLWithPath: path + "/" + name)
            var bytes = try Data(contentsOf: file)
            guard let range = bytes.range(of: Data(words.utf8)) else { continue }
            bytes[range.lowerBound] ^= 1
            try bytes.write(to: file)
            return
        }
        Issue.record("\(words): in no segment")
    }

    static func turn(
        _ number: Int, _ words: String, session: String = "sess_1", builtIn: String? = nil,
        assistant: AssistantPart = AssistantPart(status: .completed, text: "Of course.", playedMs: 1200)
    ) -> SettledTurn {
        var turn = SettledTurn(
            session: session, number: number, item: ItemID(rawValue: "item_\(session)_\(number)"), realtime: .heard(words),
            builtIn: .heard(builtIn ?? words), assistant: assistant)
        turn.latency[.firstAudible] = 300
        return turn
    }
}
