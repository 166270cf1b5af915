/// The check that bytes are one JSON object (RFC 8259) on one line, and where its members lie.
///
/// A check only, no values: `JSONDecoder` looks closely just at what it is asked for, and a line that another
/// program cannot parse must never reach a segment.
struct ObjectSyntax {
    /// A member of the outermost object; `name` without its quotes. Indices into the checked bytes.
    struct Member {
        let name: Range<Int>
        let value: Range<Int>
    }

    /// Deeper nesting is refused; our entries have 5 levels, and each level costs stack here and in every reader.
    static let depthLimit = 64

    private let bytes: UnsafeRawBufferPointer
    private var index = 0
    private var members: [Member] = []

    /// The members of the object that `bytes` are; nil when they are anything else. UTF-8 is the caller's to check.
    static func members(of bytes: UnsafeRawBufferPointer) -> [Member]? {
        var syntax = ObjectSyntax(bytes)
        syntax.skipSpace()
        guard syntax.object(depth: 1) else { return nil }
        syntax.skipSpace()
        return syntax.index == bytes.count ? syntax.members : nil
    }

    private init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
        members.reserveCapacity(16)
    }

    private var next: UInt8? { index < bytes.count ? bytes[index] : nil }

    @inline(__always)
    private mutating func take(_ byte: UInt8) -> Bool {
        guard index < bytes.count, bytes[index] == byte else { return false }
        index += 1
        return true
    }

    private mutating func take(_ word: StaticString) -> Bool {
        for offset in 0..<word.utf8CodeUnitCount where !take(word.utf8Start[offset]) { return false }
        return true
    }

    /// Space and tab; a line break would end the entry's line.
    @inline(__always)
    private mutating func skipSpace() {
        while take(UInt8(ascii: " ")) || take(UInt8(ascii: "\t")) {}
    }

    private mutating func value(depth: Int) -> Bool {
        switch next {
        case UInt8(ascii: "{"): object(depth: depth + 1)
        case UInt8(ascii: "["): array(depth: depth + 1)
        case UInt8(ascii: "\""): string()
        case UInt8(ascii: "t"): take("true")
        case UInt8(ascii: "f"): take("false")
        case UInt8(ascii: "n"): take("null")
        default: number()
        }
    }

    private mutating func object(depth: Int) -> Bool {
        guard depth <= Self.depthLimit, take(UInt8(ascii: "{")) else { return false }
        skipSpace()
        if take(UInt8(ascii: "}")) { return true }
        repeat {
            skipSpace()
            let nameStart = index
            guard string() else { return false }
            let name = nameStart + 1..<index - 1
            skipSpace()
            guard take(UInt8(ascii: ":")) else { return false }
            skipSpace()
            let valueStart = index
            guard value(depth: depth) else { return false }
            if depth == 1 { members.append(Member(name: name, value: valueStart..<index)) }
            skipSpace()
        } while take(UInt8(ascii: ","))
        return take(UInt8(ascii: "}"))
    }

    private mutating func array(depth: Int) -> Bool {
        guard depth <= Self.depthLimit, take(UInt8(ascii: "[")) else { return false }
        skipSpace()
        if take(UInt8(ascii: "]")) { return true }
        repeat {
            skipSpace()
            guard value(depth: depth) else { return false }
            skipSpace()
        } while take(UInt8(ascii: ","))
        return take(UInt8(ascii: "]"))
    }

    private mutating func string() -> Bool {
        guard take(UInt8(ascii: "\"")) else { return false }
        // Most of an entry is text: eight bytes a step, each step up to the first byte that is not plain.
        var place = index
        while place < bytes.count {
            if bytes.count - place >= 8 {
                let found = Self.notPlain(bytes.loadUnaligned(fromByteOffset: place, as: UInt64.self))
                if found == 0 {
                    place &+= 8
                    continue
                }
                place &+= found.trailingZeroBitCount / 8
            }
            let byte = bytes[place]
            place &+= 1
            if byte == UInt8(ascii: "\"") {
                index = place
                return true
            }
            if byte < 0x20 { return false }
            if byte == UInt8(ascii: "\\") {
                index = place
                guard escape() else { return false }
                place = index
            }
        }
        return false
    }

    /// The highest bit of each of eight bytes that is a quotation mark, a backslash or a control character (Bit
    /// Twiddling Hacks, "Determine if a word has a byte less than n"). A borrow may set it in a byte behind such a
    /// byte, never before the first: only the lowest bit set tells.
    @inline(__always)
    private static func notPlain(_ word: UInt64) -> UInt64 {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let word = UInt64(littleEndian: word)
        let quote = word ^ ones &* 0x22
        let backslash = word ^ ones &* 0x5c
        let found = (quote &- ones) & ~quote | (backslash &- ones) & ~backslash | (word &- ones &* 0x20) & ~word
        return found & 0x8080_8080_8080_8080
    }

    private mutating func escape() -> Bool {
        guard let letter = next else { return false }
        index += 1
        switch letter {
        case UInt8(ascii: "u"):
            for _ in 0..<4 {
                guard let digit = next, isHexadecimal(digit) else { return false }
                index += 1
            }
            return true
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            return true
        default: return false
        }
    }

    private func isHexadecimal(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
            UInt8(ascii: "A")...UInt8(ascii: "F"):
            true
        default: false
        }
    }

    private mutating func number() -> Bool {
        _ = take(UInt8(ascii: "-"))
        if !take(UInt8(ascii: "0")) { guard digits() else { return false } }
        if take(UInt8(ascii: ".")) { guard digits() else { return false } }
        if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
            _ = take(UInt8(ascii: "+")) || take(UInt8(ascii: "-"))
            return digits()
        }
        return true
    }

    /// One digit or more.
    private mutating func digits() -> Bool {
        let start = index
        while let byte = next, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { index += 1 }
        return index > start
    }
}
