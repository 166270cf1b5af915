/// What the simulator can be told to do wrong.
enum Fault: String, CaseIterable, Sendable {
    // At the connection.
    case refuseKey = "refuse-key"
    case refuseQuota = "refuse-quota"
    case refuseModel = "refuse-model"
    case echoKeyInError = "echo-key-in-error"
    case http401 = "http-401"
    case http429 = "http-429"
    case http503 = "http-503"
    case silentAfter101 = "silent-after-101"
    case errorThenSilence = "error-then-silence"
    case noSessionCreated = "no-session-created"
    case updateRefused = "update-refused"
    case laterUpdateRefused = "later-update-refused"
    case expire
    case expiredError = "expired-error"
    // Of requests by HTTP.
    case secretsRefused = "secrets-refused"
    case upload503 = "upload-503"
    // In a turn.
    case dropMidTurn = "drop-mid-turn"
    case slowReader = "slow-reader"
    case commitEmpty = "commit-empty"
    case commitCrossed = "commit-crossed"
    case autoResponseRace = "auto-response-race"
    case ownPlaybackHeard = "own-playback-heard"
    case doneMissingDrop = "done-missing-drop"
    case builtInMissing = "built-in-missing"
    case builtInFailed = "built-in-failed"
    case builtInEmpty = "built-in-empty"
    case builtInDuplicate = "built-in-duplicate"
    case builtInEarly = "built-in-early"
    case builtInLate = "built-in-late"
    case builtInSwapped = "built-in-swapped"
    case oobFailed = "oob-failed"
    case oobFailedOnce = "oob-failed-once"
    case oobRateLimited = "oob-rate-limited"
    case oobRefused = "oob-refused"
    case oobMissing = "oob-missing"
    case oobEmpty = "oob-empty"
    case oobInvented = "oob-invented"
    case taskInProse = "task-in-prose"
    case responseFailed = "response-failed"
    case responseFailedWithoutCreated = "response-failed-without-created"
    case responseIncomplete = "response-incomplete"
    case cancelledEarly = "cancelled-early"
    case cancelledLate = "cancelled-late"
    case doneLate = "done-late"
    case twoAudioItems = "two-audio-items"
    case unknownEvents = "unknown-events"
    case itemCreated = "item-created"
    case hugeFrame = "huge-frame"
    case lateDeltaAfterCancel = "late-delta-after-cancel"
    case oddBase64Split = "odd-base64-split"
    case truncateError = "truncate-error"
    case invalidJSON = "invalid-json"
    case burst
    case toolCall = "tool-call"
    case toolCallLoop = "tool-call-loop"
    case toolBadArguments = "tool-bad-arguments"
    case toolUnknown = "tool-unknown"
    case callAfterAudio = "call-after-audio"

    /// One line for the menu.
    var help: String {
        switch self {
        case .refuseKey: "error invalid_api_key, then close 3000"
        case .refuseQuota: "error insufficient_quota, then close 1013"
        case .refuseModel: "error invalid_model, then close 4000"
        case .echoKeyInError: "as refuse-key, with the key that was sent in the message"
        case .http401: "the upgrade is answered 401"
        case .http429: "the upgrade is answered 429 with retry-after: 2"
        case .http503: "the upgrade is answered 503 with an HTML body"
        case .silentAfter101: "no event at all after the upgrade"
        case .errorThenSilence: "one server_error after the upgrade, then nothing"
        case .noSessionCreated: "everything but session.created"
        case .updateRefused: "every session.update is refused"
        case .laterUpdateRefused: "every session.update but the first is refused"
        case .expire: "=SECONDS: the session ends after so long with close 1001"
        case .expiredError: "error session_expired before that close"
        case .secretsRefused: "POST client_secrets is answered 401; N counts these requests"
        case .upload503: "POST audio/transcriptions is answered 503; N counts these requests"
        case .dropMidTurn: "the socket dies 500 ms into a turn's speech"
        case .slowReader: "=MS: nothing is read for so long, 500 ms into a turn's speech"
        case .commitEmpty: "the turn's commit is refused as empty, and what was appended is gone"
        case .commitCrossed: "the server commits just before the client, whose commit is refused as empty"
        case .autoResponseRace: "the server answers at the commit, so that response.create is refused"
        case .ownPlaybackHeard: "with voice activity: speech is found in the client's own playback"
        case .doneMissingDrop: "the socket dies in the middle of the answer"
        case .builtInMissing: "no built-in transcript"
        case .builtInFailed: "the built-in transcription fails"
        case .builtInEmpty: "the built-in transcript is empty"
        case .builtInDuplicate: "the built-in transcript comes twice"
        case .builtInEarly: "the built-in transcript comes before the item"
        case .builtInLate: "=MS: the built-in transcript comes so late"
        case .builtInSwapped: "the built-in transcript comes after the next turn's (at most 5 s later)"
        case .oobFailed: "the out-of-band response ends as failed, server_error"
        case .oobFailedOnce: "the first out-of-band response for the turn fails, the next does not"
        case .oobRateLimited: "the out-of-band response ends as failed, rate_limit_exceeded"
        case .oobRefused: "the out-of-band response.create is answered by an error alone"
        case .oobMissing: "the out-of-band response.create is never answered"
        case .oobEmpty: "the out-of-band response has no output"
        case .oobInvented: "the out-of-band transcript is a greeting that nobody spoke"
        case .taskInProse: "the JSON that a task asks for comes with words before it"
        case .responseFailed: "the answer ends as failed"
        case .responseFailedWithoutCreated: "the answer ends as failed without response.created"
        case .responseIncomplete: "the answer stops half way, incomplete"
        case .cancelledEarly: "the answer ends as cancelled before its first delta"
        case .cancelledLate: "the answer ends as cancelled after its last delta, though nobody cancelled it"
        case .doneLate: "=MS: response.done comes so long after the last delta, and a cancel meanwhile is refused"
        case .twoAudioItems: "the answer comes as two items with audio"
        case .unknownEvents: "unknown event types and keys around the answer"
        case .itemCreated: "conversation.item.created in place of added and done"
        case .hugeFrame: "the answer's audio in one frame of more than 2 MB"
        case .lateDeltaAfterCancel: "one more audio delta after a cancelled response.done"
        case .oddBase64Split: "audio deltas that split samples"
        case .truncateError: "truncate is answered by an error and a value 40 ms lower"
        case .invalidJSON: "a frame of broken JSON before the answer"
        case .burst: "the whole answer at once"
        case .toolCall: "the model calls the session's first tool before it speaks"
        case .toolCallLoop: "every response calls it again, unless tool_choice is none"
        case .toolBadArguments: "as tool-call, with arguments that are no JSON"
        case .toolUnknown: "as tool-call, but a tool that the session does not have"
        case .callAfterAudio: "as tool-call, but in a response that speaks first"
        }
    }

    /// The argument is a value of the fault and not a turn.
    var takesValue: Bool { [.expire, .builtInLate, .slowReader, .doneLate].contains(self) }

    /// The number of a turn means the number of the connection instead.
    var isOfConnection: Bool {
        switch self {
        case .refuseKey, .refuseQuota, .refuseModel, .echoKeyInError, .http401, .http429, .http503, .silentAfter101,
            .errorThenSilence, .noSessionCreated, .updateRefused, .laterUpdateRefused, .expire, .expiredError:
            true
        default: false
        }
    }
}

/// The faults asked for by `--faults`.
struct FaultPlan: Equatable, Sendable {
    private struct Entry: Equatable {
        let fault: Fault
        let value: Int?
        let number: Int?
    }

    /// More than eleven days, in milliseconds.
    private static let largestValue = 1_000_000_000

    private let entries: [Entry]

    static let none = FaultPlan(entries: [])

    private init(entries: [Entry]) {
        self.entries = entries
    }

    /// Parses a list such as `drop-mid-turn=2,built-in-late=12000@1`.
    init(parsing list: String) throws(SimulatorError) {
        var entries: [Entry] = []
        for word in list.split(separator: ",") {
            let parts = word.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
            let sides = parts[0].split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let fault = Fault(rawValue: String(sides[0])) else {
                throw .option(name: "--faults", value: String(word), wanted: "a fault of --faults list")
            }
            let (argument, number) = (sides.dropFirst().first, parts.dropFirst().first)
            guard let entry = FaultPlan.entry(fault, argument: argument, number: number) else {
                let wanted = fault.takesValue ? "\(fault.rawValue)=NUMBER[@N]" : "\(fault.rawValue)[=N]"
                throw .option(name: "--faults", value: String(word), wanted: wanted)
            }
            entries.append(entry)
        }
        self.init(entries: entries)
    }

    /// The parts of one word of the list; nil when they do not fit the fault.
    private static func entry(_ fault: Fault, argument: Substring?, number: Substring?) -> Entry? {
        let argumentNumber = argument.flatMap { Int($0) }, turn = number.flatMap { Int($0) }
        if argument != nil && argumentNumber == nil || number != nil && turn == nil { return nil }
        if fault.takesValue {
            guard let argumentNumber, (0...largestValue).contains(argumentNumber), (turn ?? 1) >= 1 else { return nil }
            return Entry(fault: fault, value: argumentNumber, number: turn)
        }
        guard number == nil, (argumentNumber ?? 1) >= 1 else { return nil }
        return Entry(fault: fault, value: nil, number: argumentNumber)
    }

    /// Whether the fault hits the turn (or the connection) of this number; the first is 1.
    func hits(_ fault: Fault, _ number: Int) -> Bool {
        entry(fault, number) != nil
    }

    /// The value of a fault that takes one, when it hits.
    func value(_ fault: Fault, _ number: Int) -> Int? {
        entry(fault, number)?.value
    }

    private func entry(_ fault: Fault, _ number: Int) -> Entry? {
        entries.first { $0.fault == fault && ($0.number == nil || $0.number == number) }
    }

    /// The menu that `--faults list` prints.
    static var menu: String {
        let lines = Fault.allCases.map { fault in
            "  \(fault.rawValue)\(String(repeating: " ", count: max(34 - fault.rawValue.count, 1)))\(fault.help)"
        }
        return """
            --faults NAME[=N],...: N is the turn the fault hits (for faults of the connection: the connection),
            counted from 1 since the simulator's start; without it, each is hit. Where a fault takes a value,
            NAME=VALUE[@N].

            """ + lines.joined(separator: "\n")
    }
}
