/// Finds for each captured block what was heard at the same time: the two PCM clocks, joined. Capture thread only.
///
/// Frames are read between samples (cubic Lagrange), because two cards drift: a step of a whole frame would undo at
/// once what the canceller has learned, while it follows a slow shift.
final class EchoAlignment {
    /// What was played is given out this early, 5 ms: the canceller bears a reference that is early, never one that is
    /// late, and clocks may err by a wake-up.
    static let leadFrames = 120
    /// The clocks part by more than this, 1 ms, only when a card lost frames: then it is made good at once.
    static let jumpFrames = 24.0

    private let reference: EchoReference
    /// 5.4 s: what playback may be ahead by its buffer of 2 s and capture behind by its own.
    private let history: UnsafeMutableBufferPointer<Int16>
    private let mask: Int
    /// Frames of `reference` that came into the history.
    private var endFrame: Int
    private var captureClock: FrameClock?
    private var playbackClock: FrameClock?
    /// The run that is heard; `run.upperBound` grows until its end is known.
    private var runStart = 0
    private var runEnd: Int?
    /// Where the next block begins if all goes on evenly; nil when nothing is heard.
    private var position: Double?
    /// What was read beyond the captured frames and not yet counted, less than a frame.
    private var slip = 0.0
    /// How loud played frames are heard: from a frame on, and before it.
    private var gain = (fromFrame: 0, now: Float(1), before: Float(1))

    init(reference: EchoReference) {
        self.reference = reference
        history = .allocate(capacity: 2 * EchoReference.ringFrames)
        history.initialize(repeating: 0)
        mask = history.count - 1
        endFrame = reference.ring.readFrames
    }

    deinit { history.deallocate() }

    /// The card was started: our frame `frame` is captured at `ns`. Real-time.
    func restartCapture(frame: Double, ns: Int64) {
        if captureClock == nil { captureClock = FrameClock(frame: frame, ns: ns) }
        captureClock?.restart(frame: frame, ns: ns)
    }

    /// The card was seen to capture our frame `frame` at `ns`. Real-time.
    func lookAtCapture(frame: Double, ns: Int64) { captureClock?.look(frame: frame, ns: ns) }

    /// Where a captured block lies in what was played.
    struct Place: Equatable {
        /// The played frame at the block's first frame, and how many it goes on by with each.
        let start: Double
        let step: Double
        /// Played frames that are known: the rest is silence.
        fileprivate let heard: Range<Int>
    }

    /// Fills `block` with what was heard while the captured frames from `frame` on were captured; zeros where that was
    /// nothing. False when all of it is zeros. Real-time.
    func read(at frame: Int, into block: UnsafeMutableBufferPointer<Int16>) -> Bool {
        guard let place = place(at: frame, count: block.count) else {
            block.update(repeating: 0)
            return false
        }
        for index in block.indices {
            block[index] = sample(at: place.start + Double(index) * place.step, of: place.heard)
        }
        return true
    }

    /// Goes on to the `count` frames captured from `frame` on; nil when nothing was heard meanwhile. Real-time.
    func place(at frame: Int, count: Int) -> Place? {
        drain()
        guard let captureClock else { return nil }
        let startNs = captureClock.ns(of: Double(frame + Self.leadFrames))
        let endNs = captureClock.ns(of: Double(frame + Self.leadFrames + count))
        takeMarks(untilNs: endNs)
        guard let playbackClock else { return nil }
        let start = playbackClock.frame(at: startNs)
        let end = playbackClock.frame(at: endNs)
        var next = position ?? start
        let isParted = abs(next - start) > Self.jumpFrames
        if isParted { next = start }
        position = end
        let heard = max(runStart, endFrame - history.count)..<max(runStart, min(runEnd ?? endFrame, endFrame))
        guard next < Double(heard.upperBound) + 2, end > Double(heard.lowerBound) - 2 else { return nil }
        // Only the looks after a start say when it was: that is no drift.
        if captureClock.isSettling || playbackClock.isSettling {
            return Place(start: next, step: (end - next) / Double(count), heard: heard)
        }
        if isParted { reference.countRealignment() }
        slip += end - next - Double(count)
        let slippedFrames = Int(slip)
        if slippedFrames != 0 { reference.countSlip(frames: abs(slippedFrames)) }
        slip -= Double(slippedFrames)
        return Place(start: next, step: (end - next) / Double(count), heard: heard)
    }

    /// Takes over the frames that came, so that the ring never runs full.
    private func drain() {
        while true {
            let start = endFrame & mask
            let count = reference.ring.read(into: UnsafeMutableBufferPointer(rebasing: history[start...]))
            if count == 0 { return }
            endFrame += count
        }
    }

    private func takeMarks(untilNs limitNs: Int64) {
        while let mark = reference.nextMark, mark.ns <= limitNs {
            reference.takeMark()
            switch mark.kind {
            // A microphone that was opened again comes into the middle of a run.
            case .start,
                .look where playbackClock == nil:
                if playbackClock == nil { playbackClock = FrameClock(frame: mark.frame, ns: mark.ns) }
                playbackClock?.restart(frame: mark.frame, ns: mark.ns)
                runStart = Int(mark.frame)
                runEnd = nil
                position = nil
            case .look: playbackClock?.look(frame: mark.frame, ns: mark.ns)
            case .end: runEnd = Int(mark.frame)
            case .gain(let factor): gain = (Int(mark.frame), factor, gain.now)
            }
        }
    }

    private func sample(at place: Double, of heard: Range<Int>) -> Int16 {
        let floor = place.rounded(.down)
        let frame = Int(floor)
        let part = place - floor
        func value(_ offset: Int) -> Double {
            guard heard.contains(frame + offset) else { return 0 }
            let sample = Double(history[(frame + offset) & mask])
            let factor = frame + offset < gain.fromFrame ? gain.before : gain.now
            return factor == 1 ? sample : sample * Double(factor)
        }
        if part == 0 { return Int16(value(0).rounded()) }
        let before = value(-1) * -part * (part - 1) * (part - 2) / 6
        let first = value(0) * (part + 1) * (part - 1) * (part - 2) / 2
        let second = value(1) * -(part + 1) * part * (part - 2) / 2
        let after = value(2) * (part + 1) * part * (part - 1) / 6
        return Int16(max(-32_768, min(32_767, (before + first + second + after).rounded())))
    }
}
