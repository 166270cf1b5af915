import Foundation
import Testing

@testable import Audio

@Suite struct WAVReaderTests {
    private static let ramp: [Int16] = (0..<1000).map { Int16($0) }

    @Test func samplesAreReadInPiecesThenSilence() throws {
        let file = try TemporaryFile(WAVBytes(samples: Self.ramp).bytes)
        let silence = [Int16](repeating: 0, count: 50)
        #expect(try readAll(path: file.path, piece: 7, silentFrames: 50) == Self.ramp + silence)
    }

    @Test func stereoIsMixedToMono() throws {
        let file = try TemporaryFile(WAVBytes(channels: 2, rate: 48_000, samples: [10, 20, -10, -30]).bytes)
        #expect(try readAll(path: file.path) == [15, -20])
    }

    @Test func otherChunksAreSteppedOverAlsoOddOnes() throws {
        let list = WAVBytes.chunk("LIST", Array("INFOISFT".utf8)) + WAVBytes.chunk("odd ", [1, 2, 3]) + [0]
        var wav = WAVBytes(samples: Self.ramp)
        wav.chunksBefore = list
        wav.chunksAfter = list
        let file = try TemporaryFile(wav.bytes)
        #expect(try readAll(path: file.path) == Self.ramp)
    }

    @Test func extensiblePCMIsAccepted() throws {
        let wav = WAVBytes(format: 0xFFFE, formatExtra: WAVBytes.extensible(subformat: 1), samples: Self.ramp)
        let file = try TemporaryFile(wav.bytes)
        #expect(try readAll(path: file.path) == Self.ramp)
    }

    @Test(arguments: [0xFFFF_FFFF, 5000, 0x7FFF_FFFF] as [UInt32])
    func aDataChunkThatPromisesTooMuchGivesWhatIsThere(size: UInt32) throws {
        let file = try TemporaryFile(WAVBytes(dataSize: size, samples: Self.ramp).bytes + [9])
        #expect(try readAll(path: file.path) == Self.ramp)
    }

    @Test(arguments: [0, 36, 0xFFFF_FFFF] as [UInt32])
    func aStreamedHeaderReadsToTheEnd(riffSize: UInt32) throws {
        let size: UInt32 = riffSize == 0xFFFF_FFFF ? riffSize : 0
        let file = try TemporaryFile(WAVBytes(riffSize: riffSize, dataSize: size, samples: Self.ramp).bytes)
        #expect(try readAll(path: file.path) == Self.ramp)
    }

    @Test func anEmptyDataChunkBeforeOthersIsSilence() throws {
        var wav = WAVBytes()
        wav.chunksAfter = WAVBytes.chunk("LIST", Array("INFOISFT".utf8))
        let file = try TemporaryFile(wav.bytes)
        #expect(try readAll(path: file.path, silentFrames: 3) == [0, 0, 0])
    }

    @Test func aFileCutAtEachByteIsRefusedOrReadAsFarAsItGoes() throws {
        let whole = WAVBytes(samples: [1, 2, 3]).bytes
        for length in 0...whole.count {
            let file = try TemporaryFile(Array(whole[..<length]))
            if length < 44 {
                #expect(throws: AudioError.self) { _ = try WAVReader(path: file.path) }
            } else {
                #expect(try readAll(path: file.path) == Array([1, 2, 3].prefix((length - 44) / 2)))
            }
        }
    }

    @Test func aFileThatShrinksWhileReadBecomesSilence() throws {
        let file = try TemporaryFile(WAVBytes(samples: Self.ramp).bytes)
        var reader = try WAVReader(path: file.path)
        truncate(file.path, 44 + 20)
        var buffer = [Int16](repeating: 77, count: 20)
        #expect(buffer.withUnsafeMutableBufferPointer { reader.read(into: $0) } == 0)
        #expect(buffer == Array(Self.ramp[..<10]) + [Int16](repeating: 0, count: 10))
    }

    private static func zeroChunks(_ count: Int) -> [UInt8] {
        (0..<count).flatMap { _ in WAVBytes.chunk("junk", []) }
    }

    static let badFiles: [(bytes: [UInt8], line: String)] = [
        ([], "0 bytes: wanted a WAV file"),
        (Array("RIFF1234WAV".utf8), "11 bytes: wanted a WAV file"),
        (WAVBytes(riff: "RIFX").bytes, "begins with \"RIFX\" and \"WAVE\": wanted \"RIFF\" and \"WAVE\""),
        (WAVBytes(riff: "RF64").bytes, "begins with \"RF64\" and \"WAVE\": wanted \"RIFF\" and \"WAVE\""),
        (WAVBytes(form: "AVI ").bytes, "begins with \"RIFF\" and \"AVI \": wanted \"RIFF\" and \"WAVE\""),
        (Array("ID3\u{3}\0\0\0\n\u{1B}[2J".utf8), "begins with \"ID3?\" and \"?[2J\": wanted \"RIFF\" and \"WAVE\""),
        (WAVBytes().with(body: []), "no fmt chunk: wanted one before the file's end"),
        (WAVBytes().with(body: WAVBytes().formatChunk), "no data chunk: wanted one before the file's end"),
        (WAVBytes().with(body: WAVBytes().dataChunk), "no fmt chunk before the data: wanted one"),
        (WAVBytes().with(body: WAVBytes.chunk("fmt ", [1, 0, 1, 0])), "fmt chunk of 4 bytes: wanted at least 16"),
        (WAVBytes(format: 0xFFFE).bytes, "extensible fmt chunk of 16 bytes: wanted 40"),
        (
            WAVBytes(format: 0xFFFE, formatExtra: WAVBytes.extensible(subformat: 3)).bytes,
            "format 3: wanted 1 (PCM)"
        ),
        (WAVBytes(format: 3, bits: 32).bytes, "format 3: wanted 1 (PCM)"),
        (WAVBytes(format: 0x55).bytes, "format 85: wanted 1 (PCM)"),
        (WAVBytes(bits: 8).bytes, "8 bits a sample: wanted 16"),
        (WAVBytes(bits: 24).bytes, "24 bits a sample: wanted 16"),
        (WAVBytes(channels: 0).bytes, "0 channels: wanted 1 or 2"),
        (WAVBytes(channels: 6).bytes, "6 channels: wanted 1 or 2"),
        (WAVBytes(rate: 0).bytes, "rate of 0 Hz: wanted 8000 to 48000 Hz"),
        (WAVBytes(rate: 7999).bytes, "rate of 7999 Hz: wanted 8000 to 48000 Hz"),
        (WAVBytes(rate: 96_000).bytes, "rate of 96000 Hz: wanted 8000 to 48000 Hz"),
        (WAVBytes(rate: .max).bytes, "rate of 4294967295 Hz: wanted 8000 to 48000 Hz"),
        (WAVBytes(channels: 2, frameBytes: 2).bytes, "2 bytes a frame: wanted 4"),
        (
            WAVBytes().with(body: WAVBytes.chunk("LIST", [], size: .max)),
            "no fmt chunk: wanted one before the file's end"
        ),
        (
            WAVBytes().with(body: zeroChunks(1500)),
            "more than 1000 chunks: wanted a data chunk among them"
        ),
    ]

    @Test(arguments: badFiles.indices)
    func aBadFileIsOneLineThatNamesItAndWhatWasWanted(index: Int) throws {
        let file = try TemporaryFile(Self.badFiles[index].bytes)
        let expected = AudioError(.tellOperator, "wav:\(file.path): \(Self.badFiles[index].line)")
        #expect(throws: expected) { _ = try WAVReader(path: file.path) }
    }

    @Test(arguments: [("/nonexistent/x.wav", "open: No such file or directory"), ("/tmp", "wanted a regular file")])
    func aPathThatIsNoFileIsOneLine(path: String, line: String) {
        #expect(throws: AudioError(.tellOperator, "wav:\(path): \(line)")) { _ = try WAVReader(path: path) }
    }
}
