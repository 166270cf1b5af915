import Journal

/// The journal as the serial console follows it: entries become text, and the costs of their day are known.
struct ConsoleJournal {
    /// What is read of an old journal at the start: more than twenty long turns take.
    static let backlogBytes: Int64 = 512 << 10
    /// Turns of the backlog that are shown at a start, and on request.
    static let firstTurns = 3
    static let lastTurns = 20

    private let directory: String
    private(set) var page: ConsolePage
    private var follower: JournalFollower
    /// Said once, until it is another or the journal can be read.
    private var problem: String?

    init(directory: String, layout: TerminalLayout, zone: @escaping (Int) -> LocalTime.Zone) {
        self.directory = directory
        page = ConsolePage(layout: layout, zone: zone)
        follower = JournalFollower(directory: directory, from: .last(bytes: Self.backlogBytes))
    }

    /// What was shown of the newest entries: the last so many turns and what stands between and after them.
    mutating func backlog(turns: Int) -> [String] {
        var shown: [ConsolePage.Shown] = []
        let failure = read { shown.append($0) }
        let starts = shown.indices.filter { shown[$0].isTurn }
        let first = starts.suffix(turns).first ?? shown.index(shown.endIndex, offsetBy: -min(shown.count, turns))
        var texts = shown[first...].map { $0.heading + $0.text }
        // The rule of its day may stand further up.
        if shown.indices.contains(first), shown[first].heading.isEmpty,
            let heading = shown[..<first].last(where: { !$0.heading.isEmpty })?.heading
        {
            texts.insert(heading, at: 0)
        }
        return texts + (failure.map { [$0] } ?? [])
    }

    /// What came since the last call.
    mutating func news() -> [String] {
        var texts: [String] = []
        let failure = read { texts.append($0.heading + $0.text) }
        return texts + (failure.map { [$0] } ?? [])
    }

    /// A problem is returned once.
    private mutating func read(_ show: (ConsolePage.Shown) -> Void) -> String? {
        do {
            var (follower, page) = (self.follower, self.page)
            defer { (self.follower, self.page) = (follower, page) }
            try follower.read { [directory] entry in
                if page.isNewDay(entry.at) {
                    page.begin(day: entry.at, costs: Self.costs(directory, before: entry))
                }
                if let shown = page.add(entry) { show(shown) }
            }
            problem = nil
            return nil
        } catch {
            let words = "journal: \(error)"
            defer { problem = words }
            return words == problem ? nil : page.layout.wrapped(words, first: "", rest: 2)
        }
    }

    /// What the day of an entry had cost before it. A journal that cannot be read so far back counts from here.
    private static func costs(_ directory: String, before entry: JournalReader.Entry) -> JournalCosts {
        var costs = JournalCosts()
        var reader = JournalReader(directory: directory)
        guard entry.seq > 1 else { return costs }
        try? reader.read(day: String(entry.at.prefix(10)), upTo: entry.seq - 1) { costs.add($0) }
        return costs
    }
}
