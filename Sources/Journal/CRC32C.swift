/// CRC-32C (Castagnoli, RFC 3720 appendix B.4): reflected polynomial 0x82f63b78, all ones at start and end.
///
/// A value takes bytes in as many pieces as they come in. Sixteen bytes a step by sixteen tables ("slicing"): some
/// 2 GB/s on a desktop, where a table of one byte a step has 0.4.
struct CRC32C: Equatable {
    private var remainder = UInt32.max

    /// The checksum of all bytes so far.
    var value: UInt32 { ~remainder }

    // SAFETY: written once, before anybody can have the pointer, and read only from then on.
    nonisolated(unsafe) private static let tables: UnsafePointer<UInt32> = {
        let tables = UnsafeMutablePointer<UInt32>.allocate(capacity: 16 * 256)
        for index in 0..<256 {
            tables[index] = (0..<8).reduce(UInt32(index)) { remainder, _ in
                remainder & 1 == 1 ? (remainder >> 1) ^ 0x82f6_3b78 : remainder >> 1
            }
        }
        for index in 256..<16 * 256 {
            let before = tables[index - 256]
            tables[index] = (before >> 8) ^ tables[Int(before & 0xff)]
        }
        return UnsafePointer(tables)
    }()

    /// Takes in the next bytes.
    mutating func update(_ bytes: UnsafeRawBufferPointer) {
        guard var next = bytes.baseAddress else { return }
        let tables = Self.tables
        let end = next + bytes.count
        var remainder = remainder
        // Unchecked shifts and aligned words: what a debug build, too, does in few instructions.
        while next < end, Int(bitPattern: next) & 7 != 0 {
            remainder = step(remainder, next, tables)
            next += 1
        }
        while end - next >= 16 {
            // SAFETY: aligned to 8 above, and 16 bytes are left.
            let words = next.assumingMemoryBound(to: UInt64.self)
            let low = words[0] ^ UInt64(remainder)
            let high = words[1]
            let first = tables[3840 &+ Int(low & 0xff)] ^ tables[3584 &+ Int(low &>> 8 & 0xff)]
                ^ tables[3328 &+ Int(low &>> 16 & 0xff)] ^ tables[3072 &+ Int(low &>> 24 & 0xff)]
            let second = tables[2816 &+ Int(low &>> 32 & 0xff)] ^ tables[2560 &+ Int(low &>> 40 & 0xff)]
                ^ tables[2304 &+ Int(low &>> 48 & 0xff)] ^ tables[2048 &+ Int(low &>> 56)]
            let third = tables[1792 &+ Int(high & 0xff)] ^ tables[1536 &+ Int(high &>> 8 & 0xff)]
                ^ tables[1280 &+ Int(high &>> 16 & 0xff)] ^ tables[1024 &+ Int(high &>> 24 & 0xff)]
            let fourth = tables[768 &+ Int(high &>> 32 & 0xff)] ^ tables[512 &+ Int(high &>> 40 & 0xff)]
                ^ tables[256 &+ Int(high &>> 48 & 0xff)] ^ tables[Int(high &>> 56)]
            remainder = (first ^ second) ^ (third ^ fourth)
            next += 16
        }
        while next < end {
            remainder = step(remainder, next, tables)
            next += 1
        }
        self.remainder = remainder
    }

    @inline(__always)
    private func step(_ remainder: UInt32, _ next: UnsafeRawPointer, _ tables: UnsafePointer<UInt32>) -> UInt32 {
        let byte = next.assumingMemoryBound(to: UInt8.self).pointee
        return (remainder &>> 8) ^ tables[Int((remainder ^ UInt32(byte)) & 0xff)]
    }

    /// The checksum of `bytes`.
    static func checksum(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
        var crc = CRC32C()
        crc.update(bytes)
        return crc.value
    }

    /// The checksum of `bytes`.
    static func checksum(_ bytes: some Sequence<UInt8>) -> UInt32 {
        Array(bytes).withUnsafeBytes { checksum($0) }
    }
}
