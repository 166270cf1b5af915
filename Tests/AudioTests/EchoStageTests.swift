import Foundation
import Testing

@testable import Audio

@Suite struct EchoStageTests {
    private static let frameNs = 1e9 / 24_000

    private func ns(_ frame: Int) -> Int64 { Int64(Double(frame) * Self.frameNs) }

    /// Passes `captured` through a stage in pieces of 100 frames, while `answers` is played from frame `start` on, or
    /// `lateFrames` later as the card says.
    private func pass(
        _ captured: [Int16], answers: [Int16] = [], from start: Int = 0, lateFrames: Int = 0
    ) throws -> [Int16] {
        let reference = EchoReference()
        let stage = try EchoStage(reference: reference)
        let ring = SampleRing(minimumCapacity: 1 << 19)
        stage.restart(ns: 0)
        var written = 0
        for first in Swift.stride(from: 0, to: captured.count, by: 100) {
            let due = max(0, min(answers.count, first + 2000 - start))
            if due > reference.writtenFrames, first >= start {
                let isFirst = reference.writtenFrames == 0
                answers[reference.writtenFrames..<due].withUnsafeBufferPointer { reference.write($0) }
                if isFirst { reference.start(frame: 0, ns: ns(start + lateFrames)) }
            }
            stage.look(ns: ns(first))
            captured[first..<min(captured.count, first + 100)].withUnsafeBufferPointer {
                written += stage.process($0, into: ring)
            }
        }
        #expect(written == captured.count / 240 * 240)
        #expect(ring.availableToRead == written)
        return [Int16](unsafeUninitializedCapacity: written) { $1 = ring.read(into: $0) }
    }

    @Test func whileNothingIsPlayedFramesAreTheSameOneBlockLate() throws {
        let output = try pass(ramp(2410))
        #expect(output == [Int16](repeating: 0, count: 240) + ramp(2160))
    }

    /// Echo that comes 1 ms after it is played, by a card that says so 4 ms late.
    @Test(arguments: [0, 96])
    func whatIsPlayedIsTakenOut(lateFrames: Int) throws {
        let answers = try recordings("broken-window-answer", "directions-answer", "policy-number-answer")
        let start = 24_000
        let room = SimulatedRoom(delayFrames: 24)
        let echo = [Double](repeating: 0, count: start) + room.echo(of: answers)
        let output = try pass(room.capture(echo: echo), answers: answers, from: start, lateFrames: lateFrames)
        // What comes before its time takes a second longer to learn.
        let losses = echoReturnLoss(echo: echo, output: output, seconds: (lateFrames == 0 ? 4 : 5)..<8)
        #expect(losses.allSatisfy { $0 >= 20 }, "\(losses)")
    }

    @Test func aToneGoesOnWithoutAClickWhenTheCancellerWakesAndRests() throws {
        // So quiet that it echoes nowhere: only the ways through the stage change.
        let answers = [Int16](repeating: 1, count: 4800)
        let tone = (0..<36_000).map { Int16(8000 * sin(Double($0) * 2 * .pi * 500 / 24_000)) }
        let output = try pass(tone, answers: answers, from: 12_000)
        var worst = 0
        for frame in 1000..<output.count { worst = max(worst, abs(Int(output[frame]) - Int(output[frame - 1]))) }
        // The tone's own steepest step is 1047.
        #expect(worst < 1300)
        // No cycle of it is missing, or weaker by more than 1 dB.
        let cycles = stride(from: 960, to: output.count - 48, by: 48).map { rms(output[$0..<$0 + 48].map(Double.init)) }
        let weakest = cycles.min() ?? 0
        #expect(weakest > 8000 / 2.0.squareRoot() * 0.89, "\(weakest)")
    }
}
