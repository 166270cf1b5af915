import MonotonicClock
import Realtime

/// Everything a kiosk decides: the link, turns, answers, transcripts, what is shown and what is kept.
///
/// Sans-IO: inputs and the current instant in, actions out, performed in order after the state has changed.
/// The caller keeps captured audio from `oldestNeededFrame` on and calls again at `deadline`.
/// Nothing a server sends traps.
public struct SessionStateMachine: Sendable {
    public enum Input: Sendable, Equatable {
        case start
        /// The WebSocket is open. Says nothing about the session yet.
        case connected
        case lost(LinkLoss)
        case received(ServerEvent)
        /// A message that is no event; the words say why.
        case receivedUndecodable(String)
        /// The talk button; `frame` is the capture position at the edge.
        case pressed(frame: Int)
        case released(frame: Int)
        /// The button moved, and whether that is a press is not known yet: `pressed` or `untouched` follows.
        case touched
        case untouched
        /// Audio up to `frame` is captured.
        case captured(untilFrame: Int)
        /// How loud that was. Answered by no action.
        case measured(SoundLevel)
        /// Frames heard since the last flush (or since the start).
        case heard(frames: Int)
        /// Playback is silent after `.flushPlayback`; frames heard before it, since the flush before.
        case flushed(heardFrames: Int)
        /// The playback device is gone, and with it what it had not played.
        case playbackLost
        /// A run that `.runTool` asked for has ended.
        case toolFinished(run: Int, ToolResult)
        /// Tell the session these settings between turns; nothing else than `laterUpdate` holds has changed, and who
        /// ends a turn. Answered once by `.reconfigured` or `.notReconfigured`; `within` so long a pause must come.
        case reconfigure(SessionConfiguration, change: Int = 0, within: Duration? = nil)
        case deadlineReached
        /// The wall clock's day, UTC, for example "2026-11-21"; before `start`, and whenever it is another.
        case today(String)
        /// What the journal says that earlier lives of the program spent on a day.
        case spentBefore(CostSum, day: String)
        /// SIGTERM.
        case stop
    }

    public enum Action: Sendable, Equatable {
        case connect
        case send(ClientEvent)
        /// Append these captured frames to the server's input buffer.
        case sendAudio(Range<Int>)
        case close(reason: String)
        case abandon
        case play([Int16])
        /// Begins with a gain of 1 anew.
        case flushPlayback
        /// Make what is heard, and what will be until the next flush, so many times as loud: 0...1.
        case setPlaybackGain(Double)
        /// No session took these captured frames of a turn: keep them elsewhere, if at all.
        case spool(Range<Int>)
        /// Nothing is being heard: play the recording.
        case prompt(VoicePrompt)
        /// Answer with `.toolFinished`, within the tool's limit.
        case runTool(ToolRun)
        /// What `.reconfigure` asked for is in force.
        case reconfigured(change: Int = 0)
        /// It is not, and will not be; the former settings stay.
        case notReconfigured(change: Int = 0, reason: String)
        case record(Entry)
        case show(StateLine)
        indirect case showTurn(SettledTurn)
        case report(Fault)
        /// The last action of all.
        case stopped
    }

    var configuration: SessionConfiguration
    let prices: PriceTable?
    var link: LinkStateMachine
    var button: PushToTalkStateMachine
    var microphone: MicrophoneStateMachine
    var utterances = UtteranceQueue()
    var playout = Playout()
    var answers = AnswerQueue()
    var turns = TurnLedger()
    var display = TurnDisplay()
    var sounds = SoundHistory()
    var tasks: TaskQueue
    var capturedUntilFrame = 0
    /// Captured audio before it may be forgotten already, whatever is needed now.
    var keptFromFrame = 0
    var continuity: Continuity
    var bargeIn: BargeInStateMachine
    var undecodableCount = 0
    var prompts: VoicePromptStateMachine
    var tools: ToolStateMachine
    var reconfiguration = ReconfigurationStateMachine()
    /// The button is down, whoever ends a turn.
    var isButtonDown = false
    /// Presses during a change of who ends a turn.
    var presses: [WaitingPress] = []
    /// An answer failed before anything of it was heard; its visitor is still to be told.
    var isAnswerMissing = false
    var isLinkStopped = false
    /// Playback has a gain of 0 because the button was touched, until then at most.
    var mutedUntil: Instant?
    var figures: SessionFigures

    /// Undecodable messages reported a session; a server gone mad must not flood the journal.
    static let reportedUndecodable = 5

    /// `seed` makes the jitter of reconnecting; any number will do.
    public init(configuration: SessionConfiguration, prices: PriceTable?, seed: UInt64) {
        self.configuration = configuration
        self.prices = prices
        figures = SessionFigures(configuration)
        tasks = TaskQueue(configuration.tasks)
        link = LinkStateMachine(seed: seed)
        tools = ToolStateMachine(configuration.tools)
        let (preRollFrames, tailFrames) = configuration.margins
        button = PushToTalkStateMachine(preRollFrames: preRollFrames, tailFrames: tailFrames)
        continuity = Continuity(configuration.continuity)
        bargeIn = BargeInStateMachine(confirmMs: configuration.bargeInConfirmMs)
        microphone = MicrophoneStateMachine(isMutable: configuration.microphoneWhileSpeaking == .muted)
        prompts = VoicePromptStateMachine(
            frames: configuration.promptFrames, tail: .seconds(tailFrames) / sessionRate)
    }

    /// The next instant at which time alone changes something.
    public var deadline: Instant? {
        let always = earlier(earlier(link.deadline, prompts.deadline), earlier(tasks.deadline, mutedUntil))
        guard !isStopping else { return always }
        let changes = earlier(tools.deadline, earlier(reconfiguration.deadline, continuity.deadline))
        let voice = earlier(button.deadline, bargeIn.deadline)
        let open = earlier(voice, earlier(changes, earlier(answers.deadline, turns.deadline)))
        return earlier(earlier(always, open), link.readySession == nil ? utterances.deadline : nil)
    }

    /// Captured audio before this frame may be forgotten.
    public var oldestNeededFrame: Int {
        if configuration.isPushToTalk {
            let now = button.oldestNeededFrame(capturedUntil: capturedUntilFrame)
            let next = presses.first.map { min(button.startFrame(pressedAt: $0.frame), now) } ?? now
            return min(utterances.oldestNeededFrame ?? next, next)
        }
        let next = microphone.oldestNeededFrame(capturedUntil: capturedUntilFrame)
        return min(presses.first?.frame ?? next, next)
    }

    /// What the visitor should see now.
    public var indicator: Indicator {
        if turns.isSpeaking { return .listening }
        if isAssistantAudible || playout.isPromptPending { return .speaking }
        if isOffline { return .offline }
        return answers.isEmpty ? .ready : .thinking
    }

    /// Whether no turn is open or about to begin: an end now would take nothing from anybody.
    public var isIdle: Bool { turns.isEmpty && !button.mayBeginTurn && presses.isEmpty }

    /// Whether captured audio is wanted as it comes; otherwise now and then is enough.
    var wantsFrames: Bool {
        button.state != .idle || !presses.isEmpty || utterances.wantsFrames || microphone.wantsFrames
    }

    /// Whether anything is to be heard now or in a moment.
    var isAssistantAudible: Bool { playout.pendingFrames > 0 || answers.isHeardWhileGenerated(in: playout) }

    /// Nobody speaks, nothing is heard, and nothing is about to be.
    var isSilent: Bool { !turns.isSpeaking && !button.mayBeginTurn && answers.isEmpty && playout.isSilent }

    public mutating func handle(_ input: Input, at now: Instant) -> [Action] {
        if case .measured(let level) = input {
            sounds.measured(level)
            return []
        }
        tools.now = now
        guard !isStopping else { return handleWhileStopping(input, at: now) }
        var actions: [Action] = switch input {
        case .touched: touched(at: now)
        // What ends a touch is in `endTouch`.
        case .untouched: []
        case .start: linkHandle(.start, at: now)
        case .connected: linkHandle(.connected, at: now)
        case .lost(let loss): linkHandle(.lost(loss), at: now)
        case .received(let event): received(event, at: now)
        case .receivedUndecodable(let words): receivedUndecodable(words)
        case .pressed(let frame): pressed(frame: frame, at: now)
        case .released(let frame): released(frame: frame, at: now)
        case .captured(let frame): captured(untilFrame: frame, at: now)
        case .measured: []
        case .heard(let frames): heard(frames: frames, at: now)
        case .flushed(let heardFrames):
            answersHandle(answers.flushed(playout.flushed(heardFrames: heardFrames), at: now))
        case .playbackLost: interrupt(at: now)
        case .toolFinished(let run, let result): toolsHandle(.finished(run: run, result))
        case .reconfigure(let configuration, let change, let limit):
            reconfigurationHandle(.wanted(configuration, id: change, within: limit), at: now)
        case .deadlineReached: deadlineReached(at: now)
        case .today(let day): changed { $0.costs.dayIs(day) }
        case .spentBefore(let sum, let day): changed { $0.costs.spentBefore(sum, on: day) }
        case .stop: stop(at: now)
        }
        actions.join(follow(at: now))
        keptFromFrame = max(keptFromFrame, min(oldestNeededFrame, capturedUntilFrame))
        return mutedUntil == nil ? actions : endTouch(after: input, actions, at: now) + actions
    }

    /// What follows from any input: audio that can go, answers that can be asked for, turns that have settled.
    private mutating func follow(at now: Instant) -> [Action] {
        var actions = followPresses(at: now)
        actions.join(sendUtterances(at: now))
        actions.join(followBargeIn(at: now))
        actions.join(answersHandle(answers.playedOut(playout, at: now)))
        if link.readySession != nil, let request = answers.nextRequest(at: now) { actions.append(.send(request)) }
        playout.forgetHeard { [answers] response in answers.contains(response) }
        actions.join(followPrompts(at: now))
        microphone.assistant(isAudible: isAssistantAudible || playout.isPromptPending, at: now)
        actions.join(settleTurns())
        actions.join(turns.takeParts().map { .record(.part($0)) })
        actions.join(followTasks(at: now))
        actions.join(followBudget(at: now))
        actions.join(reconfigureIfIdle(at: now))
        actions.join(followContinuity(at: now))
        return actions
    }

    // MARK: The visitor

    mutating func buttonHandle(_ input: PushToTalkStateMachine.Input, at now: Instant) -> [Action] {
        guard configuration.isPushToTalk else { return [] }
        return button.handle(input, at: now).flatMap { action -> [Action] in
            switch action {
            case .interrupt:
                return interrupt(at: now)
            case .begin(let frame):
                let interruption = interrupt(at: now)
                let turn = turns.begin(configuration: configuration)
                utterances.begin(turn, frame: frame)
                let missing: StateLine = link.trouble == .spent ? .budgetSpent : .keptForLater
                let lines: [StateLine] = isOffline ? [.speechDetected, missing] : [.speechDetected]
                return interruption + settleTurns() + lines.flatMap { show($0, of: turn) }
            case .end(let frame):
                turns.endSpeaking()
                guard let turn = utterances.end(frame: frame, at: now) else { return [] }
                figures.clocks.ended(turn, at: now)
                return show(.speechEnded, of: turn)
            }
        }
    }

    private mutating func captured(untilFrame frame: Int, at now: Instant) -> [Action] {
        capturedUntilFrame = max(capturedUntilFrame, frame)
        var actions = buttonHandle(.captured(untilFrame: frame), at: now)
        while let range = microphone.captured(untilFrame: capturedUntilFrame, at: now) {
            sounds.appended(range)
            actions.append(.sendAudio(range))
        }
        return actions
    }

    private mutating func sendUtterances(at now: Instant) -> [Action] {
        guard link.readySession != nil else { return [] }
        return utterances.send(capturedUntil: capturedUntilFrame).flatMap { action -> [Action] in
            switch action {
            case .append(let range):
                sounds.appended(range)
                return [.sendAudio(range)]
            case .commit(let turn):
                var actions: [Action] = []
                turns.committing(turn, at: now)
                if utterances.hasLater(than: turn) || configuration.isDictation {
                    // The visitor went on speaking: one answer to all of it. Dictation has none.
                    turns.settleAssistant(turn, as: .none)
                } else if turns.awaitsAssistant(turn) {
                    actions = answersHandle(answers.want(turn, at: now))
                }
                return actions + [.send(ClientEvent(.commit, eventID: OwnEventID.commit(turn).text))]
            }
        }
    }

    /// Silence first; then the server is told what was heard.
    mutating func interrupt(at now: Instant) -> [Action] {
        let wasAudible = isAssistantAudible
        let actions = answersHandle(answers.interrupt(isPlaying: !playout.isSilent, at: now))
        return actions + (wasAudible && !actions.isEmpty ? [.show(.interrupted)] : [])
    }

    // MARK: Playback

    private mutating func heard(frames: Int, at now: Instant) -> [Action] {
        let before = playout.pendingFrames
        playout.heard(frames: frames)
        if playout.pendingFrames != before {
            answers.heardMore(at: now)
            noteFirstAudible(at: now)
        }
        return []
    }

    mutating func play(_ bytes: [UInt8], of part: ContentPart, at now: Instant) -> [Action] {
        guard answers.takesAudio(of: part, at: now) else { return [] }
        let isFirst = playout.segments(of: part.response).isEmpty
        let silence = answerOvertakesPrompt(at: now)
        let samples = playout.append(bytes, of: part)
        guard !samples.isEmpty else { return silence }
        let lines = isFirst ? answers.turn(of: part.response).map { show(.assistantSpeaking, of: $0) } ?? [] : []
        return silence + [.play(samples)] + lines
    }

    // MARK: Answers

    /// Carries out what the answers decided.
    mutating func answersHandle(_ decisions: [AnswerQueue.Decision]) -> [Action] {
        decisions.flatMap { decision -> [Action] in
            switch decision {
            case .flushPlayback:
                playout.flush()
                // With a flush the gain is 1 again.
                _ = bargeIn.handle(.silenced, at: tools.now)
                return [.flushPlayback]
            case .send(let event):
                // Without a session there is nobody to tell.
                return link.readySession == nil ? [] : [.send(event)]
            case .settled(let turn, let part, let usage):
                turns.settleAssistant(turn, as: part, usage: usage)
                if part.status == .failed, part.playedMs == 0 { isAnswerMissing = true }
                return []
            case .called(let turn, let calls, let isToRun):
                return toolsHandle(.called(calls, turn: turn, isToRun: isToRun))
            case .report(let fault):
                return [.report(fault)]
            }
        }
    }

    // MARK: Settling

    mutating func settleTurns() -> [Action] {
        turns.takeSettled(prices: prices, configuration: configuration).flatMap { id, turn -> [Action] in
            let turn = account(for: withTools(turn, of: id), id)
            // The journal first: what is shown is already kept.
            tasks.turnSettled(turn)
            let kept = sayUnpriced(turn) + [.record(.turn(turn))] + shown(display.settle(id, as: turn))
            return kept + remember(turn, id: id)
        }
    }

    func shown(_ lines: [TurnDisplay.Line]) -> [Action] {
        lines.map { line in
            switch line {
            case .state(let line): .show(line)
            case .turn(let turn): .showTurn(turn)
            }
        }
    }

    mutating func show(_ line: StateLine, of turn: TurnID) -> [Action] { shown(display.add(line, to: turn)) }

    // MARK: Time and the end

    private mutating func deadlineReached(at now: Instant) -> [Action] {
        var actions = linkHandle(.deadlineReached, at: now)
        actions += buttonHandle(.deadlineReached, at: now)
        actions += answersHandle(answers.deadlineReached(at: now)) + toolsHandle(.deadlineReached)
        actions += reconfigurationHandle(.deadlineReached, at: now) + bargeInHandle(.deadlineReached, at: now)
        actions += promptsHandle(.deadlineReached, at: now)
        actions += giveUpSpeech(at: now)
        for (turn, attempt) in turns.deadlineReached(at: now) { actions += requestTranscript(attempt, of: turn) }
        utterances.removeAll { [turns] in !turns.isUnderWay($0) }
        if link.readySession == nil {
            actions += spool(utterances.expiring(at: now))
            for turn in utterances.expire(at: now) {
                let reason = "no session within 10 s of the release"
                turns.abandon(turn, reason: reason, assistant: AssistantPart(status: .failed, reason: reason), at: now)
                actions.append(.report(Fault(.turn, "a turn was lost: \(reason)")))
                actions += promptsHandle(.unsent(link.trouble), at: now)
            }
        }
        return actions
    }

    private mutating func stop(at now: Instant) -> [Action] {
        let isSomebodyThere = !isSilent || !utterances.turns.isEmpty
        var actions: [Action] = [.show(.stopping)]
        actions += answersHandle(answers.stop(playout, at: now))
        utterances.removeAll { _ in true }
        turns.abandonAll("the agent was stopped", at: now)
        actions += settleTurns()
        if isSomebodyThere { actions += farewell(at: now) }
        return actions + endWithTasks(at: now)
    }
}
