import Glibc

/// The entries of a journal's folder as they come, each once, in the order of their `seq`: beside the agent that writes
/// it, whatever becomes of the folder.
///
/// Reads only. Ask again whenever something may have come; 200 ms is seldom enough for an idle machine. A folder that
/// is not there yet has no entries. Half a line at the end is looked at again; a line that is no entry is passed over.
public struct JournalFollower {
    public enum Start: Sendable, Equatable {
        /// The oldest entry there is.
        case oldest
        /// The entry after this one.
        case after(UInt64)
        /// The newest entries, at most so many bytes of them.
        case last(bytes: Int64)
    }

    /// The segment that was read last.
    private struct Place {
        let name: String
        let file: File.Identity
        /// Everything before it was looked at.
        var offset: Int64
    }

    private static let readBytes = 64 * 1024
    private static let lineFeed = UInt8(ascii: "\n")

    /// `seq` of the last entry handed over, or the one to begin after; 0 before the first.
    public private(set) var lastSeq: UInt64 = 0
    /// Lines that were no entries.
    public private(set) var damagedLines = 0

    private let directory: String
    /// Where to begin; nil once begun.
    private var start: Start?
    private var place: Place?
    private var lastAt = ""

    public init(directory: String, from start: Start) {
        self.directory = directory
        self.start = start
        if case .after(let seq) = start { lastSeq = seq }
    }

    /// Hands over what came since the last call. Blocks for as long as the disk takes; memory is bounded by the longest
    /// line. After an error the same call may succeed later, and nothing is handed over twice.
    public mutating func read(_ body: (JournalReader.Entry) -> Void) throws(JournalError) {
        let names: [String]
        do { names = try JournalDirectory.segmentNames(in: directory) } catch .failed(_, _, errno: ENOENT) { return }
        guard let newest = names.last else { return }
        if let start { try begin(start, names) }
        // A folder that holds only what is older than what was read is another journal.
        if let place, newest < place.name { forget() }
        for name in names where name >= place?.name ?? "" {
            do { try read(name, isNewest: name == newest, body) } catch .failed(_, _, errno: ENOENT) {
                // Gone between the look at the names and the look at the file: retention takes the oldest.
                continue
            }
        }
    }

    private mutating func begin(_ start: Start, _ names: [String]) throws(JournalError) {
        switch start {
        case .oldest: break
        case .after(let seq):
            // Segments are named by their first entry: the last one that does not begin behind it.
            if let name = names.last(where: { JournalDirectory.firstSeq(of: $0) ?? 0 <= seq + 1 }) {
                try begin(name, at: 0)
            }
        case .last(let bytes):
            var wanted = max(bytes, 0)
            for name in names.reversed() {
                let size = try File(directory + "/" + name, flags: O_RDONLY).sizeBytes()
                try begin(name, at: max(0, size - wanted))
                wanted -= size
                if wanted <= 0 { break }
            }
        }
        self.start = nil
    }

    /// From the first line on that begins at `offset` or behind it.
    private mutating func begin(_ name: String, at offset: Int64) throws(JournalError) {
        let file = try File(directory + "/" + name, flags: O_RDONLY)
        var offset = offset
        if offset > 0 {
            // A line that begins at the offset has its predecessor's end before it.
            var position = offset - 1
            offset = try file.sizeBytes()
            while position < offset {
                let piece = try file.read(at: position, limit: Self.readBytes)
                if piece.isEmpty { break }
                if let end = piece.firstIndex(of: Self.lineFeed) {
                    offset = position + Int64(end) + 1
                    break
                }
                position += Int64(piece.count)
            }
        }
        place = Place(name: name, file: try file.identity(), offset: offset)
    }

    /// Begins anew, with whatever there is.
    private mutating func forget() {
        place = nil
        lastSeq = 0
        lastAt = ""
    }

    private mutating func read(
        _ name: String, isNewest: Bool, _ body: (JournalReader.Entry) -> Void
    ) throws(JournalError) {
        let file = try File(directory + "/" + name, flags: O_RDONLY)
        let identity = try file.identity()
        let size = try file.sizeBytes()
        if let place, place.name == name {
            if place.file == identity, place.offset == size { return }
            let isSame = try Self.isLineStart(place.offset, file) && place.file == identity && size >= place.offset
            if !isSame {
                // Rewritten: what was handed over from it is known by its `seq`. One that holds nothing of that but
                // what is later is the beginning of another journal.
                if isNewest, try isAnother(file) { forget() }
                self.place = Place(name: name, file: identity, offset: 0)
            }
        } else {
            place = Place(name: name, file: identity, offset: 0)
        }
        var offset = place?.offset ?? 0
        var rest: [UInt8] = []
        while true {
            let piece = try file.read(at: offset + Int64(rest.count), limit: Self.readBytes)
            if piece.isEmpty { return }
            rest += piece
            var start = 0
            while let end = rest[start...].firstIndex(of: Self.lineFeed) {
                // Remembered first: what `body` does must not be done twice.
                place?.offset = offset + Int64(end) + 1
                take(rest[start..<end], body)
                start = end + 1
            }
            offset += Int64(start)
            rest.removeFirst(start)
            // Longer than any entry: what it is part of is none.
            if rest.count > EntryLine.limitBytes {
                offset += Int64(rest.count)
                place?.offset = offset
                rest.removeAll()
            }
        }
    }

    private mutating func take(_ line: ArraySlice<UInt8>, _ body: (JournalReader.Entry) -> Void) {
        guard let entry = EntryLine(line) else {
            damagedLines += 1
            return
        }
        guard entry.seq > lastSeq else { return }
        lastSeq = entry.seq
        lastAt = entry.at
        body(JournalReader.Entry(seq: entry.seq, at: entry.at, line: line))
    }

    /// A file system may give a new file the number of one that is gone.
    private static func isLineStart(_ offset: Int64, _ file: borrowing File) throws(JournalError) -> Bool {
        if offset == 0 { return true }
        return try file.read(at: offset - 1, limit: 1) == [lineFeed]
    }

    /// Whether a segment begins later than what was read, and ends with a lower `seq`.
    private func isAnother(_ file: borrowing File) throws(JournalError) -> Bool {
        var first: String?
        var highest: UInt64 = 0
        var reader = LineReader()
        while let line = try reader.next(file) {
            guard line.hasLineFeed, let entry = EntryLine(line.bytes) else { continue }
            first = first ?? entry.at
            highest = max(highest, entry.seq)
        }
        guard let first else { return false }
        return highest < lastSeq && first > lastAt
    }
}
