import Realtime

extension Settings {
    /// A local command that the model may run, `[[tool]]`.
    struct Tool: Sendable, Equatable {
        /// What the model calls it by. 1 to 64 letters, digits, "_" and "-".
        var name = ""
        /// What it does, for the model.
        var description: String?
        /// The file of the JSON schema of its arguments; nil (the default): `parametersText`, or no arguments.
        var parametersFile: String?
        /// The schema as JSON text; nil (the default): `parametersFile`, or no arguments.
        var parametersText: String?
        /// The schema that either of these held.
        var parameters = noParameters
        /// Program and arguments; no shell. The program's path is absolute.
        var command: [String] = []
        /// Where it runs: the settings file's folder.
        var folder = "/"
        /// Time it may take. 100 to 60000 ms, default 5000.
        var timeoutMs = 5000
        /// Most bytes of its standard output. 1 to 262144, default 16384.
        var outputLimitBytes = 16_384

        /// The schema of a tool that takes no arguments.
        static let noParameters: JSONValue = .object(["type": .string("object"), "properties": .object([:])])
    }

    /// The tool whose table is being read.
    fileprivate var newestTool: Tool {
        get { tools.last ?? Tool() }
        set { tools.indices.last.map { tools[$0] = newValue } }
    }
}

extension SettingsKeys {
    /// Tools of a session. The service takes more, but each costs tokens in every response.
    static let toolLimit = 32

    static let tools = SettingsArray(
        name: "tool",
        keys: [
            entryName("tool", "name", \.newestTool.name),
            optionalText("tool", "description", \.newestTool.description, wanted: "text without control characters"),
            optionalPath("tool", "parameters_file", \.newestTool.parametersFile),
            schemaText("tool", "parameters", \.newestTool.parametersText),
            command("tool", "command") { words, folder, settings in
                settings.newestTool.command = words
                settings.newestTool.folder = folder
            },
            integer("tool", "timeout_ms", \.newestTool.timeoutMs, 100...60_000),
            integer("tool", "output_limit_bytes", \.newestTool.outputLimitBytes, 1...262_144, unit: " (bytes)"),
        ],
        required: ["name", "command"], limit: toolLimit, addEntry: { $0.tools.append(Settings.Tool()) })

    private static func schemaText(_ section: String, _ name: String, _ field: any Field<String?>) -> SettingsKey {
        let wanted = "a JSON schema as text, of at most \(SettingsReader.schemaLimit) bytes"
        return SettingsKey(section: section, name: name, wanted: wanted) { value, _, settings in
            guard case .text(let text) = value, text.utf8.count <= SettingsReader.schemaLimit else { return false }
            settings[keyPath: field] = text.isEmpty ? nil : text
            return true
        }
    }

    /// Program and arguments. A program without a slash would be looked for in PATH, which a service hardly has.
    static func command(
        _ section: String, _ name: String, orNone: Bool = false,
        _ take: @escaping @Sendable (_ words: [String], _ folder: String, inout Settings) -> Void
    ) -> SettingsKey {
        let wanted = "[\"PROGRAM\", \"ARGUMENT\", ...], at most 64 texts" + (orNone ? ", or [] for none" : "")
        return SettingsKey(section: section, name: name, wanted: wanted) { value, folder, settings in
            if orNone, value == .list([]) {
                take([], folder, &settings)
                return true
            }
            guard case .list(let words) = value, let program = words.first, !program.isEmpty, words.count <= 64,
                words.allSatisfy({ $0.utf8.count < longestText })
            else { return false }
            take([absolutePath(program, in: folder)] + words.dropFirst(), folder, &settings)
            return true
        }
    }
}

// What one key alone cannot tell.
extension SettingsReader {
    /// Largest JSON schema, in bytes.
    static let schemaLimit = 64 << 10

    /// Names are given once, and the schema in one way.
    func checkTools() throws(SettingsError) {
        for (index, tool) in settings.tools.enumerated() {
            if settings.tools[..<index].contains(where: { $0.name == tool.name }) {
                throw wrong("tool", index, "name", "wanted a name that no other tool has")
            }
            if tool.parametersFile != nil, tool.parametersText != nil {
                throw wrong("tool", index, "parameters", "wanted this or tool.parameters_file, not both")
            }
        }
    }

    /// The tools with their schemas; programs have to be there.
    func toolsWithFiles() throws(SettingsError) -> [Settings.Tool] {
        var tools = settings.tools
        for index in tools.indices {
            if let text = tools[index].parametersText {
                tools[index].parameters = try schema(text, from: "", index, "parameters")
            } else if let path = tools[index].parametersFile {
                let text: String
                do { text = try readText(path, limit: Self.schemaLimit) } catch {
                    throw wrong("tool", index, "parameters_file", "\(path): \(error)")
                }
                tools[index].parameters = try schema(text, from: path + ": ", index, "parameters_file")
            }
            if let problem = programProblem(tools[index].command[0]) {
                throw wrong("tool", index, "command", problem)
            }
        }
        return tools
    }

    private func schema(
        _ text: String, from place: String, _ index: Int, _ key: String
    ) throws(SettingsError) -> JSONValue {
        guard let schema = JSONValue(json: Array(text.utf8)) else {
            throw wrong("tool", index, key, "\(place)wanted a JSON schema, it is not valid JSON")
        }
        guard case .object(let members) = schema, members["type"] == .string("object") else {
            throw wrong("tool", index, key, "\(place)wanted the schema of an object, {\"type\": \"object\", ...}")
        }
        return schema
    }
}
