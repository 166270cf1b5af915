/// Tells when a frame of one PCM is captured or heard, from looks at its position that are late and coarse.
///
/// A look is late, by a card that says its position in steps and by a thread that is woken late, but never early: so
/// of many looks the earliest is believed. A delay-locked loop of second order (F. Adriaensen, "Using a DLL to filter
/// time", 2005) passes through those: it follows a card's drift without lagging behind, and smooths what jitter is
/// left. Times in nanoseconds of CLOCK_MONOTONIC; frames at 24 kHz by the card's own reckoning. Real-time.
struct FrameClock {
    /// Cut-off of the loop: wide until the card's drift is known, which takes some seconds, then narrow: jitter faster
    /// than 50 s a cycle is smoothed away.
    static let bandwidthHertz = 0.02...0.2
    /// The cut-off times the time looked: in hertz times seconds. Of 0.2, 0.4, 0.8 and 1.5 the first two cancelled best
    /// in a simulated room, with drift of 0 to 100 ppm and jitter of 50 and 300 µs.
    static let narrowing = 0.3
    /// Of the looks in so long a time the loop gets the earliest.
    static let windowSeconds = 0.5
    /// So long after a start the earliest look is believed at once: what a card says of its start is only the first
    /// guess (snd-aloop's is up to 4 ms off), and what an error of it leaves would be taken for drift.
    static let settlingNs: Int64 = 500_000_000
    /// No card is further off than this; the crystals of USB cards are specified within 500 ppm.
    static let mostDrift = 1e-3

    /// Nanoseconds per frame over the nominal; 1.0001 is a card 100 ppm too slow. Kept over restarts: it is the card's.
    private(set) var ratio = 1.0
    private var frame: Double
    private var ns: Int64
    private var lookNs: Int64
    private var startNs: Int64
    /// Nothing was seen since the start.
    private var isUnseen = true
    /// Of the looks that the loop did not get yet: the earliest against what was expected, and for how many seconds.
    private var earliestNs = Int64.max
    private var waitedSeconds = 0.0
    /// Seconds for which the card was looked at, restarts left out.
    private var age = 0.0

    private static let nominalNs = 1_000_000_000 / Double(runnerRate)

    /// `frame` is captured or heard at `ns`.
    init(frame: Double, ns: Int64) {
        self.frame = frame
        self.ns = ns
        lookNs = ns
        startNs = ns
    }

    /// The card was seen since it was started a moment ago, and the next looks may put it elsewhere.
    var isSettling: Bool { !isUnseen && lookNs - startNs <= Self.settlingNs }

    /// The card was started anew: `frame` is captured or heard at `ns`, whatever was before.
    mutating func restart(frame: Double, ns: Int64) {
        self.frame = frame
        self.ns = ns
        lookNs = ns
        startNs = ns
        isUnseen = true
        beginWindow()
    }

    /// The card was seen at `frame` at `ns`. Returns how far off the clock was, in nanoseconds; positive: the card is
    /// late.
    @discardableResult
    mutating func look(frame seenFrame: Double, ns seenNs: Int64) -> Int64 {
        let errorNs = seenNs - self.ns(of: seenFrame)
        // A look after a long pause must not count for more than the loop can bear.
        let elapsed = min(1, max(0, Double(seenNs - lookNs) / 1e9))
        age += elapsed
        lookNs = max(lookNs, seenNs)
        if seenNs - startNs <= Self.settlingNs {
            if isUnseen || errorNs < 0 { (frame, ns) = (seenFrame, seenNs) }
            isUnseen = false
            return errorNs
        }
        earliestNs = min(earliestNs, errorNs)
        waitedSeconds += elapsed
        if waitedSeconds >= Self.windowSeconds {
            correct(to: seenFrame)
            beginWindow()
        }
        return errorNs
    }

    /// Closes the loop at `newFrame` with what the window's earliest look says.
    private mutating func correct(to newFrame: Double) {
        let bounds = Self.bandwidthHertz
        let omega = 2 * Double.pi * min(bounds.upperBound, max(bounds.lowerBound, Self.narrowing / age))
        let seconds = min(1, waitedSeconds)
        ns = self.ns(of: newFrame) + Int64(2.0.squareRoot() * omega * seconds * Double(earliestNs))
        frame = newFrame
        ratio += omega * omega * seconds * Double(earliestNs) / 1e9
        ratio = min(max(ratio, 1 - Self.mostDrift), 1 + Self.mostDrift)
    }

    private mutating func beginWindow() {
        earliestNs = .max
        waitedSeconds = 0
    }

    func ns(of wanted: Double) -> Int64 { ns + Int64((wanted - frame) * Self.nominalNs * ratio) }

    func frame(at wantedNs: Int64) -> Double { frame + Double(wantedNs - ns) / (Self.nominalNs * ratio) }
}
