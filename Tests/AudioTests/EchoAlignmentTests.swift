import Foundation
import Testing

@testable import Audio

@Suite struct EchoAlignmentTests {
    private static let blockFrames = EchoCanceller.blockFrames
    private static let frameNs = 1e9 / 24_000

    private func write(_ reference: EchoReference, _ samples: [Int16]) {
        samples.withUnsafeBufferPointer { reference.write($0) }
    }

    private func ns(_ frame: Int) -> Int64 { Int64(Double(frame) * Self.frameNs) }

    /// The block heard with the capture frames from `frame` on, the lead taken off.
    private func heard(_ alignment: EchoAlignment, at frame: Int) -> [Int16] {
        var block = [Int16](repeating: 77, count: Self.blockFrames)
        _ = block.withUnsafeMutableBufferPointer { alignment.read(at: frame - EchoAlignment.leadFrames, into: $0) }
        return block
    }

    private func heard(_ alignment: EchoAlignment, blocks: Int, from frame: Int = 0) -> [Int16] {
        (0..<blocks).flatMap { heard(alignment, at: frame + $0 * Self.blockFrames) }
    }

    private func isNear(_ samples: some Collection<Int16>, _ wanted: some Collection<Int16>) -> Bool {
        samples.count == wanted.count && zip(samples, wanted).allSatisfy { abs(Int($0) - Int($1)) <= 1 }
    }

    /// A reference and an alignment whose capture frame 0 is at 0 ns.
    private func pair() -> (EchoReference, EchoAlignment) {
        let reference = EchoReference()
        let alignment = EchoAlignment(reference: reference)
        alignment.restartCapture(frame: 0, ns: 0)
        return (reference, alignment)
    }

    @Test func whatWasHeardStandsWhereItWasCaptured() {
        let (reference, alignment) = pair()
        write(reference, ramp(2400))
        reference.start(frame: 0, ns: ns(1000))
        let block = heard(alignment, blocks: 16)
        // Between samples the curve through silence and sound rings for two frames.
        #expect(block[..<998].allSatisfy { $0 == 0 })
        #expect(isNear(block[1002..<3398], ramp(2396, from: 2)))
        #expect(block[3402...].allSatisfy { $0 == 0 })
    }

    @Test func soundBetweenTwoFramesIsReadBetweenThem() {
        let (reference, alignment) = pair()
        let step = 2 * Double.pi * 1000 / 24_000
        write(reference, (0..<2400).map { Int16(10_000 * sin(step * Double($0))) })
        reference.start(frame: 0, ns: Int64(480.4 * Self.frameNs))
        let block = heard(alignment, at: 960)
        for (index, sample) in block.enumerated() {
            #expect(abs(Double(sample) - 10_000 * sin(step * (479.6 + Double(index)))) < 20)
        }
    }

    @Test func whatIsPlayedMoreSoftlyIsHeardMoreSoftlyFromItsFrameOn() {
        let (reference, alignment) = pair()
        write(reference, Array(repeating: 8000, count: 2400))
        reference.start(frame: 0, ns: 0)
        #expect(heard(alignment, at: 240).allSatisfy { $0 == 8000 })
        reference.change(gain: 0.25, frame: 1000, ns: ns(500))
        let block = heard(alignment, blocks: 4, from: 720)
        #expect(block[..<280].allSatisfy { $0 == 8000 } && block[280...].allSatisfy { $0 == 2000 })
        reference.change(gain: 1, frame: 2000, ns: ns(1700))
        let louder = heard(alignment, blocks: 2, from: 1680)
        #expect(louder[..<320].allSatisfy { $0 == 2000 } && louder[320...].allSatisfy { $0 == 8000 })
    }

    @Test func nothingPlayedIsSilenceAndSaidToBeSo() {
        let (reference, alignment) = pair()
        var block = [Int16](repeating: 77, count: Self.blockFrames)
        let isHeard = block.withUnsafeMutableBufferPointer { alignment.read(at: 0, into: $0) }
        #expect(!isHeard && block.allSatisfy { $0 == 0 })
        // Played, but not started: nobody hears it.
        write(reference, ramp(2400))
        #expect(heard(alignment, at: 240).allSatisfy { $0 == 0 })
    }

    @Test func whatWasCutIsNotHeardAndTheNextRunStandsWhereItBegan() {
        let (reference, alignment) = pair()
        write(reference, ramp(2400))
        reference.start(frame: 0, ns: 0)
        #expect(isNear(heard(alignment, blocks: 2)[2...], ramp(478, from: 2)))
        reference.end(frame: 700, ns: ns(700))
        write(reference, ramp(960, from: 10_000))
        reference.start(frame: 2400, ns: ns(1500))
        let block = heard(alignment, blocks: 9, from: 480)
        #expect(isNear(block[..<218], ramp(218, from: 480)))
        #expect(block[222..<1018].allSatisfy { $0 == 0 })
        #expect(isNear(block[1022..<1978], ramp(956, from: 10_002)))
        #expect(block[1982...].allSatisfy { $0 == 0 })
    }

    @Test func aRunThatIsStagedBeforeItStartsIsNotHeardEarly() {
        let (reference, alignment) = pair()
        write(reference, ramp(480))
        reference.start(frame: 0, ns: 0)
        reference.end(frame: 480, ns: ns(480))
        write(reference, ramp(480, from: 20_000))
        let block = heard(alignment, blocks: 4)
        #expect(isNear(block[2..<478], ramp(476, from: 2)))
        #expect(block[482...].allSatisfy { $0 == 0 })
    }

    @Test func framesLostInARunMoveTheRestToItsPlace() {
        let (reference, alignment) = pair()
        // The capture thread stands still for longer than the ring.
        let loud = ramp(EchoReference.ringFrames)
        write(reference, loud)
        reference.start(frame: 0, ns: 0)
        write(reference, [Int16](repeating: 6000, count: 4800))
        let resumed = EchoReference.ringFrames + 4800
        reference.look(frame: 1000, ns: ns(1000))
        #expect(isNear(heard(alignment, at: 480), ramp(240, from: 480)))
        // That look is not believed: it counts frames that were lost.
        #expect(isNear(heard(alignment, at: 1200), ramp(240, from: 1200)))
        write(reference, ramp(4800))
        reference.look(frame: Double(resumed + 100), ns: ns(resumed + 100))
        #expect(isNear(heard(alignment, blocks: 10, from: resumed + 240), ramp(2400, from: 240)))
    }

    @Test func aCaptureThreadThatStoodStillFindsTheRunAgain() {
        let (reference, alignment) = pair()
        write(reference, ramp(2400))
        reference.start(frame: 0, ns: 0)
        for look in 0..<2 * EchoReference.mostMarks { reference.look(frame: Double(look), ns: ns(look)) }
        #expect(isNear(heard(alignment, at: 960), ramp(240, from: 960)))
        reference.look(frame: 1200, ns: ns(1300))
        // The look that found room again counts as a start: it is believed at once, though it is 100 frames off.
        #expect(isNear(heard(alignment, blocks: 2, from: 1300), ramp(480, from: 1200)))
    }

    @Test func aMicrophoneThatWasOpenedAgainFindsTheRunAgain() {
        let (reference, former) = pair()
        write(reference, ramp(1000))
        reference.start(frame: 0, ns: 0)
        #expect(isNear(heard(former, at: 240), ramp(240, from: 240)))
        let alignment = EchoAlignment(reference: reference)
        alignment.restartCapture(frame: 0, ns: ns(1000))
        write(reference, ramp(2400, from: 1000))
        reference.look(frame: 1100, ns: ns(1100))
        #expect(isNear(heard(alignment, at: 480), ramp(240, from: 1480)))
    }

    @Test func anOverrunOfTheMicrophoneIsMadeGoodAtOnce() {
        let (reference, alignment) = pair()
        write(reference, ramp(9600))
        reference.start(frame: 0, ns: 0)
        #expect(isNear(heard(alignment, at: 240), ramp(240, from: 240)))
        // 100 ms were lost: capture frame 480 is what would have been 2880.
        alignment.restartCapture(frame: 480, ns: ns(2880))
        var block = [Int16](repeating: 0, count: Self.blockFrames)
        _ = block.withUnsafeMutableBufferPointer { alignment.read(at: 480, into: $0) }
        #expect(isNear(block, ramp(240, from: 2880 + EchoAlignment.leadFrames)))
        #expect(reference.statistics.realignments == 1)
    }

    /// Two cards that drift against each other, seen through wake-ups that come up to 0.6 ms late; and two of one
    /// clock that say their position in ticks of 4 ms.
    @Test(arguments: [(50e-6, 1), (-100e-6, 1), (0, 96)])
    func echoOfADriftingCardIsTwentyDecibelsDown(drift: Double, tickFrames: Int) throws {
        let answers = try recordings(
            "broken-window-answer", "directions-answer", "policy-number-answer", "spelled-name-answer",
            "opening-hours-answer")
        let room = SimulatedRoom()
        let echo = room.echo(of: answers)
        let startFrame = 12_345
        let heardEcho = stretched(echo, drift: drift, from: startFrame)
        let captured = room.capture(echo: heardEcho)
        let reference = EchoReference()
        let alignment = EchoAlignment(reference: reference)
        alignment.restartCapture(frame: 0, ns: 0)
        var canceller = try EchoCanceller()
        var random = Xorshift()
        func late() -> Int64 { 300_000 + Int64(300_000 * random.next()) }
        var output = [Int16](repeating: 0, count: captured.count)
        var played = [Int16](repeating: 0, count: Self.blockFrames)
        for start in stride(from: 0, through: captured.count - Self.blockFrames, by: Self.blockFrames) {
            // Playback is 40 ms ahead; both threads look once a period.
            alignment.lookAtCapture(frame: Double(start / tickFrames * tickFrames), ns: ns(start) + late())
            let due = min(answers.count, max(0, start + 4 * Self.blockFrames - startFrame + Self.blockFrames))
            if due > reference.writtenFrames {
                let isFirst = reference.writtenFrames == 0
                write(reference, Array(answers[reference.writtenFrames..<due]))
                if isFirst { reference.start(frame: 0, ns: ns(startFrame + tickFrames / 2)) }
            }
            let place = Double(start - startFrame) / (1 + drift)
            let seen = (place / Double(tickFrames)).rounded(.down) * Double(tickFrames)
            if place > 0 { reference.look(frame: tickFrames == 1 ? place : seen, ns: ns(start) + late()) }
            played.withUnsafeMutableBufferPointer { played in
                _ = alignment.read(at: start, into: played)
                let block = start..<start + Self.blockFrames
                captured[block].withUnsafeBufferPointer { captured in
                    output[block].withUnsafeMutableBufferPointer {
                        canceller.process(captured: captured, played: UnsafeBufferPointer(played), into: $0)
                    }
                }
            }
        }
        let losses = echoReturnLoss(echo: heardEcho, output: output, seconds: 3..<12)
        #expect(losses.allSatisfy { $0 >= 20 }, "\(losses)")
        #expect(reference.statistics.realignments == 0)
    }
}
