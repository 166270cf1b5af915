import Foundation
import Testing

@testable import Audio

/// Rate, sample format and channels of one end of the loopback, which the other end then has to take.
struct Layout: Sendable, CustomStringConvertible, CustomTestStringConvertible {
    let rate: Int
    let format: SampleFormat
    let channels: Int

    /// Where nothing but format and channels needs converting.
    static let ours = combinations(rates: [24_000])
    /// Where the rate needs converting, too.
    static let cards = combinations(rates: [48_000, 44_100])

    private static func combinations(rates: [Int]) -> [Layout] {
        rates.flatMap { rate in
            [SampleFormat.s16, .s32].flatMap { format in
                [1, 2].map { Layout(rate: rate, format: format, channels: $0) }
            } + [
                Layout(rate: rate, format: .s24Packed, channels: 2), Layout(rate: rate, format: .s24, channels: 2),
                Layout(rate: rate, format: .s16, channels: 8), Layout(rate: rate, format: .s24Packed, channels: 8),
            ]
        }
    }

    /// The slow rates of cards made for speech.
    static let speech = [32_000, 16_000, 8000].map { Layout(rate: $0, format: .s16, channels: 1) }

    var bytesPerFrame: Int { format.bytesPerSample * channels }

    /// The highest tone well within what such a card carries: the filter falls by 0.2 dB at 7 of 8 kHz.
    var highestTone: Double {
        switch rate {
        case ..<16_000: 1000
        case ..<32_000: 3400
        default: 7000
        }
    }

    /// As alsa-utils take it.
    var arguments: [String] { ["-t", "raw", "-r", String(rate), "-f", format.name, "-c", String(channels)] }

    var description: String {
        "\(rate) Hz, \(format.name), \(channels) channel" + (channels == 1 ? "" : "s")
    }

    var testDescription: String { description }

    /// Asks a card for this layout and no other.
    var wishes: PCMWishes { PCMWishes(rates: [rate], formats: [format], channels: [channels]) }

    /// The same samples in all channels, or in one alone, counted from 1.
    func bytes(_ samples: [Int16], channel: Int? = nil) -> Data {
        var data = Data(capacity: samples.count * bytesPerFrame)
        for sample in samples {
            for index in 1...channels {
                append(index == channel ?? index ? sample : 0, to: &data)
            }
        }
        return data
    }

    private func append(_ sample: Int16, to data: inout Data) {
        let (low, high) = (UInt8(truncatingIfNeeded: sample), UInt8(truncatingIfNeeded: sample >> 8))
        switch format {
        case .s16: data.append(contentsOf: [low, high])
        case .s32: data.append(contentsOf: [0, 0, low, high])
        case .s24: data.append(contentsOf: [0, low, high, sample < 0 ? 0xFF : 0])
        case .s24Packed: data.append(contentsOf: [0, low, high])
        }
    }

    /// The 16 most significant bits of one channel.
    func samples(_ data: Data, channel: Int) -> [Int16] {
        let bytes = [UInt8](data)
        // A 24-bit sample in four bytes leaves the uppermost to its sign.
        let high = format.bytesPerSample * (channel + 1) - (format == .s24 ? 1 : 0)
        return stride(from: 0, to: bytes.count - bytesPerFrame + 1, by: bytesPerFrame).map { frame in
            Int16(bytes[frame + high - 2]) | Int16(truncatingIfNeeded: Int(bytes[frame + high - 1]) << 8)
        }
    }
}
