import Glibc

extension Settings {
    /// Largest settings file, in bytes. All keys with comments take 4 KiB; more than this is some other file.
    static let fileLimit = 1 << 20

    /// Reads and checks the settings: the file first, then `overrides`, each `section.key=value`.
    ///
    /// Relative paths, also those of overrides, are relative to the file's folder. Blocks for the time of a few file
    /// reads. Throws the first thing that is wrong, in the order of the file.
    /// - Parameter namedFiles: whether prompts are read and other named files must exist. A command that needs none of
    ///   them says false, because it may run as a user who cannot read them.
    static func load(
        file: String, overrides: [String] = [], namedFiles: Bool = true
    ) throws(SettingsError) -> Settings {
        var reader = SettingsReader(file: file)
        try reader.readFile()
        for override in overrides { try reader.read(override: override) }
        try reader.checkTogether()
        if namedFiles { try reader.readNamedFiles() }
        return reader.settings
    }
}

/// Settings on their way from the texts to the struct.
struct SettingsReader {
    private(set) var settings = Settings()
    /// Where each key that was given was given last, by `section.key`; in arrays of tables by `array[0].key`, and each
    /// table itself by `array[0]`.
    private(set) var origins: [String: SettingOrigin] = [:]
    private let file: String
    private let folder: String

    /// For changes of settings that were read before.
    init(changing settings: Settings) {
        self.init(file: "settings")
        self.settings = settings
    }

    init(file: String) {
        self.file = file
        folder = Self.folder(of: file)
    }

    /// Reads the settings file.
    mutating func readFile() throws(SettingsError) {
        let text: String
        do {
            text = try readText(file, limit: Settings.fileLimit)
        } catch {
            throw SettingsError("\(file): \(error): wanted a settings file (TOML)")
        }
        let document = try parse(text)
        for (index, entry) in document.entries.enumerated() {
            let section = entry.path[0]
            if let array = SettingsKeys.array(section) {
                try read(entry, spelling: document.spelling(at: index), of: array)
                continue
            }
            let isKnownTable = SettingsKeys.sections.contains(section)
            // Only a known table is looked into: what is unknown is refused as a whole.
            if entry.path.count == 1, entry.isTable, isKnownTable { continue }
            let origin = SettingOrigin.file(name: file, line: entry.line, value: document.spelling(at: index))
            guard entry.path.count > 1, isKnownTable else { throw wrongSection(section, entry, origin) }
            try store(entry.value, at: entry.path.joined(separator: "."), origin)
        }
        for array in SettingsKeys.arrays { try checkRequired(array) }
    }

    /// Reads one `section.key=value`. The value is TOML; what is no TOML value counts as a string.
    mutating func read(override: String) throws(SettingsError) {
        guard let equals = override.firstIndex(of: "=") else {
            throw SettingsError("--set \(override): wanted section.key=value")
        }
        let key = Self.trimmed(override[..<equals])
        let text = String(override[override.index(after: equals)...])
        if let obstacle = Self.obstacle(in: text) { throw SettingsError("--set \(key): \(obstacle.words)") }
        // A line break could smuggle in another key.
        let document = text.contains(where: \.isNewline) ? nil : try? TOMLDocument("value = " + text)
        try store(document?.entries.first?.value ?? .text(text), at: key, .option(value: text))
    }

    private mutating func store(_ value: SettingValue, at path: String, _ origin: SettingOrigin) throws(SettingsError) {
        guard let key = SettingsKeys.key(path) else {
            let place = origin.place(of: path, showingValue: false)
            if let array = path.split(separator: ".").first.flatMap({ SettingsKeys.array(String($0)) }) {
                throw SettingsError(place + ": wanted in the settings file, in [[\(array.name)]]")
            }
            throw SettingsError(place + ": unknown key" + Self.suggestion(for: path))
        }
        origins[path] = origin
        guard key.store(value, folder, &settings) else { throw wrong(path, "wanted " + key.wanted) }
    }

    /// The array itself, one of its tables, or a key of one.
    private mutating func read(
        _ entry: TOMLDocument.Entry, spelling: String?, of array: SettingsArray
    ) throws(SettingsError) {
        let origin = SettingOrigin.file(name: file, line: entry.line, value: spelling)
        guard let element = entry.element else {
            // `name = []` is an array without tables.
            if entry.isArrayOfTables || entry.value == .list([]) { return }
            throw SettingsError(origin.place(of: array.name) + ": wanted tables, [[\(array.name)]]")
        }
        let table = "\(array.name)[\(element)]"
        guard entry.path.count > 1 else {
            guard element < array.limit else {
                let place = origin.place(of: "[[\(array.name)]]")
                throw SettingsError(place + ": wanted at most \(array.limit) of them")
            }
            origins[table] = origin
            return array.addEntry(&settings)
        }
        let path = array.name + "." + entry.path[1]
        guard let key = array.keys.first(where: { $0.name == entry.path[1] }) else {
            let place = origin.place(of: path, showingValue: false)
            throw SettingsError(place + ": unknown key" + Self.suggestion(for: path, among: array.keys))
        }
        origins[table + "." + key.name] = origin
        guard key.store(entry.value, folder, &settings) else {
            throw SettingsError(origin.place(of: path) + ": wanted " + key.wanted)
        }
    }

    private func checkRequired(_ array: SettingsArray) throws(SettingsError) {
        for element in 0..<array.limit {
            guard let origin = origins["\(array.name)[\(element)]"] else { return }
            for name in array.required where origins["\(array.name)[\(element)].\(name)"] == nil {
                throw SettingsError(origin.place(of: "[[\(array.name)]]") + ": wanted \(name)")
            }
        }
    }

    /// Keeps the prompts and recordings that the named files hold.
    mutating func keep(conversation: String?, transcription: String?, recordings: VoicePrompts) {
        settings.prompts.recordings = recordings
        settings.realtime.instructions = conversation
        settings.transcription.instructions = transcription
    }

    /// Keeps the tools with what their files held.
    mutating func keep(tools: [Settings.Tool]) { settings.tools = tools }

    /// Keeps the tasks with what their files held.
    mutating func keep(tasks: [Settings.TaskChoice]) { settings.tasks = tasks }

    /// The error line of a key; `reason` says what is wrong or what was wanted.
    func wrong(_ path: String, _ reason: String, showingValue: Bool = true) -> SettingsError {
        wrong(path, given: path, reason, showingValue: showingValue)
    }

    /// The error line of a key in an array's table: `tool.name`; the line says which.
    func wrong(_ array: String, _ element: Int, _ key: String, _ reason: String) -> SettingsError {
        wrong("\(array).\(key)", given: "\(array)[\(element)].\(key)", reason)
    }

    private func wrong(_ path: String, given: String, _ reason: String, showingValue: Bool = true) -> SettingsError {
        let place = origins[given]?.place(of: path, showingValue: showingValue) ?? "\(file): \(path)"
        return SettingsError("\(place): \(reason)")
    }

    private func wrongSection(
        _ name: String, _ entry: TOMLDocument.Entry, _ origin: SettingOrigin
    ) -> SettingsError {
        if SettingsKeys.sections.contains(name) {
            return SettingsError(origin.place(of: name) + ": wanted a table, [\(name)]")
        }
        let kind = entry.isTable ? "section" : "key"
        let place = origin.place(of: name, showingValue: false)
        return SettingsError(place + ": unknown \(kind)" + Self.suggestion(for: name))
    }

    private func parse(_ text: String) throws(SettingsError) -> TOMLDocument {
        if let obstacle = Self.obstacle(in: text) {
            throw SettingsError(SettingOrigin.position(file, line: obstacle.line) + ": " + obstacle.words)
        }
        do {
            return try TOMLDocument(text)
        } catch {
            let position = SettingOrigin.position(file, line: error.line)
            let prefix = "Error while parsing "
            let words = error.words
            throw SettingsError(
                "\(position): not TOML: \(words.hasPrefix(prefix) ? String(words.dropFirst(prefix.count)) : words)")
        }
    }

    /// Most dots in a line that is no comment. A path of settings has one dot, a host name a handful.
    static let dotLimit = 64

    /// The first line that the parser must not see.
    ///
    /// Values go on to C libraries, where a NUL would cut them short. The parser limits the nesting of values but not
    /// of dotted keys: it answers a key of a hundred thousand parts with a stack overflow.
    private static func obstacle(in text: String) -> (line: Int, words: String)? {
        let escapedNULs = [Array("\\u0000".utf8), Array("\\U00000000".utf8)]
        let lines = Array(text.utf8).split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() {
            let hasEscapes = line.contains(UInt8(ascii: "\\"))
            if line.contains(0) || hasEscapes && escapedNULs.contains(where: { line.contains($0) }) {
                return (index + 1, "wanted text without NUL characters")
            }
            let isComment = line.first { $0 != 0x20 && $0 != 0x09 } == UInt8(ascii: "#")
            if !isComment, line.lazy.filter({ $0 == UInt8(ascii: ".") }).count > dotLimit {
                return (index + 1, "wanted at most \(dotLimit) dots in a line")
            }
        }
        return nil
    }

    /// The absolute path of the folder that holds `file`.
    private static func folder(of file: String) -> String {
        var path = file
        if !path.hasPrefix("/") {
            let current = getcwd(nil, 0)
            defer { free(current) }
            path = (current.map { String(cString: $0) } ?? "") + "/" + path
        }
        let end = path.lastIndex(of: "/") ?? path.startIndex
        return end == path.startIndex ? "/" : String(path[..<end])
    }

    private static func trimmed(_ text: Substring) -> String {
        var text = text
        while text.first == " " { text.removeFirst() }
        while text.last == " " { text.removeLast() }
        return String(text)
    }
}

// "Did you mean".
extension SettingsReader {
    /// ` (did you mean audio.period_ms?)`, or nothing when no key is near.
    static func suggestion(for path: String, among keys: [SettingsKey] = SettingsKeys.all) -> String {
        let name = path.split(separator: ".").last.map(String.init) ?? path
        let tables = SettingsKeys.sections + SettingsKeys.arrays.map(\.name)
        let known = path.utf8.contains(UInt8(ascii: ".")) ? [] : tables
        let candidates = (known + keys.map(\.path)).filter { $0 != path }
        // A typing slip first; then the right key in the wrong section, or one that was cut short.
        let nearest = candidates.map { ($0, distance(path, $0)) }.min { $0.1 < $1.1 }
        if let nearest, nearest.1 <= 2 { return " (did you mean \(nearest.0)?)" }
        let sameName = keys.first { $0.name == name }
            ?? keys.first { $0.path.hasPrefix(path + "_") }
        return sameName.map { " (did you mean \($0.path)?)" } ?? ""
    }

    /// Letters to insert, remove or change to come from one word to the other (Levenshtein).
    private static func distance(_ first: String, _ second: String) -> Int {
        let first = Array(first.utf8), second = Array(second.utf8)
        // Too different to be a slip, and this keeps a hostile key from costing time.
        guard abs(first.count - second.count) <= 2 else { return .max }
        return first.editDistance(to: second)
    }
}
