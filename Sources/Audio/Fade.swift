import Glibc

/// The gains of a fade between sound and silence: a raised cosine, which has no corner that could click.
struct Fade: ~Copyable {
    /// Frames of the whole fade.
    let frames: Int
    /// Of a fade-out, 32768 being 1; made once, so that an audio thread needs no cosine.
    private let gains: UnsafeMutablePointer<Int32>

    private static let one = 32_768.0

    init(frames: Int) {
        self.frames = max(1, frames)
        gains = .allocate(capacity: self.frames)
        for index in 0..<self.frames {
            let turn = Double.pi * (Double(index) + 0.5) / Double(self.frames)
            (gains + index).initialize(to: Int32((Self.one * (0.5 + 0.5 * cos(turn))).rounded()))
        }
    }

    deinit { gains.deallocate() }

    /// Fades out over the first `frames` samples, or over all of them when they are fewer; those after it are silenced.
    /// Real-time.
    func out(_ samples: UnsafeMutableBufferPointer<Int16>) {
        let count = min(frames, samples.count)
        for index in 0..<count { samples[index] = Self.scaled(samples[index], by: gain(at: index, of: count)) }
        for index in count..<samples.count { samples[index] = 0 }
    }

    /// Fades in `samples`, which begin `first` frames into the fade; those after it stay as they are. Real-time.
    func into(_ samples: UnsafeMutableBufferPointer<Int16>, from first: Int) {
        for index in 0..<max(0, min(frames - first, samples.count)) {
            samples[index] = Self.scaled(samples[index], by: gains[frames - 1 - first - index])
        }
    }

    /// The gain at `index` of a fade-out that takes `count` frames, whatever this one takes: 32768 is 1. Real-time.
    @_noAllocation
    func gain(at index: Int, of count: Int) -> Int32 { gains[index &* frames / count] }

    /// 32768 is a gain of 1, which changes nothing. Real-time.
    @_noAllocation
    static func scaled(_ sample: Int16, by gain: Int32) -> Int16 {
        Int16(truncatingIfNeeded: (Int32(sample) &* gain &+ 16_384) >> 15)
    }
}
