import Foundation
import Testing

@testable import realtime_simulator

@Suite struct HearingTests {
    private func heard(_ samples: [Int16]) -> [Hearing.Match] {
        Shipped.hearing.listen(to: samples).matches
    }

    @Test func everyUtteranceIsHeardWholeAndAsItself() {
        for utterance in Shipped.library.utterances {
            let matches = heard(utterance.speech.samples)
            #expect(matches.map(\.name) == [utterance.name])
            #expect(matches.map(\.headMissingMs) == [0])
            #expect(matches.map(\.tailMissingMs) == [0])
            #expect(matches.map(\.gapMs) == [0])
            #expect(matches.allSatisfy { $0.correlation > 0.999 })
        }
    }

    @Test func noAnswerIsTakenForAnUtterance() {
        for utterance in Shipped.library.utterances {
            #expect(heard(utterance.answer.samples) == [])
        }
    }

    @Test func silenceAroundAnUtteranceChangesNothing() {
        let matches = heard(Sound.silence(ms: 1_234) + Shipped.samples("policy-number") + Sound.silence(ms: 777))
        #expect(matches.map(\.name) == ["policy-number"])
        #expect(matches.first?.startFrame == 1_234 * 24)
        #expect(matches.first?.headMissingMs == 0)
        #expect(matches.first?.tailMissingMs == 0)
    }

    @Test(arguments: [1, 37, 800], ["policy-number", "directions"])
    func aCutHeadIsMeasuredToTheMillisecond(_ ms: Int, _ name: String) {
        let matches = heard(Array(Shipped.samples(name).dropFirst(ms * 24)) + Sound.silence(ms: 300))
        #expect(matches.map(\.name) == [name])
        #expect(matches.map(\.headMissingMs) == [ms])
        #expect(matches.map(\.tailMissingMs) == [0])
    }

    @Test(arguments: [1, 37, 800], ["broken-window", "opening-hours"])
    func aCutTailIsMeasuredToTheMillisecond(_ ms: Int, _ name: String) {
        // The last part of a millisecond counts as one.
        let whole = Shipped.samples(name)
        let matches = heard(Sound.silence(ms: 300) + whole.dropLast((ms - 1) * 24 + whole.count % 24 + 1))
        #expect(matches.map(\.name) == [name])
        #expect(matches.map(\.headMissingMs) == [0])
        #expect(abs((matches.first?.tailMissingMs ?? -9) - ms) <= 1)
    }

    @Test func aHeadReplacedBySilenceIsMissing() {
        let matches = heard(Sound.silence(ms: 500) + Shipped.samples("directions").dropFirst(200 * 24))
        #expect(matches.map(\.headMissingMs) == [200])
    }

    @Test func aHoleInTheMiddleIsAGapAndNotAMissingHead() {
        var samples = Shipped.samples("policy-number")
        for frame in 800 * 24..<900 * 24 { samples[frame] = 0 }
        let match = heard(samples).first
        #expect(match?.headMissingMs == 0)
        #expect(match?.tailMissingMs == 0)
        #expect(match?.gapMs == 100)
    }

    @Test(arguments: [0.02, 0.1, 0.5, 1.9])
    func theGainDoesNotMatterButTheLevelShowsIt(_ gain: Double) {
        let plain = heard(Shipped.samples("opening-hours")).first
        let match = heard(Sound.scaled(Shipped.samples("opening-hours"), by: gain)).first
        #expect(match?.name == "opening-hours")
        #expect(match?.headMissingMs == 0)
        #expect(match?.tailMissingMs == 0)
        let change = (match?.levelDBFS ?? 0) - (plain?.levelDBFS ?? 0)
        #expect(abs(change - 20 * log10(gain)) < 0.5)
    }

    @Test func noiseLeavesTheFiguresWithinTenMilliseconds() {
        // About 10 dB below the speech.
        let speech =
            Sound.silence(ms: 400) + Shipped.samples("policy-number").dropFirst(120 * 24) + Sound.silence(ms: 400)
        let match = heard(Sound.mix(speech, Sound.noise(ms: speech.count / 24 + 1, amplitude: 1_400))).first
        #expect(match?.name == "policy-number")
        #expect(abs((match?.headMissingMs ?? 0) - 120) <= 10)
        #expect((match?.tailMissingMs ?? 99) <= 10)
    }

    @Test(arguments: [0.25, 0.5])
    func resamplingByAFractionOfAFrameLosesNothing(_ fraction: Double) {
        for utterance in Shipped.library.utterances {
            let match = heard(Sound.delayed(utterance.speech.samples + Sound.silence(ms: 100), byFrames: fraction))
                .first
            #expect(match?.name == utterance.name)
            #expect(match?.headMissingMs == 0)
            #expect((match?.tailMissingMs ?? 9) <= 1)
        }
    }

    @Test func twoUtterancesInOneItemComeInTheirOrder() {
        let samples = Shipped.samples("directions") + Sound.silence(ms: 150) + Shipped.samples("spelled-name")
        let matches = heard(samples)
        #expect(matches.map(\.name) == ["directions", "spelled-name"])
        #expect(matches.map(\.headMissingMs) == [0, 0])
        #expect(matches.map(\.tailMissingMs) == [0, 0])
    }

    @Test func theSameUtteranceTwiceIsHeardTwice() {
        let samples = Shipped.samples("directions") + Sound.silence(ms: 150) + Shipped.samples("directions")
        #expect(heard(samples).map(\.name) == ["directions", "directions"])
    }

    @Test func noiseAndTonesAreNotRecognised() {
        for samples in [Sound.noise(ms: 2_000, amplitude: 3_000), Sound.tone(ms: 1_500, amplitude: 8_000)] {
            let report = Shipped.hearing.listen(to: samples)
            #expect(report.matches == [])
            #expect(!report.isSilent)
        }
    }

    @Test func anUtteranceBackwardsIsNotRecognised() {
        #expect(heard(Shipped.samples("policy-number").reversed()) == [])
    }

    @Test func silenceIsSilentAndHasALength() {
        let report = Shipped.hearing.listen(to: Sound.silence(ms: 640))
        #expect(report == Hearing.Report(lengthMs: 640, levelDBFS: -120, matches: []))
        #expect(report.isSilent)
        #expect(Shipped.hearing.listen(to: []).lengthMs == 0)
    }
}
