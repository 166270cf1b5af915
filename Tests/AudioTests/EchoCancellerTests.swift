import Foundation
import Testing

@testable import Audio

@Suite struct EchoCancellerTests {
    /// 11 s of an assistant's speech.
    private static func answers() throws -> [Int16] {
        try recordings("broken-window-answer", "directions-answer", "policy-number-answer", "spelled-name-answer")
    }

    /// Runs whole blocks through a new canceller.
    private func cancel(captured: [Int16], played: [Int16]) throws -> [Int16] {
        var canceller = try EchoCanceller()
        let blockFrames = EchoCanceller.blockFrames
        var output = [Int16](repeating: 0, count: captured.count)
        for start in stride(from: 0, through: captured.count - blockFrames, by: blockFrames) {
            let block = start..<start + blockFrames
            captured[block].withUnsafeBufferPointer { captured in
                played[block].withUnsafeBufferPointer { played in
                    output[block].withUnsafeMutableBufferPointer {
                        canceller.process(captured: captured, played: played, into: $0)
                    }
                }
            }
        }
        return output
    }

    @Test(arguments: [
        SimulatedRoom(), SimulatedRoom(delayFrames: 2400, decaySeconds: 0.2, echoGain: 1),
        SimulatedRoom(decaySeconds: 0.4, echoGain: 0.2), SimulatedRoom(echoGain: 1, noise: 60),
    ])
    func echoIsTwentyDecibelsDownFromTheFourthSecond(room: SimulatedRoom) throws {
        let played = try Self.answers()
        let echo = room.echo(of: played)
        let output = try cancel(captured: room.capture(echo: echo), played: played)
        let losses = echoReturnLoss(echo: echo, output: output, seconds: 3..<10)
        #expect(losses.allSatisfy { $0 >= 20 }, "\(losses)")
    }

    @Test func echoOfAnotherSoundStays() throws {
        let played = try Self.answers()
        let room = SimulatedRoom()
        let echo = room.echo(of: played)
        let output = try cancel(captured: room.capture(echo: echo), played: played.reversed())
        let losses = echoReturnLoss(echo: echo, output: output, seconds: 3..<10)
        #expect(losses.allSatisfy { $0 < 10 }, "\(losses)")
    }

    @Test(arguments: [0.25, 0.5, 1.0])
    func speechInDoubleTalkIsKeptWithinThreeDecibels(gain: Double) throws {
        let played = try Self.answers()
        let room = SimulatedRoom()
        let recording = try recordings("directions")
        let start = 5 * 24_000
        let speech = placed(recording, at: start, gain: gain, count: played.count)
        let echo = room.echo(of: played)
        let output = try cancel(captured: room.capture(echo: echo, speech: speech), played: played)
        let (level, wave) = kept(speech, in: output, frames: start..<start + recording.count)
        #expect(abs(level) < 3 && abs(wave) < 3, "level \(level) dB, wave \(wave) dB")
        // Nothing was unlearned meanwhile.
        let after = (start + recording.count) / 24_000 + 1
        let losses = echoReturnLoss(echo: echo, output: output, seconds: after..<10)
        #expect(losses.allSatisfy { $0 >= 20 }, "\(losses)")
    }

    @Test func speechFromTheFirstWordOnIsKeptAndTheRoomLearnedAfterIt() throws {
        let played = try Self.answers()
        let room = SimulatedRoom()
        let recording = try recordings("directions")
        let speech = placed(recording, at: 0, count: played.count)
        let echo = room.echo(of: played)
        let output = try cancel(captured: room.capture(echo: echo, speech: speech), played: played)
        let (level, wave) = kept(speech, in: output, frames: 0..<recording.count)
        #expect(abs(level) < 3 && abs(wave) < 3, "level \(level) dB, wave \(wave) dB")
        let learned = recording.count / 24_000 + 4
        let losses = echoReturnLoss(echo: echo, output: output, seconds: learned..<10)
        #expect(losses.allSatisfy { $0 >= 20 }, "\(losses)")
    }

    @Test func aRoomThatChangesIsLearnedAgainInThreeSeconds() throws {
        let played = try Self.answers()
        let (before, after) = (SimulatedRoom(), SimulatedRoom(delayFrames: 160, decaySeconds: 0.2))
        let change = 5 * 24_000
        let echo = Array(before.echo(of: played)[..<change] + after.echo(of: played)[change...])
        let output = try cancel(captured: before.capture(echo: echo), played: played)
        let losses = echoReturnLoss(echo: echo, output: output, seconds: 8..<10)
        #expect(losses.allSatisfy { $0 >= 20 }, "\(losses)")
    }

    @Test func whileNothingIsPlayedSpeechComesOutAsItWasOneBlockLate() throws {
        let speech = try recordings("directions")
        let output = try cancel(captured: speech, played: [Int16](repeating: 0, count: speech.count))
        let (level, wave) = kept(speech, in: output, frames: 0..<speech.count - 2 * EchoCanceller.latencyFrames)
        #expect(abs(level) < 1 && abs(wave) < 1, "level \(level) dB, wave \(wave) dB")
    }

    @Test func aRoomsNoiseIsLeftAlone() throws {
        let noise = SimulatedRoom(noise: 300).capture(echo: [Double](repeating: 0, count: 5 * 24_000))
        let output = try cancel(captured: noise, played: [Int16](repeating: 0, count: noise.count))
        let (level, wave) = kept(noise, in: output, frames: 3 * 24_000..<noise.count - 2 * EchoCanceller.latencyFrames)
        #expect(abs(level) < 1 && abs(wave) < 1, "level \(level) dB, wave \(wave) dB")
    }
}
