import CAllocationCounter
import Foundation
import Testing

@testable import Audio

/// After its start no audio thread asks the heap for anything: a lock of the allocator, held by a thread of lower
/// priority, would be a gap in the sound. Counted from a thread's first instruction to its last.
@Suite(.enabled(if: allocation_counter_is_on(), "a sanitizer has its own malloc"))
struct AllocationTests {
    /// A card's layout to convert to and from.
    struct Layout: Sendable, CustomTestStringConvertible {
        let rate: Int
        let format: SampleFormat
        let channels: Int

        var testDescription: String { "\(rate) Hz, \(format.name), \(channels) channels" }

        var wishes: PCMWishes {
            var wishes = PCMWishes()
            wishes.rates = [rate]
            wishes.formats = [format]
            wishes.channels = [channels]
            return wishes
        }

        static let all = [
            Layout(rate: 24_000, format: .s16, channels: 1), Layout(rate: 48_000, format: .s32, channels: 2),
            Layout(rate: 44_100, format: .s24Packed, channels: 2),
        ]
    }

    /// A debug build asks the runtime for the metadata of a generic type when it first comes by (29 calls were seen); a
    /// release build has them made. One call a period would be thousands.
    #if DEBUG
        private static let limit = 100
    #else
        private static let limit = 0
    #endif

    /// Periods each layout goes through: 10,000 for all of them together.
    private static let periods = 10_000 / Layout.all.count + 1

    /// alsa-lib's null card, which holds nothing back but by our own pace: two buffers, so 4 s of periods of 1 ms.
    private func open(_ direction: AudioDirection, _ layout: Layout, bufferMs: Int) throws -> PCM {
        let timing = try StreamTiming(AudioDevice("null", periodMs: 1, bufferMs: bufferMs))
        return try PCM(name: "null", direction: direction, timing: timing, wishes: layout.wishes)
    }

    @Test func theCounterCountsTheCallsOfItsOwnThread() {
        // opendir(3) allocates and closedir(3) frees; no optimizer knows that it could leave both out.
        let thread = Counted { closedir(opendir("/")) }
        #expect(thread.calls() >= 2)
    }

    @Test(arguments: Layout.all) func captureNeverAllocates(_ layout: Layout) throws {
        let state = try StreamState(ring: SampleRing(minimumCapacity: CaptureStream.ringFrames))
        let worker = try PCMCapture(pcm: try open(.capture, layout, bufferMs: 2000), state: state)
        let frames = Self.periods * runnerRate / 1000
        let thread = Counted { _ = worker.run() }
        let isThrough = eventually(state.event, limitMs: 30_000) {
            _ = state.ring.discard(state.ring.availableToRead)
            return state.movedFrames.load(ordering: .relaxed) >= frames
        }
        state.stopRequested.store(true, ordering: .releasing)
        #expect(thread.calls() <= Self.limit)
        #expect(isThrough)
    }

    @Test(arguments: Layout.all) func playbackNeverAllocates(_ layout: Layout) throws {
        let state = try StreamState(ring: SampleRing(minimumCapacity: PlaybackStream.ringFrames))
        let clock = PlaybackClock()
        let worker = try PCMPlayback(pcm: try open(.playback, layout, bufferMs: 2), state: state, clock: clock)
        let frames = Self.periods * runnerRate / 1000
        let thread = Counted { _ = worker.run() }
        let sound = ramp(1000)
        var written = 0
        // Many runs, each with a beginning and an end, and gains in between, a flush now and then.
        let isThrough = eventually(state.event, limitMs: 30_000) {
            written += sound.withUnsafeBufferPointer { state.ring.write($0) }
            state.framesWritten()
            clock.request(gain: Int32(written % 3) * 16_384)
            if written % 7 == 0 { _ = clock.requestFlush(writtenFrames: state.ring.writtenFrames) }
            return state.movedFrames.load(ordering: .relaxed) >= frames
        }
        state.stopRequested.store(true, ordering: .releasing)
        #expect(thread.calls() <= Self.limit)
        #expect(isThrough)
        #expect(clock.position.epoch > 0)
    }
}

/// Work on a thread of its own, and how often it called the heap.
private final class Counted: @unchecked Sendable {
    // SAFETY: `count` is written before `done` is signalled and read after it was waited for.
    private var count = 0
    private let done = DispatchSemaphore(value: 0)

    init(_ work: @escaping () -> Void) {
        // SAFETY: the work is used by the new thread alone.
        nonisolated(unsafe) let work = work
        Thread.detachNewThread { [self] in
            let before = allocation_counter_calls()
            work()
            count = Int(allocation_counter_calls() - before)
            done.signal()
        }
    }

    func calls() -> Int {
        done.wait()
        return count
    }
}
