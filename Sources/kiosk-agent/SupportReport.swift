import Audio
import FoundationEssentials
import Glibc
import Journal
import MonotonicClock
import Session

/// What somebody needs to know who is to help and is not here: one text file that can be mailed, without keys, prompts,
/// and words that were said. Blocks; changes nothing on the machine but the file.
struct SupportReport {
    /// Of how many days the journal's figures are.
    static let days: Int64 = 7
    /// Faults that are shown, the last ones.
    static let shownFaults = 50
    /// How long systemctl and dpkg-query may take.
    private static let commandLimit = Duration.seconds(10)
    private static let packages = [
        "kiosk-agent", "systemd", "libasound2", "libasound2t64", "libgpiod2", "libgpiod3", "libspeexdsp1", "libssl3",
        "libssl3t64", "libwslay1", "raspi-firmware", "linux-image-rpi-v8",
    ]

    /// The settings file.
    let file: String
    /// nil when they cannot be read.
    let settings: Settings?
    /// What is not to be shown wherever it occurs; nil where none was found.
    let key: APIKey?
    /// The lines of `kiosk-agent check`.
    let findings: [SelfCheck.Finding]

    /// All of it.
    func text(version: String) -> String {
        var sections = [
            ("machine", machine(version)), ("check", checks()), ("settings", summary()),
            ("agent", agent()), ("sound cards", cards()), ("units", units()), ("packages", installed()),
        ]
        if let settings { sections += journal(settings) }
        let head = "kiosk-agent support report of \(Self.text(of: WallClock.system.nowMs()))\n"
            + "Without keys, prompts and what was said. Read it before you send it.\n"
        let text = head + sections.map { "\n== \($0)\n\($1.isEmpty ? "nothing\n" : $1)" }.joined()
        return Self.withoutKeys(key?.redact(text) ?? text)
    }

    private static func text(of instantMs: Int64) -> String { String(WallClock.text(instantMs).prefix(19)) + "Z" }

    // MARK: Sections

    private func machine(_ version: String) -> String {
        var name = utsname()
        uname(&name)
        func words<Field>(_ field: Field) -> String {
            withUnsafeBytes(of: field) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        }
        let release = Self.contents("/etc/os-release").split(separator: "\n").first { $0.hasPrefix("PRETTY_NAME=") }
        let memory = Self.contents("/proc/meminfo").split(separator: "\n").filter {
            $0.hasPrefix("MemTotal") || $0.hasPrefix("MemAvailable")
        }
        let heat = Int(Self.contents("/sys/class/thermal/thermal_zone0/temp").filter(\.isNumber))
        let isSynchronized = access("/run/systemd/timesync/synchronized", F_OK) == 0
        let rows: [(String, String)] = [
            ("version", version),
            ("board", Self.contents("/proc/device-tree/model").filter { $0 != "\0" }),
            ("system", release.map { $0.dropFirst(12).filter { $0 != "\"" } } ?? ""),
            ("kernel", "\(words(name.sysname)) \(words(name.release)) \(words(name.machine))"),
            ("up", Self.contents("/proc/uptime").split(separator: " ").first.map { "\($0) s" } ?? ""),
            ("load", Self.contents("/proc/loadavg")),
            ("memory", memory.map { $0.split(separator: " ").joined(separator: " ") }.joined(separator: ", ")),
            ("heat", heat.map { "\($0 / 1000) degrees" } ?? ""),
            ("clock", isSynchronized ? "set by systemd-timesyncd" : "not known to be set by systemd-timesyncd"),
        ]
        return rows.filter { !$0.1.isEmpty }.map { Self.row($0, $1) }.joined()
    }

    /// As `check` shows them, but for the value of a setting that is wrong: it may be a secret in the wrong place.
    private func checks() -> String {
        findings.map { finding in
            guard !finding.isGood, finding.name == "settings" || finding.name == "files" else { return finding.line }
            return SelfCheck.Finding.bad(finding.name, SettingsSummary.withoutValue(finding.words)).line
        }.joined()
    }

    private func summary() -> String {
        do { return Self.row("file", file) + (try SettingsSummary.text(file: file)) } catch {
            // The words of a parser may repeat what stands in the file.
            return Self.row("file", "\(file): cannot be read as settings")
        }
    }

    /// What a running agent says of itself.
    private func agent() -> String {
        guard let settings else { return "" }
        do throws(ControlError) {
            guard case .report(let line) = try ControlClient.ask(.status, at: settings.control.socket),
                let report = try? JSONDecoder().decode(StatusReport.self, from: Data(line.utf8))
            else { return "its answer cannot be read\n" }
            // The last fault is among those of the journal, which are looked through for what was said.
            let lines = report.text.split(separator: "\n").filter { !$0.hasPrefix("faults ") }.map { $0 + "\n" }
            let faults = report.faults.byClass.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }
            return lines.joined() + Self.row("faults", faults.isEmpty ? "none" : faults.joined(separator: ", "))
                + "it runs, so it holds sound card and lines: that these are busy is as it should be\n"
        } catch {
            return ConsoleText.escaped("\(error)") + "\n"
        }
    }

    private func cards() -> String {
        do { return DeviceList(cards: try listSoundCards(), plugins: []).text } catch { return "\(error)\n" }
    }

    private func units() -> String {
        [UnitState.agent, "kiosk-console@*.service"].map { unit in
            let shown = Self.output(of: UnitState.command(unit))
            return "\(unit)\n" + shown.split(separator: "\n").map { "  \(ConsoleText.escaped(String($0)))\n" }.joined()
        }.joined()
    }

    private func installed() -> String {
        // Its exit status says that some are not there, which some never are.
        Self.output(of: ["/bin/sh", "-c", "dpkg-query --show \"$@\" || true", "sh"] + Self.packages)
    }

    /// Figures and faults.
    private func journal(_ settings: Settings) -> [(String, String)] {
        let since = WallClock.text(WallClock.system.nowMs() - Self.days * WallClock.dayMs)
        let privacy = try? Privacy(settings)
        var (said, faults) = (SaidWords(), [(at: String, kind: String, what: String)]())
        var (statistics, reader) = (JournalStatistics(), JournalReader(directory: settings.journal.directory))
        do {
            try statistics.read(&reader, since: since, until: nil) { known in
                known.content.said.forEach { said.add($0) }
                if case .fault(let name, let what) = known.content { faults.append((known.at, name, what)) }
            }
        } catch {
            return [("journal", ConsoleText.escaped("\(error)") + "\n")]
        }
        let report = StatisticsReport(
            statistics: statistics, segments: reader.segments, sizeBytes: reader.sizeBytes,
            damagedLines: reader.damagedLines + statistics.unreadable)
        let lines = faults.suffix(Self.shownFaults).map { fault in
            let what = Self.withoutSpeech(fault.what, class: fault.kind, said)
            return ConsoleText.escaped("\(fault.at) \(fault.kind): \(privacy?.redacted(what) ?? what)") + "\n"
        }
        return [
            ("journal of the last \(Self.days) days", report.text),
            ("the last \(Self.shownFaults) faults of the last \(Self.days) days", lines.joined()),
        ]
    }

    // MARK: What is left out

    /// A fault without words that somebody said: of a tool, its own words, which may repeat its arguments; of anything
    /// else the whole text, where it repeats what the journal has.
    static func withoutSpeech(_ what: String, class faultClass: String, _ said: SaidWords) -> String {
        guard !said.occur(in: what) else { return Privacy.withheld }
        guard faultClass == Fault.Class.tool.rawValue else { return what }
        let parts = what.split(separator: ": ", maxSplits: 2)
        return parts.prefix(2).joined(separator: ": ") + (parts.count > 2 ? ": \(Privacy.withheld)" : "")
    }

    /// What looks like a key of the service, whoever wrote it where it does not belong.
    static func withoutKeys(_ text: String) -> String {
        let isOfKey = { (character: Character) in
            character.isASCII && (character.isLetter || character.isNumber || "-_.".contains(character))
        }
        var (result, rest) = ("", text[...])
        while let start = rest.firstIndex(where: isOfKey) {
            result += rest[..<start]
            let word = rest[start...].prefix(while: isOfKey)
            let isKey = word.count >= shortestKey && ["sk-", "ek_", "eyJ"].contains { word.hasPrefix($0) }
            result += isKey ? "[key]" : word
            rest = rest[word.endIndex...]
        }
        return result + rest
    }

    /// No key is shorter, and few names that begin like one are so long.
    private static let shortestKey = 16

    // MARK: Sources

    private static func row(_ label: String, _ words: String) -> String {
        let words = words.split(whereSeparator: \.isNewline).joined(separator: " ")
        return label + String(repeating: " ", count: max(11 - label.count, 1)) + ConsoleText.escaped(words) + "\n"
    }

    /// Of files in /proc and /sys, whose size nobody knows; "" where there is none.
    private static func contents(_ path: String) -> String { (try? readText(path, limit: 64 << 10)) ?? "" }

    private static func output(of command: [String]) -> String {
        do throws(CommandRunError) {
            let run = try CommandRun(
                command, environment: ["PATH": "/usr/bin:/bin"], limit: commandLimit,
                outputLimit: UnitState.outputLimit, now: .now)
            while true {
                switch run.process(now: .now) {
                case .goesOn: PollSet.wait(for: run.pollRequest, until: run.deadline)
                case .printed(let bytes): return String(decoding: bytes, as: UTF8.self)
                case .failed(let words): return "\(command[0]): \(words)\n"
                }
            }
        } catch {
            return error.words + "\n"
        }
    }
}

extension KnownEntry.Content {
    /// What somebody said, or a model wrote of it.
    fileprivate var said: [String] {
        switch self {
        case .turn(let turn): [turn.realtime.text, turn.builtIn.text, turn.assistant.text]
        case .part(.realtime(let transcript)), .part(.builtIn(let transcript)): [transcript.text]
        case .part(.assistant(let part)): [part.text]
        case .task(let task): [task.words]
        case .spooled(_, let transcript): [transcript.text]
        case .trimmed(_, let summary): [summary]
        case .session, .fault, .usage, .forgotten, .housekeeping, .other: []
        }
    }
}
