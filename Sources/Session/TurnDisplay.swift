import Realtime

/// The order of the console: each turn whole, none interleaved, in the order of the conversation.
///
/// State lines of the foremost turn pass at once; a later turn's wait until the turns before it are shown.
struct TurnDisplay: Sendable {
    enum Line: Equatable {
        case state(StateLine)
        indirect case turn(SettledTurn)
    }

    private struct Group {
        let turn: TurnID
        var item: ItemID?
        var lines: [StateLine] = []
        var settled: SettledTurn?
    }

    private var groups: [Group] = []

    /// A state line of a turn; the first one opens the turn's place.
    mutating func add(_ line: StateLine, to turn: TurnID) -> [Line] {
        if let index = groups.firstIndex(where: { $0.turn == turn }) {
            groups[index].lines.append(line)
        } else {
            groups.append(Group(turn: turn, lines: [line]))
        }
        return takeLines()
    }

    /// The server says where the turn's item stands: right after `previous`. Everything that can be shown now.
    mutating func committed(_ turn: TurnID, item: ItemID, previous: ItemID?) -> [Line] {
        guard let index = groups.firstIndex(where: { $0.turn == turn }) else { return [] }
        groups[index].item = item
        guard let previous, let before = groups.firstIndex(where: { $0.item == previous }), before > index
        else { return [] }
        // The foremost turn's lines are out already; it can fall back but its lines stay where they are.
        let group = groups.remove(at: index)
        groups.insert(group, at: before)
        return takeLines()
    }

    /// The turn is known whole. Everything that can be shown now.
    mutating func settle(_ turn: TurnID, as settled: SettledTurn) -> [Line] {
        if let index = groups.firstIndex(where: { $0.turn == turn }) {
            groups[index].settled = settled
        } else {
            groups.append(Group(turn: turn, settled: settled))
        }
        return takeLines()
    }

    private mutating func takeLines() -> [Line] {
        var shown: [Line] = []
        while !groups.isEmpty {
            shown += groups[0].lines.map(Line.state)
            groups[0].lines = []
            guard let settled = groups[0].settled else { break }
            shown.append(.turn(settled))
            groups.removeFirst()
        }
        return shown
    }
}

/// What the console says beside the turns; the words are the console's.
public enum StateLine: Sendable, Equatable {
    case connecting
    /// The session is ready and turns can begin.
    case ready(session: String)
    /// A fresh session has taken the place of one that we closed; it was told what was said in so many turns.
    case renewed(session: String, keptTurns: Int)
    case disconnected(retryIn: Duration)
    case speechDetected
    /// The visitor let go, or the server heard the end of speech.
    case speechEnded
    /// Nobody spoke for long, so the assistant does.
    case nobodySpoke
    /// Pressed without a session: the words are kept for a while.
    case keptForLater
    /// Today's budget is spent: there is no session, and none is tried.
    case budgetSpent
    /// Another day began.
    case openAgain
    case assistantSpeaking
    case interrupted
    /// A task has its result, in words.
    case task(name: String, String)
    case stopping
}

/// What the visitor sees of the kiosk's state, for an LED.
public enum Indicator: Sendable, Equatable, CaseIterable {
    /// No session.
    case offline
    /// A turn can begin.
    case ready
    case listening
    /// The visitor has spoken, nothing is heard yet.
    case thinking
    case speaking
}
