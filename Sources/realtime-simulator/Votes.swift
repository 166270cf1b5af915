/// How well audio at a known lag agrees with an utterance, millisecond by millisecond.
struct Votes {
    /// Sums over a part: products of audio and utterance, and the energy of each.
    struct Sums {
        var cross = 0.0
        var audio = 0.0
        var utterance = 0.0

        static func += (sums: inout Sums, other: Sums) {
            sums.cross += other.cross
            sums.audio += other.audio
            sums.utterance += other.utterance
        }
    }

    private let slices: [Sums]
    private let gain: Double
    /// Energy of what neither the utterance nor silence explains, a sample.
    private let noise: Double

    /// Whole milliseconds of the utterance; a last part of one counts as one.
    var lengthMs: Int { slices.count }

    init(of utterance: [Float], in audio: [Float], lag: Int) {
        let slices = Votes.slices(of: utterance, in: audio, lag: lag)
        // Missing parts pull the gain down; once more over what speaks for the utterance.
        let first = Votes.gain(slices)
        let present = slices.filter { Votes.vote($0, gain: first) > 0 }
        let gain = Votes.gain(present)
        let sums = present.reduce(into: Sums()) { $0 += $1 }
        let rest = max(sums.audio - gain * sums.cross, 0)
        noise = rest / Double(max(present.count, 1) * AudioTime.framesPerMs)
        self.slices = slices
        self.gain = gain
    }

    private static func slices(of utterance: [Float], in audio: [Float], lag: Int) -> [Sums] {
        let length = AudioTime.framesPerMs
        return stride(from: 0, to: utterance.count, by: length).map { start in
            var sums = Sums()
            for frame in start..<min(start + length, utterance.count) {
                let expected = Double(utterance[frame])
                let place = frame + lag
                let received = place >= 0 && place < audio.count ? Double(audio[place]) : 0
                sums.cross += received * expected
                sums.audio += received * received
                sums.utterance += expected * expected
            }
            return sums
        }
    }

    private static func gain(_ slices: [Sums]) -> Double {
        let sums = slices.reduce(into: Sums()) { $0 += $1 }
        return sums.utterance > 0 ? max(sums.cross / sums.utterance, 0) : 0
    }

    func sums(over part: Range<Int>) -> Sums {
        slices[part].reduce(into: Sums()) { $0 += $1 }
    }

    /// The milliseconds that are there, without the head and the tail that are not.
    var presentPart: Range<Int> {
        let head = missing(slices[...])
        let tail = missing(slices.reversed()[...])
        return head < slices.count - tail ? head..<slices.count - tail : 0..<0
    }

    /// Blocks of 10 ms in a part that speak clearly against the utterance.
    func missingBlocks(within part: Range<Int>) -> Int {
        stride(from: part.lowerBound, to: part.upperBound, by: 10).count { start in
            let block = sums(over: start..<min(start + 10, part.upperBound))
            return isClear(Votes.vote(block, gain: gain), utterance: block.utterance)
        }
    }

    /// For present audio +(gain² × utterance), for missing audio the same with a minus.
    private static func vote(_ sums: Sums, gain: Double) -> Double {
        2 * gain * sums.cross - gain * gain * sums.utterance
    }

    /// A vote against the utterance that neither noise of the measured level nor a rounding error would give.
    private func isClear(_ vote: Double, utterance: Double) -> Bool {
        let expected = gain * gain * utterance
        let spread = 2 * gain * (noise * utterance).squareRoot()
        return vote < -0.5 * expected && -vote > 3 * spread && expected > 0
    }

    /// How many slices from the start on are missing: where the sum of votes is lowest, if that is clear.
    private func missing(_ slices: some Collection<Sums>) -> Int {
        var total = 0.0, utterance = 0.0
        var lowest = 0.0, utteranceThere = 0.0
        var count = 0
        for (index, slice) in slices.enumerated() {
            total += Votes.vote(slice, gain: gain)
            utterance += slice.utterance
            if total < lowest {
                (lowest, utteranceThere, count) = (total, utterance, index + 1)
            }
        }
        return isClear(lowest, utterance: utteranceThere) ? count : 0
    }
}
