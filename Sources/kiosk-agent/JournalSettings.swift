import Journal

extension Settings {
    /// The log of turns and faults.
    struct Journal: Sendable, Equatable {
        /// Default "/var/lib/kiosk-agent/journal".
        var directory = "/var/lib/kiosk-agent/journal"
        /// A segment is sealed when it is so large. 1 to 1024 MiB, default 8: a start reads the last one.
        var segmentMB = 8
        /// A segment is sealed when its first entry is so old. 1 to 8760 hours (a year), default 24.
        var segmentHours = 24
        /// Segments whose last entry is older than so many days are removed; 0 (the default): never. 0 to 36500.
        var retentionDays = 0
        /// The oldest segments are removed while the journal takes more; 0 (the default): never. 0 to 1048576 MiB.
        var retentionMB = 0
        /// The oldest segments are removed when the disk is full. Default false.
        var makeRoom = false

        /// The same as the journal counts.
        var limits: JournalLimits {
            var limits = JournalLimits()
            limits.segmentBytes = Int64(segmentMB) << 20
            limits.segmentAgeMs = Int64(segmentHours) * 3_600_000
            limits.retentionDays = retentionDays
            limits.retentionBytes = Int64(retentionMB) << 20
            limits.makesRoom = makeRoom
            return limits
        }
    }
}

extension SettingsKeys {
    static let journal: [SettingsKey] = [
        path("journal", "directory", \.journal.directory),
        integer("journal", "segment_mb", \.journal.segmentMB, 1...1024, unit: " (MiB)"),
        integer("journal", "segment_hours", \.journal.segmentHours, 1...8760, unit: " (hours)"),
        integer("journal", "retention_days", \.journal.retentionDays, 0...36_500, unit: " (days, 0 is for ever)"),
        integer("journal", "retention_mb", \.journal.retentionMB, 0...1_048_576, unit: " (MiB, 0 is no limit)"),
        flag("journal", "make_room", \.journal.makeRoom),
    ]
}
