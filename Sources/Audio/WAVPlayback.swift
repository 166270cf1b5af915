import Glibc
import Synchronization

/// Plays to a WAV file: frame n of the file is what would be heard n / 24000 s after the start of audio.
///
/// The owner calls `catchUp` before it writes to the ring, so that no frame is heard before it was written.
final class WAVPlayback: TimedWorker {
    /// The file grows this often (contract: every 50 ms at least).
    let periodNs: Int64 = 40_000_000
    /// Frames written at a time.
    private static let stepFrames = 2048

    var startNs: Int64 = 0
    let description: String

    private let state: StreamState
    private let clock: PlaybackClock
    private var writer: WAVWriter
    private let buffer: UnsafeMutableBufferPointer<Int16>
    private let fade = Fade(frames: runnerRate * PlaybackStage.cutMs / 1000)
    /// Counts by `heardFrames`.
    private var ramp = GainRamp.unchanged
    private var heardFrames = 0
    /// What was heard until the gain became 0.
    private var mutedFrom: Int?

    /// Opens the file and empties it.
    init(
        path: String, mostDataBytes: Int = WAVWriter.mostDataBytes, state: StreamState, clock: PlaybackClock
    ) throws(AudioError) {
        writer = try WAVWriter(path: path, mostDataBytes: mostDataBytes)
        buffer = .allocate(capacity: Self.stepFrames)
        buffer.initialize(repeating: 0)
        description = WAVWriter.describe(path: path)
        self.state = state
        self.clock = clock
    }

    deinit { buffer.deallocate() }

    func catchUp(nowNs: Int64) -> AudioError? {
        let code = play(dueFrames: framesElapsed(ns: nowNs - startNs, rate: runnerRate))
        if code == -EFBIG {
            return AudioError(.tellOperator, "wav:\(writer.path): full: a WAV file holds 4 GiB, 24 hours of sound")
        }
        return code < 0 ? .system("wav:\(writer.path)", "write", -code) : nil
    }

    /// Lets the file grow to `dueFrames`: what was queued, then silence. 0 or -errno.
    func play(dueFrames: Int) -> Int32 {
        let flush = clock.pendingFlush
        takeGain()
        let queued = flush.map { $0.writtenFrames - state.ring.readFrames } ?? state.ring.availableToRead
        var code = hear(min(queued, dueFrames - writer.frameCount))
        if code < 0 { return code }
        clock.publish(heardFrames: min(heardFrames, mutedFrom ?? .max))
        code = beSilent(dueFrames - writer.frameCount)
        if code < 0 { return code }
        if let flush {
            state.ring.discard(flush.writtenFrames - state.ring.readFrames)
            heardFrames = 0
            mutedFrom = nil
            ramp = .unchanged
            clock.complete(flush)
            takeGain()
        }
        return 0
    }

    private func takeGain() {
        guard let gain = clock.wantedGain, gain != ramp.to else { return }
        ramp = GainRamp(
            startFrame: heardFrames, frames: fade.frames, from: ramp.gain(at: heardFrames, along: fade), to: gain)
        mutedFrom = gain == 0 ? heardFrames : nil
    }

    private func hear(_ frames: Int) -> Int32 {
        var left = frames
        while left > 0 {
            let count = state.ring.read(into: UnsafeMutableBufferPointer(rebasing: buffer[..<min(left, buffer.count)]))
            if count == 0 { return 0 }
            if let samples = buffer.baseAddress, !ramp.leavesAll(from: heardFrames) {
                ramp.scale(samples, count: count, from: heardFrames, along: fade, into: samples)
            }
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
