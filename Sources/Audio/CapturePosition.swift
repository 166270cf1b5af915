/// Where a card's capture is: which frame of the ring belongs to which instant, followed look by look. Capture thread
/// only; the owner gets it as one number, the instant at which frame 0 of the ring would have been captured if every
/// frame since had come evenly.
struct CapturePosition {
    /// Looks are this far apart at least: 50 ppm of drift are 5 µs in this time, and a look is a system call.
    static let lookEveryNs: Int64 = 100_000_000
    /// A card that says its position once a period is wrong by one; by two, and 20 ms, it has jumped.
    static let leastJumpNs: Int64 = 20_000_000

    private let jumpNs: Int64
    private var clock: FrameClock?
    private var lookedNs = Int64.min

    init(periodNs: Int64) { jumpNs = max(2 * periodNs, Self.leastJumpNs) }

    /// Whether it is time to look again. Real-time.
    func isDue(nowNs: Int64) -> Bool { nowNs - Self.lookEveryNs >= lookedNs }

    /// The card was started: the frame after `frames` frames is captured at `ns`. Real-time.
    mutating func restart(frames: Int, ns: Int64) {
        if clock == nil { clock = FrameClock(frame: Double(frames), ns: ns) }
        clock?.restart(frame: Double(frames), ns: ns)
        lookedNs = ns
    }

    /// The frame after `frames` frames is captured at `ns`, as the card says. How far it has jumped, in ns, if it has:
    /// positive when frames are missing, negative when there are too many. Real-time.
    mutating func look(frames: Int, ns: Int64) -> Int64? {
        lookedNs = ns
        guard let errorNs = clock?.look(frame: Double(frames), ns: ns), abs(errorNs) > jumpNs else { return nil }
        clock?.restart(frame: Double(frames), ns: ns)
        return errorNs
    }

    /// The instant of frame 0 of a ring whose next frame is `ringFrame`, and is captured after `frames` frames.
    func originNs(ringFrame: Int, frames: Int) -> Int64? {
        clock.map { $0.ns(of: Double(frames)) - Self.ns(ofFrames: ringFrame) }
    }

    /// How long 24 kHz frames last; exact to a nanosecond, for 97 years.
    static func ns(ofFrames frames: Int) -> Int64 { Int64(frames) * 125_000 / 3 }
}
