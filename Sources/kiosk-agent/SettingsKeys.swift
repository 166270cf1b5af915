import Audio

/// A value as TOML types it.
enum SettingValue: Equatable {
    case text(String)
    case integer(Int)
    case number(Double)
    case flag(Bool)
    /// An array of texts.
    case list([String])
    /// A table whose values are texts.
    case table([String: String])
    /// A type no key wants: date, time, an array or table of anything else.
    case other
}

/// One key of the settings: its name, what it accepts, and where its value goes.
struct SettingsKey: Sendable {
    let section: String
    let name: String
    /// Completes "wanted ...".
    let wanted: String
    /// Stores the value, relative paths joined to the folder; false when the value is not what is wanted.
    let store: @Sendable (SettingValue, _ folder: String, inout Settings) -> Bool

    /// `section.name`.
    var path: String { section + "." + name }
}

/// An array of tables, `[[name]]`: each table adds an entry, and its keys go to the newest one.
struct SettingsArray: Sendable {
    let name: String
    /// `section` of each is `name`.
    let keys: [SettingsKey]
    /// Names of keys that no table may leave out.
    let required: [String]
    /// Most tables.
    let limit: Int
    /// Adds an entry with nothing but defaults.
    let addEntry: @Sendable (inout Settings) -> Void
}

/// All keys, stated once: reading, the check for unknown keys and "did you mean" go by this table.
enum SettingsKeys {
    static let arrays: [SettingsArray] = [tools, tasks, redactions]

    static let all: [SettingsKey] = server + storedPrompt + kiosk + journal
        + control + session + keys + spool + privacy + log

    private static let server: [SettingsKey] = [
        text("realtime", "url", \.realtime.url),
        text("realtime", "model", \.realtime.model),
        word("realtime", "mode", \.realtime.mode, [("conversation", .conversation), ("dictation", .dictation)]),
        text("realtime", "voice", \.realtime.voice),
        optionalPath("realtime", "instructions_file", \.realtime.instructionsFile),
        optionalPath("realtime", "ca_file", \.realtime.caFile),
        optionalPath("realtime", "api_key_file", \.realtime.apiKeyFile),
    ]

    private static let kiosk: [SettingsKey] = [
        word("turns", "detection", \.turns.detection, [
            ("push-to-talk", .pushToTalk), ("server-vad", .serverVAD), ("semantic-vad", .semanticVAD),
        ]),
        integer("turns", "pre_roll_ms", \.turns.preRollMs, 0...2000),
        integer("turns", "tail_ms", \.turns.tailMs, 0...2000),
        number("turns", "vad_threshold", \.turns.vadThreshold, 0...1),
        integer("turns", "vad_prefix_padding_ms", \.turns.vadPrefixPaddingMs, 0...2000),
        integer("turns", "vad_silence_ms", \.turns.vadSilenceMs, 50...10_000),
        integerOrOff("turns", "vad_idle_timeout_ms", \.turns.vadIdleTimeoutMs, 5000...30_000),
        word("turns", "vad_eagerness", \.turns.vadEagerness, [
            ("auto", .automatic), ("low", .low), ("medium", .medium), ("high", .high),
        ]),
        word("turns", "microphone_while_speaking", \.turns.microphoneWhileSpeaking, [
            ("muted", .muted), ("open", .open), ("echo-cancelled", .echoCancelled),
        ]),
        integer("turns", "barge_in_confirm_ms", \.turns.bargeInConfirmMs, 0...2000),

        outOfBand("transcription", "out_of_band", \.transcription.outOfBand),
        optionalPath("transcription", "instructions_file", \.transcription.instructionsFile),
        integer("transcription", "max_output_tokens", \.transcription.maxOutputTokens, 1...4096, unit: ""),
        optionalText(
            "transcription", "built_in_model", \.transcription.builtInModel, wanted: "a model, or \"\" for off"),

        number("budget", "daily_usd", \.budget.dailyUSD, 0...1_000_000),
        number("budget", "out_of_band_until", \.budget.outOfBandUntil, 0...1),

        device("audio", "capture", \.audio.capture),
        device("audio", "playback", \.audio.playback),
        integer("audio", "capture_channel", \.audio.captureChannel, SoundConversion.channels, unit: ""),
        integer("audio", "playback_channel", \.audio.playbackChannel, SoundConversion.channels, unit: ""),
        integer(
            "audio", "resampler_quality", \.audio.resamplerQuality, SoundConversion.resamplerQualities, unit: ""),
        integer("audio", "period_ms", \.audio.periodMs, 5...100),
        integer("audio", "buffer_ms", \.audio.bufferMs, 10...1000),
        word("audio", "noise_reduction", \.audio.noiseReduction, [
            ("off", nil), ("near-field", .near), ("far-field", .far),
        ]),

        optionalPath("prompts", "directory", \.prompts.directory),
        prompt("no_network", \.prompts.noNetwork),
        prompt("key", \.prompts.key),
        prompt("busy", \.prompts.busy),
        prompt("budget", \.prompts.budget),
        prompt("goodbye", \.prompts.goodbye),

        optionalText("gpio", "chip", \.gpio.chip, wanted: "a chip's path, name or label, or \"\" for none"),
        line("gpio", "button", \.gpio.button),
        line("gpio", "led", \.gpio.led),
        flag("gpio", "active_low", \.gpio.activeLow),
        integer("gpio", "debounce_ms", \.gpio.debounceMs, 0...1000),

    ]

    private static let control = [
        path("control", "socket", \.control.socket),
        flag("console", "interactive", \.console.interactive),
        flag("console", "allow_control", \.console.allowControl),
    ]

    /// The names of the tables, in the order of the contract.
    static let sections: [String] = all.reduce(into: []) { names, key in
        if !names.contains(key.section) { names.append(key.section) }
    }

    static func key(_ path: String) -> SettingsKey? {
        all.first { $0.path == path }
    }

    static func array(_ name: String) -> SettingsArray? { arrays.first { $0.name == name } }
}

// What each kind of key accepts.
extension SettingsKeys {
    typealias Field<Value> = WritableKeyPath<Settings, Value> & Sendable

    /// Longest text of a setting, in bytes: PATH_MAX.
    static let longestText = 4096

    /// The text of a value without control characters; nil for anything else.
    static func plainText(_ value: SettingValue) -> String? {
        guard case .text(let text) = value, text.utf8.count < longestText else { return nil }
        let isPlain = text.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
        return isPlain ? text : nil
    }

    /// The name of a table of an array, which goes to the model or the journal.
    static func entryName(_ section: String, _ name: String, _ field: any Field<String>) -> SettingsKey {
        let wanted = "1 to 64 letters, digits, _ or -"
        return SettingsKey(section: section, name: name, wanted: wanted) { value, _, settings in
            guard case .text(let text) = value, (1...64).contains(text.utf8.count) else { return false }
            let isName = text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
            if isName { settings[keyPath: field] = text }
            return isName
        }
    }

    static func text(_ section: String, _ name: String, _ field: any Field<String>) -> SettingsKey {
        SettingsKey(section: section, name: name, wanted: "text without control characters") { value, _, settings in
            guard let text = plainText(value), !text.isEmpty else { return false }
            settings[keyPath: field] = text
            return true
        }
    }

    static func optionalText(
        _ section: String, _ name: String, _ field: any Field<String?>, wanted: String
    ) -> SettingsKey {
        SettingsKey(section: section, name: name, wanted: wanted) { value, _, settings in
            guard let text = plainText(value) else { return false }
            settings[keyPath: field] = text.isEmpty ? nil : text
            return true
        }
    }

    static func line(_ section: String, _ name: String, _ field: any Field<String?>) -> SettingsKey {
        let wanted = "a line's name or offset, or \"\" for none"
        return SettingsKey(section: section, name: name, wanted: wanted) { value, _, settings in
            // An offset is a number, so one without quotes is meant as one.
            if case .integer(let offset) = value, offset >= 0 {
                settings[keyPath: field] = String(offset)
                return true
            }
            guard let text = plainText(value) else { return false }
            settings[keyPath: field] = text.isEmpty ? nil : text
            return true
        }
    }

    static func path(_ section: String, _ name: String, _ field: any Field<String>) -> SettingsKey {
        SettingsKey(section: section, name: name, wanted: "a path") { value, folder, settings in
            guard let text = plainText(value), !text.isEmpty else { return false }
            settings[keyPath: field] = absolutePath(text, in: folder)
            return true
        }
    }

    static func optionalPath(_ section: String, _ name: String, _ field: any Field<String?>) -> SettingsKey {
        SettingsKey(section: section, name: name, wanted: "a path, or \"\" for none") { value, folder, settings in
            guard let text = plainText(value) else { return false }
            settings[keyPath: field] = text.isEmpty ? nil : absolutePath(text, in: folder)
            return true
        }
    }

    static func device(_ section: String, _ name: String, _ field: any Field<String>) -> SettingsKey {
        SettingsKey(section: section, name: name, wanted: "an ALSA PCM name or wav:PATH") { value, folder, settings in
            guard let text = plainText(value), !text.isEmpty, text != "wav:" else { return false }
            let isFile = text.hasPrefix("wav:")
            settings[keyPath: field] = isFile ? "wav:" + absolutePath(String(text.dropFirst(4)), in: folder) : text
            return true
        }
    }

    static func prompt(_ name: String, _ field: any Field<Settings.PromptChoice>) -> SettingsKey {
        let wanted = "a WAV file's path, off, or \"\" for the set's"
        return SettingsKey(section: "prompts", name: name, wanted: wanted) { value, folder, settings in
            guard let text = plainText(value) else { return false }
            settings[keyPath: field] = switch text {
            case "": .ofTheSet
            case "off": .off
            default: .file(absolutePath(text, in: folder))
            }
            return true
        }
    }

    static func flag(_ section: String, _ name: String, _ field: any Field<Bool>) -> SettingsKey {
        SettingsKey(section: section, name: name, wanted: "true or false") { value, _, settings in
            guard case .flag(let flag) = value else { return false }
            settings[keyPath: field] = flag
            return true
        }
    }

    /// A whole number within a range; milliseconds unless `unit` says otherwise.
    static func integer(
        _ section: String, _ name: String, _ field: any Field<Int>, _ range: ClosedRange<Int>,
        unit: String = " (ms)"
    ) -> SettingsKey {
        let wanted = "\(range.lowerBound) to \(range.upperBound)\(unit)"
        return SettingsKey(section: section, name: name, wanted: wanted) { value, _, settings in
            guard case .integer(let integer) = value, range.contains(integer) else { return false }
            settings[keyPath: field] = integer
            return true
        }
    }

    /// A fraction; a whole number is taken as well.
    static func number(
        _ section: String, _ name: String, _ field: any Field<Double>, _ range: ClosedRange<Int>
    ) -> SettingsKey {
        let wanted = "a number from \(range.lowerBound) to \(range.upperBound)"
        let limits = Double(range.lowerBound)...Double(range.upperBound)
        return SettingsKey(section: section, name: name, wanted: wanted) { value, _, settings in
            let number: Double
            switch value {
            case .integer(let integer): number = Double(integer)
            case .number(let fraction): number = fraction
            case .text, .flag, .list, .table, .other: return false
            }
            guard limits.contains(number) else { return false }
            settings[keyPath: field] = number
            return true
        }
    }

    static func word<Choice: Sendable>(
        _ section: String, _ name: String, _ field: any Field<Choice>, _ choices: [(word: String, choice: Choice)]
    ) -> SettingsKey {
        let words = choices.map(\.word)
        let wanted = words.dropLast().joined(separator: ", ") + " or " + (words.last ?? "")
        return SettingsKey(section: section, name: name, wanted: wanted) { value, _, settings in
            guard case .text(let text) = value, let found = choices.first(where: { $0.word == text }) else {
                return false
            }
            settings[keyPath: field] = found.choice
            return true
        }
    }

    static func outOfBand(
        _ section: String, _ name: String, _ field: any Field<Settings.OutOfBand>
    ) -> SettingsKey {
        let turns = 1...50
        let wanted = "off, last-turn, last-N-turns (N from 1 to 50) or full-context"
        return SettingsKey(section: section, name: name, wanted: wanted) { value, _, settings in
            guard case .text(let text) = value else { return false }
            switch text {
            case "off": settings[keyPath: field] = .off
            case "last-turn": settings[keyPath: field] = .lastTurn
            case "full-context": settings[keyPath: field] = .fullContext
            default:
                guard text.hasPrefix("last-"), text.hasSuffix("-turns"), text.utf8.count > 11,
                    let count = Int(text.dropFirst(5).dropLast(6)), turns.contains(count)
                else { return false }
                settings[keyPath: field] = .lastTurns(count)
            }
            return true
        }
    }

    static func absolutePath(_ path: String, in folder: String) -> String {
        if path.hasPrefix("/") { return path }
        return (folder.hasSuffix("/") ? folder : folder + "/") + path
    }
}
