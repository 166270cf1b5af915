import Realtime

/// The items that the present session's conversation holds on the server, in order, as its events tell.
struct ConversationItems: Sendable {
    private struct Entry {
        let id: ItemID
        /// A turn begins with it.
        let isUser: Bool
    }

    /// How the ids begin that we choose for items told to a new session.
    static let keptPrefix = "kept_"
    /// Items remembered; a session of an hour has a few hundred. Older ones are left to the server.
    static let limit = 4096

    private var entries: [Entry] = []

    var isEmpty: Bool { entries.isEmpty }

    func contains(_ item: ItemID) -> Bool { entries.contains { $0.id == item } }

    /// The server put an item behind `previous`; nil is the start, or not known.
    mutating func added(_ item: Item, previous: ItemID?) {
        guard !contains(item.id) else { return }
        let entry = Entry(id: item.id, isUser: item.type == "message" && item.role == .user)
        if let index = previous.flatMap({ previous in entries.firstIndex { $0.id == previous } }) {
            entries.insert(entry, at: index + 1)
        } else if previous == nil, item.id.rawValue.hasPrefix(Self.keptPrefix) {
            entries.insert(entry, at: 0)
        } else {
            entries.append(entry)
        }
        if entries.count > Self.limit { entries.removeFirst() }
    }

    mutating func deleted(_ item: ItemID) { entries.removeAll { $0.id == item } }

    var turnCount: Int { entries.count(where: \.isUser) }

    /// Only once there is half as much too much: after a cut the server reads all that is left anew, at the full price.
    func isTooLong(keeping turns: Int) -> Bool { turns > 0 && turnCount > turns + (turns + 1) / 2 }

    /// Takes out what is older than the last `turns` turns when it is too long; nothing of a turn that is still open or
    /// of a later one, and not `spared`.
    mutating func trim(keeping turns: Int, sparing spared: ItemID? = nil, isOpen: (ItemID) -> Bool) -> [ItemID] {
        guard isTooLong(keeping: turns) else { return [] }
        let starts = entries.indices.filter { entries[$0].isUser }
        let firstOpen = starts.first { isOpen(entries[$0].id) } ?? entries.endIndex
        let cut = min(starts[starts.count - turns], firstOpen)
        let old = entries[..<cut].map(\.id).filter { $0 != spared }
        entries.removeAll { old.contains($0.id) }
        return old
    }
}
