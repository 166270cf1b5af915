extension Settings {
    /// Whose words are kept.
    struct Privacy: Sendable, Equatable {
        /// Default `all`.
        var content = kiosk_agent.Privacy.Content.all
    }

    /// What is replaced in whatever is kept and shown, `[[redaction]]`.
    struct Redaction: Sendable, Equatable {
        /// Stands, in brackets, for what was found. 1 to 64 letters, digits, "_" and "-".
        var label = ""
        /// An extended regular expression, regex(7).
        var pattern = ""
        /// Default false.
        var ignoresCase = false
    }

    /// The rule whose table is being read.
    fileprivate var newestRedaction: Redaction {
        get { redactions.last ?? Redaction() }
        set { redactions.indices.last.map { redactions[$0] = newValue } }
    }
}

extension SettingsKeys {
    /// Rules, each of which is looked for in every text.
    static let redactionLimit = 32

    static let privacy: [SettingsKey] = [
        word("privacy", "content", \.privacy.content, [
            ("all", .all), ("assistant", .assistant), ("metadata", .metadata),
        ]),
    ]

    static let redactions = SettingsArray(
        name: "redaction",
        keys: [
            entryName("redaction", "label", \.newestRedaction.label),
            pattern("redaction", "pattern", \.newestRedaction.pattern),
            flag("redaction", "ignore_case", \.newestRedaction.ignoresCase),
        ],
        required: ["label", "pattern"], limit: redactionLimit, addEntry: { $0.redactions.append(Settings.Redaction()) })

    private static func pattern(_ section: String, _ name: String, _ field: any Field<String>) -> SettingsKey {
        let wanted = "an extended regular expression, regex(7), that needs at least one character"
        return SettingsKey(section: section, name: name, wanted: wanted) { value, _, settings in
            guard case .text(let text) = value, let expression = try? RegularExpression(text),
                !expression.isFoundInNothing
            else { return false }
            settings[keyPath: field] = text
            return true
        }
    }
}

extension Privacy {
    init(_ settings: Settings) throws(RegularExpression.Malformed) {
        var redactions: [Redaction] = []
        for rule in settings.redactions {
            let pattern = try RegularExpression(rule.pattern, ignoresCase: rule.ignoresCase)
            redactions.append(Redaction(label: rule.label, pattern: pattern))
        }
        self.init(content: settings.privacy.content, redactions: redactions)
    }
}
