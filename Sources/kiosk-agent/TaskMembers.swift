import Realtime
import Session

/// The members of a task's journal entry. `usage` and `cost_usd` are objects as those of a turn are.
struct TaskMembers: Encodable {
    private struct Part<Value: Encodable>: Encodable {
        let task: Value?

        private enum CodingKeys: CodingKey { case task }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            // Null is written, so that "unknown" can be told from "forgotten".
            try container.encode(task, forKey: .task)
        }
    }

    private let session, name: String
    private let turn: Int
    private let item: String?
    private let status: String
    /// Nil when `json` says the same.
    private let text: String?
    private let json: JSONValue?
    private let reason: String?
    private let usage: Part<Usage>
    private let cost: Part<Double>

    private enum CodingKeys: String, CodingKey {
        case session, name, turn, item, status, text, json, reason, usage
        case cost = "cost_usd"
    }

    init(_ task: SettledTask) {
        session = task.session
        name = task.name
        turn = task.turn
        item = task.item?.rawValue
        status = task.status.rawValue
        text = task.json == nil ? task.text : nil
        json = task.json
        reason = task.reason
        usage = Part(task: task.usage)
        cost = Part(task: task.cost.map(JournalEntry.rounded))
    }
}
