import Foundation
import Glibc
import MonotonicClock
import Testing

@testable import kiosk_agent

@Suite struct ServiceNotifierTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// systemd's end.
    private func listen(_ name: String) throws -> Int32 {
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
        let address = try #require(UnixAddress(name, allowingAbstract: true))
        try #require(address.withSocketAddress { bind(descriptor, $0, $1) } == 0)
        return descriptor
    }

    private func received(_ descriptor: Int32) -> String? {
        var bytes = [UInt8](repeating: 0, count: 1024)
        let count = recv(descriptor, &bytes, bytes.count, 0)
        return count > 0 ? String(decoding: bytes[..<count], as: UTF8.self) : nil
    }

    @Test(arguments: [false, true]) func messagesArriveAtPathsAndAbstractNames(isAbstract: Bool) throws {
        let name = (isAbstract ? "@" : "") + folder.path + "/notify"
        let systemd = try listen(name)
        defer { close(systemd) }
        let notifier = ServiceNotifier(environment: ["NOTIFY_SOCKET": name])
        notifier.ready(status: "connecting")
        notifier.show(status: "two\nlines")
        notifier.stopping()
        #expect(received(systemd) == "READY=1\nSTATUS=connecting")
        #expect(received(systemd) == "STATUS=two\\nlines")
        #expect(received(systemd) == "STOPPING=1")
        #expect(received(systemd) == nil)
    }

    @Test func aReloadIsAnnouncedWithItsInstantInMicroseconds() throws {
        let name = folder.path + "/notify"
        let systemd = try listen(name)
        defer { close(systemd) }
        let before = monotonicUs()
        ServiceNotifier(environment: ["NOTIFY_SOCKET": name]).reloading(at: .now)
        let after = monotonicUs()
        let lines = try #require(received(systemd)).split(separator: "\n")
        #expect(lines.first == "RELOADING=1")
        let instant = try #require(lines.last?.split(separator: "=").last.flatMap { Int($0) })
        #expect(lines.count == 2 && lines[1].hasPrefix("MONOTONIC_USEC="))
        // One microsecond either way for the rounding of the two clocks.
        #expect(before - 1 <= instant && instant <= after + 1)
    }

    private func monotonicUs() -> Int {
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        return now.tv_sec * 1_000_000 + now.tv_nsec / 1000
    }

    @Test func theWatchdogIsFedAtHalfItsTimeAndNotEarlier() throws {
        let name = folder.path + "/notify"
        let systemd = try listen(name)
        defer { close(systemd) }
        let start = Instant.now
        var notifier = ServiceNotifier(
            environment: ["NOTIFY_SOCKET": name, "WATCHDOG_USEC": "3000000", "WATCHDOG_PID": "7"],
            process: 7, now: start)
        #expect(notifier.watchdogDeadline == start + .milliseconds(1500))
        notifier.feedWatchdog(at: start + .milliseconds(1499))
        #expect(received(systemd) == nil)
        notifier.feedWatchdog(at: start + .milliseconds(1600))
        #expect(received(systemd) == "WATCHDOG=1")
        #expect(notifier.watchdogDeadline == start + .milliseconds(3100))
    }

    @Test(arguments: [
        ["WATCHDOG_USEC": "1000000"], ["NOTIFY_SOCKET": "/x", "WATCHDOG_USEC": "x"],
        ["NOTIFY_SOCKET": "/x", "WATCHDOG_USEC": "-5"], ["NOTIFY_SOCKET": "/x", "WATCHDOG_USEC": "0"],
        ["NOTIFY_SOCKET": "/x", "WATCHDOG_USEC": "1000000", "WATCHDOG_PID": "1"], ["NOTIFY_SOCKET": "/x"],
        ["NOTIFY_SOCKET": "vsock:1", "WATCHDOG_USEC": "1000000"],
    ])
    func thereIsNoWatchdogUnlessSystemdAsksThisProcess(environment: [String: String]) {
        let notifier = ServiceNotifier(environment: environment, process: 7)
        #expect(notifier.watchdogInterval == nil)
        #expect(notifier.watchdogDeadline == nil)
    }

    @Test func withoutSystemdNothingHappens() {
        var notifier = ServiceNotifier(environment: ["NOTIFY_SOCKET": folder.path + "/gone", "WATCHDOG_USEC": "2"])
        notifier.ready(status: "connecting")
        notifier.feedWatchdog(at: .now + .seconds(1))
        notifier.stopping()
        #expect(access(folder.path + "/gone", F_OK) != 0)
    }

    @Test func anAddressHasToFit() {
        let longest = "/" + String(repeating: "s", count: 106)
        #expect(UnixAddress(longest) != nil)
        #expect(UnixAddress(longest + "s") == nil)
        #expect(UnixAddress("") == nil)
        UnixAddress(longest)?.withSocketAddress { _, length in #expect(length == 110) }
        UnixAddress("@ab", allowingAbstract: true)?.withSocketAddress { _, length in #expect(length == 5) }
        UnixAddress("@ab")?.withSocketAddress { _, length in #expect(length == 6) }
    }
}
