import Session

/// Turns and faults as systemd's journal has them.
extension SystemJournal.Record {
    static let turnKind = "df78579b7237409cbe112cc3a35f9ac7"
    static let faultKind = "2fc713e560d84e9fb577cd2e105076bd"

    init(_ fault: Fault) {
        let line = ConsoleText.fault(fault.class.rawValue, fault.what).dropLast()
        self.init(
            kind: Self.faultKind, priority: .warning, message: String(line),
            fields: [("KIOSK_FAULT_CLASS", fault.class.rawValue)])
    }

    /// `hasText`: what was said is in it.
    init(_ turn: SettledTurn, hasText: Bool) {
        let cost = [turn.cost.assistant, turn.cost.realtimeTranscript, turn.cost.builtInTranscript].compactMap { $0 }
        let sum = cost.isEmpty ? nil : ConsoleText.usd(cost.reduce(0, +))
        let states = "transcripts \(turn.realtime.status.rawValue) and \(turn.builtIn.status.rawValue)"
            + ", answer \(turn.assistant.status.rawValue)"
        let message = ConsoleText.state("turn \(turn.number): \(states)" + (sum.map { ", \($0)" } ?? "")).dropLast()
        var fields: [(String, String?)] = [
            ("KIOSK_SESSION", turn.session), ("KIOSK_TURN", "\(turn.number)"), ("KIOSK_ITEM", turn.item?.rawValue),
            ("KIOSK_REALTIME_STATUS", turn.realtime.status.rawValue),
            ("KIOSK_BUILT_IN_STATUS", turn.builtIn.status.rawValue),
            ("KIOSK_ASSISTANT_STATUS", turn.assistant.status.rawValue),
            ("KIOSK_PLAYED_MS", "\(turn.assistant.playedMs)"),
            ("KIOSK_COST_USD", cost.isEmpty ? nil : "\(JournalEntry.rounded(cost.reduce(0, +)))"),
            ("KIOSK_FLAGS", turn.review.flags.isEmpty ? nil : turn.review.flags.map(\.rawValue).joined(separator: " ")),
            ("KIOSK_WORD_ERROR_RATE", turn.review.wordErrorRate.map { "\(($0 * 1000).rounded() / 1000)" }),
        ]
        fields += TurnLatency.Mark.allCases.map { mark in
            ("KIOSK_\(mark.rawValue.uppercased())_MS", turn.latency[mark].map { "\($0)" })
        }
        if hasText {
            fields += [
                ("KIOSK_REALTIME_TEXT", turn.realtime.text), ("KIOSK_BUILT_IN_TEXT", turn.builtIn.text),
                ("KIOSK_ASSISTANT_TEXT", turn.assistant.heardText ?? turn.assistant.text),
            ]
        }
        self.init(
            kind: Self.turnKind, priority: .info, message: String(message),
            fields: fields.compactMap { field in field.1.map { (field.0, $0) } })
    }

    /// Every value as `change` makes it.
    func changed(by change: (String) -> String) -> Self {
        Self(
            kind: kind, priority: priority, message: change(message),
            fields: fields.map { ($0.name, change($0.value)) })
    }
}
