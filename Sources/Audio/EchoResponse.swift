/// The way from loudspeaker to microphone, found by comparing what was heard with what was captured.
struct EchoResponse {
    /// Frames by which the direct sound comes after what was heard; nil when none of it stands out of the noise.
    let lagFrames: Int?

    /// 200 ms: a card whose clock is wrong lets the echo come before the sound.
    private static let earlyFrames = 4800
    /// 800 ms: later than any room; echo that a network or a Bluetooth loudspeaker delays.
    private static let lateFrames = 19_200
    /// A slot and what comes late of it, a power of two.
    private static let windowFrames = 1 << 16
    /// Echo is what stands this much out of the median of all lags. Of 24,000 lags of mere noise none is beyond 7.
    private static let significance = 10.0
    /// The direct sound may be weaker than what a wall throws back, but not by more than 6 dB.
    private static let directShare = 0.5

    /// Frames by which a piece may lie off the line of all: a card that loses a period lets them lie further off.
    private static let mostBend = 4.0

    /// The sound begins with `heard[begin]`.
    init(heard: [Int16], captured: [Int16], begin: Int) {
        let transform = FourierTransform(count: Self.windowFrames)
        let count = transform.count
        var cross = (real: [Double](repeating: 0, count: count), imaginary: [Double](repeating: 0, count: count))
        var own = [Double](repeating: 0, count: count)
        for burst in 0..<MeasuringSound.burstCount {
            let start = begin + burst * MeasuringSound.slotFrames - Self.earlyFrames
            // Two real signals in one transform: what was heard is real, what was captured imaginary.
            var real = [Double](repeating: 0, count: count)
            var imaginary = real
            let frames = max(0, -start)..<max(0, -start, min(count, captured.count - start, heard.count - start))
            for index in frames {
                // The burst alone, without the one after it.
                let isBurst = index < Self.earlyFrames + MeasuringSound.slotFrames - Self.earlyFrames / 2
                real[index] = isBurst ? Double(heard[start + index]) : 0
                imaginary[index] = Double(captured[start + index])
            }
            transform.forward(&real, &imaginary)
            Self.add(real, imaginary, to: &cross, &own)
        }
        // What the noise does not hold, and the filter let through little of, is left out.
        let floor = own.reduce(0, +) / Double(count) * 0.1
        for index in 0..<count {
            cross.real[index] /= own[index] + floor
            cross.imaginary[index] /= own[index] + floor
        }
        transform.inverse(&cross.real, &cross.imaginary)
        let lags = (-Self.earlyFrames..<Self.lateFrames).map { abs(cross.real[($0 + count) % count]) }
        let median = lags.sorted()[lags.count / 2]
        let highest = lags.max() ?? 0
        guard highest > 1e-6, highest > Self.significance * median,
            let direct = lags.firstIndex(where: { $0 >= Self.directShare * highest })
        else {
            lagFrames = nil
            return
        }
        lagFrames = direct - Self.earlyFrames
    }

    /// Takes the spectra of both signals apart and adds conj(X) Y and |X|^2.
    private static func add(
        _ real: [Double], _ imaginary: [Double], to cross: inout (real: [Double], imaginary: [Double]),
        _ own: inout [Double]
    ) {
        let count = real.count
        for index in 0..<count {
            let mirror = (count - index) % count
            let x = (real: (real[index] + real[mirror]) / 2, imaginary: (imaginary[index] - imaginary[mirror]) / 2)
            let y = (real: (imaginary[index] + imaginary[mirror]) / 2, imaginary: (real[mirror] - real[index]) / 2)
            cross.real[index] += x.real * y.real + x.imaginary * y.imaginary
            cross.imaginary[index] += x.real * y.imaginary - x.imaginary * y.real
            own[index] += x.real * x.real + x.imaginary * x.imaginary
        }
    }

    /// By how much frames of `captured` are more than those of the `sound` whose echo begins there at `start`: 1e-6 is
    /// a microphone whose clock is 1 ppm faster. By the straight line through the places of ten short pieces, for over
    /// a long one drift would smear what is looked for. Nil when they do not lie on a line.
    static func drift(of sound: [Int16], in captured: [Int16], from start: Int) -> Double? {
        let pieceFrames = 6000
        var places: [(x: Double, y: Double)] = []
        var shift = 0
        for burst in 0..<MeasuringSound.burstCount {
            for offset in [240, MeasuringSound.burstFrames - pieceFrames - 240] {
                let piece = burst * MeasuringSound.slotFrames + offset
                let wanted = sound[piece..<piece + pieceFrames]
                guard let found = place(of: wanted, in: captured, near: start + piece + shift) else { continue }
                places.append((Double(piece), found - Double(start + piece)))
                shift = Int((found - Double(start + piece)).rounded())
            }
        }
        guard places.count > 2 else { return nil }
        let meanX = places.reduce(0) { $0 + $1.x } / Double(places.count)
        let meanY = places.reduce(0) { $0 + $1.y } / Double(places.count)
        let product = places.reduce(0) { $0 + ($1.x - meanX) * ($1.y - meanY) }
        let slope = product / places.reduce(0) { $0 + ($1.x - meanX) * ($1.x - meanX) }
        let isLine = places.allSatisfy { abs($0.y - meanY - slope * ($0.x - meanX)) < mostBend }
        return isLine ? slope : nil
    }

    /// Where `piece` is likest to `captured`, 80 frames around `frame` at most (500 ppm of the longest pause are 24);
    /// between frames by the parabola through the best three.
    private static func place(of piece: ArraySlice<Int16>, in captured: [Int16], near frame: Int) -> Double? {
        let reach = 80
        guard frame - reach - 1 >= 0, frame + reach + 1 + piece.count <= captured.count else { return nil }
        let likeness: [Double] = captured.withUnsafeBufferPointer { captured in
            piece.withUnsafeBufferPointer { piece in
                (-reach...reach).map { offset in
                    var (sum, index) = (0, 0)
                    while index < piece.count {
                        sum += Int(piece[index]) * Int(captured[frame + offset + index])
                        index += 1
                    }
                    return Double(sum)
                }
            }
        }
        let heights = likeness.map { abs($0) }
        guard let best = heights.indices.max(by: { heights[$0] < heights[$1] }), (1..<heights.count - 1).contains(best)
        else { return nil }
        let (left, middle, right) = (heights[best - 1], heights[best], heights[best + 1])
        let bend = left - 2 * middle + right
        return Double(frame + best - reach) + (bend == 0 ? 0 : 0.5 * (left - right) / bend)
    }
}
