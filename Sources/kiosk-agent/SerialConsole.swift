import FoundationEssentials
import Glibc
import Journal
import MonotonicClock

/// The loop of `kiosk-agent console`: looks at the journal, shows what is new, and does what keys ask for.
///
/// Ends by SIGTERM, SIGINT, a hang-up, or a terminal that is gone. Never waits for the terminal.
final class SerialConsole {
    /// How often the journal is looked at.
    private static let lookPause = Duration.milliseconds(200)
    /// Between two levels shown.
    private static let levelPause = Duration.seconds(1)
    /// Then they end by themselves: the key may have been noise.
    private static let levelLimit = Duration.seconds(120)
    /// How long a press of the talk button lasts if no key ends it: the agent itself ends it, even when this is gone.
    private static let talkMs = 15_000
    /// For an agent that hangs.
    private static let patience = Duration.seconds(3)
    /// Bytes kept for a terminal that takes nothing: 6 s at 115200 baud, so what is shown then is not old.
    private static let limitBytes = 64 * 1024

    let settings: Settings
    let file: String
    private let columns: Int?
    private let isASCII: Bool
    let output = ConsoleOutput(descriptor: STDOUT_FILENO, limitBytes: limitBytes)
    private let signals: ServiceSignals
    private var journal: ConsoleJournal
    private var keys: ConsoleKeys
    private var terminal: KeyTerminal?
    private var polls = PollSet()
    private var nextLook = Instant.now
    var watch = AgentWatch(at: .now)
    /// systemd is asked why there is no agent.
    var inquiry: CommandRun?
    /// Shown until a key or the last of these instants comes.
    private var levels: (next: Instant, until: Instant)?
    private var calls: [(call: ControlCall, perform: (Result<ControlAnswer, ControlError>) -> Void)] = []
    private var isTalking = false

    init(
        _ settings: Settings, file: String, columns: Int?, isASCII: Bool, takesKeys: Bool
    ) throws(SystemError) {
        self.settings = settings
        self.file = file
        self.columns = columns
        self.isASCII = isASCII
        signals = try ServiceSignals()
        terminal = takesKeys ? KeyTerminal(STDIN_FILENO) : nil
        keys = ConsoleKeys(allowsControl: settings.console.allowControl)
        let layout = Self.layout(columns: columns, isASCII: isASCII)
        journal = ConsoleJournal(
            directory: settings.journal.directory, layout: layout, zone: LocalTime.Zone.system(secondsSince1970:))
    }

    private static func layout(columns: Int?, isASCII: Bool) -> TerminalLayout {
        let columns = columns ?? KeyTerminal.columns(STDOUT_FILENO) ?? TerminalLayout.usualColumns
        return TerminalLayout(columns: columns, isASCII: isASCII)
    }

    var layout: TerminalLayout { journal.page.layout }

    func run() {
        // A line that was cut off by whatever came before.
        output.write("\n" + layout.rule("kiosk-agent console" + (terminal != nil ? ", ? shows the keys" : "")))
        for text in journal.backlog(turns: ConsoleJournal.firstTurns) { output.write(text) }
        while !output.isGone {
            wait()
            let now = Instant.now
            if signals.next() != nil { break }
            if let terminal { type(terminal.read(), at: now) }
            if nextLook <= now {
                nextLook = now + Self.lookPause
                for text in journal.news() { output.write(text) }
            }
            hear(at: now)
            watchAgent(at: now)
            output.flush()
        }
        // What a stuck terminal has not taken by now, closing it would wait for.
        if output.pollDescriptor != nil { tcflush(STDOUT_FILENO, TCOFLUSH) }
        terminal = nil
        calls = []
        inquiry = nil
    }

    private func wait() {
        polls.removeAll()
        polls.add(signals.descriptor)
        if terminal != nil { polls.add(STDIN_FILENO) }
        // Asked for nothing, a terminal still tells of its hang-up.
        polls.add(STDOUT_FILENO, events: 0)
        polls.add(output.pollDescriptor, events: Int16(POLLOUT))
        for (call, _) in calls { polls.add(call.descriptor) }
        if let request = inquiry?.pollRequest { polls.add(request.fd, events: request.events) }
        var deadline = nextLook
        for instant in [keys.deadline, levels?.next, inquiry?.deadline] + calls.map(\.call.deadline) {
            if let instant, instant < deadline { deadline = instant }
        }
        polls.wait(until: deadline)
        if polls.isReady(STDOUT_FILENO), isHungUp { output.leave() }
    }

    private var isHungUp: Bool {
        var state = pollfd(fd: STDOUT_FILENO, events: 0, revents: 0)
        return poll(&state, 1, 0) > 0 && state.revents & Int16(POLLHUP | POLLERR | POLLNVAL) != 0
    }
}

// What keys ask for.
extension SerialConsole {
    private func type(_ bytes: [UInt8]?, at now: Instant) {
        guard let bytes else {
            terminal = nil
            return
        }
        keys.add(bytes, at: now)
        guard let command = keys.command(at: now) else { return }
        if levels != nil {
            levels = nil
            output.write(layout.rule("live"))
            if command == .live || command == .levels { return }
        }
        perform(command, at: now)
    }

    private func perform(_ command: ConsoleKeys.Command, at now: Instant) {
        switch command {
        case .live: output.write(layout.rule("live"))
        case .help:
            let lines = ConsoleKeys.help(allowsControl: settings.console.allowControl)
            show("keys", lines.map { layout.paragraph($0.key, $0.words) }.joined())
        case .lastTurns:
            // Read again, for what was forgotten meanwhile must not come back.
            var again = ConsoleJournal(
                directory: settings.journal.directory, layout: layout,
                zone: LocalTime.Zone.system(secondsSince1970:))
            show("the last turns", again.backlog(turns: ConsoleJournal.lastTurns).joined())
        case .cost: show("cost", journal.page.dayCost)
        case .status: ask(.status, at: now) { [self] line in show("status", statusLines(line)) }
        case .check: check(at: now)
        case .levels:
            output.write(layout.rule("level of the microphone, until a key"))
            levels = (now, now + Self.levelLimit)
        case .confirm(.talk):
            output.write("press Enter to \(isTalking ? "release" : "press") the talk button\n")
        case .confirm(.detection): output.write("press Enter to change who ends a turn\n")
        case .control(.talk): talk(at: now)
        case .control(.detection): changeDetection(at: now)
        }
    }

    /// A block with rules around it.
    private func show(_ title: String, _ text: String) {
        output.write(layout.rule(title) + text + layout.rule("live"))
    }

    private func hear(at now: Instant) {
        for (index, waiting) in calls.enumerated().reversed() {
            do throws(ControlError) {
                guard let answer = try waiting.call.process(at: now) else { continue }
                calls.remove(at: index)
                waiting.perform(.success(answer))
            } catch {
                calls.remove(at: index)
                waiting.perform(.failure(error))
            }
        }
        guard let shown = levels, shown.next <= now else { return }
        guard now < shown.until else {
            levels = nil
            output.write(layout.rule("live"))
            return
        }
        levels?.next = now + Self.levelPause
        // An agent that takes its time is not asked twice.
        guard calls.isEmpty else { return }
        ask(.levels, at: now) { [self] line in
            guard levels != nil, let report = try? JSONDecoder().decode(LevelsReport.self, from: Data(line.utf8)) else {
                return
            }
            output.write(layout.wrapped(report.line, first: "", rest: 2))
        }
    }

    /// Asks the agent and goes on; what it answers is performed, what goes wrong shown.
    private func ask(_ request: ControlRequest, at now: Instant, _ perform: @escaping (String) -> Void) {
        call(request, at: now) { [self] result in
            switch result {
            case .success(let answer): perform(answer.line)
            case .failure(let error):
                levels = nil
                output.write(layout.wrapped(error.description, first: "", rest: 2))
            }
        }
    }

    private func call(
        _ request: ControlRequest, at now: Instant, result: @escaping (Result<ControlAnswer, ControlError>) -> Void
    ) {
        do throws(ControlError) {
            let call = try ControlCall(request, at: settings.control.socket, patience: Self.patience, now: now)
            calls.append((call, result))
        } catch {
            result(.failure(error))
        }
    }

    private func statusLines(_ line: String) -> String {
        guard let report = try? JSONDecoder().decode(StatusReport.self, from: Data(line.utf8)) else {
            return layout.wrapped("no status: it answered \"\(line)\"", first: "", rest: 2)
        }
        return report.text.split(separator: "\n").map { line in
            let label = line.prefix(TerminalLayout.labelColumns)
            return layout.paragraph(
                String(label.prefix { $0 != " " }), String(line.dropFirst(label.count)), indent: 0)
        }.joined()
    }

    /// What can be asked beside the agent, which holds the devices.
    private func check(at now: Instant) {
        let check = ConsoleCheck(file: file, settings: settings)
        call(.status, at: now) { [self] result in
            let findings = check.findings(agent: result, askedAt: now, now: .now)
            show("self test", findings.map { finding in
                layout.wrapped(finding.words, first: finding.head, rest: finding.head.count)
            }.joined())
        }
    }

    private func talk(at now: Instant) {
        let isRelease = isTalking
        isTalking = !isRelease
        let request = isRelease ? ControlRequest.release : .hold(milliseconds: Self.talkMs)
        output.write(isRelease ? "released\n" : "pressed for \(Self.talkMs / 1000) s, or until b and Enter\n")
        ask(request, at: now) { [self] _ in isTalking = false }
    }

    private func changeDetection(at now: Instant) {
        let choices = ["push-to-talk", "server-vad", "semantic-vad"]
        ask(.status, at: now) { [self] line in
            let report = try? JSONDecoder().decode(StatusReport.self, from: Data(line.utf8))
            let present = choices.firstIndex(of: report?.detection ?? "") ?? 0
            let next = choices[(present + 1) % choices.count]
            output.write("who ends a turn: \(next), when the session has taken it\n")
            ask(.set(["turns.detection=\(next)"]), at: .now) { [self] _ in
                output.write("who ends a turn: \(next)\n")
            }
        }
    }
}
