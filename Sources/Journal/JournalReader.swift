import Glibc

/// The entries of a journal's folder, oldest first: beside the agent that writes it, or from a copy elsewhere.
///
/// Takes no lock and writes nothing. What is no entry is passed over; half a line at the end is one being written.
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
    private static let lineFeed = UInt8(ascii: "\n")

    /// First and last day of the entries seen, and lines that were none.
    public private(set) var firstDay: String?
    public private(set) var lastDay: String?
    public private(set) var damagedLines = 0

    private let directory: String

    public init(directory: String) { self.directory = directory }

    /// Hands over every entry, or those of one day (UTC, `2026-11-21`), up to and including `lastSeq`.
    ///
    /// For one day only its lines are looked at closely, and no segment that was last written before it. Blocks for as
    /// long as the disk takes; memory is bounded by the longest line.
    public mutating func read(
        day: String? = nil, upTo lastSeq: UInt64 = .max, _ body: (Entry) -> Void
    ) throws(JournalError) {
        for name in try JournalDirectory.segmentNames(in: directory) {
            let file = try File(directory + "/" + name, flags: O_RDONLY)
            // By the clock that stamped the entries, too.
            if let day, try file.changedDay() < day { continue }
            try read(file, day: day, upTo: lastSeq, body)
        }
    }

    private mutating func read(
        _ file: borrowing File, day: String?, upTo lastSeq: UInt64, _ body: (Entry) -> Void
    ) throws(JournalError) {
        var rest: [UInt8] = []
        var offset: Int64 = 0
        while true {
            let piece = try file.read(at: offset, limit: Self.readBytes)
            if piece.isEmpty { return }
            offset += Int64(piece.count)
            let bytes = rest.isEmpty ? piece : rest + piece
            var start = 0
            while let end = bytes[start...].firstIndex(of: Self.lineFeed) {
                take(bytes[start..<end], day: day, upTo: lastSeq, body)
                start = end + 1
            }
            rest = Array(bytes[start...])
            // Longer than any entry: what it is part of is none.
            if rest.count > EntryLine.limitBytes { rest.removeAll() }
        }
    }

    private mutating func take(
        _ line: ArraySlice<UInt8>, day: String?, upTo lastSeq: UInt64, _ body: (Entry) -> Void
    ) {
        if let day, let own = Self.day(of: line), own != day { return note(own) }
        guard let entry = EntryLine(line) else {
            damagedLines += 1
            return
        }
        note(String(entry.at.prefix(10)))
        if entry.seq <= lastSeq { body(Entry(seq: entry.seq, at: entry.at, line: line)) }
    }

    private mutating func note(_ day: String) {
        if firstDay.map({ day < $0 }) ?? true { firstDay = day }
        if lastDay.map({ day > $0 }) ?? true { lastDay = day }
    }

    /// The day that a line begins with as the journal writes it, `{"seq":7,"at":"2026-11-21T…`; nil when it does not.
    private static func day(of line: ArraySlice<UInt8>) -> String? {
        let head = line.prefix(48)
        let name = Array(#","at":""#.utf8)
        guard let comma = head.firstIndex(of: UInt8(ascii: ",")), head[comma...].starts(with: name) else { return nil }
        let day = head[comma...].dropFirst(name.count).prefix(10)
        let isDay = day.count == 10 && day.allSatisfy { $0 == UInt8(ascii: "-") || (48...57).contains($0) }
        return isDay ? String(decoding: day, as: UTF8.self) : nil
    }
}
