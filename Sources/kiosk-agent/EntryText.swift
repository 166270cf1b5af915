import Session

/// Entries of a journal in words, as pure functions: what `journal tail` shows and `journal search` looks through.
///
/// Every line ends with a line break; control characters are escaped.
enum EntryText {
    /// What somebody said or wrote, and who.
    struct Passage: Equatable {
        let who, text: String
    }

    /// All words of people and models in an entry, in the order in which they came.
    static func passages(_ entry: KnownEntry) -> [Passage] {
        let passages: [Passage] = switch entry.content {
        case .turn(let turn):
            [
                Passage(who: "visitor", text: turn.realtime.text),
                Passage(who: "visitor (built-in)", text: turn.builtIn.text),
                Passage(who: "assistant", text: turn.assistant.text),
            ]
        case .task(let task): [Passage(who: "task " + task.name, text: task.words)]
        case .spooled(_, let transcript): [Passage(who: "visitor (spooled)", text: transcript.text)]
        case .trimmed(_, let summary): [Passage(who: "summary", text: summary)]
        default: []
        }
        return passages.filter { !$0.text.isEmpty }
    }

    /// As standard output and standard error have it, behind a line that says when. Nil for what is not shown: the
    /// journal's own entries, and parts of turns that settle.
    static func console(_ entry: KnownEntry) -> String? {
        guard let words = words(entry) else { return nil }
        let at = seconds(entry.at)
        switch entry.content {
        case .turn(let turn):
            return ConsoleText.state("\(at) turn \(turn.number) of \(name(turn.session))") + TurnText.blocks(turn)
        case .fault(let faultClass, let what): return ConsoleText.fault(faultClass, "\(at) \(what)")
        default: return words.map { ConsoleText.state("\(at) \($0)") }.joined()
        }
    }

    /// A line for each thing that was said or happened: `2026-11-21T10:15:02Z 3 visitor: ...`. Nil as for `console`.
    static func lines(_ entry: KnownEntry) -> String? {
        words(entry).map { words in
            let head = "\(seconds(entry.at)) \(entry.turn.map { String($0) } ?? "-") "
            return words.map { ConsoleText.escaped(head + $0) + "\n" }.joined()
        }
    }

    /// What a session was told of those before it; nothing when that was nothing.
    static func told(_ keptTurns: Int) -> String {
        keptTurns == 0 ? "" : ", told \(keptTurns) earlier turn\(keptTurns == 1 ? "" : "s")"
    }

    /// The turn, as `journal show` takes it: `sess_1/3`.
    static func reference(_ entry: KnownEntry) -> String {
        guard let session = entry.session, let turn = entry.turn else { return "seq:\(entry.seq)" }
        return "\(session)/\(turn)"
    }

    private static func words(_ entry: KnownEntry) -> [String]? {
        switch entry.content {
        case .turn(let turn): return words(turn)
        case .task(let task): return [task.line]
        case .session(let event, let reason, let keptTurns):
            return ["session \(name(entry.session ?? "")) \(event): \(reason)\(told(keptTurns))"]
        case .fault(let faultClass, let what): return ["fault \(faultClass): \(what)"]
        case .spooled(let spokenAt, let transcript):
            let words = ConsoleText.text(of: ConsoleText.Transcript(transcript))
            return ["visitor, spoken at \(spokenAt): \(words)"]
        case .trimmed(let items, _): return ["context trimmed: \(items) items deleted"]
        case .usage(let source, let usd):
            return ["usage of \(source), too late for its turn: \(usd.map(ConsoleText.usd) ?? "unknown")"]
        case .part, .forgotten, .housekeeping, .other: return nil
        }
    }

    private static func words(_ turn: SettledTurn) -> [String] {
        let (realtime, builtIn) = (words(turn.realtime), words(turn.builtIn))
        var lines: [String] = []
        if turn.isTimeout {
            lines.append("nobody spoke")
        } else if realtime == builtIn || turn.builtIn.status == .off {
            lines.append("visitor: \(realtime)")
        } else if turn.realtime.status == .off {
            lines.append("visitor: \(builtIn)")
        } else {
            lines += ["visitor: \(realtime)", "visitor (built-in): \(builtIn)"]
        }
        let how = switch turn.assistant.status {
        case .truncated: ", interrupted after \(turn.assistant.playedMs) ms"
        case .cancelled where !turn.assistant.text.isEmpty: ", not heard"
        case .failed where !turn.assistant.text.isEmpty: ", failed (\(turn.assistant.reason ?? "no reason given"))"
        default: ""
        }
        return lines + ["assistant\(how): \(TurnText.text(of: turn.assistant))"]
    }

    private static func words(_ transcript: Transcript) -> String {
        ConsoleText.text(of: ConsoleText.Transcript(transcript))
    }

    private static func name(_ session: String) -> String { session.isEmpty ? "no session" : session }

    /// `2026-11-21T10:15:02Z`: milliseconds help nobody who reads.
    static func seconds(_ at: String) -> String { at.count == 24 ? at.prefix(19) + "Z" : at }
}
