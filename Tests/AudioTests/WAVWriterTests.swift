import Foundation
import Testing

@testable import Audio

@Suite struct WAVWriterTests {
    @Test func theFileIsReadableAfterEveryGrowth() throws {
        let file = try TemporaryFile()
        var writer = try WAVWriter(path: file.path)
        #expect(samplesOfWriter(file.bytes) == [])
        var expected: [Int16] = []
        for size in [1, 480, 3, 2048] {
            let piece = (0..<size).map { Int16($0) }
            #expect(piece.withUnsafeBufferPointer { writer.append($0) } == 0)
            expected += piece
            #expect(samplesOfWriter(file.bytes) == expected)
            #expect(try readAll(path: file.path) == expected)
        }
        #expect(writer.frameCount == expected.count)
    }

    @Test func dataBeyondTheHeadersSizesIsNotYetPromised() throws {
        let file = try TemporaryFile()
        var writer = try WAVWriter(path: file.path)
        #expect([1, 2, 3].withUnsafeBufferPointer { writer.append($0) } == 0)
        // As a reader finds it between the two writes of the next growth.
        let torn = try TemporaryFile(file.bytes + [4, 0, 5, 0])
        #expect(try readAll(path: torn.path) == [1, 2, 3])
    }

    @Test func anOldFileIsEmptiedAtOpen() throws {
        let file = try TemporaryFile([UInt8](repeating: 1, count: 5000))
        _ = try WAVWriter(path: file.path)
        #expect(file.bytes.count == 44)
    }

    @Test func aFullFileTakesWhatFitsAndSaysSo() throws {
        let file = try TemporaryFile()
        var writer = try WAVWriter(path: file.path, mostDataBytes: 6)
        #expect([1, 2].withUnsafeBufferPointer { writer.append($0) } == 0)
        #expect([3, 4].withUnsafeBufferPointer { writer.append($0) } == -EFBIG)
        #expect([5].withUnsafeBufferPointer { writer.append($0) } == -EFBIG)
        #expect(samplesOfWriter(file.bytes) == [1, 2, 3])
    }

    @Test func theLargestFileFitsThe32BitSizes() {
        #expect(WAVWriter.mostDataBytes % 2 == 0)
        #expect(UInt32(exactly: WAVWriter.mostDataBytes + 36) != nil)
        #expect(UInt32(exactly: WAVWriter.mostDataBytes + 38) == nil)
    }

    @Test(arguments: [
        ("/dev/full", "write: No space left on device"), ("/nonexistent/x.wav", "open: No such file or directory"),
        ("/tmp", "open: Is a directory"),
    ])
    func aFileThatCannotBeWrittenIsOneLine(path: String, line: String) {
        #expect(throws: AudioError(.tellOperator, "wav:\(path): \(line)")) { _ = try WAVWriter(path: path) }
    }
}
