import Glibc

/// One line of a segment, without its line feed: how an entry is written and recognised.
///
/// `{"seq":7,"at":"2026-11-21T10:15:02.123Z","kind":"turn",…,"crc32c":"89abcdef"}`; the checksum covers the bytes
/// before `,"crc32c":`.
struct EntryLine: Equatable {
    let seq: UInt64
    /// RFC 3339.
    let at: String
    let kind: String

    /// Longest line. A long answer's turn has some 20 KiB; 1 MiB keeps what recovery holds in memory small.
    static let limitBytes = 1 << 20
    /// Shortest line there can be: the members of the journal's own and a one-letter kind.
    static let minimumBytes = 72
    /// Largest `seq`: the largest integer that every JSON reader keeps exact (2^53 - 1).
    static let seqLimit: UInt64 = (1 << 53) - 1
    private static let kindLimitBytes = 32
    private static let seqStart: StaticString = #"{"seq":"#
    private static let atStart: StaticString = #","at":""#
    private static let kindStart: StaticString = #"","kind":""#
    private static let crcStart: StaticString = #","crc32c":""#
    private static let crcDigits = 8
    /// `,"crc32c":"89abcdef"}`.
    static let tailBytes = 21
    private static let ownMembers: [StaticString] = ["seq", "at", "kind", "crc32c"]

    /// The line, without line feed, of an entry. `members` is the text of a JSON object; its members follow `kind`.
    static func encode(
        seq: UInt64, atMs: Int64, kind: String, members: String
    ) throws(JournalError) -> [UInt8] {
        guard !kind.isEmpty, kind.utf8.count <= kindLimitBytes, kind.utf8.allSatisfy(isKindByte) else {
            throw .refused("kind: wanted 1 to \(kindLimitBytes) of a-z, 0-9 and -")
        }
        guard seq <= seqLimit else { throw .refused("seq \(seq): the limit is \(seqLimit)") }
        var line: [UInt8] = []
        // What frames the members has at most 118 bytes; one more is the line feed.
        line.reserveCapacity(members.utf8.count + 128)
        append(seqStart, to: &line)
        appendDecimal(seq, to: &line)
        append(atStart, to: &line)
        Timestamp.append(atMs, to: &line)
        append(kindStart, to: &line)
        line += kind.utf8
        line.append(UInt8(ascii: "\""))
        guard members.utf8.count <= limitBytes - line.count - tailBytes + 1 else {
            throw .refused("members of \(members.utf8.count) bytes: the limit of a line is \(limitBytes)")
        }
        try appendMembers(members, to: &line)
        let checksum = line.withUnsafeBytes { CRC32C.checksum($0) }
        append(crcStart, to: &line)
        for shift in stride(from: 28 as UInt32, through: 0, by: -4) {
            let digit = UInt8(checksum &>> shift & 0xf)
            line.append(digit < 10 ? 48 &+ digit : 87 &+ digit)
        }
        line.append(UInt8(ascii: "\""))
        line.append(UInt8(ascii: "}"))
        return line
    }

    /// The entry that `line` (without line feed) holds; nil when it is damaged or no entry.
    ///
    /// A sound checksum behind a head as the journal writes it is enough: what lies between was checked when it was
    /// written. A line of another writer is checked whole.
    init?(_ line: UnsafeRawBufferPointer) {
        guard Self.hasItsChecksum(line) else { return nil }
        if let entry = Self(head: line) {
            self = entry
            return
        }
        let bytes = Array(line)
        guard let members = ObjectSyntax.members(of: line),
            String(validating: bytes, as: UTF8.self) != nil,
            let seq = Self.value(of: "seq", members, bytes).flatMap({ UInt64($0) }),
            (1...Self.seqLimit).contains(seq),
            let at = Self.value(of: "at", members, bytes)
        else { return nil }
        self.seq = seq
        self.at = at.filter { $0 != "\"" }
        kind = (Self.value(of: "kind", members, bytes) ?? "").filter { $0 != "\"" }
    }

    init?(_ line: ArraySlice<UInt8>) {
        guard let entry = line.withUnsafeBytes({ Self($0) }) else { return nil }
        self = entry
    }

    /// Whether a line ends with its own checksum: enough to say that it is whole, not that it is an entry.
    static func hasItsChecksum(_ line: ArraySlice<UInt8>) -> Bool {
        line.withUnsafeBytes { hasItsChecksum($0) }
    }

    private static func hasItsChecksum(_ line: UnsafeRawBufferPointer) -> Bool {
        guard line.count > tailBytes, let start = line.baseAddress else { return false }
        let tail = start + (line.count - tailBytes)
        guard memcmp(tail, crcStart.utf8Start, crcStart.utf8CodeUnitCount) == 0,
            line[line.count - 2] == UInt8(ascii: "\""), line[line.count - 1] == UInt8(ascii: "}")
        else { return false }
        var written: UInt32 = 0
        for index in line.count - 2 - crcDigits..<line.count - 2 {
            let byte = line[index]
            let digit: UInt8
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte &- 48
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte &- 87
            default: return false
            }
            written = written &<< 4 | UInt32(digit)
        }
        return CRC32C.checksum(UnsafeRawBufferPointer(rebasing: line[..<(line.count - tailBytes)])) == written
    }

    /// The head as `encode` writes it; nil for any other.
    private init?(head line: UnsafeRawBufferPointer) {
        var next = 0
        func take(_ text: StaticString) -> Bool {
            let count = text.utf8CodeUnitCount
            guard line.count - next >= count, let start = line.baseAddress else { return false }
            guard memcmp(start + next, text.utf8Start, count) == 0 else { return false }
            next += count
            return true
        }
        guard take(Self.seqStart) else { return nil }
        var seq: UInt64 = 0
        let digitsStart = next
        while next < line.count, next < digitsStart + 16, (48...57).contains(line[next]) {
            seq = seq &* 10 &+ UInt64(line[next] &- 48)
            next += 1
        }
        guard (1...Self.seqLimit).contains(seq), line[digitsStart] != 48, take(Self.atStart) else { return nil }
        let atStart = next
        next += Timestamp.count
        guard line.count > next, Timestamp.isShaped(UnsafeRawBufferPointer(rebasing: line[atStart..<next])),
            take(Self.kindStart)
        else { return nil }
        let kindStart = next
        while next < line.count, next - kindStart <= Self.kindLimitBytes, Self.isKindByte(line[next]) { next += 1 }
        guard next > kindStart, next < line.count, line[next] == UInt8(ascii: "\"") else { return nil }
        // What follows is a member, if only the checksum.
        guard next + 1 < line.count, line[next + 1] == UInt8(ascii: ",") else { return nil }
        self.seq = seq
        at = String(decoding: line[atStart..<atStart + Timestamp.count], as: UTF8.self)
        kind = String(decoding: line[kindStart..<next], as: UTF8.self)
    }

    /// `{…}` without its braces and with a comma before it; nothing for an empty object.
    private static func appendMembers(_ object: String, to line: inout [UInt8]) throws(JournalError) {
        var object = object
        let refusal: String? = object.withUTF8 { text -> String? in
            let bytes = UnsafeRawBufferPointer(text)
            guard let members = ObjectSyntax.members(of: bytes),
                let open = bytes.firstIndex(of: UInt8(ascii: "{")), let close = bytes.lastIndex(of: UInt8(ascii: "}"))
            else { return "members: wanted a JSON object on one line" }
            for member in members {
                let name = UnsafeRawBufferPointer(rebasing: bytes[member.name])
                // An escaped name could spell one of ours.
                guard !name.contains(UInt8(ascii: "\\")), !isOwnMember(name) else {
                    return "members: \(String(decoding: name, as: UTF8.self)) is not for the caller to set"
                }
            }
            guard !members.isEmpty else { return nil }
            line.append(UInt8(ascii: ","))
            line += UnsafeRawBufferPointer(rebasing: bytes[(open + 1)..<close])
            return nil
        }
        if let refusal { throw .refused(refusal) }
    }

    private static func isOwnMember(_ name: UnsafeRawBufferPointer) -> Bool {
        ownMembers.contains { own in
            name.count == own.utf8CodeUnitCount && memcmp(name.baseAddress!, own.utf8Start, name.count) == 0
        }
    }

    private static func value(of name: String, _ members: [ObjectSyntax.Member], _ line: [UInt8]) -> String? {
        guard let member = members.first(where: { line[$0.name].elementsEqual(name.utf8) }) else { return nil }
        return String(decoding: line[member.value], as: UTF8.self)
    }

    private static func isKindByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"): true
        default: false
        }
    }

    private static func append(_ text: StaticString, to line: inout [UInt8]) {
        line += UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
    }

    private static func appendDecimal(_ number: UInt64, to line: inout [UInt8]) {
        var divisor: UInt64 = 1
        while number / divisor >= 10 { divisor *= 10 }
        while divisor > 0 {
            line.append(48 &+ UInt8(number / divisor % 10))
            divisor /= 10
        }
    }
}
