/// What the entries of a segment come to: what its footer says of them, or will say.
///
/// A footer is an entry of its own, the segment's last: kind `sealed`, with how many `entries` stand before it, their
/// `first_seq` and `last_seq`, and `segment_crc32c`, the checksum of all bytes of the file before its line.
struct SegmentSummary: Equatable {
    /// The kind of a footer.
    static let kind = "sealed"
    /// Longest footer with its line feed: three numbers of 16 digits.
    static let footerBytes = 256

    private(set) var entries = 0
    private(set) var firstSeq: UInt64 = 0
    private(set) var lastSeq: UInt64 = 0
    /// `at` of the first entry, milliseconds since 1970; nil without an entry, or when it says no such instant.
    private(set) var firstAtMs: Int64?
    /// A footer is the last line.
    private(set) var isSealed = false
    private var crc = CRC32C()

    /// Takes in the next line of the file, its line feed not included.
    mutating func add(_ entry: EntryLine, _ line: UnsafeRawBufferPointer) {
        add(line, seq: entry.seq, isFooter: entry.kind == Self.kind) { Timestamp.instantMs(of: entry.at) }
    }

    /// Takes in the next line of the file, its line feed not included. `at` is asked for the first entry's instant.
    mutating func add(_ line: UnsafeRawBufferPointer, seq: UInt64, isFooter: Bool, at: () -> Int64?) {
        if entries == 0 {
            firstSeq = seq
            firstAtMs = at()
        }
        entries += 1
        lastSeq = max(lastSeq, seq)
        isSealed = isFooter
        crc.update(line)
        withUnsafeBytes(of: UInt8(ascii: "\n")) { crc.update($0) }
    }

    /// The footer's own members, as JSON.
    var footerMembers: String {
        #"{"entries":\#(entries),"first_seq":\#(firstSeq),"last_seq":\#(lastSeq),"#
            + #""segment_crc32c":"\#(Self.hexadecimal(crc.value))"}"#
    }

    /// The footer's line, without line feed.
    func footer(seq: UInt64, atMs: Int64) throws(JournalError) -> [UInt8] {
        try EntryLine.encode(seq: seq, atMs: atMs, kind: Self.kind, members: footerMembers)
    }

    private static func hexadecimal(_ checksum: UInt32) -> String {
        let digits = String(checksum, radix: 16)
        return String(repeating: "0", count: 8 - digits.count) + digits
    }
}
