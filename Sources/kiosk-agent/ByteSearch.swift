/// Looks for a few bytes in many, by Horspool's algorithm: most bytes are never looked at.
struct ByteSearch {
    private let needle: [UInt8]
    /// What each byte counts as.
    private let folded: [UInt8]
    /// How far to go on from each last byte.
    private let skips: [Int]

    /// - Parameter ignoresCase: of the letters of ASCII.
    init(_ needle: some Sequence<UInt8>, ignoresCase: Bool = false) {
        let folded = (0...255).map { (byte: UInt8) -> UInt8 in
            let isCapital = (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
            return ignoresCase && isCapital ? byte | 0x20 : byte
        }
        let needle = needle.map { folded[Int($0)] }
        var skips = [Int](repeating: max(needle.count, 1), count: 256)
        for (index, byte) in needle.dropLast().enumerated() { skips[Int(byte)] = needle.count - 1 - index }
        self.needle = needle
        self.folded = folded
        self.skips = folded.map { skips[Int($0)] }
    }

    func isIn(_ bytes: ArraySlice<UInt8>) -> Bool {
        guard let last = needle.last else { return true }
        // SAFETY: every index is below the count of its buffer: `end` by the loop, the others by their 256 elements.
        return bytes.withUnsafeBufferPointer { bytes in
            folded.withUnsafeBufferPointer { folded in
                skips.withUnsafeBufferPointer { skips in
                    var end = needle.count - 1
                    while end < bytes.count {
                        let byte = Int(bytes[end])
                        if folded[byte] == last, isAt(end + 1 - needle.count, bytes, folded) { return true }
                        end += skips[byte]
                    }
                    return false
                }
            }
        }
    }

    private func isAt(
        _ start: Int, _ bytes: UnsafeBufferPointer<UInt8>, _ folded: UnsafeBufferPointer<UInt8>
    ) -> Bool {
        for index in needle.indices where folded[Int(bytes[start + index])] != needle[index] { return false }
        return true
    }
}
