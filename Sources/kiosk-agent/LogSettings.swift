extension Settings {
    /// systemd's journal.
    struct Log: Sendable, Equatable {
        /// Whether what was said is in the records of turns. Default false.
        var turnText = false
    }

    /// Figures for Prometheus.
    struct Metrics: Sendable, Equatable {
        /// The file they are written to; nil (the default): none.
        var file: String?
        /// How often. 1 to 3600 s, default 15.
        var intervalS = 15
    }
}

extension SettingsKeys {
    static let log: [SettingsKey] = [
        flag("log", "turn_text", \.log.turnText),
        optionalPath("metrics", "file", \.metrics.file),
        integer("metrics", "interval_s", \.metrics.intervalS, 1...3600, unit: " (s)"),
    ]
}
