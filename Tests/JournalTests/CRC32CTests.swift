import Testing

@testable import Journal

@Suite struct CRC32CTests {
    @Test func checkValueOfTheNineDigits() {
        #expect(CRC32C.checksum("123456789".utf8) == 0xe306_9283)
    }

    @Test func emptyInputIsZero() {
        #expect(CRC32C.checksum([]) == 0)
    }

    /// RFC 3720, appendix B.4; the RFC prints the bytes in the order they are sent.
    @Test(arguments: [
        ([UInt8](repeating: 0x00, count: 32), 0x8a91_36aa),
        ([UInt8](repeating: 0xff, count: 32), 0x62a8_ab43),
        ([UInt8](0..<32), 0x46dd_794e),
        ([UInt8]((0..<32).reversed()), 0x113f_db5c),
    ] as [([UInt8], UInt32)])
    func vectorsOfRFC3720(bytes: [UInt8], checksum: UInt32) {
        #expect(CRC32C.checksum(bytes) == checksum)
        #expect(byTable(bytes) == checksum)
    }

    /// Eight bytes a step, so that every length and every place in memory counts.
    @Test func anyPieceIsTakenAsByTheTable() {
        let bytes = (0..<64).map { UInt8(truncatingIfNeeded: $0 &* 167 &+ 13) }
        for start in 0..<16 {
            for end in start...bytes.count {
                let piece = bytes[start..<end]
                var crc = CRC32C()
                piece.prefix(5).withUnsafeBytes { crc.update($0) }
                piece.dropFirst(5).withUnsafeBytes { crc.update($0) }
                #expect(crc.value == byTable(Array(piece)))
            }
        }
    }

    private func byTable(_ bytes: [UInt8]) -> UInt32 {
        var crc = CRC32C()
        bytes.withUnsafeBytes { crc.updateByTable($0) }
        return crc.value
    }
}
