/// Looks for a few bytes in many, by Horspool's algorithm: most bytes are never looked at.
struct ByteSearch {
    private let count: Int
    /// Which bytes may stand at each place, 256 a place.
    private let isAllowed: [Bool]
    /// How far to go on from each last byte.
    private let skips: [Int]

    /// - Parameter places: which bytes may stand at each.
    init(_ places: [[UInt8]]) {
        var isAllowed = [Bool](repeating: false, count: places.count * 256)
        var skips = [Int](repeating: max(places.count, 1), count: 256)
        for (index, bytes) in places.enumerated() {
            for byte in bytes {
                isAllowed[index * 256 + Int(byte)] = true
                if index < places.count - 1 { skips[Int(byte)] = places.count - 1 - index }
            }
        }
        count = places.count
        self.isAllowed = isAllowed
        self.skips = skips
    }

    init(_ bytes: some Sequence<UInt8>) { self.init(bytes.map { [$0] }) }

    func isIn(_ bytes: ArraySlice<UInt8>) -> Bool {
        guard count > 0 else { return true }
        // SAFETY: every index is below the count of its buffer: `end` by the loop, the others by 256 elements a place.
        return bytes.withUnsafeBufferPointer { bytes in
            isAllowed.withUnsafeBufferPointer { isAllowed in
                skips.withUnsafeBufferPointer { skips in
                    var end = count - 1
                    while end < bytes.count {
                        var place = count - 1
                        while place >= 0, isAllowed[place * 256 + Int(bytes[end + 1 - count + place])] { place -= 1 }
                        if place < 0 { return true }
                        end += skips[Int(bytes[end])]
                    }
                    return false
                }
            }
        }
    }
}
