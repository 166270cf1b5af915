import Foundation
import Testing

@testable import Audio

@Suite struct ResamplerTests {
    private func tone(_ hertz: Double, rate: Int, frames: Int) -> [Int16] {
        (0..<frames).map { Int16(16_000 * sin(2 * .pi * hertz * Double($0) / Double(rate))) }
    }

    /// Converts in pieces of the given sizes, used round and round.
    private func convert(
        _ input: [Int16], from: Int, to: Int, pieces: [Int], quality: Int = 5
    ) throws -> [Int16] {
        var resampler = try Resampler(from: from, to: to, quality: quality)
        var output: [Int16] = []
        var offset = 0
        var piece = 0
        while offset < input.count {
            let size = min(pieces[piece % pieces.count], input.count - offset)
            piece += 1
            var converted = [Int16](repeating: 0, count: resampler.outputBound(inputFrames: size))
            let (consumed, produced) = input[offset..<offset + size].withUnsafeBufferPointer { input in
                converted.withUnsafeMutableBufferPointer { resampler.process(input, into: $0) }
            }
            #expect(consumed == size)
            output += converted[..<produced]
            offset += size
        }
        return output
    }

    @Test func aToneThereAndBackKeepsMoreThanSixtyDecibels() throws {
        let input = tone(1000, rate: 48_000, frames: 48_000)
        let half = try convert(input, from: 48_000, to: 24_000, pieces: [480])
        let back = try convert(half, from: 24_000, to: 48_000, pieces: [240])
        var signal = 0.0
        var noise = 0.0
        for index in 2000..<40_000 {
            signal += pow(Double(input[index]), 2)
            noise += pow(Double(input[index]) - Double(back[index]), 2)
        }
        #expect(10 * log10(signal / noise) > 60)
    }

    @Test(arguments: [(48_000, 24_000), (24_000, 48_000), (44_100, 24_000), (24_000, 44_100), (16_000, 24_000)])
    func piecesGiveTheSameAsOneShot(from: Int, to: Int) throws {
        let input = tone(700, rate: from, frames: 9600)
        let whole = try convert(input, from: from, to: to, pieces: [input.count])
        #expect(try convert(input, from: from, to: to, pieces: [1, 480, 7, 1000]) == whole)
    }

    @Test(arguments: [8000, 11_025, 16_000, 22_050, 32_000, 44_100, 48_000, 96_000, 192_000])
    func outputLagsByNoMoreThanTheDocumentedLatency(rate: Int) throws {
        let latency = try Resampler(from: rate, to: 24_000).inputLatencyFrames
        let output = try convert(tone(500, rate: rate, frames: rate), from: rate, to: 24_000, pieces: [rate / 100])
        let missing = 24_000 - output.count
        #expect(missing >= 0)
        #expect(missing <= (latency * 24_000 + rate - 1) / rate + 1)
        // Below 6 ms at every rate (5 ms at 8 kHz), and 1 ms for the commonest card.
        #expect(latency * 1000 < 6 * rate)
        if rate == 48_000 { #expect(latency == 47) }
    }

    /// What is left of a tone, in decibels; `from` to `to`, by the given quality.
    private func level(_ hertz: Double, from: Int, to: Int, quality: Int = 5) throws -> Double {
        let input = tone(hertz, rate: from, frames: from)
        let output = try convert(input, from: from, to: to, pieces: [from / 100], quality: quality)
        let power = { (samples: ArraySlice<Int16>) in
            samples.reduce(0) { $0 + pow(Double($1), 2) } / Double(samples.count)
        }
        return 10 * log10(power(output[1000..<20_000]) / power(input[1000..<20_000]))
    }

    @Test(arguments: [100.0, 1000, 4000, 8000, 10_000])
    func speechPassesUnchangedToAndFromACardOf48kHz(hertz: Double) throws {
        #expect(try abs(level(hertz, from: 48_000, to: 24_000)) < 0.01)
        #expect(try abs(level(hertz, from: 24_000, to: 48_000)) < 0.01)
    }

    @Test(arguments: [13_300.0, 14_000, 16_500, 20_000, 23_900])
    func whatHalfTheRateCannotHoldIsGoneAsFarAsSixteenBitsTell(hertz: Double) throws {
        let left = try level(hertz, from: 48_000, to: 24_000)
        #expect(left < -78)
    }

    @Test func theMirrorImageOfSpeechIsNotHeard() throws {
        let output = try convert(tone(3000, rate: 24_000, frames: 24_000), from: 24_000, to: 48_000, pieces: [240])
        // The mirror image of 3 kHz is at 21 kHz.
        var (real, imaginary) = (0.0, 0.0)
        for index in 4000..<44_000 {
            real += Double(output[index]) * cos(2 * .pi * 21_000 * Double(index) / 48_000)
            imaginary += Double(output[index]) * sin(2 * .pi * 21_000 * Double(index) / 48_000)
        }
        #expect(20 * log10((real * real + imaginary * imaginary).squareRoot() / 20_000 / 16_000) < -78)
    }

    /// The input that drives the filter furthest must neither trap nor wrap, and come out at the limit.
    @Test(arguments: [(48_000, 24_000), (24_000, 48_000)])
    func theLoudestInputSaturates(from: Int, to: Int) throws {
        let middle = 150
        for target in [middle * to / from, middle * to / from + 1] {
            var loudest = [Int16](repeating: .max, count: 2 * middle)
            for frame in middle - 60...middle + 60 {
                var impulse = [Int16](repeating: 0, count: 2 * middle)
                impulse[frame] = .max
                let response = try convert(impulse, from: from, to: to, pieces: [impulse.count])
                if response[target] < 0 { loudest[frame] = .min }
            }
            #expect(try convert(loudest, from: from, to: to, pieces: [100])[target] == .max)
        }
    }

    @Test func equalRatesAreCopiedWithoutLatency() throws {
        let input = tone(440, rate: 24_000, frames: 1000)
        #expect(try convert(input, from: 24_000, to: 24_000, pieces: [333]) == input)
        #expect(try Resampler(from: 24_000, to: 24_000).inputLatencyFrames == 0)
    }

    @Test func resetForgetsThePast() throws {
        var resampler = try Resampler(from: 48_000, to: 24_000)
        let loud = [Int16](repeating: 30_000, count: 960)
        let zeros = [Int16](repeating: 0, count: 960)
        var output = [Int16](repeating: 1, count: 600)
        _ = loud.withUnsafeBufferPointer { loud in
            output.withUnsafeMutableBufferPointer { resampler.process(loud, into: $0) }
        }
        resampler.reset()
        let (_, produced) = zeros.withUnsafeBufferPointer { zeros in
            output.withUnsafeMutableBufferPointer { resampler.process(zeros, into: $0) }
        }
        #expect(produced == (960 - 47 + 1) / 2)
        #expect(output[..<produced].allSatisfy { $0 == 0 })
    }

    @Test(arguments: [(0, 24_000), (24_000, 0), (-1, 24_000), (1_000_000, 24_000)])
    func senselessRatesAreRefused(from: Int, to: Int) {
        #expect(throws: AudioError.self) { _ = try Resampler(from: from, to: to) }
    }
}
