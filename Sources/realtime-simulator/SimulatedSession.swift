import MonotonicClock

/// One session of the simulated service, without sockets and clocks: events and the instant in, events out.
///
/// It follows the GA interface as the fact sheet describes it. The same seed, events and instants give the same
/// answers to the byte.
struct SimulatedSession {
    /// What a session is set up with.
    struct Setup {
        var model = "gpt-realtime"
        /// Transcripts alone; then there is no model.
        var isTranscription = false
        var library: SampleLibrary
        var hearing: Hearing
        var timing = Timing()
        /// Answer with the visitor's own audio in place of the shipped answers.
        var echoesAudio = false
        var faults = FaultPlan.none
        var seed: UInt64 = 1
        /// The session's longest life.
        var lifetime = Duration.seconds(3600)
        /// Seconds since 1970 at the opening, for `expires_at`.
        var unixTime = 0
        /// Which connection this is and how many turns went before, since the simulator's start; for faults.
        var connection = 1
        var turnsBefore = 0
    }

    /// What the shell does for the session, in order.
    enum Output: Equatable {
        case event(JSON)
        /// A text frame as it is, valid or not.
        case frame(String)
        case close(code: UInt16, reason: String)
        /// Nothing more is read of the socket for so long.
        case pauseReading(Duration)
        /// The socket is dropped without a word.
        case drop
        /// A measured figure: a JSON line for the report, and a line for the console where there is one.
        case report(JSON, console: String?)
    }

    /// What happens later.
    enum Step {
        case event(JSON)
        case announce(Response.ID)
        case begin(Response.ID, part: Int)
        case text(Response.ID, part: Int, String)
        case audio(Response.ID, part: Int, Range<Int>)
        case end(Response.ID, part: Int)
        case finish(Response.ID)
        case transcribe(itemID: String)
        case rateLimits
        case expire
        case drop
        /// The server itself ends a response.
        case cancel(Response.ID)
        /// The client's own playback comes back by its microphone: the beginning, and the end.
        case echoBegins
        case echoEnds
        case idleTimeout
    }

    let setup: Setup
    let openedAt: Instant
    var now: Instant
    var random: SeededRandom
    var session: SessionObject
    var conversation: Conversation
    var agenda = Agenda<Step>()
    var outputs: [Output] = []

    var input = AudioBuffer()
    var activity: VoiceActivity?
    /// The item that the speech being heard will become.
    var speechItemID: String?
    var speechStartMs = 0
    /// Items committed in this session.
    var committedTurns = 0
    var appended = AppendFigures()

    var responses: [Response.ID: Response] = [:]
    /// The response that writes to the default conversation.
    var activeResponseID: Response.ID?
    var hasSpoken = false
    /// `session.update` events so far.
    var updates = 0
    var meter = UsageMeter()
    /// The turn at whose speech reading was paused.
    var pausedTurn: Int?
    /// Turns whose first out-of-band response has failed on purpose.
    var failedOnce: Set<Int> = []
    /// A built-in transcript that waits for the next turn's.
    var swappedItemID: String?

    init(_ setup: Setup, at now: Instant) {
        self.setup = setup
        self.now = now
        openedAt = now
        random = SeededRandom(seed: setup.seed)
        let lifetime = setup.faults.value(.expire, setup.connection).map { Duration.seconds($0) } ?? setup.lifetime
        session = SessionObject(
            id: random.identifier("sess"), model: setup.isTranscription ? nil : setup.model,
            expiresAt: setup.unixTime + Int(lifetime.components.seconds))
        conversation = Conversation(id: random.identifier("conv"))
        activity = session.voiceActivity.map { VoiceActivity(settings: $0, positionMs: 0) }
        agenda.add(.expire, at: now.advanced(by: lifetime))
    }

    /// When `advance` wants to be called next; nil when nothing is to happen by itself.
    var deadline: Instant? { agenda.nextDue }

    /// Turns committed since the simulator's start, this session's included.
    var turns: Int { setup.turnsBefore + committedTurns }

    /// The first events of the session.
    mutating func open() -> [Output] {
        report(
            "session", ["event": "opened", "session": .string(session.id), "model": .string(session.model)],
            console: "session \(session.id) opened model=\(session.model)")
        if hits(.errorThenSilence) {
            sendError(
                Refusal(
                    type: "server_error", code: nil,
                    message: "The server had an error while processing your request.", param: nil), for: nil)
        } else if !hits(.silentAfter101), !hits(.noSessionCreated) {
            send(["type": "session.created", "session": session.value])
        }
        return flush()
    }

    /// Handles one text frame.
    mutating func receive(text: [UInt8], at instant: Instant) -> [Output] {
        catchUp(to: instant)
        guard !isMute else { return flush() }
        guard let event = JSON(parsing: text) else {
            sendError(
                Refusal(code: "invalid_json", message: "Invalid event: failed to parse JSON value.", param: nil),
                for: nil)
            return flush()
        }
        do {
            try handle(event)
        } catch {
            // The service names no client event when it refuses a commit.
            sendError(error, for: event["type"] == "input_audio_buffer.commit" ? nil : event)
        }
        return flush()
    }

    /// Handles one binary frame: the service takes none.
    mutating func receiveBinary(at instant: Instant) -> [Output] {
        catchUp(to: instant)
        guard !isMute else { return flush() }
        let message = "Expected a text WebSocket message; binary frames are not supported."
        sendError(Refusal(code: "invalid_event", message: message, param: nil), for: nil)
        return flush()
    }

    /// Performs what is due by an instant.
    mutating func advance(to instant: Instant) -> [Output] {
        catchUp(to: instant)
        return flush()
    }

    private var isMute: Bool { hits(.silentAfter101) || hits(.errorThenSilence) }

    private mutating func catchUp(to instant: Instant) {
        while let next = agenda.take(by: instant) {
            now = next.due
            perform(next.step)
        }
        now = max(now, instant)
    }

    private mutating func perform(_ step: Step) {
        switch step {
        case .event(let event): send(event)
        case .announce(let id): announce(id)
        case .begin(let id, let part): begin(id, part: part)
        case .text(let id, let part, let text): sendText(id, part: part, text)
        case .audio(let id, let part, let range): sendAudio(id, part: part, range)
        case .end(let id, let part): end(id, part: part)
        case .finish(let id): finish(id)
        case .transcribe(let itemID): transcribe(itemID)
        case .rateLimits: sendRateLimits()
        case .expire: expire()
        case .drop: outputs.append(.drop)
        case .cancel(let id): cancel(id, reason: "turn_detected")
        case .echoBegins: hearOwnPlayback()
        case .echoEnds: ownPlaybackEnds()
        case .idleTimeout: idleTimeout()
        }
    }

    private mutating func expire() {
        let reason = "Your session hit the maximum duration of 60 minutes."
        if hits(.expiredError) {
            sendError(Refusal(code: "session_expired", message: reason, param: nil), for: nil)
        }
        outputs.append(.close(code: 1001, reason: reason))
    }

    // MARK: Client events

    private mutating func handle(_ event: JSON) throws(Refusal) {
        guard case .object = event else {
            throw Refusal(code: "invalid_event", message: "Invalid event: expected an object.", param: nil)
        }
        guard let type = event["type"]?.text else {
            throw Refusal(
                code: "missing_required_parameter", message: "Missing required parameter: 'type'.", param: "type")
        }
        // Appends come many times a second: the first of each turn stands for all.
        if type != "input_audio_buffer.append" || appended.count == 0 { report("received", ["type": .string(type)]) }
        guard let shape = ClientEventShapes.shape(of: type) else {
            throw Shape.word(ClientEventShapes.supportedTypes).refusal(of: .string(type), path: "type")
                ?? .invalidValue("Event '\(type)' is not supported in a realtime session.", param: "type")
        }
        if let refusal = shape.refusal(of: event, path: "") { throw refusal }
        switch type {
        case "session.update": try updateSession(event)
        case "input_audio_buffer.append": try append(event)
        case "input_audio_buffer.commit": try commit()
        case "input_audio_buffer.clear": clear()
        case "conversation.item.create": try createItem(event)
        case "conversation.item.retrieve": try retrieveItem(event)
        case "conversation.item.truncate": try truncateItem(event)
        case "conversation.item.delete": try deleteItem(event)
        case "response.create": try createResponse(event)
        default: try cancelResponse(event)
        }
    }

    private mutating func updateSession(_ event: JSON) throws(Refusal) {
        updates += 1
        if hits(.updateRefused) || hits(.laterUpdateRefused) && updates > 1 {
            throw Refusal(code: "invalid_value", message: "The session could not be updated.", param: "session")
        }
        let before = session.voiceActivity
        try session.update(with: event["session"] ?? [:], hasSpoken: hasSpoken)
        if session.voiceActivity != before {
            activity = session.voiceActivity.map { VoiceActivity(settings: $0, positionMs: input.endMs) }
            speechItemID = nil
        }
        stopIdling()
        // First: who is told of the update may look at the report at once.
        report(
            "updated",
            [
                "instructions": .string(session.instructions), "prompt": session.value["prompt"] ?? .null,
                "turn_detection": session.turnDetection ?? .null,
                "noise_reduction": session.value.at("audio", "input", "noise_reduction") ?? .null,
            ])
        send(["type": "session.updated", "session": session.value])
    }

    // MARK: Saying

    func hits(_ fault: Fault) -> Bool {
        setup.faults.hits(fault, fault.isOfConnection ? setup.connection : turns)
    }

    /// Sends an event, with its own id put in after the type.
    mutating func send(_ event: JSON) {
        var members = event.members
        members.insert(
            JSON.Member(key: "event_id", value: .string(random.identifier("event"))), at: min(1, members.count))
        outputs.append(.event(.object(members)))
    }

    /// Sends an `error`; `event` is the client event it answers, nil where the service names none.
    mutating func sendError(_ refusal: Refusal, for event: JSON?) {
        report(
            "error", ["code": JSON(refusal.code), "message": .string(refusal.message), "param": JSON(refusal.param)],
            console: "error \(refusal.code ?? "-") \(refusal.message)")
        send([
            "type": "error",
            "error": [
                "type": .string(refusal.type), "code": JSON(refusal.code), "message": .string(refusal.message),
                "param": JSON(refusal.param), "event_id": event?["event_id"] ?? .null,
            ],
        ])
    }

    /// Notes a figure with the milliseconds since the session's opening.
    mutating func report(_ kind: String, _ figures: JSON, console: String? = nil) {
        let stamp: JSON = ["kind": .string(kind), "at_ms": .integer(milliseconds(since: openedAt))]
        outputs.append(.report(stamp.merging(figures), console: console))
    }

    func milliseconds(since instant: Instant) -> Int {
        let elapsed = instant.duration(to: now).components
        return Int(elapsed.seconds) * 1_000 + Int(elapsed.attoseconds / 1_000_000_000_000_000)
    }

    private mutating func flush() -> [Output] {
        defer { outputs.removeAll(keepingCapacity: true) }
        return outputs
    }
}
