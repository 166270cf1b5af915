import CLinux
import Glibc
import MonotonicClock

/// Tells systemd how the service is (sd_notify(3)), without libsystemd. Never blocks; a lost datagram is lost.
struct ServiceNotifier {
    /// How often the watchdog is fed: half of what systemd allows; nil when it does not watch.
    let watchdogInterval: Duration?
    /// When the watchdog is to be fed next; nil when systemd does not watch.
    private(set) var watchdogDeadline: Instant?

    private let address: UnixAddress?

    /// - Parameters:
    ///   - environment: `NOTIFY_SOCKET` (a path, or an abstract name after "@"), `WATCHDOG_USEC`, `WATCHDOG_PID`.
    ///     Without the first everything here does nothing.
    ///   - process: this process's id; a watchdog that is meant for another process is none.
    init(environment: [String: String], process: Int32 = getpid(), now: Instant = .now) {
        let name = environment["NOTIFY_SOCKET"] ?? ""
        let isAddress = name.hasPrefix("/") || name.hasPrefix("@")
        address = isAddress ? UnixAddress(name, allowingAbstract: true) : nil
        let isForUs = environment["WATCHDOG_PID"].map { $0 == String(process) } ?? true
        let microseconds = environment["WATCHDOG_USEC"].flatMap(Int64.init) ?? 0
        let isWatched = address != nil && isForUs && microseconds > 1
        watchdogInterval = isWatched ? .microseconds(microseconds / 2) : nil
        watchdogDeadline = watchdogInterval.map { now + $0 }
    }

    /// The start is done; `status` is the first line for `systemctl status`.
    func ready(status: String) { send("READY=1\nSTATUS=" + ConsoleText.escaped(status)) }

    /// One line for `systemctl status`.
    func show(status: String) { send("STATUS=" + ConsoleText.escaped(status)) }

    /// The settings are read anew; `ready` says when that is over. systemd wants the instant with it (sd_notify(3)).
    func reloading(at now: Instant) { send("RELOADING=1\nMONOTONIC_USEC=\(now.ns / 1000)") }

    /// The end has begun.
    func stopping() { send("STOPPING=1") }

    /// The agent is alive. To be called at `watchdogDeadline`; earlier it does nothing.
    mutating func feedWatchdog(at now: Instant) {
        guard let interval = watchdogInterval, let deadline = watchdogDeadline, deadline <= now else { return }
        watchdogDeadline = now + interval
        send("WATCHDOG=1")
    }

    private func send(_ text: String) {
        _ = address?.send(Array(text.utf8))
    }
}
