import CLinux
import GPIO
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
    private var isLit = false

    /// Lines that are not named are not used.
    init(_ settings: Settings.GPIO, chip: String) throws(GPIOError) {
        if let line = settings.button {
            button = try Button(
                line: line, chip: chip, activeLow: settings.activeLow, debounceUs: UInt32(settings.debounceMs) * 1000)
        }
        if let line = settings.led { light = try LineRequest(output: line, chip: chip, activeLow: false) }
    }

    var descriptor: Int32? { button?.descriptor }

    /// When a bounce will have settled.
    var deadline: Instant? {
        button?.deadlineNs.map { Self.instant(ofMonotonicNs: $0) }
    }

    /// The presses and releases since the last call.
    func process() throws(GPIOError) -> [Edge] {
        try button?.readEdges(nowNs: clinux_monotonic_ns()).map { edge in
            Edge(isPressed: edge.isActive, instant: Self.instant(ofMonotonicNs: edge.timestampNs))
        } ?? []
    }

    /// Lit while the visitor is being listened to.
    func show(_ indicator: Indicator) throws(GPIOError) {
        guard light != nil, isLit != (indicator == .listening) else { return }
        isLit.toggle()
        try light?.setActive(isLit)
    }

    /// Both clocks are CLOCK_MONOTONIC; Swift's instants only do not show their number.
    private static func instant(ofMonotonicNs ns: Int64) -> Instant {
        SuspendingClock.now + .nanoseconds(ns - clinux_monotonic_ns())
    }
}
