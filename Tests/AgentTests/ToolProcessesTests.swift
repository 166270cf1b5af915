import Foundation
import MonotonicClock
import Session
import Testing

@testable import kiosk_agent

/// Real processes, waited for with poll(2) as the runner does.
@Suite struct ToolProcessesTests {
    let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        // As the agent does: a tool that reads nothing is no reason to end.
        signal(SIGPIPE, SIG_IGN)
    }

    private func tool(_ command: [String], timeoutMs: Int = 5000, limit: Int = 16_384) -> Settings.Tool {
        Settings.Tool(
            name: "t", command: command, folder: folder.path, timeoutMs: timeoutMs, outputLimitBytes: limit)
    }

    private func shell(_ script: String, timeoutMs: Int = 5000, limit: Int = 16_384) -> Settings.Tool {
        tool(["/bin/sh", "-c", script], timeoutMs: timeoutMs, limit: limit)
    }

    private func run(_ tool: Settings.Tool, _ arguments: String = "{}") -> ToolResult? {
        let processes = ToolProcesses([tool], environment: ["OPENAI_API_KEY": "sk-secret", "LANG": "de_DE.UTF-8"])
        processes.start(.fixture(1, "t", arguments), at: .now)
        return wait(for: processes)
    }

    private func wait(for processes: ToolProcesses) -> ToolResult? {
        let end = Instant.now + .seconds(20)
        var polls = PollSet()
        while Instant.now < end {
            polls.removeAll()
            for poll in processes.polls { polls.add(poll.descriptor, events: poll.events) }
            polls.wait(until: min(end, processes.deadline ?? end))
            if let result = processes.process(at: .now).first {
                #expect(processes.isEmpty)
                return result.result
            }
        }
        return nil
    }

    @Test func argumentsComeOnStandardInputAndTheResultFromStandardOutput() {
        #expect(run(tool(["/bin/cat"]), #"{"day": "Montag"}"#) == .output(#"{"day": "Montag"}"#))
        let long = "{\"a\": \"" + String(repeating: "x", count: 200_000) + "\"}"
        #expect(run(tool(["/usr/bin/wc", "-c"]), long) == .output("\(long.utf8.count)"))
    }

    @Test func wordsReachTheProgramAsTheyAreWithoutAShell() {
        #expect(run(tool(["/bin/echo", "$HOME", "a  b", ";", "*"])) == .output("$HOME a  b ; *"))
    }

    @Test func theEnvironmentIsBareAndTheFolderTheSettings() {
        #expect(run(tool(["/usr/bin/env"])) == .output("""
            PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
            LANG=de_DE.UTF-8
            """))
        #expect(run(tool(["/bin/pwd"])) == .output(folder.path))
        // Three pipes and what ls opens itself: nothing of ours.
        #expect(run(tool(["/bin/ls", "/proc/self/fd"])) == .output("0\n1\n2\n3"))
    }

    @Test func aSignalThatWeIgnoreEndsATool() {
        #expect(run(shell("kill -PIPE $$; echo alive")) == .failed("killed by signal 13"))
    }

    @Test func anExitStatusFailsWithTheLastWordsOfStandardError() {
        #expect(run(shell("echo out; echo one >&2; echo 'two ' >&2; exit 3")) == .failed("exit status 3: two"))
        #expect(run(shell("exit 1")) == .failed("exit status 1"))
        let long = run(shell("head -c 100000 /dev/zero | tr '\\0' x >&2; exit 1"))
        #expect(long == .failed("exit status 1: " + String(repeating: "x", count: 198)))
    }

    @Test func aProgramThatIsGoneFailsWithItsPath() {
        #expect(run(tool(["/no/such/program"])) == .failed("/no/such/program: No such file or directory"))
    }

    @Test func aToolThatTakesTooLongIsKilledWithAllItStarted() throws {
        let file = folder.path + "/late"
        let started = Instant.now
        #expect(run(shell("(sleep 1.5; touch late) & sleep 30", timeoutMs: 300)) == .timedOut)
        #expect(Instant.now - started < .seconds(10))
        Thread.sleep(forTimeInterval: 1.6)
        #expect(!FileManager.default.fileExists(atPath: file))
    }

    @Test func tooMuchOutputEndsATool() {
        #expect(run(shell("yes", limit: 100)) == .failed("more than 100 bytes of output"))
        #expect(run(shell("printf 1234567890", limit: 10)) == .output("1234567890"))
        #expect(run(shell("printf 12345678901", limit: 10)) == .failed("more than 10 bytes of output"))
    }

    @Test func aToolIsOverWhenItEndsThoughWhatItStartedHoldsItsPipes() {
        let started = Instant.now
        #expect(run(shell("sleep 4 & echo done")) == .output("done"))
        #expect(Instant.now - started < .seconds(3))
    }

    @Test func outputThatIsNoTextIsMended() {
        #expect(run(shell("printf 'a\\377b'")) == .output("a\u{FFFD}b"))
    }

    @Test func closingEndsWhatRuns() {
        let processes = ToolProcesses([shell("sleep 30")], environment: [:])
        for id in 1...3 { processes.start(.fixture(id, "t", "{}"), at: .now) }
        let started = Instant.now
        processes.close()
        #expect(processes.isEmpty && processes.polls.isEmpty)
        #expect(Instant.now - started < .seconds(5))
    }

    @Test func manyRunsLeaveNoDescriptorBehind() throws {
        func count() throws -> Int { try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count }
        _ = run(tool(["/bin/true"]))
        let before = try count()
        for _ in 0..<30 { _ = run(tool(["/bin/true"])) }
        for _ in 0..<10 { _ = run(tool(["/no/such"])) }
        // Other suites open some, too.
        #expect(try count() <= before + 20)
    }
}

extension ToolRun {
    static func fixture(_ id: Int, _ name: String, _ arguments: String) -> ToolRun {
        ToolRun(id: id, name: name, arguments: arguments)
    }
}
