/// The last seconds of captured audio, addressed by frame since the start of audio: 24 kHz mono.
///
/// Pre-roll is read from here, and turns that wait for a session.
struct CaptureStore {
    /// The longest turn, its pre-roll and tail, and the next turn while the first waits: 180 s, 8.6 MB when full.
    static let capacityFrames = 180 * 24_000
    /// Forgotten frames are given back in one go when they are this many: 2 s.
    private static let slackFrames = 48_000

    private var samples: [Int16] = []
    /// Forgotten samples still in front of `samples`.
    private var forgotten = 0
    /// The frame after the last one captured.
    private(set) var endFrame = 0

    /// The first frame that is still kept.
    var startFrame: Int { endFrame - (samples.count - forgotten) }

    mutating func append(_ new: UnsafeBufferPointer<Int16>) {
        samples.append(contentsOf: new)
        endFrame += new.count
        forget(before: endFrame - Self.capacityFrames)
    }

    /// Frames before `frame` will not be asked for again.
    mutating func forget(before frame: Int) {
        forgotten += max(0, min(frame, endFrame) - startFrame)
        guard forgotten >= Self.slackFrames else { return }
        samples.removeFirst(forgotten)
        forgotten = 0
    }

    /// The frames of `range` that are kept.
    func frames(in range: Range<Int>) -> [Int16] {
        let kept = range.clamped(to: startFrame..<endFrame)
        let offset = forgotten - startFrame
        return Array(samples[kept.lowerBound + offset..<kept.upperBound + offset])
    }
}
