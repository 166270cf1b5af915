import CAllocationCounter
import Foundation
import MonotonicClock
import Testing

@testable import Audio

@Suite struct CaptureStreamTests {
    @Test func aWAVFileIsCapturedFromItsFirstFrameThenSilence() throws {
        let file = try TemporaryFile(WAVBytes(samples: ramp(2400)).bytes)
        let stream = try CaptureStream(device: AudioDevice("wav:\(file.path)"))
        stream.start(at: .now)
        #expect(stream.collect(3000) == ramp(2400) + [Int16](repeating: 0, count: 600))
        stream.stop()
        #expect(stream.failure == nil)
        #expect(stream.statistics.overruns == 0)
        #expect(stream.statistics.capturedFrames >= 3000)
    }

    @Test func framesComeInRealTimeAfterTheStart() throws {
        let file = try TemporaryFile(WAVBytes(samples: ramp(24_000)).bytes)
        let stream = try CaptureStream(device: AudioDevice("wav:\(file.path)"))
        let start = Instant.now + .milliseconds(50)
        stream.start(at: start)
        var isEarly = false
        let isEnough = eventually(stream.eventDescriptor) {
            stream.takeEvent()
            // The count is read before the clock, so a late test cannot make frames look early.
            let frames = stream.availableFrames
            let elapsedNs = start.duration(to: .now) / .nanoseconds(1)
            if Double(frames) > max(0, elapsedNs) * 24e-6 + 1 { isEarly = true }
            return frames >= 4800
        }
        #expect(isEnough)
        #expect(!isEarly)
        stream.stop()
    }

    @Test(arguments: [8000, 16_000, 44_100, 48_000] as [UInt32])
    func otherRatesAndStereoBecome24kHzMonoInTime(rate: UInt32) throws {
        // 60 ms with a click at 30 ms, in both channels.
        let frames = Int(rate) * 60 / 1000
        let click = frames / 2
        let samples = (0..<frames).flatMap { ($0 == click ? [20_000, 20_000] : [0, 0]) as [Int16] }
        let file = try TemporaryFile(WAVBytes(channels: 2, rate: rate, samples: samples).bytes)
        let stream = try CaptureStream(device: AudioDevice("wav:\(file.path)"))
        stream.start(at: .now)
        let captured = stream.collect(1600)
        stream.stop()
        let loudest = captured.indices.max { abs(Int(captured[$0])) < abs(Int(captured[$1])) } ?? 0
        #expect(captured.count == 1600)
        #expect(abs(loudest - 720) <= 1)
    }

    @Test func aSlowReaderLosesFramesAndIsTold() throws {
        let ring = SampleRing(minimumCapacity: 512)
        let file = try TemporaryFile(WAVBytes(samples: ramp(24_000)).bytes)
        let state = try StreamState(ring: ring, isTimed: true)
        let timing = try StreamTiming(AudioDevice("wav"))
        let worker = try WAVCapture(path: file.path, timing: timing, state: state)
        let driver = StreamDriver(worker, state: state)
        driver.start(name: "capture", at: .now)
        let hasDropped = eventually(state.event) {
            driver.takeEvent()
            return ring.droppedFrames > 0
        }
        #expect(hasDropped)
        driver.stop()
        #expect(ring.availableToRead == 512)
        #expect(ring.droppedFrames == state.movedFrames.load(ordering: .relaxed) - 512)
    }

    @Test func aFilesFrameIsFoundByTimeHoweverLateItIsAskedFor() throws {
        let file = try TemporaryFile(WAVBytes(samples: ramp(24_000)).bytes)
        let stream = try CaptureStream(device: AudioDevice("wav:\(file.path)"))
        let start = Instant.now
        #expect(stream.frame(at: start) == 0)
        stream.start(at: start)
        #expect(stream.collect(4800).count == 4800)
        poll(nil, 0, 30)
        stream.takeEvent()
        for ms in [0, 1, 20, 55, 100] {
            #expect(abs(stream.frame(at: start + .milliseconds(ms)) - 24 * ms) <= 2)
        }
        #expect(stream.frame(at: start - .seconds(1)) == 0)
        // Not captured, and further ahead than a file is behind.
        let captured = stream.statistics.capturedFrames
        #expect(stream.frame(at: .now + .seconds(10)) == captured + 2 * 480)
        stream.stop()
    }

    @Test func framesThatWereDroppedAreNotCounted() throws {
        let file = try TemporaryFile(WAVBytes(samples: ramp(24_000)).bytes)
        let state = try StreamState(ring: SampleRing(minimumCapacity: 512), isTimed: true)
        let timing = try StreamTiming(AudioDevice("wav"))
        let worker = try WAVCapture(path: file.path, timing: timing, state: state)
        worker.startNs = 1_000_000_000
        #expect(worker.catchUp(nowNs: 1_100_000_000) == nil)
        #expect(state.ring.droppedFrames == 2400 - 512)
        // The ring's next frame is the 2400th, captured at 1.1 s.
        let nextNs = state.captureOriginNs.load(ordering: .relaxed) + CapturePosition.ns(ofFrames: 512)
        #expect(abs(nextNs - 1_100_000_000) < 2)
    }

    @Test func aDeviceWithoutAClockIsCapturedWhenItIsRead() throws {
        let stream = try CaptureStream(device: AudioDevice("null"))
        stream.start(at: .now)
        #expect(eventually(stream.eventDescriptor) { stream.statistics.capturedFrames >= 24_000 / 2 })
        // It is held two buffers ahead; what is to come is a buffer and a period, and what filters hold, at most.
        let frame = stream.frame(at: .now)
        stream.stop()
        let captured = stream.statistics.capturedFrames
        #expect((captured - 4800...captured + 1800).contains(frame))
        #expect(stream.interruptions == InterruptionStatistics())
    }

    @Test func stoppingBeforeTheStartIsPromptAndStoppingTwiceHarmless() throws {
        let file = try TemporaryFile(WAVBytes(samples: ramp(10)).bytes)
        let stream = try CaptureStream(device: AudioDevice("wav:\(file.path)"))
        stream.stop()
        stream.start(at: .now + .seconds(3600))
        let begin = Instant.now
        stream.stop()
        stream.stop()
        #expect(begin.duration(to: .now) < .milliseconds(500))
        #expect(stream.availableFrames == 0)
        #expect(stream.failure == nil)
    }

    @Test func theOwnerIsWokenWhenTwentyMillisecondsWaitAndNotBefore() throws {
        let state = try StreamState(ring: SampleRing(minimumCapacity: CaptureStream.ringFrames))
        let timing = try StreamTiming(AudioDevice("null"))
        let worker = try PCMCapture(pcm: PCM(name: "null", direction: .capture, timing: timing), state: state)
        let driver = StreamDriver(worker, state: state)
        driver.start(name: "capture", at: .now)
        #expect(eventually(state.wake) { state.movedFrames.load(ordering: .relaxed) >= 2400 })
        driver.stop()
        var events: UInt64 = 0
        #expect(read(state.event, &events, 8) == 8)
        // Nobody reads: each period but the first finds 20 ms waiting, and the end is an event, too.
        #expect(Int(events) == state.movedFrames.load(ordering: .relaxed) / 240)
    }

    @Test(.enabled(if: allocation_counter_is_on(), "a sanitizer locks no memory"))
    func aCardsThreadLocksTheMemoryOrSaysWhyNot() throws {
        let stream = try CaptureStream(device: AudioDevice("null"))
        stream.start(at: .now)
        stream.stop()
        let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let lockedKiB = try #require(status.firstMatch(of: /VmLck:\s+(\d+) kB/)?.1)
        #expect(lockedKiB != "0" || stream.realtimeRefusal?.contains("mlockall: ") == true)
    }

    @Test func theNullCardDeliversSilenceAtTheSpeedOfACard() throws {
        let stream = try CaptureStream(device: AudioDevice("null"))
        #expect(stream.description.hasPrefix("null: 24000 Hz, S16_LE, 1 channel, period 240 frames (10.0 ms)"))
        let start = Instant.now
        stream.start(at: start)
        #expect(eventually(stream.eventDescriptor) { stream.statistics.capturedFrames >= 9600 })
        let elapsed = start.duration(to: .now) / .milliseconds(1)
        stream.stop()
        // 400 ms of frames, of which one in a hundred is forgiven; it may run ahead by two buffers (80 ms) and what is
        // read at a time (20 ms), not more.
        #expect(elapsed >= 296)
        #expect(stream.collect(480) == [Int16](repeating: 0, count: 480))
        #expect(stream.statistics.stalls == 0)
    }

    @Test func anOwnerInNoHurryIsWokenForTenTimesAsManyFrames() throws {
        let stream = try CaptureStream(device: AudioDevice("null"))
        stream.setUrgent(false)
        stream.start(at: .now)
        var event = pollfd(fd: stream.eventDescriptor, events: Int16(POLLIN), revents: 0)
        #expect(poll(&event, 1, 3000) == 1)
        #expect(stream.availableFrames >= 4800)
        stream.setUrgent(true)
        var samples = [Int16](repeating: 0, count: CaptureStream.ringFrames)
        repeat { stream.takeEvent() } while samples.withUnsafeMutableBufferPointer { stream.read(into: $0) } > 0
        #expect(poll(&event, 1, 3000) == 1)
        #expect((480..<4800).contains(stream.availableFrames))
        stream.stop()
    }

    @Test func aCardOfAnotherRateFormatAndChannelCountIsConverted() throws {
        var wishes = PCMWishes()
        wishes.rates = [48_000]
        wishes.formats = [.s32]
        wishes.channels = [2]
        let stream = try CaptureStream(device: AudioDevice("null"), wishes: wishes)
        #expect(stream.description.hasPrefix("null: 48000 Hz, S32_LE, 2 channels, period 480 frames (10.0 ms)"))
        stream.start(at: .now)
        #expect(stream.collect(960) == [Int16](repeating: 0, count: 960))
        stream.stop()
    }
}
