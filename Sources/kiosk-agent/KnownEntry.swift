import FoundationEssentials
import Glibc
import Journal
import Realtime
import Session

/// An entry of a journal, read back as far as it is known here.
///
/// Kinds, members and values that another version or a tool wrote never fail; they are passed over.
struct KnownEntry: Decodable {
    struct Task: Equatable {
        let name, status: String
        /// What the model wrote, or its JSON; "" when there is nothing.
        let words: String
        /// Why it did not end well.
        let reason: String?

        /// `failed: no link`.
        var state: String { status + (reason.map { ": \($0)" } ?? "") }

        /// `task form (failed: no link): what it wrote all the same`.
        var line: String {
            "task \(name)" + (status == "ok" ? "" : " (\(state))") + (words.isEmpty ? "" : ": \(words)")
        }
    }

    enum Content: Equatable {
        indirect case turn(SettledTurn)
        /// What came of a turn that has not settled; the turn says it again.
        case part(TurnPart.Content)
        case task(Task)
        case session(event: String, reason: String, keptTurns: Int)
        case fault(class: String, what: String)
        /// A turn that was transcribed when the session was back.
        case spooled(spokenAt: String, Transcript)
        /// What the conversation does not hold any more.
        case trimmed(items: Int, summary: String)
        case usage(source: String, usd: Double?)
        /// An entry of the kind `was` that was removed for good.
        case forgotten(was: String, at: String)
        /// The journal's own: the end of a segment, segments that were removed.
        case housekeeping
        case other
    }

    let seq: UInt64
    let at: String
    let kind: String
    /// nil when the entry belongs to none; "" when the turn reached none.
    let session: String?
    let turn: Int?
    let item: String?
    let content: Content

    /// nil when the line is an entry, but not one that can be read: JSON has more ways than are sensible.
    ///
    /// - Parameter textsOnly: leaves out a turn's figures, which are most of the work.
    init?(_ line: ArraySlice<UInt8>, textsOnly: Bool = false) {
        let decoder = JSONDecoder()
        if textsOnly, let key = TurnMembersRead.textsOnly { decoder.userInfo[key] = true }
        guard let known = try? decoder.decode(KnownEntry.self, from: Data(line)) else { return nil }
        self = known
    }

    /// Whether a line is that of a turn, by its head as the journal writes it; at the price of a look.
    static func isTurn(_ line: ArraySlice<UInt8>) -> Bool {
        String(decoding: line.prefix(headBytes), as: UTF8.self).contains(#"","kind":"turn""#)
    }

    /// Sequence number, time and kind.
    private static let headBytes = 80

    /// `at` in milliseconds since 1970.
    var atMs: Int64 { WallClock.instantMs(of: at) ?? 0 }

    private enum CodingKeys: String, CodingKey {
        case seq, at, kind, session, turn, item
        case event, reason, `class`, what, name, status, text, json, transcript, source, summary, was
        case realtime, assistant, builtIn = "built_in"
        case keptTurns = "kept_turns", spokenAt = "spoken_at", deletedItems = "deleted_items"
        case forgottenAt = "forgotten_at", cost = "cost_usd"
    }

    init(from decoder: any Decoder) throws {
        let entry = try decoder.container(keyedBy: CodingKeys.self)
        func text(_ key: CodingKeys) -> String { entry.known(String.self, key) ?? "" }
        func number(_ key: CodingKeys) -> Int { entry.known(Int.self, key) ?? 0 }

        seq = try entry.decode(UInt64.self, forKey: .seq)
        at = try entry.decode(String.self, forKey: .at)
        kind = try entry.decode(String.self, forKey: .kind)
        session = entry.known(String.self, .session)
        turn = entry.known(Int.self, .turn)
        let item = text(.item)
        self.item = item.isEmpty ? nil : item
        switch kind {
        case "turn":
            let members = try TurnMembersRead(from: decoder)
            content = .turn(members.turn(session: session ?? "", number: turn ?? 0, item: self.item))
        case "part": content = Self.part(entry).map { .part($0) } ?? .other
        case "task":
            let json = entry.known(JSONValue.self, .json).flatMap { $0 == .null ? nil : Self.text($0) }
            content = .task(Task(
                name: text(.name), status: text(.status), words: json ?? text(.text),
                reason: entry.known(String.self, .reason)))
        case "session":
            content = .session(event: text(.event), reason: text(.reason), keptTurns: number(.keptTurns))
        case "fault": content = .fault(class: text(.class), what: text(.what))
        case "spooled":
            let transcript = entry.known(TurnMembersRead.TranscriptMembers.self, .transcript)
            content = .spooled(spokenAt: text(.spokenAt), transcript?.transcript ?? .off)
        case "context": content = .trimmed(items: number(.deletedItems), summary: text(.summary))
        case "usage": content = .usage(source: text(.source), usd: entry.known(Double.self, .cost))
        case "forgotten": content = .forgotten(was: text(.was), at: text(.forgottenAt))
        case "sealed", "retention": content = .housekeeping
        default: content = .other
        }
    }

    /// The one that the entry holds, under the name it has in its turn.
    private static func part(_ entry: KeyedDecodingContainer<CodingKeys>) -> TurnPart.Content? {
        func transcript(_ key: CodingKeys) -> Transcript? {
            entry.known(TurnMembersRead.TranscriptMembers.self, key)?.transcript
        }
        return transcript(.realtime).map { .realtime($0) } ?? transcript(.builtIn).map { .builtIn($0) }
            ?? entry.known(TurnMembersRead.AssistantMembers.self, .assistant).map { .assistant($0.part) }
    }

    private static func text(_ json: JSONValue) -> String? {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return (try? encoder.encode(json)).map { String(decoding: $0, as: UTF8.self) }
    }
}

/// The members of a turn's entry; the inverse of what `JournalEntry` writes.
private struct TurnMembersRead: Decodable {
    struct TranscriptMembers: Decodable {
        let transcript: Transcript

        private enum CodingKeys: CodingKey { case status, text, reason }

        init(from decoder: any Decoder) throws {
            let members = try decoder.container(keyedBy: CodingKeys.self)
            let status = try members.decode(String.self, forKey: .status)
            let text = members.known(String.self, .text) ?? ""
            let reason = members.known(String.self, .reason)
            transcript = Transcript.Status(rawValue: status).map { Transcript(status: $0, text: text, reason: reason) }
                ?? .failed("status \(status)", text: text)
        }
    }

    struct AssistantMembers: Decodable {
        let part: AssistantPart

        private enum CodingKeys: String, CodingKey {
            case status, text, reason
            case playedMs = "played_ms", heardText = "heard_text"
        }

        init(from decoder: any Decoder) throws {
            let members = try decoder.container(keyedBy: CodingKeys.self)
            let status = try members.decode(String.self, forKey: .status)
            let known = AssistantPart.Status(rawValue: status)
            part = AssistantPart(
                status: known ?? .failed, text: members.known(String.self, .text) ?? "",
                playedMs: members.known(Int.self, .playedMs) ?? 0,
                heardText: members.known(String.self, .heardText),
                reason: known == nil ? "status \(status)" : members.known(String.self, .reason))
        }
    }

    private struct Tool: Decodable { let name, status: String, ms: Int }

    private enum CodingKeys: String, CodingKey {
        case realtime, assistant, usage, tools, flags, trigger
        case builtIn = "built_in", cost = "cost_usd", costDetail = "cost_detail_usd", latency = "latency_ms"
        case wordErrorRate = "word_error_rate", speechMs = "speech_ms", levelDBFS = "level_dbfs"
    }

    private enum PartKeys: String, CodingKey {
        case assistant
        case realtimeTranscript = "realtime_transcript", builtInTranscript = "built_in_transcript"
    }

    static let textsOnly = CodingUserInfoKey(rawValue: "textsOnly")

    private var settled: SettledTurn

    init(from decoder: any Decoder) throws {
        let entry = try decoder.container(keyedBy: CodingKeys.self)
        func transcript(_ key: CodingKeys) -> Transcript {
            entry.known(TranscriptMembers.self, key)?.transcript ?? .off
        }
        settled = SettledTurn(
            session: "", number: 0, item: nil, realtime: transcript(.realtime), builtIn: transcript(.builtIn),
            assistant: entry.known(AssistantMembers.self, .assistant)?.part ?? .none)
        if let key = Self.textsOnly, decoder.userInfo[key] != nil { return }
        if let usage = try? entry.nestedContainer(keyedBy: PartKeys.self, forKey: .usage) {
            settled.usage = TurnUsage(
                assistant: usage.known(Usage.self, .assistant),
                realtimeTranscript: usage.known(Usage.self, .realtimeTranscript),
                builtInTranscript: usage.known(TranscriptionUsage.self, .builtInTranscript))
        }
        if let cost = try? entry.nestedContainer(keyedBy: PartKeys.self, forKey: .cost) {
            func usd(_ key: PartKeys) -> Double? {
                cost.known(Double.self, key).flatMap { $0.isFinite && $0 >= 0 ? $0 : nil }
            }
            settled.cost = TurnCost(
                assistant: usd(.assistant), realtimeTranscript: usd(.realtimeTranscript),
                builtInTranscript: usd(.builtInTranscript))
        }
        let latency = entry.known([String: Int?].self, .latency) ?? [:]
        for mark in TurnLatency.Mark.allCases { settled.latency[mark] = latency[mark.rawValue] ?? nil }
        settled.tools = (entry.known([Tool].self, .tools) ?? []).map {
            ToolUse(name: $0.name, status: ToolUse.Status(rawValue: $0.status) ?? .failed, ms: $0.ms)
        }
        settled.isTimeout = entry.known(String.self, .trigger) == "idle-timeout"
        let flags = entry.known([String].self, .flags) ?? []
        settled.review = TranscriptReview(
            flags: flags.compactMap(TranscriptReview.Flag.init(rawValue:)),
            wordErrorRate: entry.known(Double.self, .wordErrorRate).flatMap { $0.isFinite ? $0 : nil },
            sound: entry.known(Int.self, .speechMs).map {
                TurnSound(speechMs: $0, levelDBFS: entry.known(Double.self, .levelDBFS) ?? 0)
            })
    }

    func turn(session: String, number: Int, item: String?) -> SettledTurn {
        var turn = settled
        turn.session = session
        turn.number = number
        turn.item = item.map { ItemID(rawValue: $0) }
        return turn
    }
}

extension KeyedDecodingContainer {
    /// Nil when it is missing, null or of another type. That it is missing costs no error.
    fileprivate func known<Value: Decodable>(_ type: Value.Type, _ key: Key) -> Value? {
        (try? decodeIfPresent(type, forKey: key)) ?? nil
    }
}

extension TurnSound {
    /// What `levelDBFS` says again.
    fileprivate init(speechMs: Int, levelDBFS: Double) {
        let level = min(max(levelDBFS, Self.silenceDBFS), 0)
        self.init(speechMs: speechMs, meanSquare: level > Self.silenceDBFS ? 32_768 * 32_768 * pow(10, level / 10) : 0)
    }
}
