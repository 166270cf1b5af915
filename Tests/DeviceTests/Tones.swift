import Foundation

/// A few tones of the speech band at once, and how well something received is still these tones.
struct Tones {
    /// Multiples of 20 Hz: each has whole periods in the window, so that they are told apart exactly.
    static let frequencies = [200.0, 1000, 3400, 7000]
    static let amplitude = 5000.0
    /// 200 ms.
    static let windowsPerSecond = 5

    /// The tones up to the highest at a rate, PCM16.
    static func samples(_ count: Int, rate: Int, highest: Double = 7000) -> [Int16] {
        (0..<count).map { frame in
            let time = Double(frame) / Double(rate)
            let tones = frequencies.filter { $0 <= highest }.map { amplitude * sin(2 * .pi * $0 * time + $0) }
            return Int16(tones.reduce(0, +).rounded())
        }
    }

    /// Signal to noise in dB: the power of the tones to the power of everything else.
    let signalToNoise: Double
    /// The tone furthest from its loudness, as a ratio to what it should be.
    let worstGain: Double

    /// Measures the first 200 ms of `received`.
    init(in received: ArraySlice<Int16>, rate: Int, highest: Double = 7000) {
        let count = rate / Self.windowsPerSecond
        let samples = received.prefix(count).map(Double.init)
        precondition(samples.count == count, "\(received.count) frames: wanted \(count)")
        let mean = samples.reduce(0, +) / Double(count)
        let power = samples.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        var tones = 0.0
        var worst = 1.0
        for frequency in Self.frequencies where frequency <= highest {
            // The angle is turned frame by frame: half a million sines would take long in a virtual machine.
            let angle = 2 * .pi * frequency / Double(rate)
            let (turnSine, turnCosine) = (sin(angle), cos(angle))
            var (sine, cosine, inPhase, inQuadrature) = (0.0, 1.0, 0.0, 0.0)
            for sample in samples {
                inPhase += sample * cosine
                inQuadrature += sample * sine
                (sine, cosine) = (sine * turnCosine + cosine * turnSine, cosine * turnCosine - sine * turnSine)
            }
            let square = (inPhase * inPhase + inQuadrature * inQuadrature) * 2 / Double(count)
            tones += square
            let gain = (square * 2 / Double(count)).squareRoot() / Self.amplitude
            if abs(gain - 1) > abs(worst - 1) { worst = gain }
        }
        signalToNoise = 10 * log10(tones / max(power - tones, 1))
        worstGain = worst
    }
}
