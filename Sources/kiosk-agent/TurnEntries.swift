import FoundationEssentials
import Journal

/// Which turn is meant.
enum TurnReference: Equatable {
    /// Of the last session that has turns.
    case number(Int)
    case turn(session: String, Int)
    case item(String)
    case seq(UInt64)

    static let wanted = "N, SESSION/N, an item or seq:N"

    /// Nil for what is none of `wanted`.
    init?(_ text: String) {
        if text.hasPrefix("seq:") {
            guard let seq = UInt64(text.dropFirst(4)) else { return nil }
            self = .seq(seq)
        } else if let slash = text.lastIndex(of: "/") {
            guard let number = Int(text[text.index(after: slash)...]), number > 0 else { return nil }
            self = .turn(session: String(text[..<slash]), number)
        } else if let number = Int(text) {
            guard number > 0 else { return nil }
            self = .number(number)
        } else {
            guard !text.isEmpty else { return nil }
            self = .item(text)
        }
    }
}

/// What a journal has about one turn. Each call blocks for as long as the disk takes.
struct TurnEntries {
    struct Found {
        let entry: KnownEntry
        let line: [UInt8]
    }

    /// Of the look at the journal that saw most of it.
    private(set) var damagedLines = 0

    private let directory: String

    init(directory: String) { self.directory = directory }

    /// All entries that belong to the turn in the order of the journal, or the one that belongs to none.
    mutating func read(_ reference: TurnReference) throws(JournalError) -> [Found] {
        switch reference {
        case .number(let number):
            guard let session = try lastSession() else { return [] }
            return try read(session, number)
        case .turn(let session, let number):
            return try read(session, number)
        case .item(let item):
            // The turn's entry is the first that names it, but for its parts.
            return try readWhole(find(Self.json(item), limit: 1) { $0.item == item })
        case .seq(let seq):
            return try readWhole(find(Array(#"{"seq":\#(seq),"#.utf8), limit: 1) { $0.seq == seq })
        }
    }

    /// How many turns were removed for good, and when the last one was; nil when none was.
    mutating func forgotten() throws(JournalError) -> (turns: Int, lastAt: String)? {
        let turns = try find(Array(#""kind":"forgotten""#.utf8)) {
            if case .forgotten(was: "turn", _) = $0.content { true } else { false }
        }
        guard case .forgotten(_, let at)? = turns.last?.entry.content else { return nil }
        return (turns.count, at)
    }

    /// The session of the last turn.
    private mutating func lastSession() throws(JournalError) -> String? {
        var session: String?
        var reader = JournalReader(directory: directory)
        defer { damagedLines = max(damagedLines, reader.damagedLines) }
        try reader.readBackwards { entry in
            guard KnownEntry.isTurn(entry.line), let turn = KnownEntry(entry.line) else { return true }
            session = turn.session ?? ""
            return false
        }
        return session
    }

    private mutating func readWhole(_ found: [Found]) throws(JournalError) -> [Found] {
        guard let entry = found.first?.entry, let session = entry.session, let turn = entry.turn else { return found }
        return try read(session, turn)
    }

    private mutating func read(_ session: String, _ turn: Int) throws(JournalError) -> [Found] {
        try find(Self.json(session)) { $0.session == session && $0.turn == turn }
    }

    /// The entries that are wanted, among the lines that hold these bytes.
    private mutating func find(
        _ bytes: [UInt8], limit: Int = .max, where isWanted: (KnownEntry) -> Bool
    ) throws(JournalError) -> [Found] {
        let search = ByteSearch(bytes)
        var found: [Found] = []
        var reader = JournalReader(directory: directory)
        defer { damagedLines = max(damagedLines, reader.damagedLines) }
        try reader.read(since: nil, until: nil, where: search.isIn) {
            if let entry = KnownEntry($0.line), isWanted(entry) {
                found.append(Found(entry: entry, line: Array($0.line)))
            }
            return found.count < limit
        }
        return found
    }

    /// As the journal writes a text.
    private static func json(_ text: String) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .withoutEscapingSlashes
        return (try? encoder.encode(text)).map { Array($0) } ?? []
    }
}
