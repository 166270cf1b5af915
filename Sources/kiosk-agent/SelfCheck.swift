import Audio
import FoundationEssentials
import GPIO
import Glibc
import MonotonicClock

/// What must hold before the kiosk can work, asked one by one. Blocks; changes nothing on the machine.
struct SelfCheck {
    /// One answer.
    struct Finding: Equatable {
        let name: String
        let isGood: Bool
        /// One line: what was found, or what is wrong.
        let words: String

        /// `ok    capture   hw:1,0 ...`, with its line break.
        var line: String { head + ConsoleText.escaped(words) + "\n" }

        /// What stands before the words.
        var head: String {
            (isGood ? "ok    " : "FAIL  ") + name + String(repeating: " ", count: max(10 - name.count, 1))
        }

        static func good(_ name: String, _ words: String) -> Finding { Finding(name: name, isGood: true, words: words) }
        static func bad(_ name: String, _ words: some CustomStringConvertible) -> Finding {
            Finding(name: name, isGood: false, words: words.description)
        }
    }

    /// 2026-01-01 in seconds since 1970: a clock before this program was written is not set.
    static let earliestClock = 1_767_225_600

    let settings: Settings
    let environment: [String: String]

    /// The sound device opened, negotiated and closed again.
    func sound(_ direction: AudioDirection) -> Finding {
        let name = switch direction {
        case .capture: "capture"
        case .playback: "playback"
        }
        do {
            return .good(name, try probe(device: settings.audio.device(direction), direction))
        } catch {
            return .bad(name, error)
        }
    }

    /// Both lines requested and released again.
    func gpio() -> Finding {
        let gpio = settings.gpio
        guard let chip = gpio.chip else { return .good("gpio", "none is set") }
        do {
            if let button = gpio.button { _ = try LineRequest(input: button, chip: chip, activeLow: gpio.activeLow) }
            if let led = gpio.led { _ = try LineRequest(output: led, chip: chip, activeLow: false) }
        } catch {
            return .bad("gpio", error)
        }
        return .good("gpio", "\(chip): button \(gpio.button ?? "none"), led \(gpio.led ?? "none")")
    }

    /// A key is there and can be one; whether the server takes it only the server knows.
    func key() -> Finding {
        do {
            let key = try APIKey.find(for: settings, environment: environment)
            if settings.keys.isFetching { return .good("key", "fetched when it is wanted") }
            return .good("key", key == nil ? "none, and a server on this machine needs none" : "present")
        } catch {
            return .bad("key", error)
        }
    }

    /// A file can be made in the journal's folder, or the folder can be made.
    func journal() -> Finding {
        let directory = settings.journal.directory
        if let problem = Self.problem(creatingIn: directory) { return .bad("journal", problem) }
        return Self.space(directory, "writable")
    }

    /// What is left for the journal, which is `state`.
    static func space(_ directory: String, _ state: String) -> Finding {
        var space = statvfs()
        guard statvfs(directory, &space) == 0 else { return .good("journal", "\(directory): will be made") }
        let freeMiB = UInt64(space.f_bavail).multipliedReportingOverflow(by: UInt64(space.f_frsize)).partialValue >> 20
        return freeMiB > 0
            ? .good("journal", "\(directory): \(state), \(freeMiB) MiB free")
            : .bad("journal", "\(directory): no space left")
    }

    /// The control socket can be made.
    func control() -> Finding {
        let path = settings.control.socket
        let folder = String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
        if let problem = Self.problem(creatingIn: folder.isEmpty ? "/" : folder) { return .bad("control", problem) }
        return .good("control", path)
    }

    /// The wall clock was set, and the clock that measures runs.
    func clock() -> Finding {
        Self.clock(secondsSince1970: time(nil), monotonic: [.now, .now])
    }

    static func clock(secondsSince1970: Int, monotonic: [Instant]) -> Finding {
        let date = Date(timeIntervalSince1970: Double(secondsSince1970)).formatted(.iso8601)
        guard secondsSince1970 >= earliestClock else { return .bad("clock", "\(date): the clock is not set") }
        guard monotonic == monotonic.sorted() else { return .bad("clock", "CLOCK_MONOTONIC runs backwards") }
        return .good("clock", date)
    }

    /// Why nothing can be made in `folder`; a folder that is missing is judged by the one above that exists.
    private static func problem(creatingIn folder: String) -> String? {
        var folder = folder
        var status = stat()
        while stat(folder, &status) != 0 {
            let code = errno
            guard code == ENOENT, let slash = folder.lastIndex(of: "/"), slash != folder.startIndex else {
                return "\(folder): \(systemText(code))"
            }
            folder = String(folder[..<slash])
        }
        guard status.st_mode & S_IFMT == S_IFDIR else { return "\(folder): \(systemText(ENOTDIR))" }
        return access(folder, W_OK | X_OK) == 0 ? nil : "\(folder): \(systemText(errno))"
    }
}
