import Foundation
import MonotonicClock
import Testing

@testable import Audio

@Suite struct PCMPlaybackTests {
    /// alsa-lib's file plug-in over null: what a card would have played.
    private func fileDevice(_ file: TemporaryFile) -> String { "file:FILE=\(file.path),FORMAT=raw" }

    private func wishes(_ rate: Int, _ format: SampleFormat, _ channels: Int) -> PCMWishes {
        var wishes = PCMWishes()
        wishes.rates = [rate]
        wishes.formats = [format]
        wishes.channels = [channels]
        return wishes
    }

    @Test(arguments: [1, 239, 240, 5000])
    func heardEqualsWrittenOnTheNullCard(frames: Int) throws {
        let stream = try PlaybackStream(device: AudioDevice("null"))
        stream.start(at: .now)
        #expect(stream.write(ramp(frames)) == frames)
        #expect(eventually(stream.eventDescriptor) { stream.isHeard() })
        stream.stop()
        #expect(stream.position.heardFrames == frames)
        #expect(stream.statistics == PlaybackStatistics(underruns: 0, stalls: 0, playedFrames: frames))
        #expect(stream.failure == nil)
    }

    @Test(arguments: [44_100, 48_000, 16_000, 11_025], [1, 240, 2401])
    func roundingOfTheResamplerLeavesNoFrameUnheard(rate: Int, frames: Int) throws {
        let stream = try PlaybackStream(
            device: AudioDevice("null"), wishes: wishes(rate, .s16, 2))
        stream.start(at: .now)
        #expect(stream.write(ramp(frames)) == frames)
        #expect(eventually(stream.eventDescriptor) { stream.isHeard() })
        #expect(stream.write(ramp(frames)) == frames)
        #expect(eventually(stream.eventDescriptor) { stream.isHeard() })
        stream.stop()
        #expect(stream.position.heardFrames == 2 * frames)
    }

    /// Speech with the quiet that it ends in.
    private func speech(_ count: Int, from first: Int = 0) -> [Int16] {
        ramp(count - PlaybackStage.edgeFrames, from: first) + [Int16](repeating: 1, count: PlaybackStage.edgeFrames)
    }

    @Test func theCardGetsTheFramesThenSilenceToTheEndOfItsPeriod() throws {
        let file = try TemporaryFile()
        do {
            let stream = try PlaybackStream(device: AudioDevice(fileDevice(file)))
            stream.start(at: .now)
            #expect(stream.write(speech(1000)) == 1000)
            #expect(eventually(stream.eventDescriptor) { stream.isHeard() })
            stream.stop()
        }
        let played = file.bytes.withUnsafeBytes { Array($0.bindMemory(to: Int16.self)) }
        // And a period more, which a card may run into before it is stopped.
        let isExact = played == speech(1000) + [Int16](repeating: 0, count: 200 + 240)
        #expect(isExact)
    }

    @Test func soundThatBreaksOffFadesOutLosesNothingAndFadesIn() throws {
        let file = try TemporaryFile()
        do {
            let stream = try PlaybackStream(device: AudioDevice(fileDevice(file)))
            stream.start(at: .now)
            for gaps in 0...1 {
                #expect(stream.write([Int16](repeating: 20_000, count: 1200)) == 1200)
                #expect(eventually(stream.eventDescriptor) { stream.isHeard() })
                #expect(stream.statistics.gaps == gaps)
            }
            stream.stop()
        }
        let played = file.bytes.withUnsafeBytes { Array($0.bindMemory(to: Int16.self)) }
        // 50 ms, 5 ms of fade, then silence: to the end of the period and one more.
        let run = 1200 + 240 + 240
        try #require(played.count == 2 * run)
        let steps = zip(played, played.dropFirst()).map { abs(Int($1) - Int($0)) }
        // The steepest step of a raised cosine over 120 frames; but for the first sample, which nothing led to.
        #expect(steps.max() ?? 0 <= 20_000 * 3142 / 2000 / 120 + 1)
        for whole in [0..<1200, run + 120..<run + 1200] {
            let isWhole = played[whole].allSatisfy { $0 == 20_000 }
            #expect(isWhole)
        }
        let isSilent = played[1320..<run].allSatisfy { $0 == 0 }
        #expect(isSilent)
    }

    @Test func whatFollowsSpeechThatEndedIsNoGap() throws {
        let file = try TemporaryFile()
        do {
            let stream = try PlaybackStream(device: AudioDevice(fileDevice(file)))
            stream.start(at: .now)
            for _ in 0...1 {
                #expect(stream.write(speech(960, from: 5000)) == 960)
                #expect(eventually(stream.eventDescriptor) { stream.isHeard() })
            }
            stream.stop()
            #expect(stream.statistics.gaps == 0)
        }
        let played = file.bytes.withUnsafeBytes { Array($0.bindMemory(to: Int16.self)) }
        let once = speech(960, from: 5000) + [Int16](repeating: 0, count: 240)
        let isExact = played == once + once
        #expect(isExact)
    }

    @Test func whatFollowsAFlushIsNoGap() throws {
        let stream = try PlaybackStream(device: AudioDevice("null"))
        stream.start(at: .now)
        #expect(stream.write(ramp(1000)) == 1000)
        #expect(eventually(stream.eventDescriptor) { stream.isHeard() })
        let epoch = stream.flush()
        #expect(stream.write(ramp(1000)) == 1000)
        #expect(eventually(stream.eventDescriptor) { stream.position.epoch == epoch && stream.isHeard() })
        stream.stop()
        #expect(stream.statistics.gaps == 0)
    }

    @Test func aCardOfAnotherRateFormatAndChannelCountGetsTheSameSound() throws {
        let file = try TemporaryFile()
        let tone = (0..<2400).map { Int16(10_000 * sin(Double($0) * 2 * .pi * 500 / 24_000)) }
        do {
            let stream = try PlaybackStream(
                device: AudioDevice(fileDevice(file)), wishes: wishes(48_000, .s32, 2))
            #expect(stream.description.contains("48000 Hz, S32_LE, 2 channels"))
            #expect(stream.description.hasSuffix("converted at 24000 Hz"))
            stream.start(at: .now)
            #expect(stream.write(tone) == tone.count)
            #expect(eventually(stream.eventDescriptor) { stream.isHeard() })
            stream.stop()
        }
        let played = file.bytes.withUnsafeBytes { Array($0.bindMemory(to: Int32.self)) }
        #expect(played.count >= 9600)
        #expect((played.count / 2) % 480 == 0)
        for frame in stride(from: 0, to: 4800, by: 2) where frame * 2 + 1 < played.count {
            let difference = abs(Double(played[2 * frame]) / 65_536 - Double(tone[frame / 2]))
            // The filter rings where the tone begins and ends.
            #expect(difference < ((200..<4600).contains(frame) ? 40 : 500))
            #expect(played[2 * frame] == played[2 * frame + 1])
        }
    }

    @Test func aSoundShorterThanTheResamplersFilterIsPlayed() throws {
        let file = try TemporaryFile()
        do {
            let stream = try PlaybackStream(
                device: AudioDevice(fileDevice(file)), wishes: wishes(48_000, .s16, 1))
            stream.start(at: .now)
            #expect(stream.write([Int16](repeating: 10_000, count: 10)) == 10)
            #expect(eventually(stream.eventDescriptor) { stream.isHeard() })
            stream.stop()
        }
        let played = file.bytes.withUnsafeBytes { Array($0.bindMemory(to: Int16.self)) }
        // The sound in one period, and one of silence after it.
        #expect(played.count == 2 * 480)
        #expect(played.filter { $0 > 5000 }.count >= 16)
    }

    @Test func aFlushAnswersAndNewFramesPlayAfterIt() throws {
        let stream = try PlaybackStream(device: AudioDevice("null"))
        stream.start(at: .now)
        #expect(stream.write(ramp(480)) == 480)
        #expect(eventually(stream.eventDescriptor) { stream.isHeard() })
        let epoch = stream.flush()
        #expect(stream.write(ramp(100)) == 100)
        #expect(eventually(stream.eventDescriptor) { stream.position.epoch == epoch && stream.isHeard() })
        #expect(stream.heardAtFlush(epoch) == 480)
        #expect(stream.position.heardFrames == 100)
        stream.stop()
    }

    @Test func aFlushThrowsAwayWhatWasWrittenBeforeItAndNothingElse() throws {
        let file = try TemporaryFile()
        do {
            let stream = try PlaybackStream(device: AudioDevice(fileDevice(file)))
            #expect(stream.write(ramp(480)) == 480)
            let epoch = stream.flush()
            #expect(stream.write(speech(240, from: 1000)) == 240)
            stream.start(at: .now)
            #expect(eventually(stream.eventDescriptor) { stream.position.epoch == epoch && stream.isHeard() })
            #expect(stream.heardAtFlush(epoch) == 0)
            stream.stop()
        }
        let played = file.bytes.withUnsafeBytes { Array($0.bindMemory(to: Int16.self)) }
        let isExact = played == speech(240, from: 1000) + [Int16](repeating: 0, count: 240)
        #expect(isExact)
    }

    @Test func aCardThatGivesNothingBackPlaysAtTheGainWhatItIsGivenNext() throws {
        let file = try TemporaryFile()
        do {
            let stream = try PlaybackStream(device: AudioDevice(fileDevice(file)))
            stream.setGain(0.5)
            #expect(stream.write(speech(1000, from: 1000)) == 1000)
            stream.start(at: .now)
            #expect(eventually(stream.eventDescriptor) { stream.isHeard() })
            stream.stop()
        }
        let played = file.bytes.withUnsafeBytes { Array($0.bindMemory(to: Int16.self)) }
        let half = speech(1000, from: 1000).map { Fade.scaled($0, by: 16_384) }
        let isExact = played == half + [Int16](repeating: 0, count: 200 + 240)
        #expect(isExact)
    }

    @Test func whatIsMutedCountsOnlyWhenSoundComesBackBeforeAFlush() throws {
        let stream = try PlaybackStream(device: AudioDevice("null"))
        stream.start(at: .now)
        #expect(stream.write(ramp(480)) == 480)
        #expect(eventually(stream.eventDescriptor) { stream.isHeard() })
        var played = 480
        for frames in [300, 5000] {
            stream.setGain(0)
            #expect(stream.write(ramp(frames)) == frames)
            #expect(eventually(stream.eventDescriptor) { stream.statistics.playedFrames == played + frames })
            #expect(stream.position.heardFrames == played)
            stream.setGain(1)
            played += frames
            #expect(eventually(stream.eventDescriptor) { stream.position.heardFrames == played })
        }
        stream.setGain(0)
        #expect(stream.write(ramp(700)) == 700)
        #expect(eventually(stream.eventDescriptor) { stream.statistics.playedFrames == played + 700 })
        let epoch = stream.flush()
        // What follows the flush is as loud as ever.
        #expect(stream.write(ramp(100)) == 100)
        #expect(eventually(stream.eventDescriptor) { stream.position.epoch == epoch && stream.isHeard() })
        #expect(stream.heardAtFlush(epoch) == played)
        stream.stop()
    }

    @Test func aSilentCardIsStartedAtOnceByNewFrames() throws {
        let stream = try PlaybackStream(device: AudioDevice("null"))
        stream.start(at: .now)
        let epoch = stream.flush()
        #expect(eventually(stream.eventDescriptor) { stream.position.epoch == epoch })
        #expect(stream.write(ramp(100)) == 100)
        // Without its wake-up the thread would look again after a second.
        #expect(eventually(stream.eventDescriptor, limitMs: 700) { stream.isHeard() })
        stream.stop()
    }

    @Test func framesBeforeTheStartWaitForIt() throws {
        let stream = try PlaybackStream(device: AudioDevice("null"))
        #expect(stream.write(ramp(100)) == 100)
        let start = Instant.now + .milliseconds(60)
        stream.start(at: start)
        #expect(eventually(stream.eventDescriptor) { stream.isHeard() })
        #expect(Instant.now >= start)
        stream.stop()
    }
}
