import MonotonicClock
import Realtime

@testable import Session

/// Watches every input and action of a machine, plays its audio, and writes down each broken promise.
struct Inspector {
    typealias Input = SessionStateMachine.Input
    typealias Action = SessionStateMachine.Action

    /// Frames of one part, or of a prompt (nil), in playback's hands.
    private struct Stretch {
        let part: ContentPart?
        var frames: Int
    }

    private struct Sound: Hashable {
        let item: ItemID
        let contentIndex: Int
    }

    /// A server that gives the name of a settled answer to the next one makes a heard item unheard again.
    var areNamesReused = false
    private var complaints: [String] = []
    private(set) var changes = ChangeInspector()
    private(set) var isReady = false
    private(set) var openings: [SessionOpening] = []
    /// What sessions were told of earlier ones.
    private(set) var toldItems = 0
    private(set) var isStopped = false
    private(set) var recorded: [SettledTurn] = []
    private var parts: [TurnPart] = []
    private(set) var tasks: [SettledTask] = []
    private(set) var strayUsages: Set<String> = []
    /// Attempts of each out-of-band task that was asked for, by its run.
    private var taskRuns: [String: [String]] = [:]
    private(set) var speechLines = 0
    private(set) var prompts: [VoicePrompt] = []
    /// Items that the machine was told to be committed while its session was ready.
    private(set) var committed: Set<ItemID> = []
    private var shown = 0
    private var isButtonDown = false
    private var isTouched = false
    private var gain = 1.0
    /// Times a touch silenced something, and a voice made it quieter.
    private(set) var mutes = 0
    private(set) var ducks = 0
    private var capturedFrames = 0
    private var oldestKeptFrame = 0
    /// Before the present input: whether the budget had room for it, and the last turn that a spent one lets end.
    private var couldAskOutOfBand = true
    private var lastPaidTurn: TurnID?
    private var isClockTurned = false
    /// The connection is given up in the step at hand.
    private var isGivenUp = false
    /// Deadlines met one after another that left another one due.
    private var lateDeadlines = 0
    /// Requests, each with its end in sight.
    private(set) var requests = RequestWatch()
    /// Attempts of each out-of-band transcription.
    private var attempts: [String: [String]] = [:]

    // Playback: what waits, what was heard of it since the flush before, and flushes it has not answered yet.
    private var queue: [Stretch] = []
    private var heardFrames = 0
    private(set) var unansweredFlushes: [Int] = []
    private var heard: [Sound: Int] = [:]
    private var received: [Sound: Int] = [:]
    private var receivedBytes: [Sound: Int] = [:]
    private var silenced: Set<ResponseID> = []
    // Tools: runs that were asked for and have not ended, and calls that have their answer.
    private(set) var openRuns: [ToolRun] = []
    private var answeredCalls: Set<String> = []

    var violations: [String] { complaints + requests.violations + changes.violations }
    var pendingFrames: Int { queue.reduce(0) { $0 + $1.frames } }

    // MARK: Playback

    /// Lets playback sound for so many frames.
    mutating func sound(_ frames: Int) -> Input? {
        guard unansweredFlushes.isEmpty, !queue.isEmpty else { return nil }
        var left = frames
        while left > 0, let first = queue.first {
            let played = min(left, first.frames)
            if let part = first.part {
                heard[Sound(item: part.item, contentIndex: part.contentIndex), default: 0] += played
            }
            heardFrames += played
            left -= played
            queue[0].frames -= played
            if queue[0].frames == 0 { queue.removeFirst() }
        }
        return .heard(frames: heardFrames)
    }

    /// Playback's answer to the oldest flush.
    mutating func answerFlush() -> Input? {
        unansweredFlushes.isEmpty ? nil : .flushed(heardFrames: unansweredFlushes.removeFirst())
    }

    private mutating func flush() {
        gain = 1
        silenced.formUnion(queue.compactMap(\.part?.response))
        queue = []
        unansweredFlushes.append(heardFrames)
        heardFrames = 0
    }

    /// The end of a run, by chance of one that was not asked for.
    mutating func endRun(_ choice: Int) -> Input? {
        guard !openRuns.isEmpty else { return nil }
        let run = openRuns.remove(at: choice % openRuns.count)
        let results: [ToolResult] = [.output("x"), .output(""), .failed("y"), .timedOut]
        return .toolFinished(run: run.id, results[choice % 4])
    }

    // MARK: Watching

    mutating func watch(_ input: Input, _ actions: [Action], of machine: SessionStateMachine, at now: Instant) {
        if case .received(.inputCommitted(let item, _)) = input, isReady { committed.insert(item) }
        if case .captured(let frame) = input { capturedFrames = max(capturedFrames, frame) }
        let isSilenced = pendingFrames == 0 || actions.contains(.flushPlayback) || machine.link.isStopping
        watchButton(input, isSilenced: isSilenced)
        if case .received(.outputAudioDelta(let part, let audio)) = input {
            receivedBytes[Sound(item: part.item, contentIndex: part.contentIndex), default: 0] += audio.count
        }
        isGivenUp = actions.contains(.abandon)
        for action in actions { watch(action, after: input, of: machine) }
        requests.watch(input, actions, of: machine, at: now)
        if gain == 0, !isTouched { complain("muted, and nobody touches the button") }
        if (gain == BargeInStateMachine.duckedGain) != (machine.bargeIn.state != .quiet), !machine.isStopping {
            complain("a gain of \(gain) with a barge-in that is \(machine.bargeIn.state)")
        }
        changes.watch(input, actions, of: machine)
        watchBudget(input, actions, of: machine)
        oldestKeptFrame = max(oldestKeptFrame, min(machine.oldestNeededFrame, capturedFrames))
        watchDeadline(input, of: machine, at: now)
    }

    /// After a standstill one late deadline may bring up the next, which is late, too; but then there is an end.
    private mutating func watchDeadline(_ input: Input, of machine: SessionStateMachine, at now: Instant) {
        guard case .deadlineReached = input, let deadline = machine.deadline, deadline <= now else {
            return lateDeadlines = 0
        }
        lateDeadlines += 1
        if lateDeadlines > 4 { complain("the deadline stays in the past: the runner would spin") }
    }

    private mutating func watchButton(_ input: Input, isSilenced: Bool) {
        switch input {
        case .pressed:
            // Pressed twice is one press.
            if !isButtonDown, !isSilenced { complain("a press left the assistant talking") }
            isButtonDown = true
            isTouched = false
        case .released: isButtonDown = false
        case .touched: isTouched = true
        case .untouched: isTouched = false
        default: break
        }
    }

    private mutating func watch(_ action: Action, after input: Input, of machine: SessionStateMachine) {
        if isStopped { complain("\(action) after the last action") }
        switch action {
        case .sendAudio(let range):
            if !isReady { complain("audio left without a session") }
            if range.isEmpty || range.upperBound > capturedFrames { complain("\(range) is not captured yet") }
            if range.lowerBound < oldestKeptFrame { complain("\(range) was declared forgotten") }
        case .send(let event): watch(event, of: machine)
        case .play(let samples): play(samples.count, after: input)
        case .flushPlayback: flush()
        case .setPlaybackGain(let gain): setGain(gain, after: input)
        case .prompt(let prompt): say(prompt, after: input, of: machine)
        case .record(.sessionOpened(_, let reason, _)):
            isReady = true
            openings.append(reason)
            if machine.figures.budget.state == .closed { complain("a session was opened over the budget") }
        case .record(.sessionClosed(_, let reason)):
            if reason.hasPrefix("renewed") || reason.hasPrefix("idle"), !machine.turns.isEmpty || pendingFrames > 0 {
                complain("a session was renewed in the middle of a turn")
            }
            isReady = false
            attempts = [:]
            answeredCalls = []
        case .record(.turn(let turn)):
            watch(turn)
            watch(turn.review, of: turn)
        case .record(.part(let part)): watch(part)
        case .record(.task(let task)): tasks.append(task)
        case .record(.usage(let stray)):
            if !strayUsages.insert(stray.source).inserted { complain("the usage of \(stray.source) counted twice") }
        case .record(.contextTrimmed(_, _, let keptTurns, _)):
            if keptTurns < machine.configuration.continuity.turns { complain("\(keptTurns) turns are left") }
        case .show(.speechDetected): speechLines += 1
        case .showTurn(let turn):
            shown += 1
            if !recorded.contains(turn) { complain("a turn was shown before it was kept") }
        case .stopped: isStopped = true
        case .runTool(let run):
            if case .received(.responseDone) = input {} else { complain("a tool run out of the blue") }
            openRuns.append(run)
        case .connect:
            // What ended the last turn that was paid for may be given up in the same step.
            let isTried = !isGivenUp && machine.figures.budget.state == .closed
            if isTried { complain("a session is tried over the budget") }
        case .close(reason: SessionStateMachine.budgetReason):
            if let last = lastPaidTurn, last > machine.turns.settledUntil { complain("closed in mid-turn") }
        case .close, .abandon, .show, .report, .reconfigured, .notReconfigured: break
        case .spool(let range):
            if range.lowerBound < oldestKeptFrame { complain("\(range) was declared forgotten and is to be kept") }
        }
    }

    /// A part comes once, before its turn, and says what that will say.
    private mutating func watch(_ part: TurnPart) {
        let isTwice = parts.contains { $0.item == part.item && $0.content.kind == part.content.kind }
        if isTwice { complain("a part of \(part.item) was kept twice") }
        if recorded.contains(where: { $0.item == part.item }) { complain("a part of \(part.item) after the turn") }
        parts.append(part)
    }

    private mutating func watchParts(of turn: SettledTurn) {
        for part in parts where part.item == turn.item {
            let isSame = switch part.content {
            case .realtime(let transcript): transcript == turn.realtime
            case .builtIn(let transcript): transcript == turn.builtIn
            case .assistant(let part): part == turn.assistant
            }
            if !isSame || part.number != turn.number || part.session != turn.session {
                complain("\(part) became \(turn)")
            }
        }
    }

    private mutating func watch(_ turn: SettledTurn) {
        watchParts(of: turn)
        recorded.append(turn)
        let latencies = TurnLatency.Mark.allCases.compactMap { turn.latency[$0] }
        if latencies.contains(where: { $0 < 0 }) { complain("something came before it was asked for") }
        if turn.assistant.playedMs > 0, turn.latency[.firstDelta] == nil, turn.latency[.firstAudible] != nil {
            complain("heard before it came")
        }
        guard let totals = turn.totals else { return complain("a turn was kept without its totals") }
        let isWithinDay = totals.day.total >= totals.session.total - 1e-9
        if !isWithinDay, !isClockTurned { complain("a session costs more than its day") }
    }

    /// What a budget promises: without room for it no out-of-band request, and the running turn to its end.
    private mutating func watchBudget(_ input: Input, _ actions: [Action], of machine: SessionStateMachine) {
        switch input {
        case .today, .spentBefore: isClockTurned = true
        default: break
        }
        let asked = actions.transcriptionRequests.count
        if case .received = input, asked > 0, !couldAskOutOfBand { complain("an out-of-band request over the budget") }
        couldAskOutOfBand = machine.figures.budget.allowsOutOfBand
        if case .ending(let turn) = machine.figures.budget.state { lastPaidTurn = turn } else { lastPaidTurn = nil }
    }

    private mutating func watch(_ event: ClientEvent, of machine: SessionStateMachine) {
        switch event.body {
        case .sessionUpdate:
            guard isReady else { return }
            if event.eventID != "reconfigure" { complain("a ready session was configured again") }
        case .truncateItem(let item, let contentIndex, let audioEndMs):
            let sound = Sound(item: item, contentIndex: contentIndex)
            if frames(audioEndMs) > heard[sound, default: 0] { complain("\(item) truncated beyond what was played") }
            if heard[sound, default: 0] > received[sound, default: 0] { complain("\(item) played beyond what came") }
            let wasReceived = 2 * frames(audioEndMs) <= receivedBytes[sound, default: 0]
            if !wasReceived { complain("\(item) truncated beyond what came") }
        case .deleteItem(let item):
            let wasHeard = heard.contains { $0.key.item == item && $0.value > 0 }
            let isTrimmed = machine.configuration.continuity.turns > 0
            if wasHeard, !areNamesReused, !isTrimmed { complain("\(item) was heard and deleted") }
        case .createItem(let item, _):
            if case .functionCallOutput(let call, _) = item.kind {
                if !answeredCalls.insert(call).inserted, !areNamesReused { complain("\(call) answered twice") }
            } else {
                watch(item)
            }
        case .createResponse(let request) where request.metadata?["purpose"] == "task":
            watch(task: request, id: event.eventID ?? "", of: machine)
        case .createResponse(let request) where request.conversation == .none: watch(request, id: event.eventID ?? "")
        default: break
        }
        if !isReady { complain("\(event.body) left without a session") }
    }

    /// Only what was said and heard is told to a session, and each turn once.
    private mutating func watch(_ item: NewItem) {
        toldItems += 1
        let isKnown = switch item.kind {
        case .user(let parts):
            recorded.contains { parts == [.text($0.realtime.text)] || parts == [.text($0.builtIn.text)] }
        case .assistant(let text): recorded.contains { ($0.assistant.heardText ?? $0.assistant.text) == text }
        case .system(let text): tasks.contains { $0.isContextSummary && text.hasSuffix($0.text) }
        case .functionCall, .functionCallOutput: false
        }
        if !isKnown { complain("\(item) was told and never heard") }
    }

    private mutating func watch(_ request: ResponseRequest, id: String) {
        let item = request.metadata?["item"] ?? ""
        attempts[item, default: []].append(id)
        let asked = attempts[item, default: []]
        if asked.count > 2 || Set(asked).count < asked.count { complain("\(item) was asked for \(asked)") }
        if !committed.contains(ItemID(rawValue: item)) { complain("\(item) was asked for before its commit") }
    }

    private mutating func watch(_ review: TranscriptReview, of turn: SettledTurn) {
        let isAnythingSaid = turn.realtime.status == .ok || turn.builtIn.status == .ok
        if !review.flags.isEmpty, !isAnythingSaid { complain("\(review.flags) without a transcript") }
        guard let sound = review.sound else { return }
        if frames(sound.speechMs) > capturedFrames { complain("\(sound.speechMs) ms of speech were not captured") }
        if turn.item == nil { complain("a turn without item was measured") }
    }

    private mutating func watch(task request: ResponseRequest, id: String, of machine: SessionStateMachine) {
        let run = request.metadata?["run"] ?? ""
        taskRuns[run, default: []].append(id)
        let asked = taskRuns[run, default: []]
        if asked.count > 2 || Set(asked).count < asked.count { complain("a task was asked for \(asked)") }
        // The first attempt; nobody is to wait for an answer because of a task.
        // Its session may have ended in the same step, and that be said already.
        let hasEnded = machine.link.readySession == nil
        let isFree = hasEnded || machine.isSilent && !machine.turns.isAnyUnderWay
        if asked.count == 1, !isFree, !machine.isStopping { complain("a task was asked for too early") }
        let item = ItemID(rawValue: request.metadata?["item"] ?? "")
        if !recorded.contains(where: { $0.item == item }) { complain("a task of \(item) before its turn was kept") }
        if !request.isOutOfBand { complain("a task in the conversation") }
    }

    private mutating func play(_ count: Int, after input: Input) {
        guard case .received(.outputAudioDelta(let part, _)) = input else { return complain("audio from nowhere") }
        if queue.contains(where: { $0.part == nil }) { complain("an answer waits for a prompt") }
        if silenced.contains(part.response) { complain("late audio of \(part.response) was played") }
        queue.append(Stretch(part: part, frames: count))
        received[Sound(item: part.item, contentIndex: part.contentIndex), default: 0] += count
    }

    private mutating func say(_ prompt: VoicePrompt, after input: Input, of machine: SessionStateMachine) {
        prompts.append(prompt)
        if !queue.isEmpty { complain("\(prompt) talks over what is heard") }
        if machine.turns.isSpeaking { complain("\(prompt) talks over the visitor") }
        if machine.isStopping != (prompt == .goodbye) { complain("\(prompt) at the wrong end") }
        guard let frames = machine.configuration.promptFrames[prompt] else { return }
        queue.append(Stretch(part: nil, frames: frames))
    }

    private mutating func setGain(_ gain: Double, after input: Input) {
        defer { self.gain = gain }
        switch gain {
        case 1: if self.gain == 1 { complain("as loud as before after \(input)") }
        case 0:
            if input != .touched || self.gain != 1 || isButtonDown { complain("muted by \(input)") }
            mutes += 1
        case BargeInStateMachine.duckedGain:
            if case .received(.speechStarted) = input {} else { complain("quieter after \(input)") }
            if self.gain != 1 { complain("quieter twice") }
            ducks += 1
        default: complain("a gain of \(gain) after \(input)")
        }
    }

    mutating func complain(_ words: String) { complaints.append(words) }

    // MARK: The end

    /// After the stop: everything is kept, shown and said.
    mutating func checkEnd() {
        guard violations.isEmpty else { return }
        if !isStopped { complain("the stop never ended") }
        if !unfinished.isEmpty { complain("never settled: \(unfinished)") }
        let items = recorded.compactMap(\.item)
        if Set(items).count < items.count { complain("an item settled twice: \(items)") }
        if shown != recorded.count { complain("\(recorded.count) turns kept, \(shown) shown") }
        if recorded.count < speechLines { complain("\(speechLines) turns begun, \(recorded.count) kept") }
        if isReady { complain("the session was never recorded as closed") }
        if tasks.count < taskRuns.count { complain("\(taskRuns.count) tasks asked for, \(tasks.count) kept") }
    }

    var unfinished: [ItemID] { committed.subtracting(recorded.compactMap(\.item)).sorted { $0.rawValue < $1.rawValue } }
}

extension ResponseRequest {
    fileprivate var isOutOfBand: Bool { conversation == .none && tools == [] && outputModalities == [.text] }
}
