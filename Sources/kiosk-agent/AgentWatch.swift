import Glibc
import MonotonicClock

/// Whether there is an agent, as the serial console tells it: once when it has been away for longer than a restart
/// takes, and once when it is back.
struct AgentWatch {
    enum News: Equatable { case gone, back }

    /// Between two looks.
    static let pause = Duration.seconds(5)
    /// systemd starts it anew after two seconds; this is longer than that.
    static let patience = Duration.seconds(9)

    private(set) var nextLook: Instant
    private var missingSince: Instant?
    private var isGoneSaid = false

    init(at now: Instant) { nextLook = now }

    /// Takes what a look has found.
    mutating func looked(_ isThere: Bool, at now: Instant) -> News? {
        nextLook = now + Self.pause
        guard !isThere else {
            missingSince = nil
            defer { isGoneSaid = false }
            return isGoneSaid ? .back : nil
        }
        let since = missingSince ?? now
        missingSince = since
        guard !isGoneSaid, now >= since + Self.patience else { return nil }
        isGoneSaid = true
        return .gone
    }

    /// Whether somebody listens at the control socket. Never blocks; where that cannot be known, there is.
    static func isThere(_ path: String) -> Bool {
        guard let address = UnixAddress(path) else { return true }
        let descriptor = unixSocket()
        guard descriptor >= 0 else { return true }
        defer { close(descriptor) }
        let code = address.withSocketAddress { connect(descriptor, $0, $1) == 0 ? 0 : errno }
        return code != ENOENT && code != ECONNREFUSED
    }
}
