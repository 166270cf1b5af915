import FoundationEssentials
import Glibc

/// Conversions between milliseconds and frames of the protocol's audio (24 kHz, mono).
enum AudioTime {
    /// Frames a second of `audio/pcm`.
    static let rate = 24_000
    static let framesPerMs = 24

    /// Frames as milliseconds, the last one cut off.
    static func ms(frames: Int) -> Int {
        frames / framesPerMs
    }
}

/// 16-bit little-endian PCM as the protocol carries it, on machines that are little-endian too.
enum PCM {
    /// The samples of an even number of bytes; an odd last byte is left out.
    static func samples(littleEndian bytes: [UInt8]) -> [Int16] {
        [Int16](unsafeUninitializedCapacity: bytes.count / 2) { samples, count in
            count = bytes.count / 2
            bytes.withUnsafeBytes {
                UnsafeMutableRawBufferPointer(samples).copyMemory(from: .init(rebasing: $0[..<(count * 2)]))
            }
        }
    }

    static func bytes(_ samples: ArraySlice<Int16>) -> [UInt8] {
        samples.withUnsafeBytes { Array($0) }
    }

    static func base64(_ samples: ArraySlice<Int16>) -> String {
        base64(bytes: bytes(samples))
    }

    static func base64(bytes: [UInt8]) -> String {
        Data(bytes).base64EncodedString()
    }

    /// The bytes of strict base64 (padding required, nothing but the alphabet); nil when it is not.
    static func bytes(base64 text: String) -> [UInt8]? {
        Data(base64Encoded: text).map { Array($0) }
    }

    /// The level of the samples (root mean square) in dB below full scale; -120 for digital silence.
    static func levelDBFS(_ samples: ArraySlice<Int16>) -> Double {
        guard !samples.isEmpty else { return silentDBFS }
        var energy = 0.0
        for sample in samples { energy += Double(sample) * Double(sample) }
        return levelDBFS(energy: energy, count: samples.count)
    }

    static func levelDBFS(energy: Double, count: Int) -> Double {
        let power = energy / Double(max(count, 1)) / (32_768 * 32_768)
        return power > 1e-12 ? 10 * log10(power) : silentDBFS
    }

    static let silentDBFS = -120.0
}
