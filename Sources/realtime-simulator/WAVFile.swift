/// The samples of a 24 kHz, mono, 16-bit PCM WAV file: the only kind the protocol's audio can be made of unchanged.
struct WAVFile {
    let samples: [Int16]

    /// Reads the bytes of a file.
    /// - Throws: `SimulatorError.sampleFile` with `path` and what was wanted.
    init(bytes: [UInt8], path: String) throws(SimulatorError) {
        guard bytes.count >= 12, bytes[0..<4].elementsEqual("RIFF".utf8), bytes[8..<12].elementsEqual("WAVE".utf8)
        else {
            throw .sampleFile(path: path, reason: "no WAV file")
        }
        var isFormatRight = false
        var offset = 12
        while offset + 8 <= bytes.count {
            let name = bytes[offset..<offset + 4]
            let size = WAVFile.number(bytes, offset + 4, 4)
            let body = offset + 8
            let end = min(body + size, bytes.count)
            if name.elementsEqual("fmt ".utf8), end - body >= 16 {
                isFormatRight =
                    WAVFile.number(bytes, body, 2) == 1 && WAVFile.number(bytes, body + 2, 2) == 1
                    && WAVFile.number(bytes, body + 4, 4) == AudioTime.rate
                    && WAVFile.number(bytes, body + 14, 2) == 16
            } else if name.elementsEqual("data".utf8) {
                guard isFormatRight else { break }
                samples = PCM.samples(littleEndian: Array(bytes[body..<end]))
                return
            }
            offset = body + size + size % 2
        }
        throw .sampleFile(path: path, reason: "wanted 24 kHz, mono, 16-bit PCM")
    }

    private static func number(_ bytes: [UInt8], _ offset: Int, _ count: Int) -> Int {
        (0..<count).reduce(0) { $0 | Int(bytes[offset + $1]) << (8 * $1) }
    }
}
