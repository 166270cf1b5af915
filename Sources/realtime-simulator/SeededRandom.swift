/// A reproducible source of randomness (SplitMix64): the same seed gives the same session.
struct SeededRandom: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }

    mutating func milliseconds(in range: ClosedRange<Int>) -> Duration {
        .milliseconds(Int.random(in: range, using: &self))
    }

    mutating func characters(_ count: Int) -> String {
        let base62 = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)
        return String(decoding: (0..<count).map { _ in base62[Int.random(in: 0..<62, using: &self)] }, as: UTF8.self)
    }

    /// An id as the service makes them: the prefix, an underscore and 21 characters.
    mutating func identifier(_ prefix: String) -> String {
        "\(prefix)_\(characters(21))"
    }
}
