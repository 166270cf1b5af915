/// When a segment ends, and when it goes.
public struct JournalLimits: Sendable, Equatable {
    /// A segment is sealed before it grows beyond this; opening reads no more. Default 8 MiB, some ten thousand turns.
    public var segmentBytes: Int64 = 8 << 20
    /// A segment is sealed when its first entry is older than this. Default a day.
    public var segmentAgeMs: Int64 = WallClock.dayMs
    /// Sealed segments whose last entry is older than so many days are removed; 0 (the default) keeps them for ever.
    public var retentionDays = 0
    /// The oldest sealed segments are removed while all take more than this; 0 (the default) is no limit.
    public var retentionBytes: Int64 = 0
    /// The oldest sealed segments are removed when the disk is full. Default false.
    public var makesRoom = false

    public init() {}
}
