import Foundation
import KioskBench
import Testing

/// `kiosk-agent console` on a terminal, beside an agent and beside none.
@Suite(.serialized)
struct ConsoleTests {
    private static let terminal = ["TERM": "xterm", "LC_ALL": "C.UTF-8", "TZ": "CET-1CEST,M3.5.0,M10.5.0/3"]

    private let folder = FileManager.default.temporaryDirectory
        .appendingPathComponent("console-\(UUID().uuidString.prefix(8))")
    private var settings: String { folder.appendingPathComponent("kiosk.toml").path }

    init() throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try "journal.directory = \"journal\"\ncontrol.socket = \"socket\"\n"
            .write(toFile: settings, atomically: true, encoding: .utf8)
    }

    /// Ends with its own console; there is nobody else to read what it leaves.
    private func console(
        _ arguments: [String] = [], on terminal: PseudoTerminal, takesKeys: Bool = false, settings: String? = nil
    ) throws -> Process {
        let process = Process()
        process.executableURL = Executable.folder.appendingPathComponent("kiosk-agent")
        process.arguments = ["console", "--config", settings ?? self.settings] + arguments
        process.environment = ProcessInfo.processInfo.environment.merging(Self.terminal) { $1 }
        let end = FileHandle(fileDescriptor: terminal.program)
        process.standardOutput = end
        process.standardInput = takesKeys ? end : FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        return process
    }

    private func status(_ process: Process) async throws -> Int32 {
        try await eventually("the console ends") { !process.isRunning }
        process.waitUntilExit()
        return process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus
    }

    private func end(_ process: Process) async throws -> Int32 {
        Glibc.kill(process.processIdentifier, SIGTERM)
        return try await status(process)
    }

    /// Appends turns as the agent would; in summer, so that the zone's rule is seen.
    private func append(turns range: ClosedRange<Int>, text: String = "words") throws {
        let journal = folder.appendingPathComponent("journal")
        try FileManager.default.createDirectory(at: journal, withIntermediateDirectories: true)
        let lines = range.map { number in
            JournalFile.line(
                seq: number, at: "2026-07-01T10:00:00.000Z", kind: "turn", members: """
                    "session":"sess_1","turn":\(number),"realtime":{"status":"ok","text":"\(text) \(number)"},\
                    "built_in":{"status":"ok","text":"\(text) \(number)"},\
                    "assistant":{"status":"completed","text":"Yes.","played_ms":1}
                    """)
        }
        let file = journal.appendingPathComponent("00000000000000000001.jsonl").path
        let descriptor = open(file, O_WRONLY | O_CREAT | O_APPEND, 0o640)
        defer { close(descriptor) }
        let bytes = Array(lines.joined().utf8)
        #expect(write(descriptor, bytes, bytes.count) == bytes.count)
    }

    private func said(_ line: String, _ bench: Bench) -> Int { bench.kiosk.lines.filter { $0 == line }.count }

    private func read(
        _ terminal: PseudoTerminal, until words: String, within seconds: Double = 10
    ) async throws -> String {
        var shown = ""
        try await eventually("\(words): \(shown)", within: seconds) {
            shown += terminal.read()
            return shown.contains(words)
        }
        return shown
    }

    // MARK: With an agent

    @Test(.timeLimit(.minutes(2)))
    func aTurnIsShownLiveAndKeysAskForMore() async throws {
        let sample = try Samples.all.get()[2]
        let bench = try Bench()
        try await bench.startSimulator()
        try bench.writeSettings(
            microphone: WaveFile.silence(ms: 1_000) + sample.audio, settings: "[console]\nallow_control = true")
        let terminal = try PseudoTerminal()
        let before = terminal.settings()
        // Before there is a journal.
        let console = try console(
            ["--interactive", "--columns", "60"], on: terminal, takesKeys: true, settings: bench.settingsFile.path)
        _ = try await read(terminal, until: "? shows the keys")
        try await bench.startKiosk()
        try await bench.speak(sample, at: 1_000)
        let shown = try await read(terminal, until: "  cost       ", within: 30)
        let turn = try #require(try await bench.settledTurns(1).first)
        #expect(shown.contains("(start)\n") && shown.contains("  turn 1\n"), "\(shown)")
        #expect(shown.contains("(both transcripts the same)"))
        // Wrapped, every word of both is there.
        let words = shown.split(whereSeparator: \.isWhitespace)
        for said in [turn[path: "built_in", "text"], turn[path: "assistant", "text"]] {
            let wanted = try #require(said as? String).split(whereSeparator: \.isWhitespace)
            #expect(words.indices.contains { words[$0...].starts(with: wanted) }, "\(wanted) in \(shown)")
        }
        #expect(shown.split(separator: "\n").allSatisfy { $0.count < 60 })

        for (key, answer) in [
            ("s", "state      ready"), ("c", "  together   0.0"), ("t", "--- the last turns"),
            ("?", "press the talk button"), ("x", "ok    agent     answers within"), ("l", " dBFS |"),
            ("q", "--- live"),
        ] {
            terminal.type(Array(key.utf8))
            let answered = try await read(terminal, until: answer)
            #expect(!answered.contains("\nFAIL"), "\(answered)")
        }
        // The button by a key; Enter alone presses it.
        terminal.type([98])
        _ = try await read(terminal, until: "press Enter to press")
        terminal.type([13])
        try await eventually("the press is heard") { said("[kiosk] speech detected", bench) == 2 }
        // The pause between commands.
        usleep(200_000)
        terminal.type([98])
        _ = try await read(terminal, until: "press Enter to release")
        terminal.type([10])
        try await eventually("the release is heard") { said("[kiosk] speech ended", bench) == 2 }

        #expect(try await end(console) == 0)
        let after = terminal.settings()
        #expect(after.c_lflag == before.c_lflag && after.c_iflag == before.c_iflag && after.c_oflag == before.c_oflag)
        #expect(try await bench.stopKiosk() == 0)
    }

    /// Neither a console nor the agent's own output on terminals that take nothing is felt by a visitor: the turn is
    /// whole before anybody has read a byte. How late it is, `board/system-test` compares in virtual time.
    @Test(.timeLimit(.minutes(2)))
    func terminalsThatTakeNothingCostTheAgentNothing() async throws {
        let sample = try Samples.all.get()[2]
        var latencies: [[String: Int]] = []
        for isStuck in [false, true] {
            let bench = try Bench()
            try await bench.startSimulator()
            try bench.writeSettings(microphone: WaveFile.silence(ms: 1_000) + sample.audio)
            let (own, other) = (try PseudoTerminal(), try PseudoTerminal())
            var process: Process?
            if isStuck {
                for terminal in [own, other] { fill(terminal.program) }
                process = try console(on: other, settings: bench.settingsFile.path)
                try await bench.startKiosk(output: try own.unread(), until: nil)
                try await eventually("a session") {
                    let journal = try? JournalFile(directory: bench.journalFolder)
                    return journal?.entries(of: "session").isEmpty == false
                }
            } else {
                try await bench.startKiosk()
            }
            try await bench.speak(sample, at: 1_000)
            let turn = try #require(try await bench.settledTurns(1).first)
            latencies.append(try #require(turn["latency_ms"] as? [String: Int]))
            if let process { #expect(try await end(process) == 0) }
            #expect(try await bench.stopKiosk() == 0)
        }
        #expect(latencies[0].count == 4 && latencies[0].keys == latencies[1].keys)
        for (mark, ms) in latencies[0] {
            let stuck = try #require(latencies[1][mark])
            Figures.record("stuck terminals: \(mark)", "\(stuck) ms after the release, \(ms) ms without")
        }
    }

    private func fill(_ descriptor: Int32) {
        _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
        while write(descriptor, "x", 1) > 0 {}
        _ = fcntl(descriptor, F_SETFL, 0)
    }

    // MARK: Without one

    @Test(.timeLimit(.minutes(1)))
    func thatThereIsNoAgentIsSaidWhenItLastsAndThatItIsBack() async throws {
        let bench = try Bench()
        try await bench.startSimulator()
        try bench.writeSettings(microphone: WaveFile.silence(ms: 500))
        let terminal = try PseudoTerminal()
        let console = try console(on: terminal, settings: bench.settingsFile.path)
        let start = try await read(terminal, until: "kiosk-agent console")
        #expect(!start.contains("not running"))
        // Wrong by now: why it does not start.
        let right = try String(contentsOf: bench.settingsFile, encoding: .utf8)
        try ("turns.voize = 1\n" + right).write(to: bench.settingsFile, atomically: true, encoding: .utf8)
        let gone = try await read(terminal, until: "voize", within: 20)
        #expect(gone.contains("--- the agent is not running ---"), "\(gone)")
        #expect(gone.contains("\n  settings   ") && gone.contains("kiosk.toml:1:"), "\(gone)")
        try right.write(to: bench.settingsFile, atomically: true, encoding: .utf8)
        try await bench.startKiosk()
        _ = try await read(terminal, until: "--- the agent is running ---", within: 20)
        #expect(try await bench.stopKiosk() == 0)
        #expect(try await end(console) == 0)
    }

    @Test(.timeLimit(.minutes(1)))
    func asAServiceItWaitsForSettingsThatAreWrong() async throws {
        let terminal = try PseudoTerminal()
        try "journal.directory = 1\n".write(toFile: settings, atomically: true, encoding: .utf8)
        let console = try Executable(
            "kiosk-agent", ["console", "--config", settings], environment: ["INVOCATION_ID": "1"],
            output: terminal.cable())
        try await eventually("the reason: \(console.output)") { console.output.contains("wanted a path") }
        #expect(console.output.hasPrefix("the kiosk cannot start: \(settings):1: journal.directory = 1"))
        try await Task.sleep(for: .seconds(3))
        #expect(console.lines.filter { $0.contains("cannot start") }.count == 1)
        try "journal.directory = \"journal\"\n".write(toFile: settings, atomically: true, encoding: .utf8)
        try await eventually("it goes on: \(console.output)") { console.output.contains("kiosk-agent console") }
        console.terminate()
        #expect(try await console.exitStatus() == 0)
    }

    @Test(.timeLimit(.minutes(1)))
    func aTerminalThatIsTakenUpAgainGetsTheNewestLinesAndTheNumberOfTheOthers() async throws {
        let terminal = try PseudoTerminal()
        let console = try console(on: terminal)
        _ = try await read(terminal, until: "kiosk-agent console")
        // Nobody reads while 1,000 turns settle, and then 1,000 more.
        for part in 0..<20 {
            try append(turns: (part * 100 + 1)...(part * 100 + 100))
            try await Task.sleep(for: .milliseconds(100))
        }
        try await eventually("the console has read all: its processor time stands still") {
            let before = Self.processorMs(console)
            usleep(500_000)
            return Self.processorMs(console) - before < 100
        }
        var shown = try await read(terminal, until: "turn 2000\n")
        shown += terminal.read(pauseMs: 300)
        let notes = shown.split(separator: "\n").filter { $0.contains("lines were not shown") }
        #expect(notes.count == 1 && notes[0].hasPrefix("[kiosk] "), "\(notes)")
        let numbers = shown.split(separator: "\n").compactMap { line -> Int? in
            line.contains("  turn ") ? Int(line.split(separator: " ").last ?? "") : nil
        }
        #expect(numbers == numbers.sorted() && numbers.first == 1 && numbers.last == 2000)
        #expect(shown.utf8.count < 128 * 1024, "what is kept for it is bounded")
        // The time is that of the zone, in summer.
        #expect(shown.contains("12:00:00  turn 2000\n"))
        try append(turns: 2001...2001)
        _ = try await read(terminal, until: "turn 2001\n")
        #expect(try await end(console) == 0)
    }

    private static func processorMs(_ process: Process) -> Int {
        let stat = (try? String(contentsOfFile: "/proc/\(process.processIdentifier)/stat", encoding: .utf8)) ?? ""
        let fields = stat.split(separator: " ")
        return fields.count > 14 ? 10 * ((Int(fields[13]) ?? 0) + (Int(fields[14]) ?? 0)) : 0
    }

    @Test(.timeLimit(.minutes(1)))
    func aStuckTerminalDoesNotKeepItFromEnding() async throws {
        let terminal = try PseudoTerminal()
        fill(terminal.program)
        try append(turns: 1...1000)
        let console = try console(["--interactive"], on: terminal, takesKeys: true)
        try await Task.sleep(for: .seconds(1))
        #expect(console.isRunning)
        let began = ContinuousClock.now
        #expect(try await end(console) == 0)
        #expect(ContinuousClock.now - began < .seconds(2))
    }

    @Test(.timeLimit(.minutes(1)))
    func noiseOnTheLineNeitherEndsItNorAsksForAnything() async throws {
        let terminal = try PseudoTerminal()
        try append(turns: 1...3)
        let console = try console(["--interactive"], on: terminal, takesKeys: true)
        _ = try await read(terminal, until: "turn 3\n")
        var random = SystemRandomNumberGenerator()
        // Every byte there is, Ctrl-C, Ctrl-Z, Ctrl-S and Ctrl-D among them, and bursts of them.
        terminal.type((0...255).map { UInt8($0) })
        for _ in 0..<100 {
            let count = Int.random(in: 5...200, using: &random)
            terminal.type((0..<count).map { _ in UInt8.random(in: 0...255, using: &random) })
            usleep(5_000)
        }
        try await Task.sleep(for: .milliseconds(300))
        for byte: UInt8 in [3, 4, 17, 19, 26, 28] {
            terminal.type([byte])
            try await Task.sleep(for: .milliseconds(100))
        }
        try append(turns: 4...4)
        let shown = try await read(terminal, until: "turn 4\n")
        #expect(!shown.contains("---"), "a command was taken: \(shown)")
        #expect(console.isRunning)
        #expect(try await end(console) == 0)
    }

    @Test(.timeLimit(.minutes(1)))
    func aTerminalThatIsPulledEndsIt() async throws {
        let terminal = try PseudoTerminal()
        let console = try console(["--interactive"], on: terminal, takesKeys: true)
        _ = try await read(terminal, until: "kiosk-agent console")
        close(terminal.reader)
        #expect(try await status(console) == 0)
        close(terminal.program)
    }
}
