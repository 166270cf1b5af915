import Audio
import CLinux
import FoundationEssentials
import GPIO
import Glibc
import Journal
import MonotonicClock
import Realtime
import Session

/// The loop that feeds the session machine and performs its actions: one thread, one poll(2), no locks.
///
/// Everything that may block has a thread of its own (sound, name look-up, journal) or is non-blocking.
final class Runner {
    /// Both streams start together this long after they are opened, so that their clocks share a zero.
    private static let startDelay = Duration.milliseconds(20)
    /// Longest wait: nothing depends on it, it bounds what a lost wake-up could cost.
    private static let longestWait = Duration.seconds(5)

    var machine: SessionStateMachine
    /// The machine's, as of its last input.
    var status: SessionStateMachine.Status
    private let link: Link
    let microphone: Microphone
    let loudspeaker: Loudspeaker
    let journal: JournalWriter
    let console: Console
    let control: ControlSocket
    let tools: ToolProcesses
    var button: TalkButton?
    var buttonRecovery = DeviceRecovery(.button)
    private let signals: ServiceSignals
    var notifier: ServiceNotifier
    let keys: KeyRing
    let privacy: Privacy
    private let prompts: VoicePrompts
    let spool: Spool?
    private var isPromptProblemSaid = false
    var isJournalRefused: Bool
    var dayCosts: DayCosts
    /// The wall clock's, in days since 1970-01-01 UTC.
    var day: Int64?
    var faults = FaultCount()
    var lastTurn: (turn: SettledTurn, settledAt: Instant)?
    var metrics: MetricsFile?
    let startedAt = Instant.now

    /// `button hold` requests whose release is still to come.
    var holds: [(request: ControlSocket.RequestID, releaseAt: Instant)] = []
    /// Who waits for the microphone's level, and how long at most.
    var levelRequests: [(request: ControlSocket.RequestID, until: Instant)] = []
    private var isStopped = false
    var polls = PollSet()
    /// What was waited for of the link.
    private var linkDescriptor: Int32?
    let loadSetup: () throws(CommandFailure) -> Setup
    /// Read after a SIGHUP; used as soon as no turn is open.
    var nextSetup: Setup?
    /// In force.
    var settings: Settings
    /// What the open session is told, by number.
    var changes: [Int: Change] = [:]
    var lastChange = 0
    /// The canceller stands between the devices.
    let isEchoCancelled: Bool

    /// What one life of the agent is made from.
    struct Setup {
        let settings: Settings
        let key: APIKey?
    }

    /// How a life began that is not the first.
    enum Greeting {
        case reloaded
        /// The new settings ask for what is not there; these are the former ones.
        case reloadFailed(String)
    }

    /// Builds the rooms. Sound devices and GPIO lines that are missing are faults, looked for again; everything else
    /// ends the start.
    /// `loadSetup` reads the settings again when somebody asks for it.
    init(
        _ setup: Setup, environment: [String: String], loadSetup: @escaping () throws(CommandFailure) -> Setup
    ) throws {
        let settings = setup.settings
        self.settings = settings
        // Before any thread exists: they inherit the blocked signals.
        signals = try ServiceSignals()
        keys = KeyRing(setup.key)
        privacy = try Privacy(settings)
        prompts = settings.prompts.recordings
        self.loadSetup = loadSetup
        link = try Link(settings: settings, key: setup.key, keys: keys, environment: environment)
        let prices = try PriceTable.builtIn.get()
        spool = try Spool(settings: settings, key: setup.key, keys: keys, prices: prices, environment: environment)
        journal = try JournalWriter(directory: settings.journal.directory, limits: settings.journal.limits)
        isJournalRefused = journal.recovery == nil
        // Of a journal that cannot be opened everything that can be read is of earlier lives.
        dayCosts = DayCosts(directory: settings.journal.directory, lastSeq: journal.recovery?.lastSeq ?? .max)
        control = try ControlSocket(path: settings.control.socket)
        console = Console(keys: keys, environment: environment, hasTurnText: settings.log.turnText)
        tools = ToolProcesses(settings.tools, environment: environment)
        button = try Self.button(settings.gpio)
        let audio = settings.audio
        isEchoCancelled = settings.cancelsEcho
        let echo = isEchoCancelled ? EchoReference() : nil
        microphone = Microphone(device: audio.device(.capture), echo: echo)
        loudspeaker = Loudspeaker(device: audio.device(.playback), echo: echo)
        var machine = SessionStateMachine(
            configuration: SessionConfiguration(settings), prices: prices,
            seed: UInt64.random(in: 0...UInt64.max))
        status = machine.status()
        self.machine = machine
        notifier = ServiceNotifier(environment: environment)
        metrics = MetricsFile(settings.metrics, at: .now)
    }

    /// Runs until SIGTERM or SIGINT (nil), or until it is to begin anew; everything is written and closed when it
    /// returns.
    func run(greeting: Greeting? = nil) -> Setup? {
        let now = Instant.now
        switch greeting {
        case .reloaded: console.showReloaded()
        case .reloadFailed(let words): report(Fault(.settings, "reload: \(words): back to the former settings"))
        case nil: break
        }
        for finding in journal.recovery?.findings ?? [] { report(Fault(.journal, finding)) }
        let start = now + Self.startDelay
        report(microphone.open(at: start) + loudspeaker.open(at: start))
        lookForButton(at: now)
        lookAtCalendar(at: now)
        handle(.start, at: now)
        notifier.ready(status: "connecting")
        while !isStopped {
            wait()
            step(at: Instant.now)
        }
        close()
        return nextSetup
    }

    private func wait() {
        polls.removeAll()
        polls.add(signals.descriptor)
        let request = link.pollRequest
        linkDescriptor = request?.fd
        if let request { polls.add(request.fd, events: request.events) }
        for request in spool?.pollRequests ?? [] { polls.add(request.fd, events: request.events) }
        polls.add(microphone.eventDescriptor)
        polls.add(loudspeaker.eventDescriptor)
        polls.add(button?.descriptor)
        polls.add(journal.eventDescriptor)
        for request in control.pollRequests { polls.add(request.fd, events: request.events) }
        for poll in tools.polls { polls.add(poll.descriptor, events: poll.events) }
        for descriptor in console.pollDescriptors { polls.add(descriptor, events: Int16(POLLOUT)) }
        var deadline = Instant.now + Self.longestWait
        func bound(_ instant: Instant?) {
            if let instant, instant < deadline { deadline = instant }
        }
        bound(status.deadline)
        bound(link.deadline)
        bound(spool?.deadline(isOnline: isOnline))
        bound(microphone.deadline)
        bound(loudspeaker.deadline)
        bound(button == nil ? buttonRecovery.retryAt : button?.deadline)
        bound(tools.deadline)
        bound(notifier.watchdogDeadline)
        bound(metrics?.deadline)
        for hold in holds { bound(hold.releaseAt) }
        for request in levelRequests { bound(request.until) }
        polls.wait(until: deadline)
    }

    private func step(at now: Instant) {
        if polls.isReady(signals.descriptor), let request = signals.next() { perform(request, at: now) }
        lookAtCalendar(at: now)
        hear(at: now)
        if buttonRecovery.isDue(at: now) { lookForButton(at: now) }
        watchButton(at: now)
        if control.pollRequests.contains(where: { polls.isReady($0.fd) }) {
            for request in control.process() { perform(request, at: now) }
        }
        releaseHolds(at: now)
        tellLevels(at: now)
        // Only now: an edge may be older than what was captured.
        microphone.forget(before: status.oldestNeededFrame)
        if polls.isReady(linkDescriptor) || isDue(link.deadline, now) {
            for input in link.process(at: now) { handle(input, at: now) }
        }
        play(at: now)
        if !tools.isEmpty { watchTools(at: now) }
        workSpool(at: now)
        if isDue(status.deadline, now) { handle(.deadlineReached, at: now) }
        if nextSetup != nil, status.isIdle { stop(at: now) }
        if polls.isReady(journal.eventDescriptor) { reportJournal() }
        writeMetrics(at: now)
        console.flush()
        notifier.feedWatchdog(at: now)
    }

    /// Another day has another budget, and what was spent on it before is in the journal.
    private func lookAtCalendar(at now: Instant) {
        let nowMs = WallClock.system.nowMs()
        if nowMs / WallClock.dayMs != day {
            day = nowMs / WallClock.dayMs
            handle(.today(WallClock.day(atMs: nowMs)), at: now)
            dayCosts.read(day: WallClock.day(atMs: nowMs))
        }
        for found in dayCosts.take() {
            if let failure = found.failure { report(Fault(.journal, failure)) }
            if found.sum != CostSum() { handle(.spentBefore(found.sum, day: found.day), at: now) }
        }
    }

    func isDue(_ deadline: Instant?, _ now: Instant) -> Bool { deadline.map { $0 <= now } ?? false }

    // MARK: Rooms to machine

    func handle(_ input: SessionStateMachine.Input, at now: Instant) {
        let actions = machine.handle(input, at: now)
        status = machine.status()
        microphone.isUrgent = status.wantsFrames
        // Lent, not copied.
        actions.withUnsafeBufferPointer { actions in
            for index in actions.indices { perform(actions[index], at: now) }
        }
    }

    private func hear(at now: Instant) {
        guard polls.isReady(microphone.eventDescriptor) || isDue(microphone.deadline, now) else { return }
        report(microphone.process(at: now, isTurnOpen: status.indicator == .listening))
        // Answered by no action, and it changes no deadline.
        microphone.takeLevels { level in _ = machine.handle(.measured(level), at: now) }
        handle(.captured(untilFrame: microphone.endFrame), at: now)
    }

    private func play(at now: Instant) {
        if polls.isReady(loudspeaker.eventDescriptor) { loudspeaker.takeEvent() }
        let (progress, reports) = loudspeaker.process(at: now)
        for step in progress {
            switch step {
            case .heard(let frames): handle(.heard(frames: frames), at: now)
            case .flushed(let heardFrames): handle(.flushed(heardFrames: heardFrames), at: now)
            case .lost: handle(.playbackLost, at: now)
            }
        }
        report(reports)
    }

    func press(_ isPressed: Bool, at instant: Instant) {
        let frame = microphone.frame(at: instant)
        guard microphone.isMissing else {
            return handle(isPressed ? .pressed(frame: frame) : .released(frame: frame), at: instant)
        }
        // Nobody may talk to a microphone that is not there: the press silences the assistant, as a tap does, and a
        // turn that the loss cut off ends with what was captured.
        if isPressed {
            console.show(device: "the button is pressed, but there is no microphone: nothing is recorded")
            handle(.pressed(frame: frame), at: instant)
        }
        handle(.released(frame: frame), at: instant)
        microphone.endTurns()
        handle(.captured(untilFrame: microphone.endFrame), at: instant)
    }

    var trouble: LightPattern.Trouble? {
        if microphone.isMissing || loudspeaker.isMissing { return .deviceMissing }
        return isJournalRefused ? .journalRefused : nil
    }

    private func watchTools(at now: Instant) {
        for (run, result) in tools.process(at: now) { handle(.toolFinished(run: run, result), at: now) }
    }

    // MARK: Machine to rooms

    private func perform(_ action: SessionStateMachine.Action, at now: Instant) {
        switch action {
        case .connect: link.connect(at: now)
        case .send(let event): link.send(event, at: now)
        case .sendAudio(let range): link.send(ClientEvent(.appendAudio(microphone.frames(in: range))), at: now)
        case .close(let reason): link.close(reason: reason, at: now)
        case .abandon: link.abandon()
        case .play(let samples): loudspeaker.play(samples)
        case .flushPlayback: loudspeaker.flush()
        case .setPlaybackGain(let gain): loudspeaker.setGain(gain)
        case .spool(let range): keepInSpool(range)
        case .prompt(let prompt): say(prompt)
        case .runTool(let run): tools.start(run, at: now)
        case .reconfigured(let change): reconfigured(change)
        case .notReconfigured(let change, let reason): notReconfigured(change, reason: reason)
        case .record(let entry): record(JournalEntry(privacy.applied(to: entry)))
        case .show(let line): console.show(privacy.applied(to: line))
        case .showTurn(let turn):
            lastTurn = (turn, now)
            console.show(privacy.applied(to: turn))
        case .report(let fault): report(fault)
        case .stopped: isStopped = true
        }
    }

    /// A session is ready and nobody is in a turn: there is time for what was said before.
    var isOnline: Bool { status.indicator == .ready && status.isIdle }

    private func say(_ prompt: VoicePrompt) {
        if let samples = prompts.samples(of: prompt) {
            loudspeaker.play(samples)
        } else if let problem = prompts.problem(of: prompt), prompt != .goodbye, !isPromptProblemSaid {
            // Without a goodbye nothing is amiss at the end.
            isPromptProblemSaid = true
            report(Fault(.audio, "no voice prompt: \(problem)"))
        }
    }

    func report(_ reports: [DeviceReport]) {
        for report in reports {
            switch report {
            case .line(let words): console.show(device: words)
            case .fault(let fault): self.report(fault)
            }
        }
    }

    // MARK: The end

    func stop(at now: Instant) { handle(.stop, at: now) }

    private func close() {
        dropChanges()
        tools.close()
        report(microphone.stop() + loudspeaker.stop())
        if let spool { perform(spool.close()) }
        journal.close()
        spool?.journalIsClosed()
        reportJournal()
        control.close()
        metrics?.remove()
        console.flush()
    }
}
