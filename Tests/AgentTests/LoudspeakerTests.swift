import Audio
import Session
import Testing

@testable import kiosk_agent

@Suite struct LoudspeakerTests {
    @Test func anAnswerThatNeverEndsIsCutOffAndThatIsSaid() {
        // Never opened: everything waits.
        let loudspeaker = Loudspeaker(device: AudioDevice("null"))
        for _ in 0..<10 { loudspeaker.play([Int16](repeating: 1, count: 60 * 24_000)) }
        #expect(loudspeaker.process(at: .now).progress == [])
        loudspeaker.play([1])
        let (progress, reports) = loudspeaker.process(at: .now)
        #expect(progress == [.lost])
        #expect(reports == [.fault(Fault(.audio, "an answer of more than 10 minutes: it is cut off"))])

        // As the session asks for it then.
        loudspeaker.flush()
        #expect(loudspeaker.process(at: .now).progress == [.flushed(heardFrames: 0)])
        loudspeaker.play([1])
        #expect(loudspeaker.process(at: .now).progress == [])
    }
}
