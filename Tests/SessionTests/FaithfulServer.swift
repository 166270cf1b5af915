import Realtime

@testable import Session

/// A server that keeps to the protocol: everything takes its time and crosses the client's words on the wire.
struct FaithfulServer {
    private struct Making {
        let response: ResponseID
        var events: [ServerEvent]
    }

    /// Whether it hears the visitor begin and end by itself.
    private(set) var detectsSpeech: Bool
    /// Nobody begins to speak any more.
    var isQuiet = false
    /// How turns end in the session that there is; omitted before it is told.
    private(set) var detection: Nullable<TurnDetection> = .omitted
    /// Audio came since it last listened.
    private var hasNewAudio = false
    private(set) var violations: [String] = []
    /// Events under way to the client; each list keeps its order, the lists keep none among themselves.
    private var wire: [[ServerEvent]] = [[]]
    /// The response of the default conversation that is being made.
    private var active: Making?
    private var lastItem: ItemID?
    /// Calls without an answer.
    private(set) var openCalls: Set<String> = []
    var hasTools = false
    /// What is under way still arrives; nothing more is made.
    private var isClosed = false
    /// In force, of whatever session there is.
    private(set) var instructions: String?
    private var answersByItself: Bool
    /// What the client put into the conversation.
    private var items: Set<ItemID> = []
    private var bufferedFrames = 0
    private var heardFrames = 0
    private var heardMs: Int { heardFrames * 1000 / sessionRate }
    private var speaking: ItemID?
    private var session = 0
    private var count = 0

    init(detectsSpeech: Bool, answersByItself: Bool) {
        self.detectsSpeech = detectsSpeech
        self.answersByItself = answersByItself
    }

    mutating func reset() {
        let session = session
        let (hasTools, isQuiet) = (hasTools, isQuiet)
        self = FaithfulServer(
            detectsSpeech: detectsSpeech, answersByItself: answersByItself, violations: violations, session: session,
            count: count)
        self.isQuiet = isQuiet
        self.hasTools = hasTools
    }

    /// Nobody is there to be heard or told.
    mutating func hangUp() {
        reset()
        isClosed = true
    }

    private init(
        detectsSpeech: Bool, answersByItself: Bool, violations: [String], session: Int, count: Int
    ) {
        self.init(detectsSpeech: detectsSpeech, answersByItself: answersByItself)
        self.violations = violations
        self.session = session
        self.count = count
    }

    private mutating func name(_ kind: String) -> String {
        count += 1
        return "\(kind)_\(count)"
    }

    // MARK: The client's words

    mutating func hear(_ action: SessionStateMachine.Action, random: inout SplitMix64) {
        switch action {
        case .sendAudio(let range):
            bufferedFrames += range.count
            heardFrames += range.count
            hasNewAudio = true
        case .close, .abandon:
            isClosed = true
            openCalls = []
        case .send(let event): hear(event, random: &random)
        default: break
        }
    }

    private mutating func hear(_ event: ClientEvent, random: inout SplitMix64) {
        switch event.body {
        case .sessionUpdate(let update) where event.eventID == "reconfigure":
            // In order: what was sent before has been heard.
            hasNewAudio = false
            guard Int.random(in: 0..<4, using: &random) > 0 else {
                return wire[0].append(.failure("no", code: "invalid_value", eventID: event.eventID))
            }
            configure(update)
            wire[0].append(.sessionUpdated(SessionInfo(id: "sess_\(session)")))
        case .sessionUpdate(let update):
            configure(update)
            session += 1
            let info = SessionInfo(id: "sess_\(session)")
            wire[0] += [.sessionCreated(info), .sessionUpdated(info)]
        case .commit:
            guard bufferedFrames >= sessionRate / 10 else {
                violations.append("a commit of \(bufferedFrames) frames")
                return wire[0].append(.failure("too small", code: "input_audio_buffer_commit_empty"))
            }
            commit(ItemID(rawValue: name("item")), random: &random)
        case .createResponse(let request) where request.conversation == .none: transcribe(request, random: &random)
        case .createResponse:
            if let active {
                // One that it began by itself may not be known yet: the request crossed it on the wire.
                if !answersByItself { violations.append("an answer asked for while \(active.response) is made") }
                wire[0].append(.failure(
                    "busy", code: "conversation_already_has_active_response", eventID: event.eventID))
            } else {
                answer(random: &random)
            }
        case .createItem(let item, let previous):
            if case .functionCallOutput(let call, _) = item.kind {
                if openCalls.remove(call) == nil { violations.append("an answer to \(call), which nobody waits for") }
                break
            }
            let id = item.id ?? ItemID(rawValue: name("item"))
            guard !items.contains(id), previous.map({ $0 == .root || items.contains($0) }) ?? true else {
                violations.append("\(id) put behind \(previous?.rawValue ?? "nothing")")
                return wire[0].append(.failure("no", code: "item_not_found", eventID: event.eventID))
            }
            items.insert(id)
            let role: Item.Role = if case .assistant = item.kind { .assistant } else { .user }
            wire[0].append(.itemAdded(Item(id: id, role: role), previous: previous == .root ? nil : previous))
        case .deleteItem(let item):
            items.remove(item)
            wire[0].append(.itemDeleted(item))
        case .clear:
            bufferedFrames = 0
            speaking = nil
        case .cancelResponse(let response):
            guard let active, response == nil || response == active.response else {
                let eventID = Bool.random(using: &random) ? event.eventID : nil
                return wire[0].append(.failure("none", code: "response_cancel_not_active", eventID: eventID))
            }
            cancel(active, reason: "client_cancelled")
        default: break
        }
    }

    /// Only what is there changes anything.
    private mutating func configure(_ update: SessionUpdate) {
        instructions = update.instructions ?? instructions
        guard update.turnDetection != .omitted, update.turnDetection != detection else { return }
        if speaking != nil { violations.append("the detection was changed in the middle of speech") }
        if bufferedFrames >= sessionRate / 10, !detectsSpeech { violations.append("it was changed before a commit") }
        detection = update.turnDetection
        detectsSpeech = detection != .null
        answersByItself = switch detection {
        case .value(.serverVAD(_, _, _, _, let createResponse, _)), .value(.semanticVAD(_, let createResponse, _)):
            createResponse
        case .omitted, .null: false
        }
        speaking = nil
    }

    private mutating func commit(_ item: ItemID, random: inout SplitMix64) {
        bufferedFrames = 0
        wire[0] += [
            .inputCommitted(item, previous: lastItem), .itemAdded(.user(item), previous: lastItem),
            .itemDone(.user(item), previous: lastItem),
        ]
        lastItem = item
        let usage = TranscriptionUsage.duration(seconds: 1)
        wire.append([
            .builtInTranscriptDelta(item, contentIndex: 0, delta: "hel"),
            .builtInTranscriptCompleted(item, contentIndex: 0, transcript: "hello", usage: usage),
        ])
    }

    private mutating func cancel(_ making: Making, reason: String) {
        active = nil
        // What was still to be said was not said.
        if case .responseDone(let response)? = making.events.last {
            openCalls.subtract(response.output.compactMap(\.callID))
        }
        wire[0].append(.responseDone(Response(id: making.response, status: .cancelled, statusReason: reason)))
    }

    private mutating func answer(random: inout SplitMix64) {
        let response = ResponseID(rawValue: name("resp"))
        var events: [ServerEvent] = [.responseCreated(Response(id: response))]
        for output in 0..<Int.random(in: 1...2, using: &random) {
            let item = ItemID(rawValue: name("answer"))
            events.append(.outputItemAdded(response, outputIndex: output, .assistant(item)))
            for _ in 0..<Int.random(in: 0...3, using: &random) {
                events.append(.said("word ", response, item, output: output))
                events.append(.audio(response, item, output: output, ms: Int.random(in: 1...300, using: &random)))
            }
        }
        // A turn in four calls tools, now and then again.
        var calls: [Item] = []
        if hasTools, Int.random(in: 0..<4, using: &random) == 0 {
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                calls.append(.call(name("call"), ["hours", "open"].randomElement(using: &random) ?? ""))
            }
        }
        openCalls.formUnion(calls.compactMap(\.callID))
        events.append(.responseDone(Response(
            id: response, status: .completed, output: calls, usage: Usage(inputTokens: 3))))
        active = Making(response: response, events: events)
    }

    private mutating func transcribe(_ request: ResponseRequest, random: inout SplitMix64) {
        let response = ResponseID(rawValue: name("resp"))
        let item = ItemID(rawValue: request.metadata?["item"] ?? "")
        let fails = Int.random(in: 0..<8, using: &random) == 0
        var created = Response.transcription(response, of: item)
        var done = Response.transcription(
            response, of: item, status: fails ? .failed : .completed, error: fails ? "overloaded" : nil)
        // A task's request is answered with what it carried, too; one in ten is forgotten.
        if request.metadata?["purpose"] == "task", Int.random(in: 0..<10, using: &random) == 0 { return }
        created.metadata = request.metadata ?? [:]
        done.metadata = created.metadata
        wire.append([
            .responseCreated(created), .outputTextDelta(.part(response, "item_text"), delta: "hello"),
            .responseDone(done),
        ])
    }

    // MARK: Time

    /// The server works on: it makes a piece of the answer and, by chance, hears the visitor begin or end.
    mutating func work(random: inout SplitMix64) {
        guard !isClosed else { return }
        if var making = active {
            wire[0].append(making.events.removeFirst())
            active = making.events.isEmpty ? nil : making
        }
        let hears = detectsSpeech && hasNewAudio && (!isQuiet || speaking != nil) || isQuiet && speaking != nil
        guard hears, session > 0, Int.random(in: 0..<12, using: &random) == 0 else { return }
        hasNewAudio = false
        if let item = speaking {
            speaking = nil
            wire[0].append(.speechStopped(item, audioEndMs: heardMs))
            commit(item, random: &random)
            // A request that crossed the speech has the conversation.
            if answersByItself, active == nil { answer(random: &random) }
        } else {
            let item = ItemID(rawValue: name("item"))
            speaking = item
            if answersByItself, let active { cancel(active, reason: "turn_detected") }
            wire[0].append(.speechStarted(item, audioStartMs: heardMs))
        }
    }

    /// The next event that arrives at the client.
    mutating func deliver(random: inout SplitMix64) -> ServerEvent? {
        let busy = wire.indices.filter { !wire[$0].isEmpty }
        guard let index = busy.randomElement(using: &random) else { return nil }
        return wire[index].removeFirst()
    }
}
