import MonotonicClock
import Transport

/// One connection of the server: its WebSocket, and its session once it is admitted.
final class Client {
    /// What the service pings at.
    private static let pingInterval = Duration.seconds(20)

    private let socket: WebSocket
    private let options: ServerOptions
    private let endpoints: RESTEndpoints
    /// Number of the connection, from 1.
    private let number: Int
    private let report: (JSON) -> Void
    /// Turns that were committed in earlier sessions.
    private let turnsBefore: () -> Int
    private var session: SimulatedSession?
    /// The session has ended; only the closing handshake is left.
    private var isRetired = false
    private var nextPing: Instant?
    private var receivedBytes = 0
    /// Until then nothing is read or sent.
    private var pausedUntil: Instant?
    private(set) var isOver = false

    init(
        _ socket: WebSocket, number: Int, options: ServerOptions, endpoints: RESTEndpoints,
        turnsBefore: @escaping () -> Int, report: @escaping (JSON) -> Void
    ) {
        self.socket = socket
        self.endpoints = endpoints
        self.number = number
        self.options = options
        self.turnsBefore = turnsBefore
        self.report = report
    }

    var pollRequest: PollRequest? { pausedUntil == nil ? socket.pollRequest : nil }
    var committedTurns: Int { session?.committedTurns ?? 0 }

    var deadline: Instant? {
        if let pausedUntil { return pausedUntil }
        return nextDeadline
    }

    private var nextDeadline: Instant? {
        [socket.deadline, isRetired ? nil : session?.deadline, nextPing].compactMap { $0 }.min()
    }

    /// Moves everything on to an instant.
    func process(now: Instant) {
        if let until = pausedUntil, until > now { return }
        pausedUntil = nil
        for event in socket.process(now: now) where !isOver {
            switch event {
            case .upgradeRequested(let request): admit(request, now: now)
            case .requested(let request): answer(request, now: now)
            case .text(let text):
                receivedBytes += text.count
                perform(isRetired ? [] : session?.receive(text: text, at: now) ?? [], now: now)
            case .binary: perform(isRetired ? [] : session?.receiveBinary(at: now) ?? [], now: now)
            case .closed(let closure): end(closure, now: now)
            case .opened: break
            }
        }
        guard !isOver, !isRetired else { return }
        perform(session?.advance(to: now) ?? [], now: now)
        if let due = nextPing, due <= now {
            socket.sendPing([0x70, 0x69, 0x6E, 0x67], now: now)
            nextPing = now.advanced(by: Client.pingInterval)
        }
    }

    /// Says good-bye when the simulator ends.
    func close(now: Instant) {
        socket.close(code: 1001, reason: "", now: now)
        _ = socket.process(now: now)
    }

    private func answer(_ request: HTTPRequest, now: Instant) {
        let answer = endpoints.answer(request)
        let figures: JSON = answer.figures.members.isEmpty ? ["kind": "request"] : answer.figures
        note(
            figures.merging(["status": .integer(answer.status), "resource": .string(request.resource)]),
            console: "\(request.method) \(request.resource) status=\(answer.status)")
        socket.refuse(
            status: answer.status, headers: [("Content-Type", "application/json")], body: answer.body.line, now: now)
    }

    private func admit(_ upgrade: UpgradeRequest, now: Instant) {
        let request = Admission.Request(
            resource: upgrade.resource, authorization: upgrade.headers["authorization"],
            subprotocols: upgrade.headers["sec-websocket-protocol"],
            hasBetaHeader: upgrade.headers["openai-beta"] != nil)
        let admission = Admission(
            request, requiredKey: endpoints.takes(request.apiKey) ? nil : options.requiredKey, faults: options.faults,
            connection: number)
        switch admission {
        case .http(let status, let headers, let body):
            note("refused", ["status": .integer(status)], console: "refused connection=\(number) status=\(status)")
            socket.refuse(
                status: status, headers: headers.map { (name: $0.key, value: $0.value) }, body: body, now: now)
        case .refused(let refusal, let code):
            socket.accept(subprotocol: request.offersRealtime ? "realtime" : nil, now: now)
            let reason = "\(refusal.type).\(refusal.code ?? "")"
            note(
                "refused", ["code": .integer(Int(code)), "reason": .string(reason)],
                console: "refused connection=\(number) code=\(code) reason=\(reason)")
            let error: JSON = [
                "type": "error", "event_id": .string("event_refused\(number)"),
                "error": [
                    "type": .string(refusal.type), "code": JSON(refusal.code), "message": .string(refusal.message),
                    "param": .null, "event_id": .null,
                ],
            ]
            socket.send(text: error.line, now: now)
            socket.close(code: code, reason: reason, now: now)
        case .session(let model): open(request, model: model, now: now)
        case .transcription: open(request, model: nil, now: now)
        }
    }

    /// Begins the session; `model` is nil for transcripts alone.
    private func open(_ request: Admission.Request, model: String?, now: Instant) {
        socket.accept(subprotocol: request.offersRealtime ? "realtime" : nil, now: now)
        var setup = options.setup(model: model ?? "", connection: number, turnsBefore: turnsBefore())
        setup.isTranscription = model == nil
        var opened = SimulatedSession(setup, at: now)
        let outputs = opened.open()
        session = opened
        nextPing = now.advanced(by: Client.pingInterval)
        perform(outputs, now: now)
    }

    private func perform(_ outputs: [SimulatedSession.Output], now: Instant) {
        for output in outputs where !isOver {
            switch output {
            case .event(let event): socket.send(text: event.line, now: now)
            case .frame(let text): socket.send(text: text, now: now)
            case .close(let code, let reason):
                socket.close(code: code, reason: reason, now: now)
                isRetired = true
                nextPing = nil
            case .drop:
                note("closed", ["by": "fault"], console: "dropped connection=\(number)")
                socket.abandon()
                isOver = true
            case .pauseReading(let duration): pausedUntil = now.advanced(by: duration)
            case .report(let figures, let console): note(figures, console: console)
            }
        }
    }

    private func end(_ closure: Closure, now: Instant) {
        let by = closure.isInitiatedByUs ? "server" : closure.error == nil ? "client" : "fault"
        note(
            "closed",
            [
                "by": .string(by), "code": .integer(Int(closure.code)), "reason": .string(closure.reason),
                "error": JSON(closure.error?.description), "received_bytes": .integer(receivedBytes),
            ], console: "closed connection=\(number) by=\(by) code=\(closure.code)")
        isOver = true
    }

    private func note(_ kind: String, _ figures: JSON, console: String) {
        let stamp: JSON = ["kind": .string(kind)]
        note(stamp.merging(figures), console: console)
    }

    private func note(_ figures: JSON, console: String?) {
        let stamp: JSON = ["connection": .integer(number), "session": JSON(session?.session.id)]
        report(figures.merging(stamp))
        if let console { printLine(console) }
    }
}
