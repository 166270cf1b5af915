/// Arithmetic on audio for `Hearing`. Inner loops run over unsafe buffers: bounds checks would dominate them.
enum Signal {
    static func withoutMean(_ samples: [Int16]) -> [Float] {
        let sum = samples.reduce(0) { $0 + Int($1) }
        let mean = Float(sum) / Float(max(samples.count, 1))
        return samples.map { Float($0) - mean }
    }

    /// The audio at a rate `factor` times lower: means of `factor` samples.
    static func reduced(_ audio: [Float], by factor: Int) -> [Float] {
        audio.withUnsafeBufferPointer { audio in
            (0..<audio.count / factor).map { index in
                var sum: Float = 0
                for offset in 0..<factor { sum += audio[index * factor + offset] }
                return sum / Float(factor)
            }
        }
    }

    /// The loudness curve: root mean square of each `hop` samples; the last ones may be fewer.
    static func envelope(_ audio: [Float], hop: Int) -> [Float] {
        audio.withUnsafeBufferPointer { audio in
            stride(from: 0, to: audio.count, by: hop).map { start in
                var energy: Float = 0
                let end = min(start + hop, audio.count)
                for index in start..<end { energy += audio[index] * audio[index] }
                return (energy / Float(end - start)).squareRoot()
            }
        }
    }

    /// Correlation of two loudness curves, their means removed, over their overlap at `lag`; less overlap counts less.
    static func envelopeCorrelation(of template: [Float], in envelope: [Float], lag: Int) -> Float {
        let first = max(0, -lag), last = min(template.count, envelope.count - lag)
        guard last - first > 1 else { return 0 }
        return template.withUnsafeBufferPointer { template in
            envelope.withUnsafeBufferPointer { envelope in
                var (sumT, sumE, squareT, squareE, product) = (Float(0), Float(0), Float(0), Float(0), Float(0))
                for index in first..<last {
                    let t = template[index], e = envelope[index + lag]
                    sumT += t
                    sumE += e
                    squareT += t * t
                    squareE += e * e
                    product += t * e
                }
                let count = Float(last - first)
                let variances = (squareT - sumT * sumT / count) * (squareE - sumE * sumE / count)
                guard variances > 0 else { return 0 }
                let share = (count / Float(template.count)).squareRoot()
                return (product - sumT * sumE / count) / variances.squareRoot() * share
            }
        }
    }

    /// The lag at which `template` fits best, with the normalised cross-correlation there; nil when no lag overlaps
    /// enough. The template's whole energy counts, so that a short overlap cannot fit well by chance. Of the
    /// samples every `step`th is looked at.
    static func strongest(
        of template: [Float], in audio: [Float], lags: ClosedRange<Int>, leastOverlap: Int, step: Int = 1
    ) -> (lag: Int, correlation: Double)? {
        var energy = Float(0)
        for index in stride(from: 0, to: template.count, by: step) { energy += template[index] * template[index] }
        var best: (lag: Int, correlation: Double)?
        for lag in lags {
            let first = max(0, -lag), last = min(template.count, audio.count - lag)
            guard last - first >= leastOverlap else { continue }
            let part = (first + step - 1) / step * step..<last
            let (audioEnergy, product) = products(of: template, in: audio, part: part, lag: lag, step: step)
            guard energy > 0, audioEnergy > 0 else { continue }
            let correlation = Double(product) / (Double(energy) * Double(audioEnergy)).squareRoot()
            if correlation > best?.correlation ?? -1 { best = (lag, correlation) }
        }
        return best
    }

    /// The energy of the audio, and the sum of its products with the template, over a part of the template.
    private static func products(
        of template: [Float], in audio: [Float], part: Range<Int>, lag: Int, step: Int
    ) -> (energy: Float, product: Float) {
        precondition(part.lowerBound >= 0 && part.upperBound <= template.count)
        precondition(part.lowerBound + lag >= 0 && part.upperBound + lag <= audio.count)
        var (energy, product) = (Float(0), Float(0))
        // SAFETY: both ranges were checked above; the pointers do not leave the closures.
        template.withUnsafeBufferPointer { template in
            audio.withUnsafeBufferPointer { audio in
                guard let template = template.baseAddress, let audio = audio.baseAddress else { return }
                var index = part.lowerBound
                while index < part.upperBound {
                    let sample = audio[index + lag]
                    energy += sample * sample
                    product += template[index] * sample
                    index += step
                }
            }
        }
        return (energy, product)
    }
}
