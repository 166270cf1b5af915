import MonotonicClock
import Realtime

@testable import Session

/// One kiosk from its start to its stop, its playback and its server, driven by chance.
struct Life {
    private var machine: SessionStateMachine
    private(set) var inspector = Inspector()
    private(set) var server: FaithfulServer
    private var random: SplitMix64
    private var nowMs = 0
    private var isConnecting = false
    private var isClosing = false
    private var edgeFrame = 0
    private var session = 0
    private var isTouched = false
    private var changes = 0
    /// Whether every input is printed with its actions.
    private let isTold: Bool
    /// Inputs of all kinds so far.
    private(set) var inputs = 0
    /// The mean square of what the microphone hears is below this.
    private let loudness: Int

    private static let configurations: [SessionConfiguration] = [
        .pushToTalk(), .serverVAD(), .pushToTalk(outOfBand: .off, builtInModel: nil), .serverVAD(microphone: .open),
        .pushToTalk(outOfBand: .lastTurns(3), preRollMs: 0, tailMs: 0), .pushToTalk(outOfBand: .fullContext),
        .serverVAD(microphone: .open, bargeInConfirmMs: 300),
    ]

    /// The kiosk of this number: its settings, and all chance in it.
    init(seed: Int, isTold: Bool = false) {
        var configuration = Self.configurations[seed % Self.configurations.count]
        // A kiosk without one of its recordings is one, too.
        configuration.promptFrames = [.noNetwork: frames(1500), .key: frames(1500), .busy: frames(900)]
        if seed % 2 == 0 { configuration.promptFrames[.goodbye] = frames(700) }
        configuration.promptFrames[.budget] = frames(800)
        // A turn of the faithful server costs some 0.0001 USD.
        if seed % 4 == 1 { configuration.budget = Budget(dailyUSD: 0.00015, outOfBandUntil: 0.5) }
        if seed % 4 < 3 { configuration.tools = [.fixture("hours"), .fixture("open", seconds: 2)] }
        if seed % 3 != 1 { configuration.tasks = [.note, .summary, .fields] }
        if seed % 5 < 3 {
            configuration.continuity = .init(
                renewAfter: .milliseconds(1500), freshAfterIdle: seed % 5 == 0 ? .seconds(3) : nil, turns: seed % 4,
                summarizes: seed % 2 == 0)
        }
        configuration.isSpooling = seed % 2 == 1
        self.init(configuration, seed: UInt64(seed), isTold: isTold)
    }

    private init(_ configuration: SessionConfiguration, seed: UInt64, isTold: Bool) {
        self.isTold = isTold
        machine = SessionStateMachine(configuration: configuration, prices: try? PriceTable.builtIn.get(), seed: seed)
        server = FaithfulServer(
            detectsSpeech: !configuration.isPushToTalk,
            answersByItself: !configuration.isPushToTalk && !configuration.confirmsBargeIn)
        server.hasTools = !configuration.tools.isEmpty
        random = SplitMix64(state: seed)
        loudness = seed % 4 == 3 ? 100 : 2_000_000
    }

    /// Long lists of samples cut short.
    private static func words(_ value: Any) -> String {
        let words = String(describing: value)
        return words.count > 2000 ? words.prefix(2000) + "..." : words
    }

    private mutating func chance(_ sides: Int) -> Int { Int.random(in: 0..<sides, using: &random) }

    mutating func give(_ input: SessionStateMachine.Input) {
        // What follows a broken promise says nothing more.
        guard inspector.violations.isEmpty else { return }
        inputs += 1
        let actions = machine.handle(input, at: .ms(nowMs))
        if isTold { print("\(nowMs) \(Self.words(input)) -> \(actions.map { Self.words($0) })") }
        inspector.watch(input, actions, of: machine, at: .ms(nowMs))
        for action in actions {
            if action == .connect { isConnecting = true }
            if case .close = action { isClosing = true }
            if action == .abandon {
                isClosing = false
                server.hangUp()
            }
            server.hear(action, random: &random)
        }
    }

    /// Deadlines are met in order, then the microphone catches up.
    private mutating func pass(_ milliseconds: Int) {
        let end = nowMs + milliseconds
        while let deadline = machine.deadline, deadline <= .ms(end), inspector.violations.isEmpty {
            nowMs = max(nowMs, Int((deadline - t0) / .milliseconds(1)) + 1)
            give(.deadlineReached)
        }
        nowMs = max(nowMs, end)
        let squares = chance(loudness) * frames(milliseconds)
        give(.measured(SoundLevel(untilFrame: frames(nowMs) - chance(2), squares: squares)))
        give(.captured(untilFrame: frames(nowMs)))
    }

    /// The program stands still, as under SIGSTOP or while the machine sleeps: what was due is late, and what came
    /// meanwhile is handled first.
    private mutating func standStill() {
        nowMs += chance(9) == 0 ? chance(2 * 3_600_000) : chance(60_000)
    }

    private mutating func playback(_ frames: Int) {
        if let input = inspector.answerFlush() ?? inspector.sound(frames) { give(input) }
    }

    /// The wall clock moves on, or jumps back; the journal is read anew.
    private mutating func calendar() {
        let day = "2026-11-2\(chance(5))"
        var sum = CostSum()
        sum.addTurn([.assistant: Double(chance(3)) / 10_000])
        give(chance(3) > 0 ? .today(day) : .spentBefore(sum, day: day))
    }

    private mutating func reconfigure() {
        var configuration = machine.configuration
        configuration.instructions = "be kind, version \(nowMs)"
        let confirmMs = configuration.bargeInConfirmMs
        let detections: [SessionConfiguration.Detection] = [
            configuration.detection, SessionConfiguration.serverVAD(bargeInConfirmMs: confirmMs).detection,
            .server(.semanticVAD(createResponse: confirmMs == 0, interruptResponse: confirmMs == 0)),
            SessionConfiguration.pushToTalk().detection, .pushToTalk(preRollFrames: frames(2000), tailFrames: 0),
        ]
        configuration.detection = detections[chance(detections.count)]
        changes += 1
        give(.reconfigure(configuration, change: changes, within: chance(2) == 0 ? .seconds(chance(4)) : nil))
    }

    /// Whether server and machine mean the same instructions, and the same way to end a turn.
    private var isConfigured: Bool {
        guard let instructions = server.instructions else { return true }
        return instructions == machine.configuration.instructions
            && server.detection == machine.configuration.sessionUpdate.turnDetection
    }

    /// But for one that waits for a session, as long as it takes.
    private var isEveryChangeAnswered: Bool {
        guard case .waiting(let change) = machine.reconfiguration.state else {
            return inspector.changes.unanswered == []
        }
        return inspector.changes.unanswered == [change.id] && change.deadline == nil && machine.link.readySession == nil
    }

    @discardableResult
    private mutating func endRun() -> Bool {
        let choice = chance(12)
        guard let input = inspector.endRun(choice) else { return false }
        give(input)
        return true
    }

    private mutating func button() {
        isTouched = false
        // The edge happened a little before it is handled, but after the one before.
        edgeFrame = max(edgeFrame, frames(nowMs - chance(100)))
        give(Bool.random(using: &random) ? .pressed(frame: edgeFrame) : .released(frame: edgeFrame))
    }

    /// Comes before any press, and after some a glitch does.
    private mutating func touch() {
        isTouched.toggle()
        give(isTouched ? .touched : .untouched)
    }

    // MARK: Whole lives

    /// What became of a life: what was wrong in it, which should be nothing, and how much happened.
    struct Verdict {
        let faults: [String]
        let inputs: Int
        let requests: Int
    }

    /// A life with a server that keeps to the protocol.
    static func withFaithfulServer(seed: Int, isTold: Bool = false) -> Verdict {
        var life = Life(seed: seed, isTold: isTold)
        life.give(.start)
        for _ in 0..<150 { life.stepWithFaithfulServer(canBreak: seed % 3 == 0) }
        life.settle()
        var faults: [String] = []
        if !life.inspector.unfinished.isEmpty { faults.append("never settled: \(life.inspector.unfinished)") }
        if !life.server.openCalls.isEmpty { faults.append("never answered: \(life.server.openCalls)") }
        if !life.isConfigured { faults.append("the server has other settings than the machine") }
        if !life.isEveryChangeAnswered { faults.append("a change of settings was never answered") }
        if !life.machine.isIdle { faults.append("a turn is open long after the last word") }
        life.stop()
        return Verdict(
            faults: life.inspector.violations + life.server.violations + faults, inputs: life.inputs,
            requests: life.inspector.requests.count)
    }

    /// A life with a server that says anything.
    static func withHostileServer(seed: Int, isTold: Bool = false) -> Verdict {
        var life = Life(seed: seed, isTold: isTold)
        life.give(.start)
        for _ in 0..<60 { life.stepWithHostileServer() }
        var faults: [String] = []
        if seed % 2 == 0 {
            life.fallSilent()
            if !life.inspector.unfinished.isEmpty { faults.append("never settled: \(life.inspector.unfinished)") }
            if !life.machine.isIdle { faults.append("a turn is open long after the last word") }
        }
        life.stop()
        return Verdict(
            faults: life.inspector.violations + faults, inputs: life.inputs, requests: life.inspector.requests.count)
    }

    // MARK: A faithful server

    mutating func stepWithFaithfulServer(canBreak: Bool, isButtonUsed: Bool = true) {
        pass(chance(40))
        if isClosing { lose() }
        if isConnecting {
            isConnecting = false
            // It has heard and said things with nobody there.
            server.reset()
            give(.connected)
        }
        server.work(random: &random)
        for _ in 0..<3 { if let event = server.deliver(random: &random) { give(.received(event)) } }
        if chance(3) > 0 { playback(chance(3000)) }
        if chance(5) == 0 { endRun() }
        if isButtonUsed, chance(12) == 0 { button() }
        if isButtonUsed, chance(4) == 0 { touch() }
        if isButtonUsed, chance(60) == 0 { calendar() }
        if canBreak, chance(80) == 0 { lose() }
        if isButtonUsed, chance(60) == 0 { reconfigure() }
        if isButtonUsed, chance(150) == 0 { standStill() }
    }

    private mutating func lose() {
        isClosing = false
        server.hangUp()
        give(.lost(LinkLoss(words: "cut")))
    }

    /// Nobody speaks any more, and the server comes to its ends.
    mutating func settle() {
        if isTouched { touch() }
        give(.released(frame: frames(nowMs)))
        server.isQuiet = true
        server.hasTools = false
        for _ in 0..<150 { stepWithFaithfulServer(canBreak: false, isButtonUsed: false) }
        fallSilent()
        // Silence may have ended the session.
        for _ in 0..<20 { stepWithFaithfulServer(canBreak: false, isButtonUsed: false) }
    }

    /// Neither the visitor nor the server says anything more; time and playback run on.
    mutating func fallSilent() {
        if isTouched { touch() }
        give(.released(frame: frames(nowMs)))
        for _ in 0..<40 {
            pass(4000)
            while let input = inspector.endRun(0) { give(input) }
            for _ in 0..<3 { playback(48_000) }
        }
    }

    mutating func stop() {
        give(.stop)
        pass(2000)
        inspector.checkEnd()
    }

    // MARK: A hostile server

    mutating func stepWithHostileServer() {
        inspector.areNamesReused = true
        if chance(40) == 0 { calendar() }
        if chance(60) == 0 { standStill() }
        pass(chance(20) == 0 ? 5000 : chance(200))
        switch chance(14) {
        case 11 where chance(9) == 0: reconfigure()
        case 13: if !endRun() { give(.toolFinished(run: chance(9), .output("x"))) }
        case 0: button()
        case 12: touch()
        case 1, 2: playback(chance(9000))
        case 3: give(chance(9) == 0 ? .playbackLost : .receivedUndecodable("junk"))
        case 4 where chance(6) == 0: give(.lost(anyLoss()))
        case 5 where isConnecting || chance(6) == 0:
            isConnecting = false
            give(.connected)
        case 6 where !inspector.isReady:
            session += 1
            give(.received(.sessionCreated(SessionInfo(id: "sess_\(session)"))))
            give(.received(.sessionUpdated(SessionInfo(id: "sess_\(session)"))))
        default: give(.received(anyEvent()))
        }
    }

    private mutating func anyLoss() -> LinkLoss {
        let codes: [Int?] = [nil, 1000, 1001, 1006, 1013, 3000, 4000]
        let reasons = ["", "insufficient_quota.insufficient_quota", "maximum duration", "."]
        return LinkLoss(
            closeCode: codes[chance(codes.count)], closeReason: reasons[chance(reasons.count)],
            httpStatus: chance(4) == 0 ? 401 : nil, words: "cut")
    }

    /// Names are few, so that they collide; every session has its own.
    private mutating func item() -> ItemID { ItemID(rawValue: "i\(session)_\(chance(6))") }
    private mutating func response() -> ResponseID { ResponseID(rawValue: "r\(session)_\(chance(5))") }
    private mutating func part() -> ContentPart {
        let response = response()
        return .part(response, ItemID(rawValue: "\(response)_\(chance(2))"), output: chance(2), content: chance(2))
    }

    private mutating func anyResponse() -> Response {
        let states: [Response.Status] = [.completed, .cancelled, .incomplete, .failed, .inProgress, .other("odd")]
        let status = states[chance(states.count)]
        guard chance(2) == 0 else {
            let call = Item.call("call_\(chance(9))", ["hours", "open", "gone"][chance(3)])
            let calls = chance(3) == 0 ? [call] : []
            return Response(id: response(), status: status, output: [.assistant(item(), text: "x")] + calls)
        }
        let text = chance(2) == 0 ? "x" : nil
        if chance(3) == 0 {
            let metadata = ["purpose": "task", "run": "\(chance(9))"]
            return Response(
                id: response(), status: status, isOutOfBand: true, metadata: metadata,
                output: [.assistant(item(), text: "{}")])
        }
        return .transcription(response(), of: item(), status: status, text: text, error: "y")
    }

    private mutating func anyError() -> APIError {
        let codes: [String?] = [
            nil, "conversation_already_has_active_response", "response_cancel_not_active",
            "input_audio_buffer_commit_empty", "session_expired", "item_not_found", "insufficient_quota",
        ]
        let turn = chance(5)
        let ids: [String?] = [
            nil, "answer-\(turn)", "commit-\(turn)", "transcription-\(turn)-1", "bookkeeping", "configure-\(turn)",
            "reconfigure", "x-1", "task-\(turn)-1", "task-\(turn)-2",
        ]
        return APIError(
            code: codes[chance(codes.count)], message: "try again in \(chance(9))s", eventID: ids[chance(ids.count)])
    }

    private mutating func anyEvent() -> ServerEvent {
        switch chance(20) {
        case 17 where chance(2) == 0: .idleTimeoutTriggered(item(), audioStartMs: chance(9000), audioEndMs: chance(9000))
        // Before, it would open a session that the names do not tell from the one before.
        case 17 where inspector.isReady: .sessionUpdated(SessionInfo(id: "sess_\(session)"))
        case 16: .outputItemDone(response(), outputIndex: chance(2), .call("call_\(chance(9))", "hours"))
        case 0: .speechStarted(item(), audioStartMs: chance(9) == 0 ? .max : chance(9000))
        case 1: .speechStopped(item(), audioEndMs: chance(9) == 0 ? .min : chance(9000))
        case 2: .inputCommitted(item(), previous: chance(2) == 0 ? nil : item())
        case 3: .itemAdded(.user(item()), previous: nil)
        case 4: .itemDeleted(item())
        case 5: .builtInTranscriptDelta(item(), contentIndex: 0, delta: "x")
        case 6: .builtInTranscriptCompleted(item(), contentIndex: 0, transcript: "x", usage: nil)
        case 7: .builtInTranscriptFailed(item(), contentIndex: 0, APIError(message: "x"))
        case 8, 9: .responseCreated(anyResponse())
        case 10: .responseDone(anyResponse())
        case 11: .outputItemAdded(response(), outputIndex: chance(2), .assistant(part().item))
        case 12, 13: .outputAudioDelta(part(), audio: [UInt8](repeating: 7, count: chance(20_000)))
        case 14: .outputTranscriptDelta(part(), delta: "word ")
        case 15: .outputTextDone(part(), text: "words")
        default: .error(anyError())
        }
    }
}
