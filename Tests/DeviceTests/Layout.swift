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
            }
        }
    }

    var bytesPerFrame: Int { format.bytesPerSample * channels }

    /// As alsa-utils take it.
    var arguments: [String] { ["-t", "raw", "-r", String(rate), "-f", format.name, "-c", String(channels)] }

    var description: String {
        "\(rate) Hz, \(format.name), \(channels) channel" + (channels == 1 ? "" : "s")
    }

    var testDescription: String { description }

    /// Asks a card for this layout and no other.
    var wishes: PCMWishes { PCMWishes(rates: [rate], formats: [format], channels: [channels]) }

    /// The same samples in all channels.
    func bytes(_ samples: [Int16]) -> Data {
        var data = Data(capacity: samples.count * bytesPerFrame)
        for sample in samples {
            for _ in 0..<channels {
                if format == .s32 { data.append(contentsOf: [0, 0]) }
                data.append(UInt8(truncatingIfNeeded: sample))
                data.append(UInt8(truncatingIfNeeded: sample >> 8))
            }
        }
        return data
    }

    /// The 16 most significant bits of one channel.
    func samples(_ data: Data, channel: Int) -> [Int16] {
        let bytes = [UInt8](data)
        let high = format.bytesPerSample * (channel + 1)
        return stride(from: 0, to: bytes.count - bytesPerFrame + 1, by: bytesPerFrame).map { frame in
            Int16(bytes[frame + high - 2]) | Int16(truncatingIfNeeded: Int(bytes[frame + high - 1]) << 8)
        }
    }
}
