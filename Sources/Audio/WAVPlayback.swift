import Glibc
import Synchronization

internal import CLinux

/// The playback thread of a WAV file: frame n of the file is what would be heard n / 24000 s after the start of audio.
final class WAVPlayback: AudioWorker {
    /// The file grows this often; a flush takes effect at once, by its wake-up.
    private static let periodNs: Int64 = 40_000_000
    /// The owner hears of progress this often while something is audible: the ring holds 1.3 s, and `position` can be
    /// looked at at any time.
    private static let periodsPerEvent = 12
    /// Frames written at a time.
    private static let stepFrames = 2048

    var startNs: Int64 = 0
    let isRealtime = false
    let description: String

    private let state: StreamState
    private let clock: PlaybackClock
    private var periodsSinceEvent = 0
    private var writer: WAVWriter
    private let buffer: UnsafeMutableBufferPointer<Int16>
    /// Something was queued when the thread last looked. Without, the time up to now is silence, as nobody can hear a
    /// frame before it was written.
    private var isPlaying = false
    private var heardFrames = 0

    init(writer: consuming WAVWriter, state: StreamState, clock: PlaybackClock) {
        buffer = .allocate(capacity: Self.stepFrames)
        buffer.initialize(repeating: 0)
        description = WAVWriter.describe(path: writer.path)
        self.state = state
        self.clock = clock
        self.writer = writer
    }

    deinit { buffer.deallocate() }

    func run() -> AudioError? {
        var deadlineNs = startNs
        while true {
            if isPlaying {
                state.waitForWake(untilNs: deadlineNs)
            } else {
                state.waitForFrames(untilNs: deadlineNs)
            }
            let nowNs = clinux_monotonic_ns()
            let code = play(dueFrames: framesElapsed(ns: nowNs - startNs, rate: runnerRate))
            if code == -EFBIG {
                return AudioError(.tellOperator, "wav:\(writer.path): full: a WAV file holds 4 GiB, 24 hours of sound")
            }
            if code < 0 { return .system("wav:\(writer.path)", "write", -code) }
            if state.isStopping { return nil }
            if nowNs >= deadlineNs { deadlineNs += ((nowNs - deadlineNs) / Self.periodNs + 1) * Self.periodNs }
        }
    }

    /// Lets the file grow to `dueFrames`. 0 or -errno.
    func play(dueFrames: Int) -> Int32 {
        let flush = clock.pendingFlush
        let wasPlaying = isPlaying
        if isPlaying {
            // Up to now the old epoch was heard.
            let queued = flush.map { $0.writtenFrames - state.ring.readFrames } ?? state.ring.availableToRead
            let code = hear(min(queued, dueFrames - writer.frameCount))
            if code < 0 { return code }
            clock.publish(heardFrames: heardFrames)
        }
        let code = beSilent(dueFrames - writer.frameCount)
        if code < 0 { return code }
        if let flush {
            state.ring.discard(flush.writtenFrames - state.ring.readFrames)
            heardFrames = 0
            clock.complete(flush)
        }
        isPlaying = state.ring.availableToRead > 0
        periodsSinceEvent += 1
        let isProgress = isPlaying && periodsSinceEvent >= Self.periodsPerEvent
        if wasPlaying != isPlaying || flush != nil || isProgress {
            periodsSinceEvent = 0
            clinux_eventfd_signal(state.event)
        }
        return 0
    }

    private func hear(_ frames: Int) -> Int32 {
        var left = frames
        while left > 0 {
            let count = state.ring.read(into: UnsafeMutableBufferPointer(rebasing: buffer[..<min(left, buffer.count)]))
            if count == 0 { return 0 }
            let code = writer.append(UnsafeBufferPointer(rebasing: buffer[..<count]))
            if code < 0 { return code }
            heardFrames += count
            left -= count
            state.movedFrames.wrappingAdd(count, ordering: .relaxed)
        }
        return 0
    }

    private func beSilent(_ frames: Int) -> Int32 {
        var left = frames
        if left > 0 { buffer.update(repeating: 0) }
        while left > 0 {
            let count = min(left, buffer.count)
            let code = writer.append(UnsafeBufferPointer(rebasing: buffer[..<count]))
            if code < 0 { return code }
            left -= count
        }
        return 0
    }
}
