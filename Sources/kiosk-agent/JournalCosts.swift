import FoundationEssentials
import Journal
import Session

/// What a journal says was spent: together, and session by session.
struct JournalCosts {
    struct Session: Equatable {
        /// "" for turns that reached no session.
        let name: String
        /// When its first entry was written.
        let at: String
        var sum = CostSum()
    }

    private(set) var sum = CostSum()
    /// In the order of their first entries that cost something or are turns.
    private(set) var sessions: [Session] = []
    private var places: [String: Int] = [:]

    /// Takes in one entry; one of no cost and no turn changes nothing.
    mutating func add(_ entry: JournalReader.Entry) {
        guard let costs = try? JSONDecoder().decode(EntryCosts.self, from: Data(entry.line)) else { return }
        guard let own = costs.sum else { return }
        sum.add(own)
        let name = costs.session ?? ""
        if places[name] == nil {
            places[name] = sessions.count
            sessions.append(Session(name: name, at: entry.at))
        }
        if let place = places[name] { sessions[place].sum.add(own) }
    }
}

/// The members of an entry that say what it cost. Anything else a tool or a later version wrote is passed over.
private struct EntryCosts: Decodable {
    /// A sum, null, or what is neither.
    private struct Amount: Decodable {
        let usd: Double?

        init(from decoder: any Decoder) throws {
            let usd = try? decoder.singleValueContainer().decode(Double.self)
            self.usd = usd.flatMap { $0.isFinite && $0 >= 0 ? $0 : nil }
        }
    }

    /// Whether something stands there.
    private struct Presence: Decodable {
        let isNull: Bool
        init(from decoder: any Decoder) throws { isNull = try decoder.singleValueContainer().decodeNil() }
    }

    private enum CodingKeys: String, CodingKey {
        case kind, session, usage
        case costs = "cost_usd", details = "cost_detail_usd"
    }

    let session: String?
    /// nil when the entry has nothing to do with costs.
    let sum: CostSum?

    init(from decoder: any Decoder) throws {
        let entry = try decoder.container(keyedBy: CodingKeys.self)
        session = try? entry.decode(String.self, forKey: .session)
        let costs = (try? entry.decode([String: Amount].self, forKey: .costs)) ?? [:]
        guard try entry.decode(String.self, forKey: .kind) == "turn" else {
            let usd = (try? entry.decode(Amount.self, forKey: .costs))?.usd ?? 0
            let other = costs.values.reduce(usd) { $0 + ($1.usd ?? 0) }
            guard other > 0 else {
                sum = nil
                return
            }
            var sum = CostSum()
            sum.addOther(other)
            self.sum = sum
            return
        }
        var parts: [CostPart: Double] = [:]
        for (name, amount) in costs {
            if let usd = amount.usd { parts[CostPart(rawValue: name) ?? .other, default: 0] += usd }
        }
        let usage = (try? entry.decode([String: Presence].self, forKey: .usage)) ?? [:]
        let isUnpriced = usage.contains { name, presence in !presence.isNull && costs[name]?.usd == nil }
        var sum = CostSum()
        sum.addTurn(parts, details: Self.details(entry), isUnpriced: isUnpriced)
        self.sum = sum
    }

    private static func details(_ entry: KeyedDecodingContainer<CodingKeys>) -> [CostPart: CostDetail] {
        let written = (try? entry.decode([String: [String: Amount]].self, forKey: .details)) ?? [:]
        var details: [CostPart: CostDetail] = [:]
        for (name, amounts) in written {
            guard let part = CostPart(rawValue: name) else { continue }
            var detail = CostDetail()
            for kind in CostDetail.Kind.allCases { detail[kind] = amounts[kind.rawValue]?.usd ?? 0 }
            details[part] = detail
        }
        return details
    }
}
