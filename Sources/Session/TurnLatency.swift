import MonotonicClock

/// How long the visitor waited for each part of a turn, from the release, or from the server's word that speech ended.
/// In milliseconds; nil for what never came.
public struct TurnLatency: Sendable, Equatable {
    /// What is waited for. The names are the journal's.
    public enum Mark: String, Sendable, CaseIterable {
        /// The first text or audio of the answer.
        case firstDelta = "first_delta"
        /// The first frame of the answer that was heard.
        case firstAudible = "first_audible"
        case realtimeTranscript = "realtime_transcript"
        case builtInTranscript = "built_in_transcript"
    }

    private var milliseconds: [Mark: Int] = [:]

    public init() {}

    public subscript(mark: Mark) -> Int? {
        get { milliseconds[mark] }
        set { milliseconds[mark] = newValue }
    }
}

/// The latencies of the last turns, for percentiles.
public struct LatencyHistory: Sendable, Equatable {
    /// Turns that count; older ones are forgotten. Four numbers each.
    private let keptTurns: Int

    private var values: [TurnLatency.Mark: [Int]] = [:]
    /// The place of the next value in a full list.
    private var next: [TurnLatency.Mark: Int] = [:]

    public init(keptTurns: Int = 1000) { self.keptTurns = keptTurns }

    public mutating func add(_ latency: TurnLatency) {
        for mark in TurnLatency.Mark.allCases {
            if let value = latency[mark] { add(value, to: mark) }
        }
    }

    private mutating func add(_ value: Int, to mark: TurnLatency.Mark) {
        if values[mark, default: []].count < keptTurns {
            values[mark, default: []].append(value)
        } else {
            let place = next[mark, default: 0]
            values[mark, default: []][place] = value
            next[mark] = (place + 1) % keptTurns
        }
    }

    public mutating func add(_ other: LatencyHistory) {
        for (mark, values) in other.values {
            for value in values { add(value, to: mark) }
        }
    }

    /// How many turns have this latency.
    public func count(of mark: TurnLatency.Mark) -> Int { values[mark]?.count ?? 0 }

    /// The smallest value that at least so many percent of the turns do not exceed (nearest rank); nil without turns.
    public func percentile(_ percent: Int, of mark: TurnLatency.Mark) -> Int? {
        guard let sorted = values[mark]?.sorted(), !sorted.isEmpty else { return nil }
        let rank = (percent * sorted.count + 99) / 100
        return sorted[min(max(rank, 1), sorted.count) - 1]
    }
}

/// When each part of the open turns came.
struct TurnClocks: Sendable {
    private struct Clock {
        let endedAt: Instant
        var latency = TurnLatency()
    }

    private var clocks: [TurnID: Clock] = [:]
    private(set) var history = LatencyHistory()

    /// The visitor let go, or the server heard the end of speech. The first word counts.
    mutating func ended(_ turn: TurnID, at now: Instant) {
        if clocks[turn] == nil { clocks[turn] = Clock(endedAt: now) }
    }

    /// Whether any turn is without it yet.
    func awaits(_ mark: TurnLatency.Mark) -> Bool { clocks.values.contains { $0.latency[mark] == nil } }

    func awaits(_ mark: TurnLatency.Mark, of turn: TurnID) -> Bool {
        clocks[turn].map { $0.latency[mark] == nil } ?? false
    }

    /// The first time counts. An instant before the end of speech is none: the part belongs to something else.
    mutating func came(_ mark: TurnLatency.Mark, of turn: TurnID, at now: Instant) {
        guard var clock = clocks[turn], clock.latency[mark] == nil, now >= clock.endedAt else { return }
        var ms = Int(((now - clock.endedAt) / .milliseconds(1)).rounded())
        // Playback counts by its own clock; nothing is heard before it has come.
        if mark == .firstAudible { ms = max(ms, clock.latency[.firstDelta] ?? ms) }
        clock.latency[mark] = ms
        clocks[turn] = clock
    }

    /// The turn has settled: nothing more will come.
    mutating func takeSettled(_ turn: TurnID) -> TurnLatency {
        let latency = clocks.removeValue(forKey: turn)?.latency ?? TurnLatency()
        history.add(latency)
        return latency
    }
}
