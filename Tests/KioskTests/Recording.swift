import Foundation
import KioskBench

/// What the visitor's ear heard: the loudspeaker's sound card from before the kiosk's start to after its end.
struct Recording {
    let format: CardFormat
    /// Frames; all channels are the same.
    let count: Int
    private let data: Data

    init(data: Data, format: CardFormat) {
        self.data = data
        self.format = format
        count = data.count / (2 * format.channels)
    }

    /// What was heard of one answer.
    struct Heard {
        /// Where the answer's first sample stands in the recording.
        let startFrame: Int
        /// Milliseconds of it that were heard: between what is still there and what no longer is, a pause may lie.
        let ms: ClosedRange<Int>
        /// Milliseconds before that end which were not heard.
        let missingMs: Int
        /// Loudness of what was heard over all that does not belong to it; infinite when it is the answer bit by bit.
        let signalToNoiseDB: Double

        /// For the figures.
        var quality: String {
            signalToNoiseDB == .infinity ? "bit exact" : String(format: "%.1f dB signal to noise", signalToNoiseDB)
        }
    }

    /// Samples of this size and smaller are silence; the filter's ringing after a cut included.
    static let silence = 8

    /// The first audible frame of a stretch of the recording.
    func firstAudibleFrame(in range: Range<Int>) -> Int? {
        withSamples { samples in
            var frame = max(range.lowerBound, 0)
            while frame < min(range.upperBound, count) {
                if abs(Int(samples[frame * format.channels])) > Self.silence { return frame }
                frame += 1
            }
            return nil
        }
    }

    /// The last one.
    func lastAudibleFrame(in range: Range<Int>) -> Int? {
        withSamples { samples in
            var frame = min(range.upperBound, count) - 1
            while frame >= max(range.lowerBound, 0) {
                if abs(Int(samples[frame * format.channels])) > Self.silence { return frame }
                frame -= 1
            }
            return nil
        }
    }

    /// Finds the answer that begins with the first sound in `range`. Nil when it does not fit into the recording.
    func heard(of answer: [Int16], in range: Range<Int>) -> Heard? {
        guard let begin = firstAudibleFrame(in: range),
            let lead = answer.firstIndex(where: { abs(Int($0)) > Self.silence })
        else { return nil }
        let start = align(answer, lead: lead, near: begin - lead * format.ratio)
        guard start >= 0, start + answer.count * format.ratio <= count else { return nil }
        return compare(answer, from: start)
    }

    private func withSamples<Result>(_ body: (UnsafePointer<Int16>) -> Result) -> Result {
        data.withUnsafeBytes { bytes in
            // SAFETY: Data's memory is aligned for any type; all who index it stay below `count` frames.
            body(bytes.baseAddress!.assumingMemoryBound(to: Int16.self))
        }
    }

    /// The frame at which the answer fits best, at most a millisecond from where it seems to begin.
    private func align(_ answer: [Int16], lead: Int, near: Int) -> Int {
        let reach = format.rate / 1000, end = min(lead + WaveFile.rate / 50, answer.count)
        guard near >= reach, near + reach + end * format.ratio <= count else { return near }
        return withSamples { samples in
            var best = (start: near, difference: Int.max)
            var start = near - reach
            while start <= near + reach {
                var (index, difference) = (lead, 0)
                while index < end, difference < best.difference {
                    let place = (start + index * format.ratio) * format.channels
                    difference += abs(Int(answer[index]) - Int(samples[place]))
                    index += 1
                }
                if difference < best.difference { best = (start, difference) }
                start += 1
            }
            return best.start
        }
    }

    /// Millisecond by millisecond: is it the answer, or is the answer missing?
    private func compare(_ answer: [Int16], from start: Int) -> Heard {
        let block = WaveFile.rate / 1000, step = format.ratio * format.channels
        let lengthMs = answer.count / block
        var (lastHeard, firstMissing, missing) = (0, lengthMs, 0)
        var (signal, noise, heardSignal, heardNoise) = (0, 0, 0, 0)
        var ms = 0
        while ms < lengthMs {
            let (energy, rest) = withSamples { samples in
                var (energy, rest, index, place) = (0, 0, ms * block, start * format.channels + ms * block * step)
                while index < (ms + 1) * block {
                    let wanted = Int(answer[index]), wrong = wanted - Int(samples[place])
                    energy += wanted * wanted
                    rest += wrong * wrong
                    index += 1
                    place += step
                }
                return (energy, rest)
            }
            signal += energy
            noise += rest
            // A pause of the words is neither.
            if energy > block * Self.silence * Self.silence {
                if rest < energy / 2 {
                    if firstMissing < ms { missing += ms - firstMissing }
                    (lastHeard, firstMissing) = (ms + 1, lengthMs)
                    (heardSignal, heardNoise) = (signal, noise)
                } else {
                    firstMissing = min(firstMissing, ms)
                }
            }
            ms += 1
        }
        return Heard(
            startFrame: start, ms: lastHeard...max(lastHeard, firstMissing), missingMs: missing,
            signalToNoiseDB: 10 * log10(Double(heardSignal) / Double(heardNoise)))
    }
}
