import Synchronization

/// Captures from a WAV file: its frame 0 is the start of audio, and time passes as it would at a card.
final class WAVCapture: TimedWorker {
    /// A file is in no hurry: 20 ms is what one append carries, and half the wake-ups of a card's period.
    private static let shortestPeriodMs = 20

    var startNs: Int64 = 0
    let periodNs: Int64
    let description: String

    private let path: String
    private let state: StreamState
    private var reader: WAVReader
    private var resampler: Resampler
    private let mono: UnsafeMutableBufferPointer<Int16>
    private let converted: UnsafeMutableBufferPointer<Int16>
    /// Frames of `mono` that the resampler has not taken yet.
    private var pending = 0..<0
    private var capturedFrames = 0

    /// Opens the file.
    init(path: String, timing: StreamTiming, state: StreamState) throws(AudioError) {
        let reader = try WAVReader(path: path)
        resampler = try Resampler(from: reader.rate, to: runnerRate)
        mono = .allocate(capacity: WAVReader.stepFrames)
        mono.initialize(repeating: 0)
        converted = .allocate(capacity: WAVReader.stepFrames)
        converted.initialize(repeating: 0)
        periodNs = Int64(Self.periodMs(timing)) * 1_000_000
        self.path = path
        description = reader.description
        self.state = state
        self.reader = reader
    }

    deinit {
        mono.deallocate()
        converted.deallocate()
    }

    static func periodMs(_ timing: StreamTiming) -> Int { max(timing.periodMs, shortestPeriodMs) }

    /// Captures whole periods, as a card does, however late it is called.
    func catchUp(nowNs: Int64) -> AudioError? {
        let passedNs = max(0, nowNs - startNs) / periodNs * periodNs
        let dueFrames = framesElapsed(ns: passedNs, rate: runnerRate)
        while capturedFrames < dueFrames {
            let code = capture(min(dueFrames - capturedFrames, converted.count))
            if code < 0 { return .system("wav:\(path)", "read", -code) }
        }
        // A file's clock is time itself; only what found the ring full is not in it.
        let droppedNs = CapturePosition.ns(ofFrames: state.ring.droppedFrames)
        state.captureOriginNs.store(startNs + droppedNs, ordering: .relaxed)
        return nil
    }

    /// Converts and captures `count` frames. 0 or -errno.
    private func capture(_ count: Int) -> Int32 {
        var filled = 0
        while filled < count {
            if pending.isEmpty {
                let code = reader.read(into: mono)
                if code < 0 { return code }
                pending = 0..<mono.count
            }
            let (consumed, produced) = resampler.process(
                UnsafeBufferPointer(rebasing: mono[pending]),
                into: UnsafeMutableBufferPointer(rebasing: converted[filled..<count]))
            pending = pending.lowerBound + consumed..<pending.upperBound
            filled += produced
        }
        state.ring.write(UnsafeBufferPointer(rebasing: converted[..<count]))
        capturedFrames += count
        state.movedFrames.store(capturedFrames, ordering: .relaxed)
        return 0
    }
}
