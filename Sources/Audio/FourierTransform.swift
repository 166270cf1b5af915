import Glibc

/// A fast Fourier transform of a power of two of complex values, in place. For measuring: not real-time.
struct FourierTransform {
    /// Values of a transform.
    let count: Int
    /// exp(-2 pi i k / count), half a turn.
    private let cosines: [Double]
    private let sines: [Double]

    /// 2 ... 2^20 values; a power of two.
    init(count: Int) {
        precondition((2...1 << 20).contains(count) && count & (count - 1) == 0, "wanted a power of two")
        self.count = count
        let angles = (0..<count / 2).map { -2 * Double.pi * Double($0) / Double(count) }
        cosines = angles.map { cos($0) }
        sines = angles.map { sin($0) }
    }

    /// Time to frequency: sum of x[n] exp(-2 pi i k n / count).
    func forward(_ real: inout [Double], _ imaginary: inout [Double]) {
        precondition(real.count == count && imaginary.count == count, "wanted \(count) values")
        real.withUnsafeMutableBufferPointer { real in
            imaginary.withUnsafeMutableBufferPointer { imaginary in
                permute(real, imaginary)
                cosines.withUnsafeBufferPointer { cosines in
                    sines.withUnsafeBufferPointer { combine(real, imaginary, cosines, $0) }
                }
            }
        }
    }

    /// Frequency to time, divided by `count`: the opposite of `forward`.
    func inverse(_ real: inout [Double], _ imaginary: inout [Double]) {
        // Exchanging real and imaginary parts turns the direction.
        forward(&imaginary, &real)
        let scale = 1 / Double(count)
        for index in 0..<count {
            real[index] *= scale
            imaginary[index] *= scale
        }
    }

    private func permute(_ real: UnsafeMutableBufferPointer<Double>, _ imaginary: UnsafeMutableBufferPointer<Double>) {
        var other = 0
        var index = 1
        while index < count {
            var bit = count >> 1
            while other & bit != 0 {
                other ^= bit
                bit >>= 1
            }
            other |= bit
            if index < other {
                real.swapAt(index, other)
                imaginary.swapAt(index, other)
            }
            index += 1
        }
    }

    /// While loops, for a debug build runs them ten times faster than ranges.
    private func combine(
        _ real: UnsafeMutableBufferPointer<Double>, _ imaginary: UnsafeMutableBufferPointer<Double>,
        _ cosines: UnsafeBufferPointer<Double>, _ sines: UnsafeBufferPointer<Double>
    ) {
        var half = 1
        while half < count {
            let turn = count / (2 * half)
            var start = 0
            while start < count {
                var offset = 0
                while offset < half {
                    let (low, high) = (start + offset, start + offset + half)
                    let (cosine, sine) = (cosines[offset * turn], sines[offset * turn])
                    let turnedReal = real[high] * cosine - imaginary[high] * sine
                    let turnedImaginary = real[high] * sine + imaginary[high] * cosine
                    real[high] = real[low] - turnedReal
                    imaginary[high] = imaginary[low] - turnedImaginary
                    real[low] += turnedReal
                    imaginary[low] += turnedImaginary
                    offset += 1
                }
                start += 2 * half
            }
            half *= 2
        }
    }
}
