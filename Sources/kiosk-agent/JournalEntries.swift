import FoundationEssentials
import Realtime
import Session

/// The members of journal entries as contract.md names them; `seq`, `at` and `crc32c` are the journal's.
enum JournalEntry {
    indirect case turn(SettledTurn)
    case part(TurnPart)
    case task(SettledTask)
    case sessionOpened(String, reason: SessionOpening, keptTurns: Int)
    case sessionClosed(String, reason: String)
    case usage(StrayUsage)
    case contextTrimmed(ContextMembers)
    case fault(Fault)
    case spooled(SpooledTurn)

    init(_ entry: SessionStateMachine.Entry) {
        switch entry {
        case .turn(let turn): self = .turn(turn)
        case .part(let part): self = .part(part)
        case .task(let task): self = .task(task)
        case .sessionOpened(let session, let reason, let keptTurns):
            self = .sessionOpened(session, reason: reason, keptTurns: keptTurns)
        case .sessionClosed(let session, let reason): self = .sessionClosed(session, reason: reason)
        case .usage(let usage): self = .usage(usage)
        case .contextTrimmed(let session, let deletedItems, let keptTurns, let summary):
            self = .contextTrimmed(ContextMembers(
                session: session, deletedItems: deletedItems, keptTurns: keptTurns, summary: summary))
        }
    }

    var kind: String {
        switch self {
        case .turn: "turn"
        case .part: "part"
        case .task: "task"
        case .sessionOpened, .sessionClosed: "session"
        case .usage: "usage"
        case .contextTrimmed: "context"
        case .fault: "fault"
        case .spooled: "spooled"
        }
    }

    /// One JSON object on one line.
    var members: String {
        switch self {
        case .turn(let turn): Self.json(TurnMembers(turn))
        case .part(let part): Self.json(PartMembers(part))
        case .task(let task): Self.json(TaskMembers(task))
        case .sessionOpened(let session, let reason, let keptTurns):
            Self.json(OpeningMembers(session: session, reason: reason.rawValue, keptTurns: keptTurns))
        case .sessionClosed(let session, let reason):
            Self.json(["event": "closed", "session": session, "reason": reason])
        case .spooled(let turn): Self.json(SpooledMembers(turn))
        case .usage(let usage): Self.json(StrayUsageMembers(usage))
        case .contextTrimmed(let members): Self.json(members)
        case .fault(let fault): Self.json(["class": fault.class.rawValue, "what": fault.what])
        }
    }

    /// To a billionth of a dollar: what binary fractions add behind that is noise.
    static func rounded(_ usd: Double) -> Double { (usd * 1e9).rounded() / 1e9 }

    /// One line, its members in the order of their names.
    static func json(_ members: some Encodable) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "infinity", negativeInfinity: "-infinity", nan: "nan")
        guard let json = try? encoder.encode(members) else {
            preconditionFailure("a journal entry consists of nothing that JSON cannot write")
        }
        return String(decoding: json, as: UTF8.self)
    }
}

private struct OpeningMembers: Encodable {
    var event = "opened"
    let session, reason: String
    /// Turns of earlier sessions that this one was told of.
    let keptTurns: Int

    enum CodingKeys: String, CodingKey {
        case event, session, reason
        case keptTurns = "kept_turns"
    }
}

private struct SpooledMembers: Encodable {
    let spokenAt, model: String
    let transcript: TurnMembers.TranscriptMembers
    let usage: TranscriptionUsage?
    let cost: Double?

    enum CodingKeys: String, CodingKey {
        case model, transcript, usage
        case spokenAt = "spoken_at", cost = "cost_usd"
    }

    init(_ turn: SpooledTurn) {
        spokenAt = turn.spokenAt
        model = turn.model
        transcript = TurnMembers.TranscriptMembers(turn.transcript)
        usage = turn.usage
        cost = turn.cost.map(JournalEntry.rounded)
    }

    /// Null is written, as in turns.
    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(spokenAt, forKey: .spokenAt)
        try container.encode(model, forKey: .model)
        try container.encode(transcript, forKey: .transcript)
        try container.encode(usage, forKey: .usage)
        try container.encode(cost, forKey: .cost)
    }
}

/// The part under its turn's name for it.
private struct PartMembers: Encodable {
    let session: String
    let turn: Int
    let item: String
    var realtime, builtIn: TurnMembers.TranscriptMembers?
    var assistant: TurnMembers.AssistantMembers?

    enum CodingKeys: String, CodingKey {
        case session, turn, item, realtime, assistant
        case builtIn = "built_in"
    }

    init(_ part: TurnPart) {
        session = part.session
        turn = part.number
        item = part.item.rawValue
        switch part.content {
        case .realtime(let transcript): realtime = TurnMembers.TranscriptMembers(transcript)
        case .builtIn(let transcript): builtIn = TurnMembers.TranscriptMembers(transcript)
        case .assistant(let part): assistant = TurnMembers.AssistantMembers(part)
        }
    }
}

private struct TurnMembers: Encodable {
    struct TranscriptMembers: Encodable {
        let status, text: String
        let reason: String?

        init(_ transcript: Transcript) {
            status = transcript.status.rawValue
            text = transcript.text
            reason = transcript.reason
        }
    }

    struct AssistantMembers: Encodable {
        let status, text: String
        let playedMs: Int
        let heardText, reason: String?

        enum CodingKeys: String, CodingKey {
            case status, text, reason
            case playedMs = "played_ms", heardText = "heard_text"
        }

        init(_ part: AssistantPart) {
            status = part.status.rawValue
            text = part.text
            playedMs = part.playedMs
            heardText = part.heardText
            reason = part.reason
        }
    }

    /// The three parts of a turn that cost something; null is written, so that "unknown" can be told from "forgotten".
    struct ByPart<Assistant: Encodable, Transcript: Encodable, BuiltIn: Encodable>: Encodable {
        let assistant: Assistant?
        let realtimeTranscript: Transcript?
        let builtInTranscript: BuiltIn?

        enum CodingKeys: String, CodingKey {
            case assistant
            case realtimeTranscript = "realtime_transcript", builtInTranscript = "built_in_transcript"
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(assistant, forKey: .assistant)
            try container.encode(realtimeTranscript, forKey: .realtimeTranscript)
            try container.encode(builtInTranscript, forKey: .builtInTranscript)
        }
    }

    /// Null is written for what never came.
    struct LatencyMembers: Encodable {
        let latency: TurnLatency

        func encode(to encoder: any Encoder) throws {
            let marks = TurnLatency.Mark.allCases.map { ($0.rawValue, latency[$0]) }
            var container = encoder.singleValueContainer()
            try container.encode(Dictionary(uniqueKeysWithValues: marks))
        }
    }

    let session: String
    let turn: Int
    let item: String
    let realtime, builtIn: TranscriptMembers
    let assistant: AssistantMembers
    let usage: ByPart<Usage, Usage, TranscriptionUsage>
    let cost: ByPart<Double, Double, Double>
    /// By part and what was counted; without what cost nothing.
    let costDetail: [String: [String: Double]]
    let latency: LatencyMembers
    /// Only of turns that called any.
    let tools: [ToolMembers]?
    /// What began the turn; left out for a visitor.
    let trigger: String?
    /// Left out when there are none, or nothing to compare or to measure.
    let flags: [String]?
    let wordErrorRate: Double?
    let speechMs: Int?
    let levelDBFS: Double?

    struct ToolMembers: Encodable {
        let name, status: String
        let ms: Int
    }

    enum CodingKeys: String, CodingKey {
        case session, turn, item, realtime, assistant, usage, tools, flags, trigger
        case builtIn = "built_in", cost = "cost_usd", costDetail = "cost_detail_usd", latency = "latency_ms"
        case wordErrorRate = "word_error_rate", speechMs = "speech_ms", levelDBFS = "level_dbfs"
    }

    init(_ turn: SettledTurn) {
        session = turn.session
        self.turn = turn.number
        item = turn.item?.rawValue ?? ""
        realtime = TranscriptMembers(turn.realtime)
        builtIn = TranscriptMembers(turn.builtIn)
        assistant = AssistantMembers(turn.assistant)
        let uses = turn.tools.map { ToolMembers(name: $0.name, status: $0.status.rawValue, ms: $0.ms) }
        tools = uses.isEmpty ? nil : uses
        trigger = turn.isTimeout ? "idle-timeout" : nil
        usage = ByPart(
            assistant: turn.usage.assistant, realtimeTranscript: turn.usage.realtimeTranscript,
            builtInTranscript: turn.usage.builtInTranscript)
        cost = ByPart(
            assistant: turn.cost.assistant.map(JournalEntry.rounded),
            realtimeTranscript: turn.cost.realtimeTranscript.map(JournalEntry.rounded),
            builtInTranscript: turn.cost.builtInTranscript.map(JournalEntry.rounded))
        costDetail = Dictionary(uniqueKeysWithValues: turn.costDetails.map { part, detail in
            let amounts = CostDetail.Kind.allCases.map { ($0.rawValue, JournalEntry.rounded(detail[$0])) }
            return (part.rawValue, Dictionary(uniqueKeysWithValues: amounts.filter { $0.1 > 0 }))
        })
        latency = LatencyMembers(latency: turn.latency)
        let review = turn.review
        flags = review.flags.isEmpty ? nil : review.flags.map(\.rawValue)
        wordErrorRate = review.wordErrorRate.map { ($0 * 1000).rounded() / 1000 }
        speechMs = review.sound?.speechMs
        levelDBFS = review.sound?.levelDBFS
    }
}
