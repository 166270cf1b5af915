import Testing

@testable import Audio

@Suite struct PlaybackStageTests {
    private let state: StreamState
    private let stage: PlaybackStage

    private static let geometry = PCMGeometry(
        access: .mmap, rate: 24_000, format: .s16, channels: 2, periodFrames: 240, bufferFrames: 960,
        wakeFrames: 240)

    init() throws {
        state = try StreamState(ring: SampleRing(minimumCapacity: 8192))
        stage = try PlaybackStage(geometry: Self.geometry, conversion: SoundConversion(), ring: state.ring)
    }

    /// What is staged, in one channel; both are the same.
    private func staged() -> [Int16] {
        (0..<stage.frames).map { frame in
            let channels = (0...1).map { stage.bytes.load(fromByteOffset: 4 * frame + 2 * $0, as: Int16.self) }
            #expect(channels[0] == channels[1])
            return channels[0]
        }
    }

    /// The card takes all of it, in two helpings.
    private func write(_ samples: [Int16]) {
        _ = samples.withUnsafeBufferPointer { state.ring.write($0) }
        while state.ring.availableToRead > 0 {
            _ = stage.stageFrames(state: state)
            let first = stage.frames / 3
            stage.advance(first)
            stage.advance(stage.frames)
        }
    }

    @Test func aCutFadesTheVeryFramesThatTheCardGaveBack() {
        write([Int16](repeating: 7, count: 5000) + ramp(960, from: 10_000))
        let fadeFrames = stage.stageCut(of: 700)
        #expect(fadeFrames == 120)
        var expected = Array(ramp(960, from: 10_000).suffix(700))
        expected.withUnsafeMutableBufferPointer { Fade(frames: 120).out($0) }
        let isFaded = staged() == expected
        #expect(isFaded)
        // A second one fades what is written now: the fade, from where the card is in it.
        let first = staged()
        stage.advance(700)
        #expect(stage.stageCut(of: 650) == 120)
        #expect(abs(staged()[0] - first[50]) <= 1)
    }

    @Test func aGainChangesTheVeryFramesThatTheCardGaveBackAndAllAfterThem() {
        write(ramp(960, from: 10_000))
        // Taken from the ring and not written yet: it follows what is given back.
        _ = ramp(200, from: 10_960).withUnsafeBufferPointer { state.ring.write($0) }
        _ = stage.stageFrames(state: state)
        stage.advance(50)
        stage.change(to: 16_384, takingBack: 700)
        let first = Array(ramp(850, from: 10_310))
        let isFaded = staged() == scaled(first, from: GainRamp.one, to: 16_384)
        #expect(isFaded)
        stage.advance(850)
        write(ramp(300, from: 2000))
        #expect(stage.gain == 16_384)
        // And back again, from the half: what was played is remembered as it was.
        stage.change(to: GainRamp.one, takingBack: 300)
        let isBack = staged() == scaled(ramp(300, from: 2000), from: 16_384, to: GainRamp.one)
        #expect(isBack)
        stage.advance(300)
        _ = ramp(200).withUnsafeBufferPointer { state.ring.write($0) }
        _ = stage.stageFrames(state: state)
        #expect(staged() == ramp(200))
    }

    /// A fade of 5 ms, then the new gain.
    private func scaled(_ samples: [Int16], from: Int32, to: Int32) -> [Int16] {
        let fade = Fade(frames: 120)
        let ramp = GainRamp(frames: 120, from: from, to: to)
        return samples.indices.map { Fade.scaled(samples[$0], by: ramp.gain(at: $0, along: fade)) }
    }

    @Test func aSecondGainAndACutGoOnFromTheGainInForce() {
        write([Int16](repeating: 10_000, count: 960))
        stage.change(to: 0, takingBack: 900)
        let falling = staged()
        stage.advance(900)
        stage.change(to: GainRamp.one, takingBack: 840)
        let rising = staged()
        #expect(abs(Int(rising[0]) - Int(falling[60])) <= 2)
        #expect(rising[0] < 5100)
        let isRising = zip(rising, rising.dropFirst()).allSatisfy { $0 <= $1 }
        #expect(isRising)
        #expect(rising[120...].allSatisfy { $0 == 10_000 })
        stage.advance(840)
        #expect(stage.stageCut(of: 780) == 120)
        let cut = staged()
        #expect(abs(Int(cut[0]) - Int(rising[60])) <= 2)
        let isFalling = zip(cut, cut.dropFirst()).allSatisfy { $0 >= $1 }
        #expect(isFalling)
        #expect(cut[120...].allSatisfy { $0 == 0 })
    }

    @Test func aCutOfWhatIsMutedIsSilent() {
        write([Int16](repeating: 10_000, count: 960))
        stage.change(to: 0, takingBack: 900)
        stage.advance(900)
        #expect(stage.stageCut(of: 700) == 120)
        #expect(staged().allSatisfy { $0 == 0 })
    }

    @Test func aCutThrowsAwayWhatWasNotWritten() {
        write(ramp(960, from: 10_000))
        _ = ramp(200).withUnsafeBufferPointer { state.ring.write($0) }
        _ = stage.stageFrames(state: state)
        stage.advance(50)
        #expect(stage.stageCut(of: 300) == 120)
        #expect(stage.frames == 300)
    }

    @Test func aGainWithoutAFadeIsThatOfTheNextFrame() {
        stage.set(gain: 8192)
        _ = [Int16](repeating: 8000, count: 100).withUnsafeBufferPointer { state.ring.write($0) }
        _ = stage.stageFrames(state: state)
        #expect(staged().allSatisfy { $0 == 2000 })
    }

    @Test func aCutOfLessThanAFadeIsAFadeOfLess() {
        write([Int16](repeating: 10_000, count: 960))
        #expect(stage.stageCut(of: 24) == 24)
        let samples = staged()
        #expect(samples.count == 24)
        #expect(samples[0] > 9900 && samples[23] < 100)
    }

    @Test func theTailOfSoundThatBreaksOffGoesOnFromItsLastSample() {
        write(ramp(240, from: 8000))
        stage.stageTail(afterFrames: 240, periodFrames: 240)
        let tail = staged()
        #expect(tail.count == 480)
        #expect((8238...8240).contains(tail[0]))
        let isFalling = zip(tail, tail.dropFirst()).allSatisfy { $1 <= $0 }
        #expect(isFalling)
        #expect(tail[119] <= 2)
        #expect(tail[120] == 0)
    }

    @Test(arguments: [1, 119, 121])
    func theLastFramesAreRememberedHoweverFewCameAtATime(atATime: Int) {
        for first in stride(from: 0, to: 600, by: atATime) { write(ramp(atATime, from: first)) }
        let frames = (599 / atATime + 1) * atATime
        var expected = Array(ramp(frames).suffix(120).reversed())
        expected.withUnsafeMutableBufferPointer { Fade(frames: 120).out($0) }
        stage.stageTail(afterFrames: 0, periodFrames: 240)
        let isSame = Array(staged()[..<120]) == expected
        #expect(isSame)
        #expect(stage.isInMidSound)
    }

    @Test func soundThatFadedAwayByItselfIsNotInItsMiddle() {
        write([Int16](repeating: 20_000, count: 300) + [Int16](repeating: 64, count: 120))
        #expect(!stage.isInMidSound)
        stage.stageTail(afterFrames: 0, periodFrames: 240)
        let isSilent = staged().allSatisfy { $0 == 0 }
        #expect(isSilent)
        write([65])
        #expect(stage.isInMidSound)
        stage.reset()
        #expect(!stage.isInMidSound)
    }

    @Test func aFadeInIsOverAfterFiveMilliseconds() {
        stage.fadeIn()
        write([Int16](repeating: 10_000, count: 100))
        _ = stage.stageCut(of: 100)
        #expect(staged()[0] <= 2)
        stage.advance(100)
        stage.set(gain: GainRamp.one)
        write([Int16](repeating: 10_000, count: 100))
        _ = stage.stageCut(of: 80)
        #expect(staged()[0] > 9900)
    }
}
