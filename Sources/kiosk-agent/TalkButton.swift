import GPIO
import MonotonicClock
import Session

/// The talk button and the light beside it, on GPIO lines.
final class TalkButton {
    struct Edge {
        let isPressed: Bool
        /// When the kernel saw the edge.
        let instant: Instant
    }

    private var button: Button?
    private var light: LineRequest?
    private var touch = Touch()
    private var isLit = false
    private var pattern = LightPattern()

    /// Lines that are not named are not used.
    init(_ settings: Settings.GPIO, chip: String) throws(GPIOError) {
        if let line = settings.button {
            button = try Button(
                line: line, chip: chip, activeLow: settings.activeLow, debounceUs: UInt32(settings.debounceMs) * 1000)
        }
        if let line = settings.led { light = try LineRequest(output: line, chip: chip, activeLow: false) }
    }

    var descriptor: Int32? { button?.descriptor }

    /// When a bounce will have settled, or the light changes.
    var deadline: Instant? {
        earlier(button?.deadlineNs.map { Instant(ns: $0) }, pattern.deadline)
    }

    /// The button moved as if it were pressed, and whether it is will be known at `deadline`.
    var isTouched: Bool { touch.isOpen }

    /// As of the last `process`.
    var isPressed: Bool { button?.isActive ?? false }

    /// The presses and releases since the last call; what they leave undecided is in `isTouched`.
    func process() throws(GPIOError) -> [Edge] {
        guard let edges = try button?.readEdges(nowNs: Instant.now.ns) else { return [] }
        touch.update(isPressed: button?.isActive ?? false, unsettled: button?.unsettled)
        return edges.map { edge in
            Edge(isPressed: edge.isActive, instant: Instant(ns: edge.timestampNs))
        }
    }

    /// What the light says; call again at `deadline`.
    func show(_ indicator: Indicator, trouble: LightPattern.Trouble?, at now: Instant) throws(GPIOError) {
        guard light != nil, isLit != pattern.isLit(indicator, trouble: trouble, at: now) else { return }
        isLit.toggle()
        try light?.setActive(isLit)
    }
}

/// What may become a press: from the first edge of a contact that is seen closed until it has settled.
struct Touch {
    private(set) var isOpen = false

    /// A contact that bounces stays touched; a spike that was over before anybody looked is no touch.
    mutating func update(isPressed: Bool, unsettled: EdgeEvent?) {
        isOpen = !isPressed && unsettled.map { isOpen || $0.isActive } ?? false
    }
}

/// When the light beside the button is lit: while the visitor is being listened to, and in short flashes while
/// something is wrong.
struct LightPattern {
    /// What the flashes say.
    enum Trouble: Equatable {
        /// A sound device is missing: one flash a second, whatever else there is to show.
        case deviceMissing
        /// The journal cannot be written: two flashes a second, but not while the visitor is listened to.
        case journalRefused
    }

    static let flash = Duration.milliseconds(100)
    static let flashEvery = Duration.seconds(1)

    private var flashAt: Instant?
    /// When the light changes by itself.
    private(set) var deadline: Instant?

    mutating func isLit(_ indicator: Indicator, trouble: Trouble?, at now: Instant) -> Bool {
        guard let trouble, trouble == .deviceMissing || indicator != .listening else {
            flashAt = nil
            deadline = nil
            return indicator == .listening
        }
        var begin = flashAt ?? now
        if now >= begin + Self.flashEvery { begin = max(begin + Self.flashEvery, now - Self.flash / 2) }
        flashAt = begin
        // A flash and a pause of the same length are two steps.
        let step = Int((now - begin) / Self.flash)
        let isFlash = step % 2 == 0 && step < Self.steps(trouble)
        deadline = begin + (step + 1 < Self.steps(trouble) || isFlash ? Self.flash * (step + 1) : Self.flashEvery)
        return isFlash
    }

    /// How many steps it takes from the first flash to the end of the last.
    private static func steps(_ trouble: Trouble) -> Int {
        switch trouble {
        case .deviceMissing: 1
        case .journalRefused: 3
        }
    }
}
