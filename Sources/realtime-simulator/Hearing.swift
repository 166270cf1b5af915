/// Recognises the sample utterances in received audio and measures what is missing of each.
///
/// Three steps, each cheaper than looking everywhere at full rate: the loudness curve finds candidate places, the
/// audio at 1.5 kHz decides between them, the audio at 24 kHz gives the exact lag. Works with any gain, with noise
/// (down to about 0 dB of signal to noise), after resampling, and with silence or other speech around.
struct Hearing: Sendable {
    /// One utterance found in the audio.
    struct Match: Equatable, Sendable {
        let name: String
        /// Place in the library.
        let utterance: Int
        /// Where the utterance's first sample lies in the audio; negative when the head was cut before the audio.
        let startFrame: Int
        /// Milliseconds of the utterance's beginning that were not heard.
        let headMissingMs: Int
        /// Milliseconds of its end that were not heard.
        let tailMissingMs: Int
        /// Milliseconds between the two that were not heard, in blocks of 10 ms.
        let gapMs: Int
        /// Normalised cross-correlation over the part that was heard, 0...1.
        let correlation: Double
        /// Level of the part that was heard.
        let levelDBFS: Double
    }

    /// What became of one item's audio.
    struct Report: Equatable, Sendable {
        let lengthMs: Int
        let levelDBFS: Double
        /// In the order of their places; empty when nothing was recognised.
        let matches: [Match]

        /// Nothing that could be speech.
        var isSilent: Bool { levelDBFS <= Hearing.silentDBFS }
    }

    /// An utterance at the three resolutions.
    private struct Template: Sendable {
        let name: String
        let full: [Float]
        let reduced: [Float]
        let envelope: [Float]
    }

    /// Frames a value of the loudness curve: 20 ms.
    private static let envelopeHop = 480
    /// Frames a sample of the reduced audio: 1.5 kHz.
    private static let reduction = 16
    /// Less of an utterance than this is not looked for.
    private static let leastOverlapMs = 400
    /// Other speech stays below 0.25 (measured among the samples); noise as loud as the speech leaves 0.7.
    private static let leastCorrelation = 0.5
    /// Audio below this level (dB below full scale) holds no speech.
    private static let silentDBFS = -60.0
    /// Places that are looked at closely.
    private static let mostCandidates = 6
    /// More utterances than this in one item are left out.
    private static let mostMatches = 8

    private let templates: [Template]

    init(library: SampleLibrary) {
        templates = library.utterances.map { utterance in
            let full = utterance.speech.samples.map { Float($0) }
            return Template(
                name: utterance.name, full: full, reduced: Signal.reduced(full, by: Hearing.reduction),
                envelope: Signal.envelope(full, hop: Hearing.envelopeHop))
        }
    }

    /// Looks for every utterance in the audio (24 kHz). Takes some milliseconds a second of audio.
    func listen(to samples: [Int16]) -> Report {
        let level = PCM.levelDBFS(samples[...])
        let lengthMs = AudioTime.ms(frames: samples.count)
        guard level > Hearing.silentDBFS else { return Report(lengthMs: lengthMs, levelDBFS: level, matches: []) }
        var audio = Signal.withoutMean(samples)
        var matches: [Match] = []
        while matches.count < Hearing.mostMatches, isAudible(audio), let match = best(in: audio) {
            matches.append(match)
            // What is explained is silenced, so that the next look finds the next utterance.
            let length = templates[match.utterance].full.count
            for frame in max(match.startFrame, 0)..<min(match.startFrame + length, audio.count) { audio[frame] = 0 }
        }
        return Report(
            lengthMs: lengthMs, levelDBFS: level, matches: matches.sorted { $0.startFrame < $1.startFrame })
    }

    private func isAudible(_ audio: [Float]) -> Bool {
        let energy = audio.reduce(0.0) { $0 + Double($1) * Double($1) }
        return PCM.levelDBFS(energy: energy, count: audio.count) > Hearing.silentDBFS
    }

    private func best(in audio: [Float]) -> Match? {
        let envelope = Signal.envelope(audio, hop: Hearing.envelopeHop)
        let reduced = Signal.reduced(audio, by: Hearing.reduction)
        let candidates = templates.indices.flatMap { self.candidates(of: $0, in: envelope) }
        var best: (template: Int, lag: Int, correlation: Double)?
        for candidate in candidates.sorted(by: { $0.score > $1.score }).prefix(Hearing.mostCandidates) {
            let center = candidate.hop * Hearing.envelopeHop / Hearing.reduction
            let reach = Hearing.envelopeHop / Hearing.reduction
            let found = Signal.strongest(
                of: templates[candidate.template].reduced, in: reduced, lags: center - reach...center + reach,
                leastOverlap: Hearing.leastOverlapMs * AudioTime.framesPerMs / Hearing.reduction)
            if let found, found.correlation > best?.correlation ?? Hearing.leastCorrelation {
                best = (candidate.template, found.lag * Hearing.reduction, found.correlation)
            }
        }
        guard let best else { return nil }
        let exact = Signal.strongest(
            of: templates[best.template].full, in: audio,
            lags: best.lag - Hearing.reduction...best.lag + Hearing.reduction,
            leastOverlap: Hearing.leastOverlapMs * AudioTime.framesPerMs, step: 3)
        return exact.flatMap { measure(best.template, in: audio, lag: $0.lag) }
    }

    /// The lags (in hops) at which the loudness curves fit best: the three highest local maxima.
    private func candidates(of index: Int, in envelope: [Float]) -> [(template: Int, hop: Int, score: Float)] {
        let template = templates[index].envelope
        let least = Hearing.leastOverlapMs * AudioTime.framesPerMs / Hearing.envelopeHop
        let first = least - template.count, last = envelope.count - least
        guard first <= last else { return [] }
        let scores = (first...last).map { Signal.envelopeCorrelation(of: template, in: envelope, lag: $0) }
        let peaks = scores.indices.filter { place in
            scores[place] > 0.2
                && (place == 0 || scores[place - 1] <= scores[place])
                && (place == scores.count - 1 || scores[place + 1] < scores[place])
        }
        return peaks.sorted { scores[$0] > scores[$1] }.prefix(3).map { (index, $0 + first, scores[$0]) }
    }

    /// Finds which part of the utterance is there, knowing its lag.
    ///
    /// Each millisecond votes: the energy of the audio less the energy of what is left when the utterance, at the
    /// level it was heard with, is taken out. Where the utterance is present the vote is for it by its own energy;
    /// where it is missing, against it by as much. The head ends where the sum of votes after it is greatest.
    private func measure(_ index: Int, in audio: [Float], lag: Int) -> Match? {
        let template = templates[index].full
        let votes = Votes(of: template, in: audio, lag: lag)
        let heard = votes.presentPart
        guard heard.count >= Hearing.leastOverlapMs else { return nil }
        let part = votes.sums(over: heard)
        let correlation = part.cross / (part.audio * part.utterance).squareRoot()
        guard correlation.isFinite, correlation >= Hearing.leastCorrelation else { return nil }
        let gap = votes.missingBlocks(within: heard) * 10
        return Match(
            name: templates[index].name, utterance: index, startFrame: lag, headMissingMs: heard.lowerBound,
            tailMissingMs: votes.lengthMs - heard.upperBound, gapMs: gap, correlation: min(correlation, 1),
            levelDBFS: PCM.levelDBFS(energy: part.audio, count: heard.count * AudioTime.framesPerMs))
    }
}
