import Foundation
import KioskBench
import Testing

/// The journal as the operator meets it: a disk that takes nothing, and what is to be forgotten.
@Suite(.serialized)
struct JournalTests {
    private func start(_ bench: Bench) async throws -> Samples.Sample {
        let sample = try Samples.all.get()[2]
        try await bench.startSimulator()
        try bench.writeSettings(microphone: WaveFile.silence(ms: 1_000) + sample.audio)
        return sample
    }

    /// The visitor is served: the turn is on the console.
    private func expectServed(_ bench: Bench, _ sample: Samples.Sample) async throws {
        try await bench.speak(sample, at: 1_000)
        let kiosk = bench.kiosk!
        try await eventually("the turn is shown: \(kiosk.output) \(kiosk.errors)", within: 25, pauseMs: 50) {
            kiosk.output.contains(sample.text) && kiosk.output.contains("=== Assistant response ===")
        }
    }

    @Test(.timeLimit(.minutes(2)))
    func aFullDiskCostsNoEntryOnceThereIsRoomAgain() async throws {
        let bench = try Bench()
        let sample = try await start(bench)
        let journal = try await bench.startKiosk(journalDisk: "size=256k")
        try await expectServed(bench, sample)
        #expect(bench.kiosk.errors.contains("No space left on device; entries are kept in memory"))
        #expect(try JournalFile(directory: journal).entries.isEmpty)
        try FileManager.default.removeItem(at: journal.appendingPathComponent("filler"))
        try await eventually("the turn is written", within: 10, pauseMs: 50) {
            (try? JournalFile(directory: journal).turns.count) == 1
        }
        #expect(bench.kiosk.lines.contains("[kiosk] journal: written again"))
        #expect(try JournalFile(directory: journal).entries.first?["event"] as? String == "opened")
        #expect(try await bench.stopKiosk() == 0)
    }

    @Test(.timeLimit(.minutes(2)))
    func aReadOnlyDiskIsSaidAndTheVisitorServed() async throws {
        let bench = try Bench()
        let sample = try await start(bench)
        _ = try await bench.startKiosk(journalDisk: "ro")
        try await expectServed(bench, sample)
        #expect(bench.kiosk.errors.contains("/lock: open: Read-only file system; entries are kept in memory"))
        #expect(try await bench.stopKiosk() == 0)
        #expect(bench.kiosk.errors.contains("entries could not be written at the end"))
    }

    @Test(.timeLimit(.minutes(2)))
    func aTurnIsForgottenBesideTheAgentAndWithoutIt() async throws {
        let bench = try Bench()
        let sample = try await start(bench)
        try await bench.startKiosk()
        try await bench.speak(sample, at: 1_000)
        let turn = try #require(try await bench.settledTurns(1).first)
        let name = "\(turn["session"] as? String ?? "")/\(turn["turn"] as? Int ?? 0)"
        #expect(try await forget(bench, "--turn", name) == "forgotten: 3 entries; removed: 0 files of damaged bytes\n")
        // Both transcripts came before the answer was heard to its end.
        let tombstones = try JournalFile(directory: bench.journalFolder).entries(of: "forgotten")
        #expect(tombstones.map { $0["was"] as? String } == ["part", "part", "turn"])
        let tombstone = try #require(tombstones.last)
        #expect(tombstone["seq"] as? Int == turn["seq"] as? Int)
        #expect(try !text(of: bench.journalFolder).contains(sample.text))
        #expect(try await bench.stopKiosk() == 0)
        // The agent went on in the file that was written anew, and is gone: now the command does it itself.
        let entries = try JournalFile(directory: bench.journalFolder).entries
        #expect(entries.last?["event"] as? String == "closed")
        let left = entries.count - 3
        #expect(try await forget(bench, "--before", "2100-01-01").hasPrefix("forgotten: \(left) entries"))
        #expect(try JournalFile(directory: bench.journalFolder).entries(of: "forgotten").count == entries.count)
        let verify = try Executable("kiosk-agent", ["journal", "verify", "--config", bench.settingsFile.path])
        #expect(try await verify.exitStatus() == 0)
        #expect(verify.output.hasPrefix("sound: \(entries.count) entries"))
    }

    private func forget(_ bench: Bench, _ arguments: String...) async throws -> String {
        let words = ["journal", "forget", "--config", bench.settingsFile.path] + arguments
        let command = try Executable("kiosk-agent", words)
        let status = try await command.exitStatus(within: 20)
        #expect(status == 0, "\(command.errors)")
        return command.output
    }

    private func text(of folder: URL) throws -> String {
        try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil).map {
            String(decoding: try Data(contentsOf: $0), as: UTF8.self)
        }.joined()
    }
}
