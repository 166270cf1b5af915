/// One line of a segment, without its line feed: how an entry is written and recognised.
///
/// `{"seq":7,"at":"2026-11-21T10:15:02.123Z","kind":"turn",…,"crc32c":"89abcdef"}`; the checksum covers the bytes
/// before `,"crc32c":`.
struct EntryLine: Equatable {
    let seq: UInt64
    let at: String

    /// Longest line. A long answer's turn has some 20 KiB; 1 MiB keeps what recovery holds in memory small.
    static let limitBytes = 1 << 20
    /// Shortest line there can be: the members of the journal's own and a one-letter kind.
    static let minimumBytes = 72
    /// Largest `seq`: the largest integer that every JSON reader keeps exact (2^53 - 1).
    static let seqLimit: UInt64 = (1 << 53) - 1
    private static let kindLimitBytes = 32
    private static let crcPrefix = Array(#","crc32c":""#.utf8)
    private static let crcDigits = 8
    private static let ownMembers = ["seq", "at", "kind", "crc32c"]

    /// The line, without line feed, of an entry. `members` is the text of a JSON object; its members follow `kind`.
    static func encode(
        seq: UInt64, atMs: Int64, kind: String, members: String
    ) throws(JournalError) -> [UInt8] {
        guard !kind.isEmpty, kind.utf8.count <= kindLimitBytes, kind.utf8.allSatisfy(isKindByte) else {
            throw .refused("kind: wanted 1 to \(kindLimitBytes) of a-z, 0-9 and -")
        }
        guard seq <= seqLimit else { throw .refused("seq \(seq): the limit is \(seqLimit)") }
        var line = Array(#"{"seq":\#(seq),"at":"\#(Timestamp.text(atMs))","kind":"\#(kind)""#.utf8)
        guard members.utf8.count <= limitBytes - line.count - crcPrefix.count - crcDigits - 1 else {
            throw .refused("members of \(members.utf8.count) bytes: the limit of a line is \(limitBytes)")
        }
        line += try inner(Array(members.utf8))
        let checksum = CRC32C.checksum(line)
        return line + crcPrefix + hexadecimal(checksum) + [UInt8(ascii: "\""), UInt8(ascii: "}")]
    }

    /// The entry that `line` (without line feed) holds; nil when it is damaged or no entry.
    init?(_ line: ArraySlice<UInt8>) {
        let tail = line.suffix(Self.crcPrefix.count + Self.crcDigits + 2)
        let covered = line[..<tail.startIndex]
        guard tail.elementsEqual(
            Self.crcPrefix + Self.hexadecimal(CRC32C.checksum(covered)) + [UInt8(ascii: "\""), UInt8(ascii: "}")]),
            let members = ObjectSyntax.members(of: line),
            String(validating: line, as: UTF8.self) != nil,
            let seq = Self.value(of: "seq", members, line).flatMap({ UInt64($0) }),
            (1...Self.seqLimit).contains(seq),
            let at = Self.value(of: "at", members, line)
        else { return nil }
        self.seq = seq
        self.at = at.filter { $0 != "\"" }
    }

    /// `{…}` without its braces and with a comma before it; nothing for an empty object.
    private static func inner(_ object: [UInt8]) throws(JournalError) -> [UInt8] {
        guard let members = ObjectSyntax.members(of: object[...]),
            let open = object.firstIndex(of: UInt8(ascii: "{")),
            let close = object.lastIndex(of: UInt8(ascii: "}"))
        else { throw .refused("members: wanted a JSON object on one line") }
        for member in members {
            let name = String(decoding: object[member.name], as: UTF8.self)
            // An escaped name could spell one of ours.
            guard !ownMembers.contains(name), !name.contains("\\") else {
                throw .refused("members: \(name) is not for the caller to set")
            }
        }
        return members.isEmpty ? [] : [UInt8(ascii: ",")] + object[open + 1..<close]
    }

    private static func value(
        of name: String, _ members: [ObjectSyntax.Member], _ line: ArraySlice<UInt8>
    ) -> String? {
        guard let member = members.first(where: { line[$0.name].elementsEqual(name.utf8) }) else { return nil }
        return String(decoding: line[member.value], as: UTF8.self)
    }

    private static func isKindByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"): true
        default: false
        }
    }

    private static func hexadecimal(_ checksum: UInt32) -> [UInt8] {
        let digits = String(checksum, radix: 16)
        return Array((String(repeating: "0", count: crcDigits - digits.count) + digits).utf8)
    }
}
