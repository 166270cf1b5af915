import Foundation

@testable import Audio

/// A file name in the temporary folder, removed with its file at the end of the test.
final class TemporaryFile {
    let path: String

    init(_ bytes: [UInt8]? = nil) throws {
        path = FileManager.default.temporaryDirectory.path + "/audio-" + UUID().uuidString
        if let bytes { try Data(bytes).write(to: URL(fileURLWithPath: path)) }
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    var bytes: [UInt8] { [UInt8]((try? Data(contentsOf: URL(fileURLWithPath: path))) ?? Data()) }
}

/// A WAV file put together piece by piece, so that each piece can be wrong.
struct WAVBytes {
    var riff = "RIFF"
    var form = "WAVE"
    var riffSize: UInt32?
    var format: UInt16 = 1
    var channels: UInt16 = 1
    var rate: UInt32 = 24_000
    var frameBytes: UInt16?
    var bits: UInt16 = 16
    var formatExtra: [UInt8] = []
    var chunksBefore: [UInt8] = []
    var dataSize: UInt32?
    var samples: [Int16] = []
    var chunksAfter: [UInt8] = []

    static func chunk(_ name: String, _ content: [UInt8], size: UInt32? = nil) -> [UInt8] {
        Array(name.utf8) + little(size ?? UInt32(content.count)) + content
    }

    static func little(_ value: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: value.littleEndian) { Array($0) }
    }

    /// WAVE_FORMAT_EXTENSIBLE's 24 bytes after the plain format.
    static func extensible(subformat: UInt16) -> [UInt8] {
        little(UInt16(22)) + little(UInt16(16)) + little(UInt32(4)) + little(subformat)
            + [0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xAA, 0, 0x38, 0x9B, 0x71]
    }

    var formatChunk: [UInt8] {
        let frame = frameBytes ?? channels &* (bits / 8)
        return Self.chunk(
            "fmt ",
            Self.little(format) + Self.little(channels) + Self.little(rate) + Self.little(rate &* UInt32(frame))
                + Self.little(frame) + Self.little(bits) + formatExtra)
    }

    var dataChunk: [UInt8] {
        Self.chunk("data", samples.flatMap { Self.little($0) }, size: dataSize)
    }

    var bytes: [UInt8] { with(body: formatChunk + chunksBefore + dataChunk + chunksAfter) }

    func with(body: [UInt8]) -> [UInt8] {
        Array(riff.utf8) + Self.little(riffSize ?? UInt32(body.count + 4)) + Array(form.utf8) + body
    }
}

/// The samples of a file that our writer made; nil when its header does not fit it.
func samplesOfWriter(_ bytes: [UInt8]) -> [Int16]? {
    guard bytes.count >= 44, bytes[8..<40].elementsEqual(WAVBytes().bytes[8..<40]) else { return nil }
    let size = bytes[40..<44].reversed().reduce(0) { $0 << 8 | Int($1) }
    let riffSize = bytes[4..<8].reversed().reduce(0) { $0 << 8 | Int($1) }
    guard riffSize == size + 36, 44 + size <= bytes.count else { return nil }
    return stride(from: 44, to: 44 + size, by: 2).map {
        Int16(bitPattern: UInt16(bytes[$0]) | UInt16(bytes[$0 + 1]) << 8)
    }
}

/// All that is left of a WAV file, read in pieces, with the silence of `silentFrames` after it.
func readAll(path: String, piece: Int = 100, silentFrames: Int = 0) throws -> [Int16] {
    var reader = try WAVReader(path: path)
    let wanted = reader.frameCount + silentFrames
    var samples: [Int16] = []
    while samples.count < wanted {
        var buffer = [Int16](repeating: 77, count: min(piece, wanted - samples.count))
        let code = buffer.withUnsafeMutableBufferPointer { reader.read(into: $0) }
        if code < 0 { throw AudioError.system(path, "read", -code) }
        samples += buffer
    }
    return samples
}
