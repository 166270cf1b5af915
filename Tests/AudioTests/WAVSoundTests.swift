import Foundation
import Testing

@testable import Audio

@Suite struct WAVSoundTests {
    private func sine(hz: Double, rate: Int, frames: Int) -> [Int16] {
        (0..<frames).map { Int16(10_000 * sin(2 * Double.pi * hz * Double($0) / Double(rate))) }
    }

    @Test(arguments: [1, 2047, 2048, 2049, 50_000]) func aFileAtTheRunnersRateIsReadBitForBit(frames: Int) throws {
        let samples = (0..<frames).map { Int16(truncatingIfNeeded: $0 &* 7919) }
        let file = try TemporaryFile(WAVBytes(samples: samples).bytes)
        #expect(try WAVSound(path: file.path).samples == samples)
    }

    @Test(arguments: [8000, 22_050, 44_100, 48_000])
    func anotherRateIsConvertedWholeAndInPlace(rate: Int) throws {
        let input = sine(hz: 440, rate: rate, frames: rate / 2)
        let file = try TemporaryFile(WAVBytes(rate: UInt32(rate), samples: input).bytes)
        let output = try WAVSound(path: file.path).samples
        #expect(output.count == 12_000)
        let wanted = sine(hz: 440, rate: 24_000, frames: 12_000)
        // The filter's edges are left out.
        let worst = zip(output, wanted).dropFirst(300).dropLast(300).map { abs(Int($0) - Int($1)) }.max() ?? .max
        #expect(worst <= 60, "of 10000")
        // Its last millisecond is there.
        #expect(output.suffix(24).contains { abs(Int($0)) > 1000 })
    }

    @Test func stereoIsMixedToMono() throws {
        let file = try TemporaryFile(WAVBytes(channels: 2, samples: [10, 20, -10, -30]).bytes)
        #expect(try WAVSound(path: file.path).samples == [15, -20])
    }

    @Test func thirtySecondsAreTakenAndOneFrameMoreIsNot() throws {
        let whole = try TemporaryFile(WAVBytes(rate: 8000, samples: [Int16](repeating: 5, count: 240_000)).bytes)
        #expect(try WAVSound(path: whole.path).samples.count == 720_000)
        let long = try TemporaryFile(WAVBytes(rate: 8000, samples: [Int16](repeating: 5, count: 240_001)).bytes)
        #expect(throws: AudioError(.tellOperator, "wav:\(long.path): 30 s: wanted at most 30 s")) {
            _ = try WAVSound(path: long.path)
        }
    }

    @Test func aFileWithoutSoundIsRefused() throws {
        let file = try TemporaryFile(WAVBytes(samples: []).bytes)
        #expect(throws: AudioError(.tellOperator, "wav:\(file.path): no sound in it: wanted some")) {
            _ = try WAVSound(path: file.path)
        }
    }
}
