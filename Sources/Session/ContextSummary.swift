import MonotonicClock
import Realtime

/// What the deleted turns of a conversation said, as the item at its front.
struct ContextSummary: Sendable, Equatable {
    /// Longest text that is kept, in characters: the model is asked for 150 words.
    static let longestText = 4000

    let number: Int
    let text: String

    init(number: Int, text: String) {
        self.number = number
        self.text = String(text.prefix(Self.longestText))
    }

    var id: ItemID { ItemID(rawValue: "\(ConversationItems.keptPrefix)summary_\(number)") }

    var item: NewItem { NewItem(.system("Summary of the conversation so far:\n\(text)"), id: id) }
}

/// A conversation that grew long is cut to its last turns, behind a summary of the others.
extension SessionStateMachine {
    mutating func shortenConversation(after turn: SettledTurn) -> [Action] {
        let options = configuration.continuity
        guard continuity.items.isTooLong(keeping: options.turns), !continuity.isSummaryAwaited else { return [] }
        guard options.summarizes, figures.budget.allowsOutOfBand else { return trim() }
        continuity.isSummaryAwaited = true
        tasks.add(.contextSummary, turn: turn.number, item: turn.item)
        return []
    }

    /// The summary came, or never will: then an earlier one stays.
    mutating func contextSummarized(_ task: SettledTask) -> [Action] {
        guard continuity.isSummaryAwaited else { return [] }
        continuity.isSummaryAwaited = false
        guard let session = link.readySession, task.session == session else { return [] }
        guard task.status == .ok else { return trim() }
        let former = continuity.summary
        let summary = ContextSummary(number: (former?.number ?? 0) + 1, text: task.text)
        let deletions = trim(summary: summary)
        guard !deletions.isEmpty else { return [] }
        continuity.summary = summary
        // Behind the deletions: nothing that is in it shall stand in the conversation twice.
        return deletions
            + [.send(ClientEvent(.createItem(summary.item, previous: .root), eventID: OwnEventID.history.text))]
    }

    /// Deletes what is older than the turns that are kept; a new summary takes the place of the former one, too.
    private mutating func trim(summary: ContextSummary? = nil) -> [Action] {
        let spared = summary == nil ? continuity.summary?.id : nil
        let old = continuity.items.trim(keeping: configuration.continuity.turns, sparing: spared) { [turns] in
            turns.turn(of: $0) != nil
        }
        guard !old.isEmpty, let session = link.readySession else { return [] }
        for item in old { deleted(item) }
        let entry = Entry.contextTrimmed(
            session, deletedItems: old.count, keptTurns: continuity.items.turnCount, summary: summary?.text)
        return [.record(entry)]
            + old.map { .send(ClientEvent(.deleteItem($0), eventID: OwnEventID.bookkeeping.text)) }
    }
}
