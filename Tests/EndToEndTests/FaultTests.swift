import Foundation
import KioskBench
import Testing

/// The simulator's menu of faults, each met once; after each the next turn is whole. board/faults.md has the rows.
///
/// Most of a turn is waiting, so several benches run side by side, each in its own folder and on its own port.
@Suite
struct FaultTests {
    /// Benches at a time.
    private static let places = Places(8)

    /// Runs a test in one of the places. Its time limit counts the waiting for it, too.
    private func inAPlace(_ test: @Sendable () async throws -> Void) async throws {
        await Self.places.take()
        do {
            try await test()
        } catch {
            await Self.places.leave()
            throw error
        }
        await Self.places.leave()
    }

    /// Two utterances, the second of them `gapMs` after the first; returns the entries, the second one's last.
    private func twoTurns(
        _ bench: Bench, firstAt: Int = 1_000, gapMs: Int = 6_000, settings: String = ""
    ) async throws -> [[String: Any]] {
        let samples = try Samples.all.get()
        let (first, second) = (samples[2], samples[3])
        let secondAt = try firstAt + first.lengthMs + gapMs
        try bench.writeSettings(
            microphone: WaveFile.silence(ms: firstAt) + first.audio + WaveFile.silence(ms: gapMs) + second.audio,
            settings: settings)
        try await bench.startKiosk()
        let isPressed = !settings.contains("server-vad")
        if isPressed {
            try await bench.speak(first, at: firstAt)
            try await bench.speak(second, at: secondAt)
        }
        let text = second.text
        let said = "\(bench.kiosk.output) \(bench.kiosk.errors)"
        try await eventually("the second turn settles: \(said)", within: 40, pauseMs: 100) {
            let turns = try? JournalFile(directory: bench.journalFolder).turns
            return turns?.contains { $0[path: "realtime", "text"] as? String == text } ?? false
        }
        return try await bench.settledTurns(2, within: 40)
    }

    private func expectWhole(_ turns: [[String: Any]], on bench: Bench) async throws {
        let sample = try Samples.all.get()[3]
        let turn = try #require(turns.first { $0[path: "realtime", "text"] as? String == sample.text })
        #expect(turn[path: "built_in", "text"] as? String == sample.text)
        #expect(turn[path: "assistant", "status"] as? String == "completed")
        #expect(bench.kiosk.isRunning)
        #expect(try await bench.stopKiosk() == 0)
    }

    /// The fault, and what the entry of its turn says of the answer.
    @Test(.timeLimit(.minutes(8)), arguments: [
        ("done-missing-drop=1", nil), ("response-failed=1", "failed"), ("response-failed-without-created=1", "failed"),
        ("response-incomplete=1", "completed"), ("two-audio-items=1", "completed"), ("unknown-events", "completed"),
        ("item-created", "completed"), ("odd-base64-split", "completed"), ("invalid-json=1", "completed"),
        ("burst", "completed"), ("huge-frame=1", "completed"), ("no-session-created", "completed"),
        ("built-in-missing=1", "completed"), ("built-in-failed=1", "completed"), ("built-in-duplicate=1", "completed"),
        ("built-in-empty=1", "completed"), ("built-in-early=1", "completed"), ("built-in-late=12000@1", "completed"),
        ("built-in-swapped=1", "completed"), ("oob-failed=1", "completed"), ("oob-failed-once=1", "completed"),
        ("oob-refused=1", "completed"), ("oob-rate-limited=1", "completed"), ("oob-empty=1", "completed"),
        ("commit-empty=1", "completed"), ("commit-crossed=1", "completed"), ("auto-response-race=1", "completed"),
        ("cancelled-early=1", "failed"), ("cancelled-late=1", "failed"), ("slow-reader=4000@1", "completed"),
    ] as [(String, String?)])
    func afterAFaultInOneTurnTheNextTurnIsWhole(fault: String, firstAnswer: String?) async throws {
        try await inAPlace {
            let bench = try Bench()
            try await bench.startSimulator(["--faults", fault])
            let turns = try await twoTurns(bench)
            let text = try Samples.all.get()[3].text
            let first = turns.first { $0[path: "realtime", "text"] as? String != text }
            if let firstAnswer { #expect(first?[path: "assistant", "status"] as? String == firstAnswer) }
            try await expectWhole(turns, on: bench)
        }
    }

    /// The second press comes while the first answer is heard; it is made as slowly as that, or long done with.
    @Test(.timeLimit(.minutes(8)), arguments: [
        ("late-delta-after-cancel=1", "1"), ("truncate-error=1", "1"), ("done-late=5000@1", "burst"),
    ])
    func afterAFaultInAnInterruptedAnswerTheNextTurnIsWhole(fault: String, pace: String) async throws {
        try await inAPlace {
            let bench = try Bench()
            try await bench.startSimulator(["--faults", fault, "--pace", pace])
            let turns = try await twoTurns(bench, gapMs: 2_600)
            let text = try Samples.all.get()[3].text
            let first = turns.first { $0[path: "realtime", "text"] as? String != text }
            #expect(first?[path: "assistant", "status"] as? String == "truncated")
            #expect(try bench.report("truncate").count == 1)
            try await expectWhole(turns, on: bench)
        }
    }

    /// A refusal waits five minutes for the next try, or for a SIGHUP.
    @Test(.timeLimit(.minutes(8)), arguments: [
        ("silent-after-101=1", false), ("error-then-silence=1", false), ("http-429=1", false), ("http-503=1", false),
        ("refuse-key=1", true), ("refuse-quota=1", true), ("refuse-model=1", true), ("http-401=1", true),
        ("update-refused=1", true),
    ])
    func afterAFaultOfTheConnectionTheNextTurnIsWhole(fault: String, isRefusal: Bool) async throws {
        try await inAPlace {
            let sample = try Samples.all.get()[3]
            let bench = try Bench()
            try await bench.startSimulator(["--faults", fault])
            let at = fault.contains("silen") ? 14_000 : 5_000
            try bench.writeSettings(microphone: WaveFile.silence(ms: at) + sample.audio)
            try await bench.startKiosk(until: isRefusal ? "[kiosk] not connected, next try in 300" : nil)
            if isRefusal { bench.kiosk.reload() }
            try await eventually("ready: \(bench.kiosk.output) \(bench.kiosk.errors)", within: 20) {
                bench.kiosk.lines.contains { $0.hasPrefix("[kiosk] ready") }
            }
            try await bench.speak(sample, at: at)
            try await expectWhole(try await bench.settledTurns(1), on: bench)
        }
    }

    @Test(.timeLimit(.minutes(8)))
    func afterAnExpiryThatAnErrorAnnouncedTheNextTurnIsWhole() async throws {
        try await inAPlace {
            let bench = try Bench()
            try await bench.startSimulator(["--faults", "expire=7@1,expired-error=1"])
            try await expectWhole(
                try await twoTurns(bench, gapMs: 9_000, settings: "[session]\nrenew_after_s = 0\n"), on: bench)
            #expect(try bench.report("error").map { $0["code"] as? String } == ["session_expired"])
        }
    }

    @Test(.timeLimit(.minutes(8)))
    func aCallAfterWordsInOneResponseIsAnsweredAndTheNextTurnIsWhole() async throws {
        try await inAPlace {
            let bench = try Bench()
            try await bench.startSimulator(["--faults", "call-after-audio=1"])
            let turns = try await twoTurns(bench, gapMs: 9_000, settings: """
                [[tool]]
                name = "nothing"
                description = "says nothing"
                command = ["/bin/true"]
                """)
            #expect((turns.first?["tools"] as? [[String: Any]])?.map { $0["status"] as? String } == ["ok"])
            #expect(turns.first?[path: "assistant", "status"] as? String == "completed")
            // The words before the call, and the answer after it, were heard whole.
            let sentMs = try bench.report("response").filter {
                $0["event"] as? String == "done" && $0["out_of_band"] as? Bool == false && $0["turn"] as? Int == 1
            }.compactMap { $0["sent_ms"] as? Int }
            #expect(sentMs.count == 2 && sentMs.allSatisfy { $0 > 500 })
            let playedMs = try #require(turns.first?[path: "assistant", "played_ms"] as? Int)
            #expect(abs(playedMs - sentMs.reduce(0, +)) <= 2)
            try await expectWhole(turns, on: bench)
        }
    }

    @Test(.timeLimit(.minutes(8)))
    func speechThatTheServerFindsInOurOwnPlaybackEndsTheAnswerAndTheNextTurnIsWhole() async throws {
        try await inAPlace {
            let bench = try Bench()
            try await bench.startSimulator(["--faults", "own-playback-heard=1"])
            let turns = try await twoTurns(bench, gapMs: 12_000, settings: "[turns]\ndetection = \"server-vad\"\n")
            #expect(try turns.first?[path: "realtime", "text"] as? String == Samples.all.get()[2].text)
            #expect(["truncated", "cancelled"].contains(turns.first?[path: "assistant", "status"] as? String))
            try await expectWhole(turns, on: bench)
        }
    }

    /// SIGSTOP: the clock jumps for the program, and the server meets a slow reader in the midst of an answer.
    @Test(.timeLimit(.minutes(8)))
    func afterAStandstillInAnAnswerTheNextTurnIsWhole() async throws {
        try await inAPlace {
            let samples = try Samples.all.get()
            let bench = try Bench()
            try await bench.startSimulator(["--pace", "2"])
            // The WAV devices keep to the real clock: what stands before the microphone meanwhile is not heard.
            let gapMs = 21_000
            try bench.writeSettings(
                microphone: WaveFile.silence(ms: 1_000) + samples[2].audio + WaveFile.silence(ms: gapMs)
                    + samples[3].audio)
            try await bench.startKiosk()
            try await bench.speak(samples[2], at: 1_000)
            try await eventually("the assistant speaks") { bench.kiosk.lines.contains("[kiosk] assistant speaking") }
            bench.kiosk.pause()
            try await Task.sleep(for: .seconds(12))
            bench.kiosk.resume()
            try await bench.speak(samples[3], at: try 1_000 + samples[2].lengthMs + gapMs)
            try await expectWhole(try await bench.settledTurns(2, within: 40), on: bench)
        }
    }
}

/// So many at a time.
private actor Places {
    private var free: Int
    private var waiting: [CheckedContinuation<Void, Never>] = []

    init(_ count: Int) { free = count }

    func take() async {
        if free > 0 {
            free -= 1
        } else {
            await withCheckedContinuation { waiting.append($0) }
        }
    }

    func leave() {
        if waiting.isEmpty { free += 1 } else { waiting.removeFirst().resume() }
    }
}
