import Audio
import FoundationEssentials
import Session

/// How the agent is: what `status` answers at the control socket, one JSON object. Members are added, never changed.
struct StatusReport: Codable, Equatable {
    struct SessionLife: Codable, Equatable {
        let id: String
        let ageS: Int

        enum CodingKeys: String, CodingKey {
            case id
            case ageS = "age_s"
        }
    }

    struct Turns: Codable, Equatable {
        let session, today, open: Int
    }

    struct Percentiles: Codable, Equatable {
        let count: Int
        let p50, p95, p99: Int?
    }

    /// USD.
    struct Cost: Codable, Equatable {
        let total, assistant, realtimeTranscript, builtInTranscript, other: Double
        let unpricedTurns: Int
        let transcriptRatio: Double?

        enum CodingKeys: String, CodingKey {
            case total, assistant, other
            case realtimeTranscript = "realtime_transcript", builtInTranscript = "built_in_transcript"
            case unpricedTurns = "unpriced_turns", transcriptRatio = "transcript_ratio"
        }

        init(_ sum: CostSum) {
            total = Self.rounded(sum.total)
            assistant = Self.rounded(sum[.assistant])
            realtimeTranscript = Self.rounded(sum[.realtimeTranscript])
            builtInTranscript = Self.rounded(sum[.builtInTranscript])
            other = Self.rounded(sum[.other])
            unpricedTurns = sum.unpricedTurns
            transcriptRatio = sum.transcriptRatio.map { ($0 * 1000).rounded() / 1000 }
        }

        private static func rounded(_ usd: Double) -> Double { (usd * 1e9).rounded() / 1e9 }
    }

    struct Costs: Codable, Equatable {
        let day: String
        let session, today: Cost
    }

    struct BudgetLife: Codable, Equatable {
        let dailyUSD, outOfBandUntil: Double
        let state: String

        enum CodingKeys: String, CodingKey {
            case dailyUSD = "daily_usd", outOfBandUntil = "out_of_band_until", state
        }
    }

    struct Faults: Codable, Equatable {
        let count: Int
        let byClass: [String: Int]
        let last: Last?

        enum CodingKeys: String, CodingKey {
            case count, last
            case byClass = "by_class"
        }

        struct Last: Codable, Equatable {
            let `class`, what: String
        }
    }

    struct Device: Codable, Equatable {
        let name: String
        let isMissing: Bool
        /// Xruns, stalls and losses, and how long sound was missing.
        let interruptions, interruptedMs: Int

        enum CodingKeys: String, CodingKey {
            case name, interruptions
            case isMissing = "missing", interruptedMs = "interrupted_ms"
        }

        init(_ name: String, _ isMissing: Bool, _ interruptions: InterruptionStatistics) {
            self.name = name
            self.isMissing = isMissing
            self.interruptions = interruptions.count
            interruptedMs = Int((interruptions.total / .milliseconds(1)).rounded())
        }
    }

    struct Devices: Codable, Equatable {
        let capture, playback: Device
    }

    /// The turn that settled last in this life of the agent.
    struct LastTurn: Codable, Equatable {
        let session: String
        let turn, agoS: Int
        /// Their statuses.
        let realtime, builtIn, assistant: String

        enum CodingKeys: String, CodingKey {
            case session, turn, realtime, assistant
            case agoS = "ago_s", builtIn = "built_in"
        }

        init(_ turn: SettledTurn, ago: Duration) {
            session = turn.session
            self.turn = turn.number
            agoS = Int(ago.components.seconds)
            realtime = turn.realtime.status.rawValue
            builtIn = turn.builtIn.status.rawValue
            assistant = turn.assistant.status.rawValue
        }
    }

    /// Where the journal is written.
    struct Disk: Codable, Equatable {
        /// What others than root may write; nil where the disk does not say.
        let freeBytes: Int64?
        /// Entries wait in memory.
        let isRefusing: Bool

        enum CodingKeys: String, CodingKey {
            case freeBytes = "free_bytes", isRefusing = "refusing"
        }
    }

    /// offline, ready, listening, thinking or speaking.
    let state: String
    /// connecting, ready, waiting, refused, over-budget or closed.
    let link: String
    let uptimeS: Int
    /// push-to-talk, server-vad or semantic-vad.
    let detection: String
    let session: SessionLife?
    let turns: Turns
    /// From the release to each part, over the last 1000 turns.
    let latency: [String: Percentiles]
    let cost: Costs
    let budget: BudgetLife?
    let faults: Faults
    let devices: Devices
    let lastTurn: LastTurn?
    let disk: Disk?

    enum CodingKeys: String, CodingKey {
        case state, link, detection, session, turns, budget, faults, devices, disk
        case uptimeS = "uptime_s", latency = "latency_ms", cost = "cost_usd", lastTurn = "last_turn"
    }

    init(
        _ report: SessionStateMachine.Report, indicator: Indicator, faults: FaultCount, uptime: Duration,
        devices: Devices, lastTurn: LastTurn? = nil, disk: Disk? = nil
    ) {
        state = indicator.word
        link = report.link.rawValue
        detection = report.detection.word
        uptimeS = Int(uptime.components.seconds)
        session = report.session.map { SessionLife(id: $0, ageS: Int((report.sessionAge ?? .zero).components.seconds)) }
        turns = Turns(
            session: report.totals.session.turns, today: report.totals.day.turns, open: report.openTurns)
        let latencies = report.latencies
        latency = Dictionary(uniqueKeysWithValues: TurnLatency.Mark.allCases.map { mark in
            (mark.rawValue, Percentiles(
                count: latencies.count(of: mark), p50: latencies.percentile(50, of: mark),
                p95: latencies.percentile(95, of: mark), p99: latencies.percentile(99, of: mark)))
        })
        cost = Costs(day: report.day, session: Cost(report.totals.session), today: Cost(report.totals.day))
        budget = report.budget.dailyUSD.map {
            BudgetLife(
                dailyUSD: $0, outOfBandUntil: report.budget.outOfBandUntil, state: report.budgetState.rawValue)
        }
        self.faults = Faults(count: faults.count, byClass: faults.byClass, last: faults.last.map {
            // The answer is one line of a limited length.
            Faults.Last(class: $0.class.rawValue, what: String($0.what.prefix(Self.longestFault)))
        })
        self.devices = devices
        self.lastTurn = lastTurn
        self.disk = disk
    }

    private static let longestFault = 500

    /// One line.
    var json: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let json = try? encoder.encode(self) else {
            preconditionFailure("a status consists of nothing that JSON cannot write")
        }
        return String(decoding: json, as: UTF8.self)
    }
}

/// The faults of this life of the agent.
struct FaultCount: Equatable {
    private(set) var count = 0
    private(set) var byClass: [String: Int] = [:]
    private(set) var last: Fault?

    mutating func add(_ fault: Fault) {
        count += 1
        byClass[fault.class.rawValue, default: 0] += 1
        last = fault
    }
}

extension Indicator {
    var word: String {
        switch self {
        case .offline: "offline"
        case .ready: "ready"
        case .listening: "listening"
        case .thinking: "thinking"
        case .speaking: "speaking"
        }
    }
}

// For people.
extension StatusReport {
    /// A line each, every one with its line break.
    var text: String {
        var lines = ["state      \(state), link \(link), running for \(Self.time(uptimeS))"]
        lines.append("session    " + (session.map { "\($0.id), \(Self.time($0.ageS)) old" } ?? "none"))
        lines.append("detection  \(detection)")
        lines.append("turns      \(turns.session) in this session, \(turns.today) today, \(turns.open) open")
        let (own, day) = (ConsoleText.usd(cost.session.total), ConsoleText.usd(cost.today.total))
        let unpriced = cost.today.unpricedTurns == 0 ? "" : " (\(cost.today.unpricedTurns) turns without a price)"
        if let lastTurn {
            lines.append(
                "last turn  \(lastTurn.turn) of \(lastTurn.session), \(Self.time(lastTurn.agoS)) ago: transcripts "
                    + "\(lastTurn.realtime) and \(lastTurn.builtIn), answer \(lastTurn.assistant)")
        }
        lines.append("cost       session \(own), today \(day)\(unpriced)")
        if let ratio = cost.today.transcriptRatio {
            lines.append(String(ConsoleText.transcripts(
                realtime: cost.today.realtimeTranscript, builtIn: cost.today.builtInTranscript, ratio: ratio
            ).dropLast()).replacing("[cost] transcripts today", with: "           transcripts"))
        }
        if let budget {
            lines.append("budget     \(budget.state), \(ConsoleText.usd(budget.dailyUSD)) a day")
        }
        for mark in TurnLatency.Mark.allCases {
            guard let own = latency[mark.rawValue], own.count > 0 else { continue }
            let name = mark.rawValue.replacing("_", with: " ")
            let figures = [("p50", own.p50), ("p95", own.p95), ("p99", own.p99)]
                .map { "\($0) \($1 ?? 0) ms" }.joined(separator: ", ")
            lines.append("latency    \(name): \(figures) (\(own.count) turns)")
        }
        lines.append(Self.words("capture    ", devices.capture))
        lines.append(Self.words("playback   ", devices.playback))
        if let disk {
            let free = disk.freeBytes.map { "\($0 / (1 << 20)) MiB free" } ?? "unknown"
            let state = disk.isRefusing ? "entries wait in memory" : "the journal is written"
            lines.append("disk       \(free), \(state)")
        }
        lines.append("faults     \(faults.count)" + (faults.last.map { ", the last: \($0.class): \($0.what)" } ?? ""))
        return lines.map { ConsoleText.escaped($0) + "\n" }.joined()
    }

    private static func words(_ head: String, _ device: Device) -> String {
        let state = device.isMissing ? "missing" : "there"
        guard device.interruptions > 0 else { return "\(head)\(device.name): \(state), no interruption" }
        return "\(head)\(device.name): \(state), \(device.interruptions) interruptions, \(device.interruptedMs) ms"
    }

    /// `3 h 12 min`, `4 min 5 s`, `7 s`.
    private static func time(_ seconds: Int) -> String {
        switch seconds {
        case 3600...: "\(seconds / 3600) h \(seconds / 60 % 60) min"
        case 60...: "\(seconds / 60) min \(seconds % 60) s"
        default: "\(seconds) s"
        }
    }
}
