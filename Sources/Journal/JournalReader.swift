import Glibc

/// The entries of a journal's folder: beside the agent that writes it, or from a copy elsewhere.
///
/// Takes no lock and writes nothing. What is no entry is passed over; half a line at the end is one being written. A
/// segment that is removed meanwhile is read no further than it was.
public struct JournalReader {
    /// One entry, as its line says it.
    public struct Entry {
        public let seq: UInt64
        /// RFC 3339, UTC.
        public let at: String
        /// The whole JSON object, without its line feed. Valid during the call only.
        public let line: ArraySlice<UInt8>
    }

    private static let readBytes = 256 * 1024
    /// Of a reading from the end, which mostly needs little.
    private static let backwardsBytes = 64 * 1024
    private static let lineFeed = UInt8(ascii: "\n")

    /// First and last day of the entries seen, and lines that were none.
    public private(set) var firstDay: String?
    public private(set) var lastDay: String?
    public private(set) var damagedLines = 0
    /// Segments that were read forwards, and what they hold together.
    public private(set) var segments = 0
    public private(set) var sizeBytes: Int64 = 0

    private let directory: String

    public init(directory: String) { self.directory = directory }

    /// Throws when there is no folder to read.
    public func check() throws(JournalError) { _ = try JournalDirectory.segmentNames(in: directory) }

    /// Hands over every entry, or those of one day (UTC, `2026-11-21`), up to and including `lastSeq`.
    ///
    /// For one day only its lines are looked at closely, and no segment that was last written before it. Blocks for as
    /// long as the disk takes; memory is bounded by the longest line.
    public mutating func read(
        day: String? = nil, upTo lastSeq: UInt64 = .max, _ body: (Entry) -> Void
    ) throws(JournalError) {
        try readLines(since: day) { reader, line in
            if let day, let own = Self.instant(of: line)?.prefix(10), own != day {
                reader.note(String(own))
            } else if let entry = reader.entry(line), entry.seq <= lastSeq, day.map(entry.at.hasPrefix) ?? true {
                body(entry)
            }
            return true
        }
    }

    /// Hands over the entries of a time, oldest first, until `body` returns false.
    ///
    /// - Parameters:
    ///   - since: the first instant, as entries have it; nil is the journal's first.
    ///   - until: the first instant that is too late; nil is never.
    ///   - isWanted: a look at the line as it is. One that is refused has its checksum checked, and no more.
    public mutating func read(
        since: String?, until: String?, where isWanted: (ArraySlice<UInt8>) -> Bool = { _ in true },
        _ body: (Entry) -> Bool
    ) throws(JournalError) {
        try readLines(since: since) { reader, line in
            if let at = Self.instant(of: line) {
                if let since, at < since { return true }
                if let until, at >= until { return true }
            }
            guard isWanted(line) else {
                if !EntryLine.hasItsChecksum(line) { reader.damagedLines += 1 }
                return true
            }
            guard let entry = reader.entry(line) else { return true }
            if let since, entry.at < since { return true }
            if let until, entry.at >= until { return true }
            return body(entry)
        }
    }

    /// Hands over entries, newest first, until `body` returns false. Reads no more than that from the disk's end.
    public mutating func readBackwards(_ body: (Entry) -> Bool) throws(JournalError) {
        for name in try JournalDirectory.segmentNames(in: directory).reversed() {
            do {
                let file = try File(directory + "/" + name, flags: O_RDONLY)
                guard try readBackwards(file, body) else { return }
            } catch .failed(_, "open", errno: ENOENT) {}
        }
    }

    // MARK: Lines

    /// Hands over all lines of the segments that were written since a day, until `body` returns false.
    private mutating func readLines(
        since day: String?, _ body: (inout JournalReader, ArraySlice<UInt8>) -> Bool
    ) throws(JournalError) {
        for name in try JournalDirectory.segmentNames(in: directory) {
            do {
                let file = try File(directory + "/" + name, flags: O_RDONLY)
                // By the clock that stamped the entries, too.
                if let day, try file.changedDay() < day.prefix(10) { continue }
                segments += 1
                sizeBytes += try file.sizeBytes()
                guard try readLines(file, body) else { return }
            } catch .failed(_, "open", errno: ENOENT) {}
        }
    }

    private mutating func readLines(
        _ file: borrowing File, _ body: (inout JournalReader, ArraySlice<UInt8>) -> Bool
    ) throws(JournalError) -> Bool {
        var rest: [UInt8] = []
        var offset: Int64 = 0
        while true {
            let piece = try file.read(at: offset, limit: Self.readBytes)
            if piece.isEmpty { return true }
            offset += Int64(piece.count)
            let bytes = rest.isEmpty ? piece : rest + piece
            var start = 0
            while let end = bytes[start...].firstIndex(of: Self.lineFeed) {
                guard body(&self, bytes[start..<end]) else { return false }
                start = end + 1
            }
            rest = Array(bytes[start...])
            // Longer than any entry: what it is part of is none.
            if rest.count > EntryLine.limitBytes { rest.removeAll() }
        }
    }

    private mutating func readBackwards(
        _ file: borrowing File, _ body: (Entry) -> Bool
    ) throws(JournalError) -> Bool {
        var offset = try file.sizeBytes()
        // The end of a line whose start was not read yet; nil when the line is none, whatever it starts with: it has no
        // end, or is too long.
        var rest: [UInt8]?
        while offset > 0 {
            let count = min(Int64(Self.backwardsBytes), offset)
            offset -= count
            let piece = try file.read(at: offset, limit: Int(count))
            let bytes = piece + (rest ?? [])
            var end = bytes.endIndex
            while let start = bytes[..<end].lastIndex(of: Self.lineFeed) {
                if rest != nil, let entry = entry(bytes[(start + 1)..<end]), !body(entry) { return false }
                rest = []
                end = start
            }
            if rest != nil { rest = end > EntryLine.limitBytes ? nil : Array(bytes[..<end]) }
        }
        guard let rest, let entry = entry(rest[...]) else { return true }
        return body(entry)
    }

    private mutating func entry(_ line: ArraySlice<UInt8>) -> Entry? {
        guard let entry = EntryLine(line) else {
            damagedLines += 1
            return nil
        }
        note(String(entry.at.prefix(10)))
        return Entry(seq: entry.seq, at: entry.at, line: line)
    }

    private mutating func note(_ day: String) {
        if firstDay.map({ day < $0 }) ?? true { firstDay = day }
        if lastDay.map({ day > $0 }) ?? true { lastDay = day }
    }

    /// The instant that a line begins with as the journal writes it, `{"seq":7,"at":"2026-11-21T10:15:02.123Z"…`; nil
    /// when it does not.
    private static func instant(of line: ArraySlice<UInt8>) -> String? {
        let head = line.prefix(62)
        let name = Array(#","at":""#.utf8)
        guard let comma = head.firstIndex(of: UInt8(ascii: ",")), head[comma...].starts(with: name) else { return nil }
        let instant = head[comma...].dropFirst(name.count).prefix { $0 != UInt8(ascii: "\"") }
        let isInstant = instant.count == 24 && instant.prefix(10).allSatisfy {
            $0 == UInt8(ascii: "-") || (48...57).contains($0)
        }
        return isInstant ? String(decoding: instant, as: UTF8.self) : nil
    }
}
