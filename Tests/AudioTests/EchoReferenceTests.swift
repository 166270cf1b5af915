import MonotonicClock
import Testing

@testable import Audio

@Suite struct EchoReferenceTests {
    private func marks(of reference: EchoReference) -> [EchoReference.Mark] {
        var marks: [EchoReference.Mark] = []
        while let mark = reference.nextMark {
            marks.append(mark)
            reference.takeMark()
        }
        return marks
    }

    private func samples(of reference: EchoReference) -> [Int16] {
        [Int16](unsafeUninitializedCapacity: 10_000) { $1 = reference.ring.read(into: $0) }
    }

    @Test(arguments: [24_000, 48_000, 44_100])
    func aCardTellsWhatItPlaysFromStartToEnd(rate: Int) throws {
        let reference = EchoReference()
        var wishes = PCMWishes()
        wishes.rates = [rate]
        let stream = try PlaybackStream(
            device: AudioDevice("null"), wishes: wishes, echo: reference)
        stream.start(at: .now)
        for run in 1...2 {
            let before = Instant.now
            // It ends quietly, so that the second is no sound that goes on.
            let speech = ramp(2280) + [Int16](repeating: 1, count: 120)
            #expect(stream.write(speech) == 2400)
            #expect(stream.eventually { stream.isHeard() })
            #expect(samples(of: reference) == speech)
            let marks = marks(of: reference)
            #expect(marks.first?.kind == .start)
            #expect(marks.first?.frame == Double((run - 1) * 2400))
            #expect(try #require(marks.first).ns >= before.ns)
            #expect(marks.last?.kind == .end)
            #expect(marks.last?.frame == Double(run * 2400))
        }
        stream.stop()
    }

    @Test func aFlushBeforeTheFirstFrameEndsNothing() throws {
        let reference = EchoReference()
        let stream = try PlaybackStream(device: AudioDevice("null"), echo: reference)
        #expect(stream.write(ramp(480)) == 480)
        let epoch = stream.flush()
        stream.start(at: .now)
        #expect(stream.eventually { stream.position.epoch == epoch })
        stream.stop()
        #expect(samples(of: reference) == [])
        #expect(marks(of: reference) == [])
    }

    @Test func aMicrophoneWithAReferenceDeliversWholeBlocks() throws {
        // Periods of 168 frames.
        let device = AudioDevice("null", periodMs: 7, bufferMs: 28)
        let stream = try CaptureStream(device: device, echo: EchoReference())
        stream.start(at: .now)
        #expect(stream.collect(960) == [Int16](repeating: 0, count: 960))
        stream.stop()
        #expect(stream.statistics.capturedFrames % EchoCanceller.blockFrames == 0)
    }
}
