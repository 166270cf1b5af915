import Journal
import Session

/// What the serial console shows of a journal, entry by entry: turns as they settle, sessions and faults in words.
///
/// A turn of which only parts were written, because the agent ended in its midst, is shown when the next session opens.
struct ConsolePage {
    /// What an entry adds to the console.
    struct Shown: Equatable {
        /// A rule with the day, where it is another than that of the entry before.
        let heading: String
        let text: String
        let isTurn: Bool
    }

    /// Turns whose parts are kept until they settle: more are never open together.
    static let openTurns = 32

    private struct Part {
        let at: String
        let session: String?
        let turn: Int?
        let content: TurnPart.Content

        func isOfTurn(_ session: String?, _ turn: Int?) -> Bool { self.session == session && self.turn == turn }
    }

    let layout: TerminalLayout
    private let zone: (_ secondsSince1970: Int) -> LocalTime.Zone
    /// The parts of turns that have not settled, oldest first.
    private var parts: [Part] = []
    /// The day that the rule above the last line names, and its zone.
    private var heading: String?
    private var costs = JournalCosts()
    private var costsDay: String?

    init(layout: TerminalLayout, zone: @escaping (Int) -> LocalTime.Zone) {
        self.layout = layout
        self.zone = zone
    }

    /// What the day (UTC) of the last entry has cost.
    var dayCost: String {
        let sum = costs.sum
        var lines = layout.paragraph("day", "\(costsDay ?? "none yet") (UTC)")
        lines += layout.paragraph("turns", "\(sum.turns)" + Self.unpriced(sum))
        let parts: [(String, CostPart)] = [
            ("assistant", .assistant), ("realtime", .realtimeTranscript), ("model", .builtInTranscript),
            ("other", .other),
        ]
        for (label, part) in parts { lines += layout.paragraph(label, ConsoleText.usd(sum[part])) }
        lines += layout.paragraph("together", ConsoleText.usd(sum.total))
        if let ratio = sum.transcriptRatio {
            let tenths = Int((min(max(ratio, 0), 1e9) * 10).rounded())
            lines += layout.paragraph("", "(transcripts: Realtime to model \(tenths / 10).\(tenths % 10) to 1)")
        }
        return lines
    }

    /// Days of which the costs so far are wanted before their first entry is shown.
    func isNewDay(_ at: String) -> Bool { costsDay != String(at.prefix(10)) }

    /// What a day cost before the next entry.
    mutating func begin(day at: String, costs before: JournalCosts) {
        costsDay = String(at.prefix(10))
        costs = before
    }

    /// Nil for an entry of no interest.
    mutating func add(_ entry: JournalReader.Entry) -> Shown? {
        if isNewDay(entry.at) { begin(day: entry.at, costs: JournalCosts()) }
        costs.add(entry)
        guard let read = KnownEntry(entry.line) else { return nil }
        let shown: String
        switch read.content {
        case .turn(let turn):
            parts.removeAll { $0.isOfTurn(read.session, read.turn) }
            var own = JournalCosts()
            own.add(entry)
            shown = line(entry.at, name(read.session, read.turn)) + turnPage.text(turn, cost: cost(own.sum))
        case .part(let part):
            if parts.count == Self.openTurns * 3 { parts.removeFirst() }
            parts.append(Part(at: entry.at, session: read.session, turn: read.turn, content: part))
            shown = ""
        case .session(let event, let reason, let keptTurns):
            shown = (event == "opened" ? abandoned(by: read.session) : "")
                + line(entry.at, Self.words(session: read.session, event: event, reason: reason, keptTurns: keptTurns))
        case .fault(let faultClass, let what): shown = line(entry.at, "FAULT \(faultClass): \(what)")
        case .task(let task): shown = line(entry.at, task.line)
        case .spooled(let spokenAt, let transcript):
            let words = TurnPage.words(of: transcript)
            shown = line(entry.at, "said without a connection at \(localTime(spokenAt)): \(words)")
        case .trimmed(let items, _): shown = line(entry.at, "the conversation forgot \(items) items")
        case .usage, .forgotten, .housekeeping, .other: shown = ""
        }
        guard !shown.isEmpty else { return nil }
        return Shown(heading: rule(entry.at), text: shown, isTurn: read.kind == "turn")
    }

    // MARK: Lines

    private func line(_ at: String, _ words: String) -> String {
        layout.wrapped(words, first: clock(at) + "  ", rest: TerminalLayout.labelColumns + 2)
    }

    private var turnPage: TurnPage { TurnPage(layout: layout) }

    private func name(_ session: String?, _ turn: Int?) -> String {
        "turn \(turn ?? 0)" + (session?.isEmpty ?? true ? ", no session" : "")
    }

    /// A heading when an entry is of another day than the one before, or the clocks were changed.
    private mutating func rule(_ at: String) -> String {
        guard let local = LocalTime(at: at, zone: zone) else { return "" }
        let title = "\(local.day), times in \(local.zone.words)"
        defer { heading = title }
        return title == heading ? "" : layout.rule(title)
    }

    private func clock(_ at: String) -> String { LocalTime(at: at, zone: zone)?.time ?? "--:--:--" }

    private func localTime(_ at: String) -> String {
        LocalTime(at: at, zone: zone).map { "\($0.day) \($0.time)" } ?? at
    }

    /// What was written of turns that no agent will settle any more, now that a session opens; it writes the end of
    /// those it can when a session ends.
    private mutating func abandoned(by session: String?) -> String {
        parts.removeAll { $0.session == session }
        var shown = ""
        while let first = parts.first {
            shown += line(first.at, name(first.session, first.turn) + ", never settled")
            for part in parts where part.isOfTurn(first.session, first.turn) { shown += turnPage.text(part.content) }
            parts.removeAll { $0.isOfTurn(first.session, first.turn) }
        }
        return shown
    }

    // MARK: Words

    private static func words(session: String?, event: String, reason: String, keptTurns: Int) -> String {
        guard event == "opened" else { return "session closed" + (reason.isEmpty ? "" : ": \(reason)") }
        return "session \(session ?? "")" + (reason.isEmpty ? "" : " (\(reason))") + EntryText.told(keptTurns)
    }

    private func cost(_ own: CostSum) -> String? {
        // Nothing was used: nothing to say.
        guard own.total > 0 || own.unpricedTurns > 0 else { return nil }
        let turn = own.unpricedTurns > 0 ? "not known" : ConsoleText.usd(own.total)
        return "\(turn), today \(ConsoleText.usd(costs.sum.total))" + Self.unpriced(costs.sum)
    }

    private static func unpriced(_ sum: CostSum) -> String {
        sum.unpricedTurns == 0 ? "" : " (\(ConsoleText.unpriced(sum.unpricedTurns)))"
    }
}
