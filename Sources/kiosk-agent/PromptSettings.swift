import Realtime

extension SettingsKeys {
    /// A prompt that is stored at the server, and what fills its open places.
    static let storedPrompt: [SettingsKey] = [
        optionalText("realtime", "prompt_id", \.realtime.promptID, wanted: "a stored prompt's id, or \"\" for none"),
        optionalText(
            "realtime", "prompt_version", \.realtime.promptVersion, wanted: "its version, or \"\" for the newest"),
        textTable("realtime", "prompt_variables", \.realtime.promptVariables),
    ]

    private static func textTable(
        _ section: String, _ name: String, _ field: any Field<[String: String]>
    ) -> SettingsKey {
        let wanted = "a table of texts, [\(section).\(name)], at most 64"
        return SettingsKey(section: section, name: name, wanted: wanted) { value, _, settings in
            guard case .table(let texts) = value, texts.count <= 64,
                texts.values.allSatisfy({ $0.utf8.count < longestText })
            else { return false }
            settings[keyPath: field] = texts
            return true
        }
    }
}

extension Settings.Realtime {
    var storedPrompt: StoredPrompt? {
        promptID.map { id in
            StoredPrompt(id: id, version: promptVersion, variables: promptVariables.isEmpty ? nil : promptVariables)
        }
    }
}

extension SettingsReader {
    /// Nothing would come of a dictation that nobody writes down.
    func checkMode() throws(SettingsError) {
        guard settings.realtime.mode == .dictation, settings.transcription.builtInModel == nil else { return }
        throw wrong("transcription.built_in_model", "wanted a model, for realtime.mode is dictation")
    }

    func checkStoredPrompt() throws(SettingsError) {
        guard settings.realtime.promptID == nil else { return }
        for (key, isGiven) in [
            ("prompt_version", settings.realtime.promptVersion != nil),
            ("prompt_variables", !settings.realtime.promptVariables.isEmpty),
        ] where isGiven { throw wrong("realtime." + key, "wanted realtime.prompt_id, too") }
    }
}

extension Settings {
    /// These settings with everything of `other` that an open session can be told.
    func taking(whatASessionCanBeToldOf other: Settings) -> Settings {
        var settings = self
        settings.realtime.instructionsFile = other.realtime.instructionsFile
        settings.realtime.instructions = other.realtime.instructions
        settings.realtime.promptID = other.realtime.promptID
        settings.realtime.promptVersion = other.realtime.promptVersion
        settings.realtime.promptVariables = other.realtime.promptVariables
        // All of `turns`, but what the devices are opened for.
        let microphoneWhileSpeaking = settings.turns.microphoneWhileSpeaking
        settings.turns = other.turns
        settings.turns.microphoneWhileSpeaking = microphoneWhileSpeaking
        settings.audio.noiseReduction = other.audio.noiseReduction
        settings.transcription.builtInModel = other.transcription.builtInModel
        settings.tools = other.tools
        return settings
    }
}
