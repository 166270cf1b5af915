/// Where a WAV file's samples are and what they are: walks the RIFF chunks, told the file's bytes piece by piece.
struct WAVLayout {
    /// What is wrong with the file and what was wanted, without its name.
    struct Fault: Error, Equatable, CustomStringConvertible {
        let description: String
    }

    private(set) var rate = 0
    /// 0 until the fmt chunk was seen.
    private(set) var channels = 0
    private(set) var dataOffset = 0
    private(set) var dataBytes = 0
    /// The piece of the file that `handle` wants next.
    private(set) var wantedOffset = 0
    private(set) var wantedBytes = 12

    private let fileBytes: Int
    private var riffEnd = 0

    /// Chunk header and WAVE_FORMAT_EXTENSIBLE's fmt chunk, the longest piece that is looked at.
    private static let chunkBytes = 8 + 40

    init(fileBytes: Int) {
        self.fileBytes = fileBytes
    }

    /// Handles the bytes at `wantedOffset`, fewer than wanted at the file's end. True when the layout is complete.
    mutating func handle(_ bytes: ArraySlice<UInt8>) throws(Fault) -> Bool {
        let bytes = Array(bytes)
        if wantedOffset == 0 {
            try handleHeader(bytes)
            return false
        }
        guard bytes.count >= 8 else {
            throw Fault(description: "no \(channels == 0 ? "fmt" : "data") chunk: wanted one before the file's end")
        }
        let size = Int(bytes.unsigned32(at: 4))
        switch Array(bytes[..<4]) {
        case Array("fmt ".utf8):
            try handleFormat(Array(bytes.dropFirst(8).prefix(size)))
        case Array("data".utf8):
            guard channels > 0 else { throw Fault(description: "no fmt chunk before the data: wanted one") }
            handleData(size: size)
            return true
        default:
            break
        }
        // Chunks begin at even offsets.
        wantedOffset += 8 + size + size % 2
        return false
    }

    private mutating func handleHeader(_ bytes: [UInt8]) throws(Fault) {
        guard bytes.count == 12 else { throw Fault(description: "\(fileBytes) bytes: wanted a WAV file") }
        guard Array(bytes[..<4]) == Array("RIFF".utf8), Array(bytes[8...]) == Array("WAVE".utf8) else {
            let begin = Self.printable(bytes[..<4]), form = Self.printable(bytes[8...])
            throw Fault(description: "begins with \"\(begin)\" and \"\(form)\": wanted \"RIFF\" and \"WAVE\"")
        }
        riffEnd = 8 + Int(bytes.unsigned32(at: 4))
        wantedOffset = 12
        wantedBytes = Self.chunkBytes
    }

    private mutating func handleFormat(_ bytes: [UInt8]) throws(Fault) {
        guard bytes.count >= 16 else {
            throw Fault(description: "fmt chunk of \(bytes.count) bytes: wanted at least 16")
        }
        var format = bytes.unsigned16(at: 0)
        if format == 0xFFFE {
            guard bytes.count >= 40 else {
                throw Fault(description: "extensible fmt chunk of \(bytes.count) bytes: wanted 40")
            }
            // The sub-format's GUID begins with the plain format.
            format = bytes.unsigned16(at: 24)
        }
        guard format == 1 else { throw Fault(description: "format \(format): wanted 1 (PCM)") }
        let bits = bytes.unsigned16(at: 14)
        guard bits == 16 else { throw Fault(description: "\(bits) bits a sample: wanted 16") }
        let channels = bytes.unsigned16(at: 2)
        guard (1...2).contains(channels) else { throw Fault(description: "\(channels) channels: wanted 1 or 2") }
        let rate = Int(bytes.unsigned32(at: 4))
        guard WAVReader.usableRates.contains(rate) else {
            throw Fault(description: "rate of \(rate) Hz: wanted 8000 to 48000 Hz")
        }
        let frameBytes = bytes.unsigned16(at: 12)
        guard frameBytes == 2 * channels else {
            throw Fault(description: "\(frameBytes) bytes a frame: wanted \(2 * channels)")
        }
        self.channels = channels
        self.rate = rate
    }

    private mutating func handleData(size: Int) {
        dataOffset = wantedOffset + 8
        let left = max(0, fileBytes - dataOffset)
        // A size of 0 is the truth when the RIFF chunk goes on behind it, else the header was never completed.
        let isStreamed = size == 0xFFFF_FFFF || size == 0 && riffEnd <= dataOffset
        dataBytes = isStreamed ? left : min(size, left)
    }

    private static func printable(_ bytes: ArraySlice<UInt8>) -> String {
        String(bytes.map { (0x20...0x7E).contains($0) ? Character(UnicodeScalar($0)) : "?" })
    }
}

extension [UInt8] {
    /// Little-endian; the caller has checked the length.
    fileprivate func unsigned16(at offset: Int) -> Int { Int(self[offset]) | Int(self[offset + 1]) << 8 }
    fileprivate func unsigned32(at offset: Int) -> UInt32 {
        UInt32(unsigned16(at: offset)) | UInt32(unsigned16(at: offset + 2)) << 16
    }
}
