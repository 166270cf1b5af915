import Testing

@testable import Audio

/// Two cards whose crystals differ, for a day of answers, on virtual time.
@Suite struct EchoDriftTests {
    private static let rate = 24_000.0
    /// Playback is ahead of what is heard by its buffer: 40 ms.
    private static let aheadFrames = 960

    struct Cards: Sendable, CustomTestStringConvertible {
        var hours = 24.0
        /// Of the cards' clocks against ours; positive is fast.
        var captureDrift = 50e-6
        var playbackDrift = -50e-6
        /// Looks are late by up to this: a thread that is woken late.
        var jitterNs = 300_000.0
        /// How often both threads look; the most that fits into the time of a test.
        var stepSeconds = 0.1
        /// An answer of so many seconds, then so many of silence.
        var answerSeconds = 12.0
        var pauseSeconds = 48.0

        var testDescription: String {
            "\(hours) h, \(captureDrift * 1e6) and \(playbackDrift * 1e6) ppm, looks every \(stepSeconds) s"
        }
    }

    struct Outcome {
        /// Frames between what is given to the canceller and what is heard: the most, and the mean of their squares'
        /// root.
        var worstFrames = 0.0
        var squares = 0.0
        var blocks = 0
        /// The most by which a block begins elsewhere than the one before it ended, within an answer.
        var worstGapFrames = 0.0
        /// The most by which frames within a block are further apart or closer than one: in an answer's first 0.6 s,
        /// when its beginning is still being found, and after that.
        var worstFirstStep = 0.0
        var worstStep = 0.0
        /// Blocks after that.
        var settledBlocks = 0
        var answers = 0
        var mostQueuedFrames = 0
        var slippedFrames = 0.0
        var statistics = EchoReference().statistics

        var rmsFrames: Double { (squares / Double(max(1, blocks))).squareRoot() }
    }

    /// Lets both threads look and move frames, as they do; what is measured needs no samples to be read.
    private func run(_ cards: Cards) -> Outcome {
        let reference = EchoReference()
        let alignment = EchoAlignment(reference: reference)
        var outcome = Outcome()
        var random = Xorshift()
        /// A thread that is woken late sees an old position: the look is believed to be earlier in time than it was.
        func late() -> Double { cards.jitterNs * (random.next() + 1) / 2 }
        let blockFrames = Int(cards.stepSeconds * Self.rate)
        let answerFrames = Int(cards.answerSeconds * Self.rate)
        let steps = Int(cards.hours * 3600 / cards.stepSeconds)
        let silence = [Int16](repeating: 0, count: 2 * blockFrames + Self.aheadFrames)
        let captureNs = 1e9 / (Self.rate * (1 + cards.captureDrift))
        let playbackNs = 1e9 / (Self.rate * (1 + cards.playbackDrift))
        var answerStart = 0
        var startNs: Double?
        var nextAnswerNs = 1e9
        var former: (place: EchoAlignment.Place, end: Double)?
        alignment.restartCapture(frame: 0, ns: 0)
        for step in 0..<steps {
            let frame = step * blockFrames
            // Captured are the frames up to now; given out is the block before.
            let nowNs = Double(frame + blockFrames) * captureNs
            alignment.lookAtCapture(frame: Double(frame + blockFrames), ns: Int64(nowNs + late()))
            if startNs == nil, nowNs >= nextAnswerNs {
                startNs = nowNs
                answerStart = reference.writtenFrames
                reference.start(frame: answerStart, ns: Int64(nowNs + late()))
                outcome.answers += 1
            }
            if let started = startNs {
                let heard = (nowNs - started) / playbackNs
                let due = min(answerFrames, Int(heard) + Self.aheadFrames) - (reference.writtenFrames - answerStart)
                if due > 0 {
                    silence.withUnsafeBufferPointer { reference.write(UnsafeBufferPointer(rebasing: $0[..<due])) }
                }
                if heard >= Double(answerFrames) {
                    reference.end(frame: answerStart + answerFrames, ns: Int64(nowNs + late()))
                    startNs = nil
                    nextAnswerNs = nowNs + cards.pauseSeconds * 1e9
                } else if heard > 0 {
                    reference.look(frame: Double(answerStart) + heard, ns: Int64(nowNs + late()))
                }
            }
            outcome.mostQueuedFrames = max(outcome.mostQueuedFrames, reference.ring.availableToRead)
            guard let place = alignment.place(at: frame, count: blockFrames), let startNs else {
                former = nil
                continue
            }
            // The block before belongs to the answer before.
            let wanted = Double(answerStart)
                + (Double(frame + EchoAlignment.leadFrames) * captureNs - startNs) / playbackNs
            guard wanted >= Double(answerStart) else { continue }
            let error = abs(place.start - wanted)
            outcome.worstFrames = max(outcome.worstFrames, error)
            outcome.squares += error * error
            outcome.blocks += 1
            if let former { outcome.worstGapFrames = max(outcome.worstGapFrames, abs(place.start - former.end)) }
            former = (place, place.start + place.step * Double(blockFrames))
            guard wanted >= Double(answerStart) + 0.6 * Self.rate else {
                outcome.worstFirstStep = max(outcome.worstFirstStep, abs(place.step - 1))
                continue
            }
            outcome.settledBlocks += 1
            outcome.worstStep = max(outcome.worstStep, abs(place.step - 1))
            outcome.slippedFrames += place.step * Double(blockFrames) - Double(blockFrames)
        }
        outcome.statistics = reference.statistics
        return outcome
    }

    /// Answers start with one look; so the worst is the jitter, 7 frames.
    @Test(arguments: [
        Cards(), Cards(captureDrift: 200e-6, playbackDrift: -200e-6), Cards(captureDrift: -50e-6, playbackDrift: 50e-6),
    ])
    func aDayOfDriftLeavesTheReferenceWithinTenFrames(cards: Cards) {
        let outcome = run(cards)
        #expect(outcome.answers > 1400)
        #expect(outcome.worstFrames < 10, "\(outcome)")
        #expect(outcome.rmsFrames < 4, "\(outcome)")
        #expect(outcome.mostQueuedFrames <= Int(cards.stepSeconds * Self.rate) + 2 * Self.aheadFrames, "\(outcome)")
        #expect(outcome.statistics.realignments == 0 && outcome.statistics.lostFrames == 0, "\(outcome)")
        // What the cards drifted apart while answers were heard, and nothing else.
        let wanted = Double(outcome.settledBlocks) * cards.stepSeconds * Self.rate
            * ((1 + cards.playbackDrift) / (1 + cards.captureDrift) - 1)
        #expect(abs(outcome.slippedFrames - wanted) < 0.05 * abs(wanted), "\(outcome) \(wanted)")
        #expect(outcome.worstGapFrames < 1e-3, "\(outcome)")
    }

    /// Every period of an hour: no block is read faster or slower than by two hundredths, or by a block's share of
    /// the jitter while the answer's beginning is found; no frame is left out or repeated.
    @Test(arguments: [
        Cards(hours: 1, stepSeconds: 0.01),
        Cards(hours: 1, captureDrift: 0, playbackDrift: 200e-6, stepSeconds: 0.01),
    ])
    func correctionsAreSpreadOverTheirBlock(cards: Cards) {
        let outcome = run(cards)
        #expect(outcome.worstGapFrames < 1e-3, "\(outcome)")
        #expect(outcome.worstStep < 0.02 && outcome.worstFirstStep < 0.03, "\(outcome)")
        #expect(outcome.worstFrames < 10, "\(outcome)")
        #expect(outcome.statistics.realignments == 0, "\(outcome)")
    }

    /// One answer of 24 h: nothing that counts from its start runs away.
    @Test func anAnswerWithoutEndStaysAligned() {
        let outcome = run(Cards(captureDrift: 200e-6, playbackDrift: -200e-6, answerSeconds: 1e6))
        #expect(outcome.answers == 1)
        #expect(outcome.worstFrames < 10, "\(outcome)")
        // 400 ppm of 2.07 thousand million frames.
        #expect((800_000...860_000).contains(outcome.statistics.slippedFrames), "\(outcome)")
        #expect(outcome.statistics.realignments == 0, "\(outcome)")
    }
}
