import Glibc

/// Halves or doubles the rate of one PCM16 channel, its state kept from call to call.
///
/// Between 24 kHz and the 48 kHz of most cards every second coefficient of a low-pass filter is zero and the others are
/// symmetric, so a frame takes 24 multiplications. Output frame n is input time n / output rate;
/// there are no leading zeros.
final class HalfBandFilter {
    enum Direction {
        case down, up
    }

    /// Coefficients on one side of the middle that are not zero: 95 coefficients in all.
    private static let side = 24
    private static let taps = 2 * side
    /// The Kaiser window's for 80 dB of attenuation (J. F. Kaiser, "Nonrecursive digital filter design using the
    /// I0-sinh window function", 1974); with 95 coefficients it is reached 1.3 kHz beyond the middle of a 48 kHz card's
    /// band.
    private static let beta = 0.1102 * (80 - 8.7)
    /// Input frames handled at a time.
    private static let chunkFrames = 1024
    /// Sums made at a time.
    private static let blockFrames = 16

    /// Input frames the filter must see beyond a frame before it gives that frame out.
    let inputLatencyFrames: Int

    private let direction: Direction
    /// The coefficients on one side that are not zero, from the middle outwards.
    private let weights: UnsafeMutablePointer<Float>
    /// The frames that the weights fall on, from the first that the next output frame needs: of the input its odd
    /// frames on the way down, all on the way up.
    private let line: UnsafeMutablePointer<Float>
    private var lineFrames = 0
    /// On the way down: the input's even frames, from the one in the middle of the next output frame.
    private let middle: UnsafeMutablePointer<Float>
    private var middleFrames = 0
    private var isNextOdd = false
    /// Of the weighted frames around each.
    private let sums: UnsafeMutablePointer<Float>

    /// Allocates all it will ever need, 13 kB.
    init(_ direction: Direction) {
        func buffer(_ count: Int) -> UnsafeMutablePointer<Float> {
            let buffer = UnsafeMutablePointer<Float>.allocate(capacity: count)
            buffer.initialize(repeating: 0, count: count)
            return buffer
        }
        self.direction = direction
        inputLatencyFrames = direction == .down ? Self.taps - 1 : Self.side
        // The last block reads and writes beyond the last frame.
        line = buffer(Self.taps + Self.chunkFrames + Self.blockFrames)
        middle = buffer(Self.taps + Self.chunkFrames)
        sums = buffer(Self.chunkFrames + Self.blockFrames)
        weights = buffer(Self.side)
        // On the way up half of the frames are silence.
        let gain = direction == .down ? 1.0 : 2.0
        for index in 0..<Self.side { weights[index] = Float(gain * Self.weight(index)) }
        reset()
    }

    deinit {
        for buffer in [weights, line, middle, sums] { buffer.deallocate() }
    }

    /// Forgets the past, as if newly made. Real-time.
    func reset() {
        // Silence before the first frame.
        lineFrames = direction == .down ? Self.side : Self.side - 1
        line.update(repeating: 0, count: lineFrames)
        middleFrames = 0
        isNextOdd = false
    }

    /// Converts until the input is used up or the output is full. Real-time.
    func process(
        _ input: UnsafeBufferPointer<Int16>, into output: UnsafeMutableBufferPointer<Int16>
    ) -> (consumed: Int, produced: Int) {
        guard let source = input.baseAddress, let target = output.baseAddress else { return (0, 0) }
        var (consumed, produced) = (0, 0)
        while consumed < input.count {
            let room = output.count - produced
            let most = min(input.count - consumed, Self.chunkFrames, direction == .down ? 2 * room - 1 : room / 2)
            guard most > 0 else { break }
            switch direction {
            case .down: produced += halve(source + consumed, frames: most, into: target + produced)
            case .up: produced += double(source + consumed, frames: most, into: target + produced)
            }
            consumed += most
        }
        return (consumed, produced)
    }

    private func halve(
        _ source: UnsafePointer<Int16>, frames: Int, into target: UnsafeMutablePointer<Int16>
    ) -> Int {
        var source = source
        var left = frames
        if isNextOdd {
            line[lineFrames] = Float(source[0])
            lineFrames &+= 1
            source += 1
            left &-= 1
        }
        let pairs = left / 2
        let (odd, even) = (line + lineFrames, middle + middleFrames)
        // Not over a range, which may trap: this becomes vector instructions.
        var pair = 0
        while pair < pairs {
            even[pair] = Float(source[2 &* pair])
            odd[pair] = Float(source[2 &* pair &+ 1])
            pair &+= 1
        }
        lineFrames &+= pairs
        middleFrames &+= pairs
        isNextOdd = left > 2 &* pairs
        if isNextOdd {
            middle[middleFrames] = Float(source[2 &* pairs])
            middleFrames &+= 1
        }
        let produced = max(0, min(lineFrames &- Self.taps &+ 1, middleFrames))
        weigh(produced)
        var frame = 0
        while frame < produced {
            target[frame] = Self.sample(sums[frame] + middle[frame] / 2)
            frame &+= 1
        }
        Self.keep(line, &lineFrames, from: produced)
        Self.keep(middle, &middleFrames, from: produced)
        return produced
    }

    private func double(
        _ source: UnsafePointer<Int16>, frames: Int, into target: UnsafeMutablePointer<Int16>
    ) -> Int {
        var frame = 0
        while frame < frames {
            line[lineFrames &+ frame] = Float(source[frame])
            frame &+= 1
        }
        lineFrames &+= frames
        let pairs = max(0, lineFrames &- Self.taps &+ 1)
        weigh(pairs)
        let between = line + Self.side - 1
        var pair = 0
        while pair < pairs {
            target[2 &* pair] = Self.sample(between[pair])
            target[2 &* pair &+ 1] = Self.sample(sums[pair])
            pair &+= 1
        }
        Self.keep(line, &lineFrames, from: pairs)
        return 2 &* pairs
    }

    /// `frames` sums of the weighted frames on both sides.
    private func weigh(_ frames: Int) {
        var frame = 0
        while frame < frames {
            var left = line + (frame &+ Self.side &- 1)
            var right = left + 1
            var (first, second) = (EightSums(), EightSums())
            for index in 0..<Self.side {
                #if arch(arm64)
                // None is. A loop that may end early keeps LLVM from making each sum four terms at a time, in their
                // order: twice the instructions, on this processor alone.
                if weights[index] == 0 { break }
                #endif
                first.add(left, right, times: weights[index])
                second.add(left + 8, right + 8, times: weights[index])
                left -= 1
                right += 1
            }
            first.store(sums + frame)
            second.store(sums + frame + 8)
            frame &+= Self.blockFrames
        }
    }

    /// Moves the frames from `start` on to the front.
    private static func keep(_ frames: UnsafeMutablePointer<Float>, _ count: inout Int, from start: Int) {
        count &-= start
        frames.update(from: frames + start, count: count)
    }

    /// The nearest PCM16 value. Beyond 2^23 a Float has no fraction: adding 1.5 * 2^23 rounds, and leaves the number in
    /// the low bits. Clamped like this it is one instruction for eight, which `Int16(clamping:)` is not.
    @inline(__always)
    private static func sample(_ value: Float) -> Int16 {
        let rounded = Int32(bitPattern: (value + 12_582_912).bitPattern) &- 0x4B40_0000
        return Int16(truncatingIfNeeded: max(-32_768, min(32_767, rounded)))
    }

    /// The coefficient at an odd distance, 2 * index + 1, from the middle, which is 1/2.
    private static func weight(_ index: Int) -> Double {
        let distance = Double(2 * index + 1)
        let place = distance / Double(taps)
        let window = besselI0(beta * (1 - place * place).squareRoot()) / besselI0(beta)
        return sin(.pi * distance / 2) / (.pi * distance) * window
    }

    /// The modified Bessel function of the first kind and order 0, by its series.
    private static func besselI0(_ x: Double) -> Double {
        var (sum, term, k) = (1.0, 1.0, 1.0)
        while term > 1e-12 * sum {
            term *= (x / (2 * k)) * (x / (2 * k))
            sum += term
            k += 1
        }
        return sum
    }
}

/// Eight sums made at once. By name they become vector instructions, which neither a loop over frames nor one over
/// weights does; SIMD types would, but a debug build takes milliseconds for them.
private struct EightSums {
    private var (a, b, c, d): (Float, Float, Float, Float) = (0, 0, 0, 0)
    private var (e, f, g, h): (Float, Float, Float, Float) = (0, 0, 0, 0)

    @inline(__always)
    mutating func add(_ left: UnsafeMutablePointer<Float>, _ right: UnsafeMutablePointer<Float>, times weight: Float) {
        a += (left[0] + right[0]) * weight
        b += (left[1] + right[1]) * weight
        c += (left[2] + right[2]) * weight
        d += (left[3] + right[3]) * weight
        e += (left[4] + right[4]) * weight
        f += (left[5] + right[5]) * weight
        g += (left[6] + right[6]) * weight
        h += (left[7] + right[7]) * weight
    }

    @inline(__always)
    func store(_ sums: UnsafeMutablePointer<Float>) {
        (sums[0], sums[1], sums[2], sums[3]) = (a, b, c, d)
        (sums[4], sums[5], sums[6], sums[7]) = (e, f, g, h)
    }
}
