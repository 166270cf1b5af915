import MonotonicClock
import Realtime

@testable import Session

/// The base of every virtual clock.
let t0 = Instant.now

extension Instant {
    static func ms(_ milliseconds: Int) -> Instant { t0 + .milliseconds(milliseconds) }
}

/// Frames of so many milliseconds of session audio.
func frames(_ milliseconds: Int) -> Int { milliseconds * sessionRate / 1000 }

/// A session machine on a virtual clock, with a microphone that captures 10 ms periods while time runs.
struct Kiosk {
    typealias Input = SessionStateMachine.Input
    typealias Action = SessionStateMachine.Action

    var machine: SessionStateMachine
    var nowMs = 0

    var now: Instant { .ms(nowMs) }
    /// The capture position: audio began at 0 ms.
    var frame: Int { frames(nowMs) }

    init(_ configuration: SessionConfiguration = .pushToTalk(), prices: PriceTable? = nil) {
        machine = SessionStateMachine(configuration: configuration, prices: prices, seed: 1)
    }

    /// A kiosk whose session is ready.
    static func ready(_ configuration: SessionConfiguration = .pushToTalk(), prices: PriceTable? = nil) -> Kiosk {
        var kiosk = Kiosk(configuration, prices: prices)
        kiosk.give(.start)
        kiosk.run(1000)
        kiosk.open("sess_1")
        return kiosk
    }

    @discardableResult
    mutating func give(_ inputs: Input...) -> [Action] {
        inputs.flatMap { machine.handle($0, at: now) }
    }

    @discardableResult
    mutating func receive(_ events: ServerEvent...) -> [Action] {
        events.flatMap { machine.handle(.received($0), at: now) }
    }

    /// Lets time pass in periods of the microphone; deadlines are kept to the millisecond.
    @discardableResult
    mutating func run(_ milliseconds: Int) -> [Action] {
        var actions: [Action] = []
        for _ in 0..<milliseconds {
            nowMs += 1
            if nowMs % 10 == 0 { actions += machine.handle(.captured(untilFrame: frame), at: now) }
            if let deadline = machine.deadline, deadline <= now { actions += machine.handle(.deadlineReached, at: now) }
        }
        return actions
    }

    /// Upgrade, greeting and confirmation.
    @discardableResult
    mutating func open(_ session: String) -> [Action] {
        give(.connected) + receive(.sessionCreated(SessionInfo(id: session)), .sessionUpdated(SessionInfo(id: session)))
    }

    mutating func lose(_ words: String = "connection reset", code: Int? = nil, reason: String = "") -> [Action] {
        give(.lost(LinkLoss(closeCode: code, closeReason: reason, words: words)))
    }

    @discardableResult
    mutating func press() -> [Action] { give(.pressed(frame: frame)) }
    @discardableResult
    mutating func release() -> [Action] { give(.released(frame: frame)) }

    /// Press, hold, release, and wait for the tail and what the server hears of it.
    @discardableResult
    mutating func talk(_ milliseconds: Int = 500) -> [Action] {
        press() + run(milliseconds) + release() + run(200)
    }

    /// The server takes the utterance: committed, and the item known.
    @discardableResult
    mutating func commit(_ item: ItemID, after previous: ItemID? = nil) -> [Action] {
        receive(.inputCommitted(item, previous: previous), .itemAdded(.user(item), previous: previous))
    }

    /// A turn talked, committed as `item`, with the answer begun and `ms` of its audio received.
    static func answering(
        _ configuration: SessionConfiguration = .pushToTalk(), item: ItemID = "item_u1",
        response: ResponseID = "resp_1", answerItem: ItemID = "item_a1", ms: Int = 1000
    ) -> Kiosk {
        var kiosk = Kiosk.ready(configuration)
        kiosk.talk()
        kiosk.commit(item)
        kiosk.receive(.responseCreated(Response(id: response)))
        kiosk.receive(.audio(response, answerItem, ms: ms))
        return kiosk
    }

    /// Both transcripts of the user item.
    @discardableResult
    mutating func transcribe(_ item: ItemID, response: ResponseID, text: String = "hello") -> [Action] {
        receive(
            .responseCreated(.transcription(response, of: item)),
            .responseDone(.transcription(response, of: item, status: .completed, text: text)),
            .builtInTranscriptCompleted(item, contentIndex: 0, transcript: text, usage: nil))
    }
}

// MARK: What the tests say

extension SessionConfiguration {
    static func pushToTalk(
        outOfBand: OutOfBand = .lastTurns(1), builtInModel: String? = "gpt-4o-transcribe",
        preRollMs: Int = 300, tailMs: Int = 200, continuity: Continuity = Continuity(renewAfter: nil)
    ) -> SessionConfiguration {
        var configuration = SessionConfiguration(
            model: "gpt-realtime", voice: "marin", instructions: "be kind",
            detection: .pushToTalk(preRollFrames: frames(preRollMs), tailFrames: frames(tailMs)),
            outOfBand: outOfBand, transcriptionInstructions: "transcribe", builtInModel: builtInModel)
        configuration.continuity = continuity
        return configuration
    }

    static func serverVAD(
        microphone: MicrophoneWhileSpeaking = .muted, outOfBand: OutOfBand = .lastTurns(1),
        continuity: Continuity = Continuity(renewAfter: nil), bargeInConfirmMs: Int = 0
    ) -> SessionConfiguration {
        var configuration = SessionConfiguration(
            model: "gpt-realtime", voice: "marin", instructions: "be kind",
            detection: .server(.serverVAD(
                threshold: 0.5, prefixPaddingMs: 300, silenceDurationMs: 500, createResponse: bargeInConfirmMs == 0,
                interruptResponse: bargeInConfirmMs == 0)),
            microphoneWhileSpeaking: microphone, outOfBand: outOfBand, transcriptionInstructions: "transcribe")
        configuration.continuity = continuity
        configuration.bargeInConfirmMs = bargeInConfirmMs
        return configuration
    }
}

extension OutOfBandTask {
    static let note = OutOfBandTask(name: "note", trigger: .everyTurns(1), instructions: "note it")
    static let summary = OutOfBandTask(name: "summary", trigger: .sessionEnd, instructions: "sum up")
    static let fields = OutOfBandTask(
        name: "fields", trigger: .everyTurns(2), context: .lastTurns(2), instructions: "fill in",
        output: .json(try? JSONSchema(#"{"type": "object"}"#)))
}

extension SessionTool {
    static func fixture(_ name: String, seconds: Int = 5) -> SessionTool {
        SessionTool(
            name: name, description: name, parameters: .object(["type": .string("object")]), limit: .seconds(seconds))
    }
}

extension Item {
    static func call(_ id: String, _ name: String) -> Item {
        Item(
            id: ItemID(rawValue: "item_" + id), type: "function_call", status: "completed", callID: id, name: name,
            arguments: "{}")
    }
}

extension Item {
    static func user(_ id: ItemID) -> Item {
        Item(id: id, role: .user, status: "completed", content: [Content(type: "input_audio")])
    }

    static func assistant(_ id: ItemID, text: String = "") -> Item {
        Item(id: id, role: .assistant, content: [Content(type: "output_audio", transcript: text)])
    }
}

extension Response {
    static func transcription(
        _ id: ResponseID, of item: ItemID, status: Status = .inProgress, text: String? = nil, error: String? = nil,
        usage: Usage? = nil
    ) -> Response {
        Response(
            id: id, status: status, error: error.map { APIError(message: $0) }, isOutOfBand: true,
            metadata: ["purpose": "user-turn-transcription", "item": item.rawValue],
            output: text.map { [.assistant("item_t", text: $0)] } ?? [],
            usage: usage)
    }
}

extension ContentPart {
    static func part(_ response: ResponseID, _ item: ItemID, output: Int = 0, content: Int = 0) -> ContentPart {
        ContentPart(response: response, item: item, outputIndex: output, contentIndex: content)
    }
}

/// So many frames of PCM16 bytes.
func pcm(_ frames: Int) -> [UInt8] { [UInt8](repeating: 1, count: frames * 2) }

extension ServerEvent {
    static func audio(_ response: ResponseID, _ item: ItemID, output: Int = 0, ms: Int) -> ServerEvent {
        .outputAudioDelta(.part(response, item, output: output), audio: pcm(frames(ms)))
    }

    static func said(_ text: String, _ response: ResponseID, _ item: ItemID, output: Int = 0) -> ServerEvent {
        .outputTranscriptDelta(.part(response, item, output: output), delta: text)
    }

    static func done(_ response: ResponseID, _ status: Response.Status = .completed) -> ServerEvent {
        .responseDone(Response(id: response, status: status))
    }

    static func failure(_ message: String, code: String? = nil, eventID: String? = nil) -> ServerEvent {
        .error(APIError(code: code, message: message, eventID: eventID))
    }
}

extension [SessionStateMachine.Action] {
    /// What leaves for the server beside audio.
    var sent: [ClientEvent.Body] { events.map(\.body) }

    var events: [ClientEvent] {
        compactMap { if case .send(let event) = $0 { event } else { nil } }
    }

    /// The captured audio that leaves; adjoining ranges as one.
    var audio: [Range<Int>] {
        reduce(into: []) { ranges, action in
            guard case .sendAudio(let range) = action else { return }
            if let last = ranges.last, last.upperBound == range.lowerBound {
                ranges[ranges.count - 1] = last.lowerBound..<range.upperBound
            } else {
                ranges.append(range)
            }
        }
    }

    /// The turns that are kept, as the conversation made them.
    var turns: [SettledTurn] { countedTurns.map(\.uncounted) }

    /// The turns that are kept, with what was counted of them.
    var countedTurns: [SettledTurn] {
        compactMap { if case .record(.turn(let turn)) = $0 { turn } else { nil } }
    }

    /// The parts that are kept of turns that go on.
    var parts: [TurnPart] {
        compactMap { if case .record(.part(let part)) = $0 { part } else { nil } }
    }

    var shownTurns: [SettledTurn] {
        compactMap { if case .showTurn(let turn) = $0 { turn.uncounted } else { nil } }
    }

    var faults: [Fault] {
        compactMap { if case .report(let fault) = $0 { fault } else { nil } }
    }

    var lines: [StateLine] {
        compactMap { if case .show(let line) = $0 { line } else { nil } }
    }

    var prompts: [VoicePrompt] {
        compactMap { if case .prompt(let prompt) = $0 { prompt } else { nil } }
    }

    /// What the session is told of earlier ones.
    var told: [NewItem] {
        sent.compactMap { if case .createItem(let item, _) = $0 { item } else { nil } }
    }

    var closings: [String] {
        compactMap { if case .close(let reason) = $0 { reason } else { nil } }
    }

    /// Frames handed to playback.
    var playedFrames: Int {
        reduce(0) { if case .play(let samples) = $1 { $0 + samples.count } else { $0 } }
    }

    /// Out-of-band transcription requests.
    var transcriptionRequests: [ResponseRequest] { sent.compactMap(\.request).filter { $0.conversation == .none } }

    /// Requests for an answer of the assistant.
    var answerRequests: Int { sent.compactMap(\.request).filter { $0.conversation == .default }.count }

    var commits: Int { sent.filter { $0 == .commit }.count }
}

extension SettledTurn {
    /// Without what was counted beside the conversation.
    var uncounted: SettledTurn {
        var turn = self
        turn.latency = TurnLatency()
        turn.totals = nil
        return turn
    }
}

extension ClientEvent.Body {
    var request: ResponseRequest? {
        if case .createResponse(let request) = self { request } else { nil }
    }
}
