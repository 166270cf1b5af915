import Realtime
import Session

/// The members of an entry that says what the conversation does not hold any more.
struct ContextMembers: Encodable {
    var event = "trimmed"
    let session: String
    let deletedItems, keptTurns: Int
    /// Left out where there is none.
    let summary: String?

    enum CodingKeys: String, CodingKey {
        case event, session, summary
        case deletedItems = "deleted_items", keptTurns = "kept_turns"
    }
}
