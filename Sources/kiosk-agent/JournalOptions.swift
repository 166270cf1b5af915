import ArgumentParser
import Journal

/// Which journal a command reads.
struct JournalOptions: ParsableArguments {
    @Option(name: .customLong("config"), help: ArgumentHelp("The settings file (TOML).", valueName: "file"))
    var file: String?

    @Option(
        name: .customLong("journal"),
        help: ArgumentHelp("The journal's folder, in place of the settings'.", valueName: "folder"))
    var journal: String?

    func validate() throws {
        if file == nil, journal == nil { throw ValidationError("wanted --config FILE or --journal FOLDER") }
    }

    /// The journal's folder.
    func folder() throws(CommandFailure) -> String {
        if let journal { return journal }
        // validate() has made sure that there is one.
        guard let file else { throw CommandFailure(CommandFailure.usage, "wanted --config FILE or --journal FOLDER") }
        do { return try Settings.load(file: file, namedFiles: false).journal.directory } catch {
            throw CommandFailure(CommandFailure.settings, error)
        }
    }
}

/// Of which time a command reads entries.
struct SpanOptions: ParsableArguments {
    @Option(help: ArgumentHelp("From this time on: \(TimeArgument.wanted).", valueName: "time"))
    var since: String?

    @Option(help: ArgumentHelp("Up to this time, which does not count: \(TimeArgument.wanted).", valueName: "time"))
    var until: String?

    func validate() throws {
        for (name, text) in [("--since", since), ("--until", until)] {
            guard let text, TimeArgument.instantMs(of: text, nowMs: 0) == nil else { continue }
            throw ValidationError("\(name) \(text): wanted \(TimeArgument.wanted)")
        }
    }

    /// The two times as entries have theirs; nil is no limit.
    func span(nowMs: Int64 = WallClock.system.nowMs()) -> (since: String?, until: String?) {
        func instant(_ text: String?) -> String? {
            text.flatMap { TimeArgument.instantMs(of: $0, nowMs: nowMs) }.map(WallClock.text)
        }
        return (instant(since), instant(until))
    }
}

/// A time as people write it on a command line.
enum TimeArgument {
    static let wanted = "YYYY-MM-DD (00:00 UTC), RFC 3339, or an age such as 90s, 30m, 2h, 3d, 1w"

    private static let unitsMs: [Character: Int64] = [
        "s": 1000, "m": 60_000, "h": 3_600_000, "d": WallClock.dayMs, "w": 7 * WallClock.dayMs,
    ]

    /// Milliseconds since 1970; nil for what is none of `wanted`.
    static func instantMs(of text: String, nowMs: Int64) -> Int64? {
        if let instantMs = WallClock.instantMs(of: text) { return instantMs }
        // Six digits of weeks are beyond any journal, and far from what an Int64 can hold.
        guard let unitMs = text.last.flatMap({ unitsMs[$0] }), (2...7).contains(text.utf8.count),
            text.dropLast().utf8.allSatisfy({ (48...57).contains($0) }), let count = Int64(text.dropLast())
        else { return nil }
        return nowMs - count * unitMs
    }
}
