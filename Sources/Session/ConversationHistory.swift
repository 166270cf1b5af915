import Realtime

/// What was said so far, as text: what the next session is told of the ones before it.
///
/// Of an answer only the part that was heard: the visitor knows of no other. Kept in memory only, and bounded.
struct ConversationHistory: Sendable, Equatable {
    /// One turn; a side of which nothing is known is "".
    struct Turn: Sendable, Equatable {
        let id: TurnID
        let user: String
        let assistant: String

        fileprivate var bytes: Int { user.utf8.count + assistant.utf8.count }
    }

    /// Turns kept when the operator sets no number.
    static let defaultTurns = 30
    /// Longest text kept of one side of a turn, in characters: two minutes of fast speech are about 2,500.
    static let longestText = 4000
    /// Most text of all turns together, in bytes: about 6,000 tokens, for which a window of 28,000 has room.
    static let byteLimit = 24_000

    private(set) var turns: [Turn] = []
    private let turnLimit: Int

    /// `turnLimit`: the newest turns that are kept; 0 is `defaultTurns`.
    init(turnLimit: Int = 0) { self.turnLimit = turnLimit > 0 ? turnLimit : Self.defaultTurns }

    /// Adds a settled turn in its place; turns may settle in any order. nil when nothing was said in it.
    mutating func add(_ turn: SettledTurn, id: TurnID) -> Turn? {
        let kept = Turn(id: id, user: Self.text(of: turn), assistant: Self.heardText(of: turn.assistant))
        guard kept.bytes > 0 else { return nil }
        let index = turns.firstIndex { $0.id > id } ?? turns.endIndex
        turns.insert(kept, at: index)
        while turns.count > turnLimit || turns.count > 1 && turns.reduce(0, { $0 + $1.bytes }) > Self.byteLimit {
            turns.removeFirst()
        }
        return turns.contains(kept) ? kept : nil
    }

    /// Somebody else speaks from now on.
    mutating func clear() { turns = [] }

    /// The transcript that says most: a whole one before what had arrived of one.
    private static func text(of turn: SettledTurn) -> String {
        let transcripts = [turn.realtime, turn.builtIn]
        let best = transcripts.first { $0.status == .ok } ?? transcripts.first { !$0.text.isEmpty }
        return shortened(best?.text ?? "")
    }

    private static func heardText(of part: AssistantPart) -> String {
        switch part.status {
        case .completed: shortened(part.text)
        case .truncated: shortened(part.heardText ?? "")
        // What came of it was played to its end, unless none was.
        case .failed: part.playedMs > 0 ? shortened(part.text) : ""
        case .cancelled, .none: ""
        }
    }

    /// Text of nothing but white space says nothing; what is too long loses its end.
    private static func shortened(_ text: String) -> String {
        text.allSatisfy(\.isWhitespace) ? "" : String(text.prefix(longestText))
    }
}

extension ConversationHistory.Turn {
    /// The turn as items for a new session: text, because an assistant's audio cannot be given back.
    var items: [NewItem] {
        var items: [NewItem] = []
        if !user.isEmpty { items.append(NewItem(.user([.text(user)]), id: itemID("u"))) }
        if !assistant.isEmpty { items.append(NewItem(.assistant(assistant), id: itemID("a"))) }
        return items
    }

    /// Of our own choice, so that a turn that settles late can be put behind those that were told before.
    private func itemID(_ side: String) -> ItemID {
        ItemID(rawValue: "\(ConversationItems.keptPrefix)\(id.rawValue)\(side)")
    }
}
