internal import CChecksum

/// CRC-32C (Castagnoli, RFC 3720 appendix B.4): reflected polynomial 0x82f63b78, all ones at start and end.
///
/// A value takes bytes in as many pieces as they come in: by the processor's own instructions, 5 GB/s and more, and
/// where it has none by a table, a byte a step.
struct CRC32C: Equatable {
    private var remainder = UInt32.max

    /// The checksum of all bytes so far.
    var value: UInt32 { ~remainder }

    private static let hasInstructions = cchecksum_has_crc32c()

    /// What a byte does to the remainder.
    private static let table = (0..<256 as Range<UInt32>).map { byte in
        (0..<8).reduce(byte) { remainder, _ in remainder >> 1 ^ (remainder & 1 == 1 ? 0x82f6_3b78 : 0) }
    }

    /// Takes in the next bytes.
    mutating func update(_ bytes: UnsafeRawBufferPointer) {
        if Self.hasInstructions {
            remainder = cchecksum_crc32c(remainder, bytes.baseAddress, bytes.count)
        } else {
            updateByTable(bytes)
        }
    }

    /// As `update`, whatever the processor has.
    mutating func updateByTable(_ bytes: UnsafeRawBufferPointer) {
        remainder = bytes.reduce(remainder) { ($0 >> 8) ^ Self.table[Int(($0 ^ UInt32($1)) & 0xff)] }
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
