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
    }
}
