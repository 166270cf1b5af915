/// What is wrong with the settings, in one line for the operator; the command ends with exit status 78.
///
/// `kiosk.toml:12: turns.pre_roll_ms = 9000: wanted 0 to 2000 (ms)`
struct SettingsError: Error, Equatable, CustomStringConvertible {
    /// One line: where, which key, its value, and what was wanted. Free of control characters.
    let description: String

    /// Line breaks and other control characters of `text` are shown escaped: values come from files and arguments.
    init(_ text: String) {
        description = ConsoleText.escaped(text)
    }
}

/// Where a setting was given, for error lines.
enum SettingOrigin: Equatable {
    /// In the settings file; `line` counts from 1. `value` is the operator's own spelling, nil when it was not found.
    case file(name: String, line: Int?, value: String?)
    /// By `--set`.
    case option(value: String)

    /// Longest value or key shown in an error line, in characters; the line shall fit a serial console.
    static let longestShown = 64

    /// The beginning of an error line: `kiosk.toml:12: turns.pre_roll_ms = 9000` or `--set turns.pre_roll_ms=9000`.
    func place(of key: String, showingValue: Bool = true) -> String {
        let key = Self.shortened(key)
        switch self {
        case .file(let name, let line, let value):
            let start = Self.position(name, line: line) + ": " + key
            guard showingValue, let value else { return start }
            return start + " = " + Self.shortened(value)
        case .option(let value):
            return "--set " + key + (showingValue ? "=" + Self.shortened(value) : "")
        }
    }

    /// `kiosk.toml:12`, or the bare name when the line is not known.
    static func position(_ name: String, line: Int?) -> String {
        line.map { "\(name):\($0)" } ?? name
    }

    private static func shortened(_ text: String) -> String {
        text.count <= longestShown ? text : text.prefix(longestShown) + "..."
    }
}
