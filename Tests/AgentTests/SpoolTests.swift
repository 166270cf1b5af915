import Foundation
import MonotonicClock
import Testing

@testable import kiosk_agent

@Suite struct SpoolTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func spool(maxMB: Int = 1) throws -> Spool {
        var settings = Settings()
        settings.realtime.url = "ws://127.0.0.1:1/v1/realtime"
        settings.spool.directory = folder.path + "/spool"
        settings.spool.maxMB = maxMB
        return try #require(try Spool(settings: settings, key: nil, keys: KeyRing(nil), prices: nil, environment: [:]))
    }

    private var names: [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: folder.path + "/spool")) ?? []).sorted()
    }

    /// Works until the spool has said so much.
    private func events(_ count: Int, of spool: Spool) -> [Spool.Event] {
        var events: [Spool.Event] = []
        let limit = Instant.now + .seconds(10)
        while events.count < count, Instant.now < limit {
            PollSet.wait(for: spool.pollRequests.first, until: Instant.now + .milliseconds(20))
            events += spool.process(isOnline: false, at: Instant.now)
        }
        return events
    }

    @Test func aTurnIsKeptAsAWholeFileForItsOwnerAndGroup() throws {
        let spool = try spool()
        spool.keep([Int16](repeating: 5, count: 24_000), spokenAtMs: 1_700_000_000_000)
        #expect(events(1, of: spool).count == 1)
        #expect(names == ["turn-1700000000000.wav"])
        let path = folder.path + "/spool/turn-1700000000000.wav"
        let wav = Array(try Data(contentsOf: URL(fileURLWithPath: path)))
        #expect(wav.count == 44 + 48_000 && Recording.problem(wav) == nil)
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        #expect(mode.map { $0 & ~0o640 } == 0)
    }

    @Test func twoTurnsOfOneMomentAreTwoFilesAndTheOldestGoWhenThereAreTooMany() throws {
        let spool = try spool(maxMB: 1)
        for _ in 1...3 { spool.keep([Int16](repeating: 5, count: 240_000), spokenAtMs: 1_700_000_000_000) }
        let events = events(4, of: spool)
        let faults = events.filter { if case .fault = $0 { true } else { false } }
        #expect(faults.count == 1)
        #expect(names.count == 2 && names.last == "turn-1700000000002.wav")
    }

    @Test func onlyRecordingsOfTheSpoolAreTaken() {
        let names = ["turn-1700000000000.wav", "turn-1.wav", "turn-x.wav", "turn-1700000000000.wav.part", "a.wav", ".."]
        #expect(names.compactMap(SpoolFile.init(name:)).map(\.spokenAtMs) == [1_700_000_000_000])
    }

    @Test func aFolderThatCannotBeMadeStopsTheStart() {
        var settings = Settings()
        settings.spool.directory = "/proc/no/spool"
        #expect(throws: SpoolError.self) {
            _ = try Spool(settings: settings, key: nil, keys: KeyRing(nil), prices: nil, environment: [:])
        }
    }

    @Test func withoutAFolderThereIsNoSpool() throws {
        #expect(try Spool(settings: Settings(), key: nil, keys: KeyRing(nil), prices: nil, environment: [:]) == nil)
    }

    @Test func whatIsNoRecordingIsNotSent() {
        let second = SpoolFile.wav([Int16](repeating: 1, count: 24_000))
        #expect(Recording.problem(second) == nil)
        #expect(Recording.problem(SpoolFile.wav([Int16](repeating: 1, count: 2399)))
            == "99 ms of sound: wanted at least 100")
        #expect(Recording.problem(Array("RIFF".utf8)) == "wanted a WAV file")
        #expect(Recording.problem(Array(second.prefix(40))) == "wanted a WAV file with data")
        #expect(Recording.problem([UInt8](repeating: 0, count: 25_000_001))
            == "25000001 bytes: wanted at most 25000000")
        for end in 0..<60 { _ = Recording.problem(Array(second.prefix(end))) }
        var wild = second
        wild[4..<44] = ArraySlice((4..<44).map { _ in 0xFF })
        #expect(Recording.problem(wild) != nil)
    }
}
