import Realtime
import Session

/// The members of an entry on usage that came too late for its turn. `cost_usd` is a number, or null.
struct StrayUsageMembers: Encodable {
    private let stray: StrayUsage

    private enum CodingKeys: String, CodingKey {
        case session, source, model, usage
        case cost = "cost_usd"
    }

    init(_ stray: StrayUsage) { self.stray = stray }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(stray.session, forKey: .session)
        try container.encode(stray.source, forKey: .source)
        try container.encode(stray.model, forKey: .model)
        switch stray.usage {
        case .response(let usage): try container.encode(usage, forKey: .usage)
        case .builtInTranscript(let usage): try container.encode(usage, forKey: .usage)
        }
        try container.encode(stray.cost.map(JournalEntry.rounded), forKey: .cost)
    }
}
