import Session

extension Settings {
    /// Something the model is asked beside the conversation, `[[out_of_band_task]]`.
    struct TaskChoice: Sendable, Equatable {
        /// Its name in the journal. 1 to 64 letters, digits, "_" and "-".
        var name = ""
        /// When it is asked. Must be given.
        var trigger = OutOfBandTask.Trigger.sessionEnd
        /// What the model is shown; never `off`. Default `fullContext`.
        var context = OutOfBand.fullContext
        /// The file of what is asked; nil (the default): `instructionsText`.
        var instructionsFile: String?
        /// What is asked, in the settings themselves; nil (the default): `instructionsFile`.
        var instructionsText: String?
        /// What either of these held, at most 64 KiB.
        var instructions = ""
        /// Whether the answer is one JSON value. Default false: it is text.
        var isJSON = false
        /// The file of the JSON schema that the answer must fit; nil (the default): any JSON.
        var schemaFile: String?
        /// The schema that it held.
        var schema: JSONSchema?
        /// Token cap of the answer. 1 to 4096, default 4096.
        var maxOutputTokens = 4096
    }

    /// The task whose table is being read.
    fileprivate var newestTask: TaskChoice {
        get { tasks.last ?? TaskChoice() }
        set { tasks.indices.last.map { tasks[$0] = newValue } }
    }
}

extension SettingsKeys {
    /// Tasks of a session. Each costs tokens whenever it is asked.
    static let taskLimit = 8

    static let tasks = SettingsArray(
        name: "out_of_band_task",
        keys: [
            entryName("out_of_band_task", "name", \.newestTask.name),
            trigger("out_of_band_task", "trigger", \.newestTask.trigger),
            outOfBand("out_of_band_task", "context", \.newestTask.context),
            optionalPath("out_of_band_task", "instructions_file", \.newestTask.instructionsFile),
            longText("out_of_band_task", "instructions", \.newestTask.instructionsText),
            word("out_of_band_task", "output", \.newestTask.isJSON, [("text", false), ("json", true)]),
            optionalPath("out_of_band_task", "schema_file", \.newestTask.schemaFile),
            integer("out_of_band_task", "max_output_tokens", \.newestTask.maxOutputTokens, 1...4096, unit: ""),
        ],
        required: ["name", "trigger"], limit: taskLimit, addEntry: { $0.tasks.append(Settings.TaskChoice()) })

    private static func trigger(
        _ section: String, _ name: String, _ field: any Field<OutOfBandTask.Trigger>
    ) -> SettingsKey {
        let wanted = "turn, session-end or every-N-turns (N from 1 to 1000)"
        return SettingsKey(section: section, name: name, wanted: wanted) { value, _, settings in
            guard case .text(let text) = value else { return false }
            switch text {
            case "turn": settings[keyPath: field] = .everyTurns(1)
            case "session-end": settings[keyPath: field] = .sessionEnd
            default:
                guard text.hasPrefix("every-"), text.hasSuffix("-turns"), text.utf8.count > 12,
                    let count = Int(text.dropFirst(6).dropLast(6)), (1...1000).contains(count)
                else { return false }
                settings[keyPath: field] = .everyTurns(count)
            }
            return true
        }
    }

    /// Text of several lines.
    private static func longText(_ section: String, _ name: String, _ field: any Field<String?>) -> SettingsKey {
        let wanted = "text of at most \(SettingsReader.promptLimit) bytes"
        return SettingsKey(section: section, name: name, wanted: wanted) { value, _, settings in
            guard case .text(let text) = value, text.utf8.count <= SettingsReader.promptLimit else { return false }
            settings[keyPath: field] = text.contains { !$0.isWhitespace } ? text : nil
            return true
        }
    }
}

// What one key alone cannot tell.
extension SettingsReader {
    private static let taskTable = "out_of_band_task"

    /// Names are given once, what is asked in one way, a schema for JSON alone.
    func checkTasks() throws(SettingsError) {
        for (index, task) in settings.tasks.enumerated() {
            func wrong(_ key: String, _ reason: String) -> SettingsError { wrongTask(index, key, reason) }
            if settings.tasks[..<index].contains(where: { $0.name == task.name }) {
                throw wrong("name", "wanted a name that no other task has")
            }
            if task.name == OutOfBandTask.contextSummaryName {
                throw wrong("name", "wanted another name: this is the agent's own")
            }
            switch (task.instructionsFile, task.instructionsText) {
            case (nil, nil): throw wrong("name", "wanted instructions_file or instructions beside it")
            case (_?, _?): throw wrong("instructions", "wanted this or instructions_file, not both")
            case (_?, nil), (nil, _?): break
            }
            if task.schemaFile != nil, !task.isJSON { throw wrong("schema_file", "wanted with output = \"json\" only") }
            if task.context == .off { throw wrong("context", "wanted last-turn, last-N-turns or full-context") }
        }
    }

    /// The tasks with what their files held.
    func tasksWithFiles() throws(SettingsError) -> [Settings.TaskChoice] {
        var tasks = settings.tasks
        for index in tasks.indices {
            if let text = tasks[index].instructionsText {
                tasks[index].instructions = text
            } else if let path = tasks[index].instructionsFile {
                tasks[index].instructions = try text(of: path, index, "instructions_file")
            }
            guard let path = tasks[index].schemaFile else { continue }
            let text = try text(of: path, index, "schema_file")
            do { tasks[index].schema = try JSONSchema(text) } catch {
                throw wrongTask(index, "schema_file", "\(path): \(error.words)")
            }
        }
        return tasks
    }

    private func text(of path: String, _ index: Int, _ key: String) throws(SettingsError) -> String {
        let text: String
        do { text = try readText(path, limit: Self.promptLimit) } catch {
            throw wrongTask(index, key, "\(path): \(error)")
        }
        guard text.contains(where: { !$0.isWhitespace }) else {
            throw wrongTask(index, key, "\(path): wanted a text, it is empty")
        }
        return text
    }

    private func wrongTask(_ index: Int, _ key: String, _ reason: String) -> SettingsError {
        wrong(Self.taskTable, index, key, reason)
    }
}

extension OutOfBandTask {
    init(_ task: Settings.TaskChoice) {
        self.init(
            name: task.name, trigger: task.trigger, context: SessionConfiguration.OutOfBand(task.context),
            instructions: task.instructions, output: task.isJSON ? .json(task.schema) : .text,
            maxTokens: task.maxOutputTokens)
    }
}

extension SessionConfiguration.OutOfBand {
    init(_ setting: Settings.OutOfBand) {
        self = switch setting {
        case .off: .off
        case .lastTurn: .lastTurns(1)
        case .lastTurns(let count): .lastTurns(count)
        case .fullContext: .fullContext
        }
    }
}
