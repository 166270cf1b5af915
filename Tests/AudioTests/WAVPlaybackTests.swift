import Foundation
import MonotonicClock
import Testing

@testable import Audio

@Suite struct WAVPlaybackTests {
    private let file: TemporaryFile
    private let stream: PlaybackStream

    init() throws {
        file = try TemporaryFile()
        stream = try PlaybackStream(device: AudioDevice("wav:\(file.path)"))
    }

    /// The file without the silence around and between what was heard.
    private func heardSamples() throws -> [Int16] {
        try #require(samplesOfWriter(file.bytes)).filter { $0 != 0 }
    }

    @Test func heardEqualsWrittenOnceAllWasPlayed() throws {
        stream.start(at: .now)
        #expect(stream.write(ramp(2500)) == 2500)
        #expect(stream.eventually { stream.isHeard() })
        #expect(stream.position == PlaybackPosition(epoch: 0, heardFrames: 2500))
        stream.stop()
        #expect(try heardSamples() == ramp(2500))
    }

    @Test func theFileGrowsWithTimeAlsoInSilence() throws {
        let start = Instant.now
        stream.start(at: start)
        var isReadable = true
        #expect(
            stream.eventually {
                guard let samples = samplesOfWriter(file.bytes) else {
                    isReadable = false
                    return true
                }
                return samples.count >= 2400
            })
        let before = Instant.now
        stream.stop()
        let frames = try #require(samplesOfWriter(file.bytes)).count
        #expect(isReadable)
        // Two clocks are read and frames are whole: a frame for each.
        #expect(Double(frames) >= start.duration(to: before) / .seconds(1) * 24_000 - 2)
        #expect(Double(frames) <= start.duration(to: .now) / .seconds(1) * 24_000 + 2)
        #expect(stream.position.heardFrames == 0)
    }

    @Test func framesAreHeardNoEarlierThanTheyWereWritten() throws {
        let start = Instant.now
        stream.start(at: start)
        #expect(stream.eventually { (samplesOfWriter(file.bytes)?.count ?? 0) >= 1000 })
        let written = start.duration(to: .now) / .seconds(1) * 24_000
        #expect(stream.write(ramp(100)) == 100)
        #expect(stream.eventually { stream.isHeard() })
        stream.stop()
        let first = try #require(samplesOfWriter(file.bytes)?.firstIndex { $0 != 0 })
        #expect(Double(first) >= written - 1)
    }

    @Test func aFlushSilencesAndTellsWhatWasHeard() throws {
        stream.start(at: .now)
        #expect(stream.write(ramp(24_000)) == 24_000)
        #expect(stream.eventually { stream.position.heardFrames > 1000 })
        let epoch = stream.flush()
        #expect(stream.writtenFrames == 0)
        #expect(stream.eventually { stream.position.epoch == epoch })
        let heard = try #require(stream.heardAtFlush(epoch))
        let fileFrames = try #require(samplesOfWriter(file.bytes)).count
        #expect(stream.eventually { (samplesOfWriter(file.bytes)?.count ?? 0) > fileFrames + 480 })
        stream.stop()
        #expect(stream.position == PlaybackPosition(epoch: epoch, heardFrames: 0))
        #expect(try heardSamples() == ramp(heard))
        #expect(heard > 1000)
    }

    @Test func framesWrittenWhileAFlushIsPendingBelongToTheNewEpoch() throws {
        stream.start(at: .now)
        #expect(stream.write(ramp(10_000)) == 10_000)
        #expect(stream.eventually { stream.position.heardFrames > 0 })
        let epoch = stream.flush()
        #expect(stream.write(ramp(700, from: 20_000)) == 700)
        #expect(stream.eventually { stream.position.epoch == epoch && stream.isHeard() })
        stream.stop()
        let heard = try #require(stream.heardAtFlush(epoch))
        #expect(stream.position.heardFrames == 700)
        #expect(try heardSamples() == ramp(heard) + ramp(700, from: 20_000))
    }

    @Test func twoFlushesInARowEachAnswer() throws {
        stream.start(at: .now)
        #expect(stream.write(ramp(10_000)) == 10_000)
        #expect(stream.eventually { stream.position.heardFrames > 0 })
        let first = stream.flush()
        #expect(stream.write(ramp(50)) == 50)
        let second = stream.flush()
        #expect(stream.eventually { stream.position.epoch == second })
        stream.stop()
        let heard = [try #require(stream.heardAtFlush(first)), try #require(stream.heardAtFlush(second))]
        #expect(try heardSamples() == ramp(heard[0]) + ramp(heard[1]))
        #expect(heard[1] <= 50)
        #expect(stream.position.heardFrames == 0)
    }

    @Test func aFlushOfSilenceEndsAnEpochInWhichNothingWasHeard() throws {
        stream.start(at: .now)
        let epoch = stream.flush()
        #expect(stream.eventually { stream.heardAtFlush(epoch) == 0 })
        #expect(stream.position == PlaybackPosition(epoch: epoch, heardFrames: 0))
        stream.stop()
    }

    @Test func aLateOwnerCatchesUpAndHearsNothingBeyondTheFlush() throws {
        let late = try TemporaryFile()
        let state = try StreamState(ring: SampleRing(minimumCapacity: 1024))
        let clock = PlaybackClock()
        let worker = try WAVPlayback(path: late.path, state: state, clock: clock)
        ramp(500).withUnsafeBufferPointer { _ = state.ring.write($0) }
        #expect(worker.play(dueFrames: 0) == 0)
        // Half a second late; meanwhile all was flushed and new frames came.
        let epoch = clock.requestFlush(writtenFrames: state.ring.writtenFrames)
        ramp(50, from: 1000).withUnsafeBufferPointer { _ = state.ring.write($0) }
        #expect(worker.play(dueFrames: 12_000) == 0)
        #expect(worker.play(dueFrames: 12_050) == 0)
        let expected = ramp(500) + [Int16](repeating: 0, count: 11_500) + ramp(50, from: 1000)
        #expect(samplesOfWriter(late.bytes) == expected)
        #expect(clock.heardFrames(endedBy: epoch) == 500)
        #expect(clock.position == PlaybackPosition(epoch: epoch, heardFrames: 50))
    }

    @Test func aGainIsOfWhatIsToComeAndAFlushEndsIt() throws {
        let state = try StreamState(ring: SampleRing(minimumCapacity: 16_384))
        let clock = PlaybackClock()
        let worker = try WAVPlayback(path: file.path, state: state, clock: clock)
        func write(_ count: Int) {
            _ = [Int16](repeating: 8000, count: count).withUnsafeBufferPointer { state.ring.write($0) }
        }
        write(5000)
        #expect(worker.play(dueFrames: 1000) == 0)
        clock.request(gain: 16_384)
        #expect(worker.play(dueFrames: 2000) == 0)
        // It only went quieter: all of it was heard.
        #expect(clock.position.heardFrames == 2000)
        clock.request(gain: 0)
        #expect(worker.play(dueFrames: 2700) == 0)
        #expect(clock.position.heardFrames == 2000)
        clock.request(gain: GainRamp.one)
        #expect(worker.play(dueFrames: 3300) == 0)
        // A glitch: nothing is missing in the account.
        #expect(clock.position.heardFrames == 3300)
        clock.request(gain: 0)
        #expect(worker.play(dueFrames: 3600) == 0)
        let epoch = clock.requestFlush(writtenFrames: state.ring.writtenFrames)
        write(700)
        #expect(worker.play(dueFrames: 3700) == 0)
        #expect(clock.heardFrames(endedBy: epoch) == 3300)
        #expect(worker.play(dueFrames: 4400) == 0)
        #expect(clock.position == PlaybackPosition(epoch: epoch, heardFrames: 700))
        let samples = try #require(samplesOfWriter(file.bytes))
        let levels: [(frames: Range<Int>, level: Int16)] = [
            (0..<1000, 8000), (1120..<2000, 4000), (2120..<2700, 0), (2820..<3300, 8000), (3420..<3700, 0),
            (3700..<4400, 8000),
        ]
        for (frames, level) in levels {
            let isLevel = samples[frames].allSatisfy { $0 == level }
            #expect(isLevel, "\(frames)")
        }
        for (frames, levels) in [(1000..<1120, 4000...8000), (2000..<2120, 0...4000), (2700..<2820, 0...8000)] {
            let isBetween = samples[frames].allSatisfy { levels.contains(Int($0)) }
            #expect(isBetween, "\(frames)")
        }
    }

    @Test func whatFollowsAFlushIsAsLoudAsEverFromItsFirstFrame() throws {
        let state = try StreamState(ring: SampleRing(minimumCapacity: 4096))
        let clock = PlaybackClock()
        let worker = try WAVPlayback(path: file.path, state: state, clock: clock)
        _ = [Int16](repeating: 8000, count: 3000).withUnsafeBufferPointer { state.ring.write($0) }
        for (gain, dueFrames) in [(16_384, 500), (0, 1000)] as [(Int32, Int)] {
            clock.request(gain: gain)
            #expect(worker.play(dueFrames: dueFrames) == 0)
        }
        _ = clock.requestFlush(writtenFrames: state.ring.writtenFrames)
        _ = [Int16](repeating: 8000, count: 200).withUnsafeBufferPointer { state.ring.write($0) }
        #expect(worker.play(dueFrames: 1000) == 0)
        #expect(worker.play(dueFrames: 1200) == 0)
        let samples = try #require(samplesOfWriter(file.bytes))
        #expect(samples[1000..<1200].allSatisfy { $0 == 8000 })
    }

    @Test func aGainAskedForAfterAFlushIsForWhatFollowsIt() throws {
        stream.setGain(0)
        let first = stream.flush()
        stream.setGain(0.5)
        #expect(stream.write([Int16](repeating: 8000, count: 500)) == 500)
        stream.start(at: .now)
        #expect(stream.eventually { stream.position == PlaybackPosition(epoch: first, heardFrames: 500) })
        stream.stop()
        let heard = try heardSamples()
        #expect(heard.count == 500)
        #expect(heard[120...].allSatisfy { $0 == 4000 })
    }

    @Test func writeTakesOnlyWhatFitsAndLosesNothing() throws {
        let much = ramp(PlaybackStream.ringFrames + 100)
        #expect(stream.write(much) == PlaybackStream.ringFrames)
        #expect(stream.freeFrames == 0)
        #expect(stream.write([1]) == 0)
        #expect(stream.writtenFrames == PlaybackStream.ringFrames)
    }

    @Test func aFileThatCannotGrowEndsTheStreamWithOneLine() throws {
        let state = try StreamState(ring: SampleRing(minimumCapacity: 16), isTimed: true)
        let worker = try WAVPlayback(path: file.path, mostDataBytes: 100, state: state, clock: PlaybackClock())
        let driver = StreamDriver(worker, state: state)
        driver.start(name: "playback", at: .now)
        let hasFailed = eventually(state.event) {
            driver.takeEvent()
            return state.failure != nil
        }
        #expect(hasFailed)
        #expect(
            state.failure?.description
                == "wav:\(file.path): full: a WAV file holds 4 GiB, 24 hours of sound")
        driver.stop()
        #expect(samplesOfWriter(file.bytes)?.count == 50)
    }
}
