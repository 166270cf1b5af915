import FoundationEssentials

/// A journal entry as the serial console reads it: what it does not know or cannot read it passes over, so that an
/// entry of any version can be shown.
struct ConsoleEntry: Decodable {
    struct Transcript: Equatable {
        let status, text: String
        let reason: String?
    }

    struct Assistant: Equatable {
        let status, text: String
        let playedMs: Int
        let heardText, reason: String?
    }

    struct ToolUse: Equatable {
        let name, status: String
        let ms: Int
    }

    let kind, session: String
    let turn: Int
    /// Of turns, and each alone of their parts.
    var realtime, builtIn: Transcript?
    var assistant: Assistant?
    /// Of what was said without a session.
    let transcript: Transcript?
    let tools: [ToolUse]
    let trigger: String?
    let flags: [String]
    let wordErrorRate, levelDBFS: Double?
    let speechMs: Int?
    // Of sessions, faults and tasks.
    let event, faultClass, what, name, status, text: String
    let reason: String?
    let spokenAt: String
    let keptTurns, deletedItems: Int

    /// Nil for what is no JSON object with a kind.
    init?(line: some Collection<UInt8>) {
        guard let entry = try? JSONDecoder().decode(ConsoleEntry.self, from: Data(line)) else { return nil }
        self = entry
    }

    private enum Key: String, CodingKey {
        case kind, session, turn, realtime, transcript, assistant, tools, trigger, flags, event, what, name
        case status, text, reason, ms
        case builtIn = "built_in", wordErrorRate = "word_error_rate", levelDBFS = "level_dbfs", speechMs = "speech_ms"
        case faultClass = "class", spokenAt = "spoken_at", keptTurns = "kept_turns", deletedItems = "deleted_items"
        case playedMs = "played_ms", heardText = "heard_text"
    }

    private typealias Members = KeyedDecodingContainer<Key>

    init(from decoder: any Decoder) throws {
        let members = try decoder.container(keyedBy: Key.self)
        kind = try members.decode(String.self, forKey: .kind)
        session = Self.text(members, .session)
        turn = Self.number(members, .turn)
        realtime = Self.transcript(members, .realtime)
        builtIn = Self.transcript(members, .builtIn)
        transcript = Self.transcript(members, .transcript)
        assistant = (try? members.nestedContainer(keyedBy: Key.self, forKey: .assistant)).map { part in
            Assistant(
                status: Self.text(part, .status), text: Self.text(part, .text),
                playedMs: Self.number(part, .playedMs), heardText: Self.optionalText(part, .heardText),
                reason: Self.optionalText(part, .reason))
        }
        tools = Self.tools(members)
        trigger = Self.optionalText(members, .trigger)
        flags = (try? members.decode([String].self, forKey: .flags)) ?? []
        wordErrorRate = try? members.decode(Double.self, forKey: .wordErrorRate)
        levelDBFS = try? members.decode(Double.self, forKey: .levelDBFS)
        speechMs = try? members.decode(Int.self, forKey: .speechMs)
        event = Self.text(members, .event)
        faultClass = Self.text(members, .faultClass)
        what = Self.text(members, .what)
        name = Self.text(members, .name)
        status = Self.text(members, .status)
        text = Self.text(members, .text)
        reason = Self.optionalText(members, .reason)
        spokenAt = Self.text(members, .spokenAt)
        keptTurns = Self.number(members, .keptTurns)
        deletedItems = Self.number(members, .deletedItems)
    }

    private static func optionalText(_ members: Members, _ key: Key) -> String? {
        try? members.decode(String.self, forKey: key)
    }

    private static func text(_ members: Members, _ key: Key) -> String { optionalText(members, key) ?? "" }

    private static func number(_ members: Members, _ key: Key) -> Int {
        (try? members.decode(Int.self, forKey: key)) ?? 0
    }

    private static func transcript(_ members: Members, _ key: Key) -> Transcript? {
        (try? members.nestedContainer(keyedBy: Key.self, forKey: key)).map { part in
            Transcript(
                status: text(part, .status), text: text(part, .text), reason: optionalText(part, .reason))
        }
    }

    private static func tools(_ members: Members) -> [ToolUse] {
        guard var list = try? members.nestedUnkeyedContainer(forKey: .tools) else { return [] }
        var tools: [ToolUse] = []
        while !list.isAtEnd, let tool = try? list.nestedContainer(keyedBy: Key.self) {
            tools.append(ToolUse(
                name: text(tool, .name), status: text(tool, .status), ms: number(tool, .ms)))
        }
        return tools
    }
}
