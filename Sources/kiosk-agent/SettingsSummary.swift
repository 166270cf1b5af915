/// The settings of a file as somebody else may see them: figures, switches and choices as they stand; of texts only
/// that they are set, for they may be prompts, addresses with a key in them, or names.
enum SettingsSummary {
    /// Texts that are shown: choices, names of devices and models, and paths of ours.
    static let shown: Set<String> = [
        "realtime.model", "realtime.mode", "realtime.voice", "realtime.auth", "realtime.key_url_method",
        "turns.detection", "turns.vad_eagerness", "turns.microphone_while_speaking",
        "transcription.out_of_band", "transcription.built_in_model",
        "audio.capture", "audio.playback", "audio.noise_reduction",
        "gpio.chip", "gpio.button", "gpio.led",
        "journal.directory", "control.socket", "privacy.content", "prompts.directory",
    ]

    static let hidden = "<set, not shown>"

    /// A line for each key that the file has; each ends with a line break. Throws what makes the file unreadable.
    static func text(file: String) throws -> String {
        let document = try TOMLDocument(try readText(file, limit: Settings.fileLimit))
        var lines: [String] = []
        for (index, entry) in document.entries.enumerated() where !entry.isTable && !entry.isArrayOfTables {
            // A key that is unknown may be a secret in the wrong place; so may be its name.
            let array = entry.element == nil ? nil : SettingsKeys.array(entry.path[0])
            let path = entry.path.joined(separator: ".")
            let isKnown = array?.keys.contains { $0.path == path } ?? (SettingsKeys.key(path) != nil)
            let place = entry.element.map { "\(entry.path[0])[\($0)]." } ?? ""
            let name = array == nil ? path : place + entry.path.dropFirst().joined(separator: ".")
            guard isKnown else {
                lines.append("line \(entry.line): unknown key")
                continue
            }
            lines.append("\(name) = \(value(entry, path, document.spelling(at: index)))")
        }
        return lines.isEmpty ? "nothing but defaults\n" : lines.map { ConsoleText.escaped($0) + "\n" }.joined()
    }

    /// The line of an error, `FILE:3: section.key = "value": reason`, without a text that is not shown; then without
    /// the reason, too, which may repeat it.
    static func withoutValue(_ line: String) -> String {
        guard let equals = line.firstRange(of: " = ") else { return line }
        let path = line[..<equals.lowerBound].split(separator: " ").last.map(String.init) ?? ""
        let isFigure = line[equals.upperBound...].first.map { $0.isNumber || $0 == "-" } ?? true
        return isFigure || shown.contains(path) ? line : line[..<equals.lowerBound] + " = \(hidden): it is wrong"
    }

    private static func value(_ entry: TOMLDocument.Entry, _ path: String, _ spelling: String?) -> String {
        switch entry.value {
        case .integer, .number, .flag: spelling ?? hidden
        case .text(""): "\"\""
        case .text(let text): shown.contains(path) ? "\"\(text)\"" : hidden
        case .list, .table, .other: hidden
        }
    }
}
