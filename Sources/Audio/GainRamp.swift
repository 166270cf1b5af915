/// How loud each frame of playback is: one gain, and from a frame on another, with a fade between them.
///
/// Frames are counted as its owner likes; gains are 0...32768, of 1/32768.
struct GainRamp: Equatable {
    /// Sound as it is.
    static let one: Int32 = 32_768
    static let unchanged = GainRamp(from: one, to: one)

    /// Where the fade begins, and how long it is.
    var startFrame = 0
    var frames = 0
    /// Before the fade.
    let from: Int32
    /// After it.
    let to: Int32

    /// 0...1 in 1/32768; what is not a number is 1.
    static func gain(_ factor: Double) -> Int32 { Int32((max(0, min(1, factor)) * Double(one)).rounded()) }

    /// No frame from this one on is changed.
    @_noAllocation
    func leavesAll(from frame: Int) -> Bool {
        to == Self.one && (from == to || frame &- startFrame >= frames)
    }

    /// The gain at a frame; a fade follows the shape of `fade`, however long that is. Real-time.
    @_noAllocation
    func gain(at frame: Int, along fade: borrowing Fade) -> Int32 {
        let index = frame &- startFrame
        if index >= frames { return to }
        if index < 0 { return from }
        return to &+ ((from &- to) &* fade.gain(at: index, of: frames)) >> 15
    }

    /// Samples as loud as they are to be, the first of which is frame `first`. Real-time.
    @_noAllocation
    func scale(
        _ samples: UnsafePointer<Int16>, count: Int, from first: Int, along fade: borrowing Fade,
        into scaled: UnsafeMutablePointer<Int16>
    ) {
        let fading = max(0, min(count, startFrame &+ frames &- first))
        var index = 0
        while index < fading {
            scaled[index] = Fade.scaled(samples[index], by: gain(at: first &+ index, along: fade))
            index &+= 1
        }
        while index < count {
            scaled[index] = Fade.scaled(samples[index], by: to)
            index &+= 1
        }
    }
}
