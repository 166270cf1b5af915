import Foundation

@testable import Audio

/// A room with a loudspeaker, a microphone and noise, for tests: direct sound, then reverberation that decays
/// exponentially (M. R. Schroeder, "Natural Sounding Artificial Reverberation", 1962: four combs, two all-passes).
struct SimulatedRoom {
    /// From the loudspeaker to the microphone: 100 frames are 1.4 m.
    var delayFrames = 100
    /// Time in which the reverberation decays by 60 dB.
    var decaySeconds = 0.3
    /// Echo at the microphone over what is played, in RMS.
    var echoGain = 0.7
    /// Amplitude of even noise at the microphone.
    var noise = 10.0

    /// What the microphone hears of what is played.
    func echo(of played: [Int16]) -> [Double] {
        var wet = [Double](repeating: 0, count: played.count)
        for combFrames in [713, 881, 1019, 1181] {
            let feedback = pow(0.001, Double(combFrames) / 24_000 / decaySeconds)
            Self.filter(played.count) { index, history in
                let past = index < combFrames ? 0 : history[index - combFrames]
                history[index] = Double(played[index]) + feedback * past
                wet[index] += past * 0.25
            }
        }
        for passFrames in [120, 41] {
            let dry = wet
            Self.filter(played.count) { index, history in
                let past = index < passFrames ? 0 : history[index - passFrames]
                history[index] = dry[index] + 0.7 * past
                wet[index] = past - 0.7 * history[index]
            }
        }
        var heard = [Double](repeating: 0, count: played.count)
        for index in delayFrames..<max(delayFrames, played.count) {
            heard[index] = Double(played[index - delayFrames]) + 0.6 * wet[index - delayFrames]
        }
        let gain = echoGain * rms(played.map(Double.init)) / max(1, rms(heard))
        return heard.map { $0 * gain }
    }

    /// What the microphone delivers: echo, speech and noise, clipped.
    func capture(echo: [Double], speech: [Int16] = []) -> [Int16] {
        var random = Xorshift()
        return echo.indices.map { index in
            let sum = echo[index] + (index < speech.count ? Double(speech[index]) : 0) + noise * random.next()
            return Int16(max(-32_768, min(32_767, sum.rounded())))
        }
    }

    private static func filter(_ count: Int, _ step: (Int, UnsafeMutableBufferPointer<Double>) -> Void) {
        var history = [Double](repeating: 0, count: count)
        history.withUnsafeMutableBufferPointer { for index in 0..<count { step(index, $0) } }
    }
}

/// Even noise that is the same in every run, -1 ... 1.
struct Xorshift {
    private var state: UInt64 = 88_172_645_463_325_252

    mutating func next() -> Double {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return Double(state >> 11) / Double(1 << 52) - 1
    }
}

/// `echo` as a card hears it from frame `start` on whose clock is faster by `drift`.
func stretched(_ echo: [Double], drift: Double, from start: Int) -> [Double] {
    var heard = [Double](repeating: 0, count: start + echo.count)
    for index in start..<heard.count {
        let place = Double(index - start) / (1 + drift)
        let frame = Int(place)
        // A windowed sinc of 16 points.
        var sum = 0.0
        for tap in max(0, frame - 7)..<max(0, frame - 7, min(echo.count, frame + 9)) {
            let x = Double.pi * (place - Double(tap))
            sum += echo[tap] * (abs(x) < 1e-9 ? 1 : sin(x) / x * (0.5 + 0.5 * cos(x / 8.5)))
        }
        heard[index] = sum
    }
    return heard
}

/// Recordings of the simulator, one after the other.
func recordings(_ names: String...) throws -> [Int16] {
    let sources = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("Sources/realtime-simulator/Samples")
    return try names.flatMap { try readAll(path: sources.appendingPathComponent("\($0).wav").path, piece: 2048) }
}

/// `speech`, scaled and put at a frame of a silence of `count` frames.
func placed(_ speech: [Int16], at frame: Int, gain: Double = 1, count: Int) -> [Int16] {
    var placed = [Int16](repeating: 0, count: count)
    for (index, sample) in speech.enumerated() where frame + index < count {
        placed[frame + index] = Int16(Double(sample) * gain)
    }
    return placed
}

func rms(_ samples: some Collection<Double>) -> Double {
    var sum = 0.0
    for sample in samples { sum += sample * sample }
    return (sum / Double(max(1, samples.count))).squareRoot()
}

func decibels(_ ratio: Double) -> Double { 20 * log10(max(1e-9, ratio)) }

/// Echo return loss in dB, second by second of whole seconds: echo at the microphone over what is left of it.
func echoReturnLoss(echo: [Double], output: [Int16], seconds: Range<Int>) -> [Double] {
    seconds.map { second in
        let span = second * 24_000..<(second + 1) * 24_000
        let left = output[span.lowerBound + EchoCanceller.latencyFrames..<span.upperBound + EchoCanceller.latencyFrames]
        return decibels(rms(echo[span]) / max(1, rms(left.map(Double.init))))
    }
}

/// How much of `speech` is in `output`, in dB: by level, and by the part that is the same wave (its projection).
func kept(_ speech: [Int16], in output: [Int16], frames: Range<Int>) -> (level: Double, wave: Double) {
    var product = 0.0
    var power = 0.0
    var outputPower = 0.0
    for frame in frames {
        let (wanted, got) = (Double(speech[frame]), Double(output[frame + EchoCanceller.latencyFrames]))
        product += wanted * got
        power += wanted * wanted
        outputPower += got * got
    }
    return (decibels((outputPower / power).squareRoot()), decibels(abs(product) / power))
}
