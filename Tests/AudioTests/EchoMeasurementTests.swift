import Foundation
import Testing

@testable import Audio

@Suite struct EchoMeasurementTests {
    private static let sound = MeasuringSound().samples
    /// When the sound is first heard.
    private static let start = EchoRecording.leadInFrames + 1000

    /// The sound in a room whose microphone's clock is faster by `drift`; noise alone without a room's echo.
    private func captured(_ room: SimulatedRoom, drift: Double = 0) -> [Int16] {
        var echo = room.echo(of: Self.sound)
        if drift == 0 {
            echo = [Double](repeating: 0, count: Self.start) + echo
        } else {
            echo = stretched(echo, drift: drift, from: Self.start)
        }
        return room.capture(echo: echo)
    }

    /// What a kiosk records of it on virtual time that believes the sound to be heard `lateFrames` later than it is.
    private func recording(_ captured: [Int16], drift: Double = 0, lateFrames: Int = 0) throws -> EchoRecording {
        let trace = EchoTrace()
        let reference = EchoReference(trace: trace)
        let stage = try EchoStage(reference: reference)
        let ring = SampleRing(minimumCapacity: 1 << 20)
        var recording = EchoRecording()
        recording.handedOverFrame = EchoRecording.leadInFrames
        stage.restart(ns: 0)
        for first in stride(from: 0, through: captured.count - 240, by: 240) {
            let due = max(0, min(Self.sound.count, first + 960 - Self.start))
            if due > reference.writtenFrames {
                let isFirst = reference.writtenFrames == 0
                Self.sound[reference.writtenFrames..<due].withUnsafeBufferPointer { reference.write($0) }
                if isFirst { reference.start(frame: 0, ns: ns(Self.start + lateFrames)) }
            }
            let place = Double(first - Self.start - lateFrames) / (1 + drift)
            if place > 0 { reference.look(frame: place, ns: ns(first)) }
            stage.look(ns: ns(first))
            captured[first..<first + 240].withUnsafeBufferPointer { _ = stage.process($0, into: ring) }
            for (samples, frames) in [(trace.captured, \EchoRecording.captured), (trace.heard, \.heard)] {
                recording[keyPath: frames] += [Int16](unsafeUninitializedCapacity: 240) { $1 = samples.read(into: $0) }
            }
        }
        recording.cancelled = [Int16](unsafeUninitializedCapacity: captured.count) { $1 = ring.read(into: $0) }
        recording.realignments = reference.statistics.realignments
        return recording
    }

    private func ns(_ frame: Int) -> Int64 { Int64(Double(frame) * 1e9 / 24_000) }

    @Test(arguments: [(100, 0.5), (3600, 1.5), (40, 0.03)])
    func delayLevelAndNoiseOfARoomAreFoundAndTheCancellerCopes(delayFrames: Int, gain: Double) throws {
        let room = SimulatedRoom(delayFrames: delayFrames, echoGain: gain)
        let measurement = EchoMeasurement(try recording(captured(room)))
        let timing = try #require(measurement.timing)
        #expect(abs(timing.delayMs - Double(delayFrames) / 24) < 0.1)
        #expect(abs(timing.roundTripMs - Double(delayFrames + 1000) / 24) < 0.1)
        #expect(abs(try #require(timing.driftPpm)) < 1)
        #expect(abs(measurement.echoLevel - decibels(gain)) < 1)
        // Even noise of amplitude 10.
        #expect(abs(measurement.noiseLevel - decibels(10 / 3.0.squareRoot() / 32_768)) < 0.5)
        #expect(measurement.cancellation > 20)
        #expect(measurement.verdict == .works)
    }

    @Test(arguments: [50e-6, -200e-6, 400e-6])
    func driftIsMeasuredWithinTwoMillionths(drift: Double) throws {
        let room = SimulatedRoom(echoGain: 0.5)
        let recording = try recording(captured(room, drift: drift), drift: drift)
        let timing = try #require(EchoMeasurement(recording).timing)
        let driftPpm = try #require(timing.driftPpm)
        #expect(abs(driftPpm - drift * 1e6) < 2, "\(driftPpm)")
        #expect(abs(timing.delayMs - 100.0 / 24) < 0.3, "\(timing.delayMs)")
        #expect(recording.realignments == 0)
    }

    @Test func aPeriodThatGotLostIsNotTakenForDrift() throws {
        var captured = captured(SimulatedRoom(echoGain: 0.5))
        captured.removeSubrange(150_000..<150_240)
        let timing = try #require(EchoMeasurement(try recording(captured)).timing)
        #expect(timing.driftPpm == nil)
    }

    @Test func echoFifteenDecibelsBelowTheNoiseIsFoundAndIsNoTrouble() throws {
        let room = SimulatedRoom(echoGain: 0.004, noise: 130)
        let measurement = EchoMeasurement(try recording(captured(room)))
        #expect(abs(try #require(measurement.timing).delayMs - 100.0 / 24) < 0.1)
        #expect(abs(measurement.echoLevel - decibels(0.004)) < 3)
        #expect(measurement.verdict == .works)
    }

    @Test func theDelayIsThatOfTheDirectSoundThoughAWallIsLouder() throws {
        let direct = captured(SimulatedRoom(echoGain: 0.3))
        let wall = captured(SimulatedRoom(delayFrames: 580, echoGain: 0.45))
        let both = zip(direct, wall).map { $0 + $1 }
        #expect(abs(try #require(EchoMeasurement(recording(both)).timing).delayMs - 100.0 / 24) < 0.1)
    }

    @Test(arguments: [0.0, 10, 1000])
    func noiseAloneIsNoEcho(noise: Double) throws {
        let measurement = EchoMeasurement(try recording(captured(SimulatedRoom(echoGain: 0, noise: noise))))
        #expect(measurement.verdict == .noEcho)
        #expect(measurement.timing == nil)
        #expect(measurement.echoLevel == -.infinity)
    }

    @Test func echoThatIsLaterThanTheTailIsOutsideOfIt() throws {
        let measurement = EchoMeasurement(try recording(captured(SimulatedRoom(delayFrames: 9600, echoGain: 0.5))))
        #expect(abs(try #require(measurement.timing).delayMs - 400) < 0.1)
        #expect(measurement.verdict == .outsideOfTail)
    }

    @Test func aClockThatLetsTheEchoComeBeforeTheSoundIsOutsideOfTheTail() throws {
        let room = SimulatedRoom(echoGain: 0.5)
        let measurement = EchoMeasurement(try recording(captured(room), lateFrames: 480))
        #expect(abs(try #require(measurement.timing).delayMs - (100.0 - 480) / 24) < 0.1)
        #expect(measurement.verdict == .outsideOfTail)
    }

    @Test func aMicrophoneThatClipsIsSaidToDoSo() throws {
        guard case .clipped(let share) = EchoMeasurement(try recording(captured(SimulatedRoom(echoGain: 6)))).verdict
        else { return #expect(Bool(false), "not clipped") }
        #expect((0.01...0.5).contains(share))
    }

    @Test func echoThatTheCancellerCannotLearnIsTooMuchForIt() throws {
        // A loudspeaker that turns its polarity over for 10 of every 40 ms.
        let captured = captured(SimulatedRoom(echoGain: 0.5)).enumerated().map { $0 / 240 % 4 == 0 ? 0 &- $1 : $1 }
        let measurement = EchoMeasurement(try recording(captured))
        #expect(measurement.cancellation < EchoMeasurement.leastCancellation)
        #expect(measurement.verdict == .tooLittle)
    }

    @Test func aRecordingThatWasInterruptedOrOfNothingSaysNothing() throws {
        var recording = EchoRecording()
        recording.captured = [Int16](repeating: 100, count: 48_000)
        recording.heard = [Int16](repeating: 0, count: 48_000)
        recording.cancelled = recording.captured
        #expect(EchoMeasurement(recording).verdict == .notPlayed)
        #expect(EchoMeasurement(EchoRecording()).verdict == .notPlayed)
        recording.heard[24_000] = 1
        recording.interruptions = 3
        #expect(EchoMeasurement(recording).verdict == .interrupted(times: 3))
    }

    // MARK: The sound

    @Test func theSoundIsAsLoudAsItSaysAndSilentInItsPauses() {
        #expect(Self.sound.count == MeasuringSound.burstCount * MeasuringSound.slotFrames)
        for slot in stride(from: 0, to: Self.sound.count, by: MeasuringSound.slotFrames) {
            let burst = Self.sound[slot..<slot + MeasuringSound.burstFrames]
            let pause = Self.sound[burst.endIndex..<slot + MeasuringSound.slotFrames]
            #expect(burst.allSatisfy { $0 != 0 && abs(Int($0)) < 25_000 })
            #expect(abs(decibels(rms(burst.map(Double.init)) / MeasuringSound.burstRMS)) < 0.5)
            #expect(pause.allSatisfy { $0 == 0 })
        }
    }

    // MARK: The transform

    @Test func theTransformOfAWaveIsALineAndComesBack() {
        let transform = FourierTransform(count: 64)
        var real = (0..<64).map { (index: Int) -> Double in
            let angle = 2 * Double.pi * Double(index) / 64
            return 1 + 3 * cos(5 * angle) + 2 * sin(9 * angle)
        }
        var imaginary = [Double](repeating: 0, count: 64)
        let samples = real
        transform.forward(&real, &imaginary)
        for line in 0..<64 {
            let wanted: (Double, Double) = switch line {
            case 0: (64, 0)
            case 5, 59: (96, 0)
            case 9: (0, -64)
            case 55: (0, 64)
            default: (0, 0)
            }
            #expect(abs(real[line] - wanted.0) < 1e-9 && abs(imaginary[line] - wanted.1) < 1e-9)
        }
        transform.inverse(&real, &imaginary)
        #expect(zip(real, samples).allSatisfy { abs($0 - $1) < 1e-12 } && imaginary.allSatisfy { abs($0) < 1e-12 })
    }
}
