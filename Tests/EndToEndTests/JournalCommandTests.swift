import Foundation
import KioskBench
import Testing

/// The journal read by commands, beside the agent that writes it and without one.
@Suite(.serialized)
struct JournalCommandTests {
    private func run(_ arguments: String...) async throws -> (status: Int32, output: String, errors: String) {
        let command = try Executable("kiosk-agent", ["journal"] + arguments)
        let status = try await command.exitStatus(within: 20)
        // On a busy machine the last lines come later than that.
        try await Task.sleep(for: .milliseconds(200))
        return (status, command.output, command.errors)
    }

    @Test(.timeLimit(.minutes(2)))
    func turnsAreFollowedShownAndFoundWhileTheAgentRuns() async throws {
        let sample = try Samples.all.get()[2]
        let bench = try Bench()
        // Before there is a journal.
        let follower = try Executable(
            "kiosk-agent", ["journal", "tail", "--follow", "--format", "console", "--journal", bench.journalFolder.path])
        try await bench.startSimulator()
        try bench.writeSettings(microphone: WaveFile.silence(ms: 1_000) + sample.audio)
        try await bench.startKiosk()
        try await bench.speak(sample, at: 1_000)
        let turn = try #require(try await bench.settledTurns(1).first)
        let session = try #require(turn["session"] as? String)
        try await eventually("the turn is followed: \(follower.output)", within: 5) {
            follower.lines.contains("=== Assistant response ===")
        }
        #expect(follower.isRunning)
        #expect(follower.lines.contains { $0.hasPrefix("[kiosk] ") && $0.hasSuffix(" turn 1 of \(session)") })
        let blocks = bench.kiosk.lines.drop { !$0.hasPrefix("===") }.filter { !$0.hasPrefix("[cost] ") && !$0.hasPrefix("[kiosk]") }
        let followed = follower.lines.drop { !$0.hasPrefix("===") }.filter { !$0.hasPrefix("[cost] ") && !$0.hasPrefix("[kiosk]") }
        #expect(Array(followed.prefix(8)) == Array(blocks.prefix(8)) && followed.count >= 8)

        let config = bench.settingsFile.path
        let tail = try await run("tail", "--format", "json", "--lines", "1", "--config", config)
        #expect(tail.status == 0, "\(tail.errors)")
        let segment = try #require(try FileManager.default.contentsOfDirectory(atPath: bench.journalFolder.path)
            .first { $0.hasSuffix(".jsonl") })
        let whole = try String(contentsOf: bench.journalFolder.appendingPathComponent(segment), encoding: .utf8)
        #expect(tail.output.hasPrefix("{\"seq\":") && whole.contains(tail.output))

        let shown = try await run("show", "1", "--config", config)
        #expect(shown.status == 0 && shown.output.hasPrefix("turn        1 of session \(session), item item_"), "\(shown)")
        #expect(shown.output.contains(sample.text) && shown.output.contains("latency     first delta "))
        let word = String(try #require(sample.text.split(separator: " ").max { $0.count < $1.count }))
        let found = try await run("search", word.uppercased(), "--config", config)
        #expect(found.status == 0 && found.output.contains(" \(session)/1 visitor: "), "\(found)")
        let notFound = try await run("search", "xylophone", "--config", config)
        #expect(notFound.status == 1 && notFound.output == "" && notFound.errors == "")
        #expect(try await bench.stopKiosk() == 0)
        try await eventually("the end is followed") { follower.output.contains("session \(session) closed") }
        follower.kill()
        #expect(try await follower.exitStatus() == -SIGKILL)

        let stats = try await run("stats", "--config", config)
        #expect(stats.status == 0 && stats.output.contains("\nturns      1 in 1 sessions\n"), "\(stats)")
        let table = bench.folder.appendingPathComponent("turns.csv")
        #expect(try await run("export", "--format", "csv", "--output", table.path, "--config", config).status == 0)
        let text = try String(contentsOf: table, encoding: .utf8)
        #expect(text.hasPrefix("seq,at,session,") && text.contains(session) && text.contains("\r\n"))
        let page = bench.folder.appendingPathComponent("report.html")
        #expect(try await run("report", "--output", page.path, "--config", config).status == 0)
        #expect(try String(contentsOf: page, encoding: .utf8).hasSuffix("</html>\n"))
    }

    @Test func aReaderThatHasSeenEnoughEndsItQuietly() async throws {
        let bench = try Bench()
        try FileManager.default.createDirectory(at: bench.journalFolder, withIntermediateDirectories: true)
        // `tail --follow` has nothing to write, and must notice all the same.
        let agent = Executable.folder.appendingPathComponent("kiosk-agent").path
        let folder = bench.journalFolder.path
        for arguments in ["export --format csv", "tail", "stats", "tail --follow --format json"] {
            let script = "\(agent) journal \(arguments) --journal \(folder) | true; echo ${PIPESTATUS[0]}"
            let shell = try Executable(path: "/bin/bash", ["-c", script])
            #expect(try await shell.exitStatus(within: 10) == 0)
            try await eventually("\(arguments): \(shell.output)") { shell.output == "0\n" }
            #expect(shell.errors == "", "\(arguments)")
        }
    }

    @Test func whatCannotBeReadOrIsNotThereIsSaidInOneLine() async throws {
        let bench = try Bench()
        let gone = bench.folder.path + "/none"
        for command in [["tail"], ["show", "3"], ["search", "x"], ["export", "--format", "md"], ["stats"]] {
            let executable = try Executable("kiosk-agent", ["journal"] + command + ["--journal", gone])
            #expect(try await executable.exitStatus() == 1, "\(command)")
            let wanted = "kiosk-agent: \(gone): opendir: No such file or directory\n"
            try await eventually("\(command) says why: \(executable.errors)") { executable.errors == wanted }
            #expect(executable.output == "")
        }
        try FileManager.default.createDirectory(at: bench.journalFolder, withIntermediateDirectories: true)
        let folder = bench.journalFolder.path
        #expect(try await run("show", "3", "--journal", folder).errors == "kiosk-agent: 3: not in the journal\n")
        let disk = try await run("export", "--format", "csv", "--output", "/dev/full", "--journal", folder)
        #expect(disk.status == 1 && disk.errors == "kiosk-agent: /dev/full: No space left on device\n")
        #expect(try await run("tail").status == 64)
        #expect(try await run("tail", "--lines", "-1", "--journal", folder).status == 64)
        #expect(try await run("show", "0", "--journal", folder).status == 64)
        #expect(try await run("search", "--journal", folder).status == 64)
        let since = try await run("stats", "--since", "yesterday", "--journal", folder)
        #expect(since.status == 64 && since.errors.contains("--since yesterday: wanted YYYY-MM-DD"), "\(since.errors)")
        #expect(try await run("stats", "--since", "2h", "--until", "2026-11-21T10:00:00+01:00", "--journal", folder).status == 0)
        #expect(try await run("tail", "--config", gone).status == 78)
    }
}
