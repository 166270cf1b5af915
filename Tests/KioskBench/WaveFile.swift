import Foundation

/// 16-bit PCM mono at 24 kHz as the tests write and read it; the product's own WAV code is not used.
package struct WaveFile {
    package static let rate = 24_000
    package static let headerBytes = 44

    package var samples: [Int16]

    package init(samples: [Int16]) { self.samples = samples }

    package init(contentsOf url: URL) throws {
        let bytes = [UInt8](try Data(contentsOf: url)).dropFirst(Self.headerBytes)
        samples = stride(from: bytes.startIndex, to: bytes.endIndex - 1, by: 2).map {
            Int16(bitPattern: UInt16(bytes[$0]) | UInt16(bytes[$0 + 1]) << 8)
        }
    }

    package static func silence(ms: Int) -> [Int16] { Array(repeating: 0, count: ms * rate / 1000) }

    package func write(to url: URL) throws {
        func le<T: FixedWidthInteger>(_ value: T) -> Data { withUnsafeBytes(of: value.littleEndian) { Data($0) } }
        let size = UInt32(samples.count * 2)
        var data = Data("RIFF".utf8) + le(size + 36) + Data("WAVEfmt ".utf8)
        data += le(UInt32(16)) + le(UInt16(1)) + le(UInt16(1))
        data += le(UInt32(Self.rate)) + le(UInt32(Self.rate * 2)) + le(UInt16(2)) + le(UInt16(16))
        data += Data("data".utf8) + le(size)
        samples.withUnsafeBytes { data += Data($0) }
        // At once: a kiosk that opens its devices again meanwhile must not find an empty file.
        try data.write(to: url, options: .atomic)
    }

    /// Milliseconds of audio a growing file holds now.
    package static func lengthMs(of url: URL) -> Int {
        let size = (try? FileManager.default.attributesOfItem(atPath: url.path)[.size] as? Int) ?? 0
        return max(0, size - headerBytes) * 1000 / (rate * 2)
    }

    /// Position in ms after the last sample that is louder than `level`; nil when all is silent.
    package func lastAudibleMs(above level: Int16 = 8, from startMs: Int = 0) -> Int? {
        samples.indices.last { $0 >= startMs * Self.rate / 1000 && abs(Int(samples[$0])) > level }
            .map { ($0 + 1) * 1000 / Self.rate }
    }

    /// Position in ms of the first sample that is louder than `level`.
    package func firstAudibleMs(above level: Int16 = 8, from startMs: Int = 0) -> Int? {
        samples.indices.first { $0 >= startMs * Self.rate / 1000 && abs(Int(samples[$0])) > level }
            .map { $0 * 1000 / Self.rate }
    }
}
