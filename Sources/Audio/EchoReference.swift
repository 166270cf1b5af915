import Synchronization

/// How the microphone was kept in step with the loudspeaker, counted since the start.
public struct EchoStatistics: Sendable, Equatable {
    /// Times the two cards' clocks had parted by more than a millisecond within an answer, which is made good at once.
    public let realignments: Int
    /// 24 kHz frames by which the cards drifted apart while something was heard; made good little by little.
    public let slippedFrames: Int
    /// 24 kHz frames played that the capture thread never saw: it stood still.
    public let lostFrames: Int
}

/// What the loudspeaker plays and when it is heard, on its way from the playback thread to the capture thread.
///
/// Frames are counted from the start in the order in which they were given to `write`. A run of the card begins with a
/// `start`, is followed by any number of `look`s and ends with an `end`. Wait-free on both sides; what a capture thread
/// that stands still does not take is lost, and the rest is marked anew, so that frames and times never part. One
/// playback stream and one capture stream at a time.
public final class EchoReference: @unchecked Sendable {
    // SAFETY: `marks` is shared by two threads. The playback thread writes only slots that `markWriteIndex` has not
    // passed, and hands them over by a releasing store; `markReadIndex` gives them back the same way. `attempted`,
    // `lostFrames`, `lossEnd` and `needsStart` belong to the playback thread.

    struct Mark: Equatable {
        enum Kind: Equatable {
            /// A run begins with this frame, which is heard at `ns`.
            case start
            /// The card was seen to be at this frame at `ns`.
            case look
            /// This frame and those after it are not heard, as of `ns`.
            case end
            /// This frame and those after it are heard so many times as loud, as of `ns`.
            case gain(Float)
        }

        var kind = Kind.look
        /// Counted in frames that went through the ring.
        var frame = 0.0
        var ns: Int64 = 0
    }

    /// 2.7 s at 24 kHz: the card's buffer ahead, and a capture thread that is late.
    static let ringFrames = 1 << 16
    /// 2.5 s of looks, one a period.
    static let mostMarks = 256

    let ring = SampleRing(minimumCapacity: ringFrames)
    /// Gets what the canceller gets; nil unless somebody wants to measure it.
    let trace: EchoTrace?
    private let realignments = Atomic<Int>(0)
    private let slippedFrames = Atomic<Int>(0)
    private let marks: UnsafeMutablePointer<Mark>
    private let markWriteIndex = Atomic<Int>(0)
    private let markReadIndex = Atomic<Int>(0)
    private var attempted = 0
    private var lostFrames = 0
    private var lossEnd = 0
    private var needsStart = true

    public convenience init() { self.init(trace: nil) }

    init(trace: EchoTrace?) {
        self.trace = trace
        marks = .allocate(capacity: Self.mostMarks)
        marks.initialize(repeating: Mark(), count: Self.mostMarks)
    }

    deinit { marks.deallocate() }

    /// Any thread; each number is right, together they may be a block apart.
    public var statistics: EchoStatistics {
        EchoStatistics(
            realignments: realignments.load(ordering: .relaxed),
            slippedFrames: slippedFrames.load(ordering: .relaxed), lostFrames: ring.droppedFrames)
    }

    // MARK: Playback thread, real-time

    /// Frames given to `write` since the start.
    var writtenFrames: Int { attempted }

    /// The card will play these next.
    func write(_ samples: UnsafeBufferPointer<Int16>) {
        let taken = ring.write(samples)
        attempted += samples.count
        guard taken < samples.count else { return }
        lostFrames += samples.count - taken
        lossEnd = attempted
        needsStart = true
    }

    /// The card was started, with `frame`, which is heard at `ns`.
    func start(frame: Int, ns: Int64) {
        needsStart = true
        look(frame: Double(frame), ns: ns)
    }

    /// The card was seen to be at `frame` at `ns`.
    func look(frame: Double, ns: Int64) {
        // Frames before a loss cannot be told from those that were lost.
        guard frame >= Double(lossEnd) else { return }
        let kind = needsStart ? Mark.Kind.start : .look
        if post(Mark(kind: kind, frame: frame - Double(lostFrames), ns: ns)) { needsStart = false }
    }

    /// The run ended, or was cut, at `ns`: `frame` and what was written after it was not heard.
    func end(frame: Int, ns: Int64) {
        if frame >= lossEnd { _ = post(Mark(kind: .end, frame: Double(frame - lostFrames), ns: ns)) }
        needsStart = true
    }

    /// `frame` and what is written after it is heard at another gain, 0...1, told at `ns`.
    func change(gain: Float, frame: Int, ns: Int64) {
        if frame >= lossEnd { _ = post(Mark(kind: .gain(gain), frame: Double(frame - lostFrames), ns: ns)) }
    }

    /// False when the capture thread takes none: the next one that fits is a start.
    private func post(_ mark: Mark) -> Bool {
        let index = markWriteIndex.load(ordering: .relaxed)
        guard index - markReadIndex.load(ordering: .acquiring) < Self.mostMarks else {
            needsStart = true
            return false
        }
        marks[index % Self.mostMarks] = mark
        markWriteIndex.store(index + 1, ordering: .releasing)
        return true
    }

    // MARK: Capture thread, real-time

    /// The oldest mark that was not taken.
    var nextMark: Mark? {
        let index = markReadIndex.load(ordering: .relaxed)
        return index < markWriteIndex.load(ordering: .acquiring) ? marks[index % Self.mostMarks] : nil
    }

    /// Goes on to the next mark. Only after `nextMark` gave one.
    func takeMark() { markReadIndex.wrappingAdd(1, ordering: .releasing) }

    func countRealignment() { realignments.wrappingAdd(1, ordering: .relaxed) }

    func countSlip(frames: Int) { slippedFrames.wrappingAdd(frames, ordering: .relaxed) }
}

/// What an echo canceller was given, for measuring: captured frames, and what was heard with each. Written by the
/// capture thread, read by another.
final class EchoTrace: Sendable {
    /// 1.4 s at 24 kHz, more than the reader is ever late.
    private static let ringFrames = 1 << 15

    let captured = SampleRing(minimumCapacity: ringFrames)
    /// `EchoAlignment.leadFrames` early.
    let heard = SampleRing(minimumCapacity: ringFrames)
}
