import Foundation
import Session
import Testing

@testable import kiosk_agent

@Suite struct VoicePromptsTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// A mono file at 24 kHz of `count` frames that all hold `value`.
    @discardableResult
    private func write(_ name: String, _ value: Int16, _ count: Int) throws -> String {
        func le<T: FixedWidthInteger>(_ value: T) -> Data { withUnsafeBytes(of: value.littleEndian) { Data($0) } }
        var data = Data("RIFF".utf8) + le(UInt32(36 + 2 * count)) + Data("WAVEfmt ".utf8)
        data += le(UInt32(16)) + le(UInt16(1)) + le(UInt16(1)) + le(UInt32(24_000)) + le(UInt32(48_000))
        data += le(UInt16(2)) + le(UInt16(16)) + Data("data".utf8) + le(UInt32(2 * count))
        for _ in 0..<count { data += le(value) }
        return try folder.write(data, to: name)
    }

    private func writeSet(_ name: String = "set") throws {
        for (index, prompt) in VoicePrompt.allCases.enumerated() {
            try write("\(name)/\(prompt.fileName)", Int16(index + 1), 10 * (index + 1))
        }
    }

    @Test func theKeysNameASetFilesAndOff() throws {
        try writeSet()
        let other = try write("other.wav", 9, 90)
        let file = try folder.write(
            "[prompts]\ndirectory = \"set\"\nno_network = \"\"\nkey = \"other.wav\"\nbusy = \"off\"", to: "kiosk.toml")
        let prompts = try Settings.load(file: file).prompts
        #expect(prompts.directory == folder.path + "/set")
        #expect(prompts.noNetwork == .ofTheSet && prompts.key == .file(other) && prompts.busy == .off)
        #expect(prompts.recordings.frames == [.noNetwork: 10, .key: 90, .budget: 40, .goodbye: 50])
        #expect(prompts.recordings.samples(of: .noNetwork) == [Int16](repeating: 1, count: 10))
        #expect(prompts.recordings.samples(of: .busy) == nil && prompts.recordings.problem(of: .busy) == nil)
        #expect(prompts.recordings.summary == "no_network, key, budget, goodbye")
    }

    @Test func theSessionIsToldHowLongEachIs() throws {
        try writeSet()
        var settings = Settings()
        settings.prompts.recordings = try VoicePrompts(Settings.Prompts(directory: folder.path + "/set"))
        #expect(SessionConfiguration(settings).promptFrames
            == [.noNetwork: 10, .key: 20, .busy: 30, .budget: 40, .goodbye: 50])
    }

    @Test func aSetThatHasNoWordsForASpentBudgetSaysThatItIsBusy() throws {
        try writeSet()
        try FileManager.default.removeItem(atPath: folder.path + "/set/budget.wav")
        let prompts = try VoicePrompts(Settings.Prompts(directory: folder.path + "/set"))
        #expect(prompts.samples(of: .budget) == prompts.samples(of: .busy))
        let off = try VoicePrompts(Settings.Prompts(directory: folder.path + "/set", budget: .off))
        #expect(off.samples(of: .budget) == nil)
    }

    @Test func aShippedSetThatIsNotThereIsNoErrorAndOneThatLacksAFileIsUsed() throws {
        let missing = folder.path + "/none"
        let none = try VoicePrompts(Settings.Prompts(busy: .off), shippedFolder: missing)
        #expect(none.frames.isEmpty)
        #expect(none.problem(of: .key) == "\(missing)/key.wav: open: No such file or directory")
        #expect(none.problem(of: .busy) == nil)
        #expect(none.summary == "none; \(missing)/no-network.wav: open: No such file or directory")
        try writeSet()
        try FileManager.default.removeItem(atPath: folder.path + "/set/key.wav")
        let some = try VoicePrompts(Settings.Prompts(), shippedFolder: folder.path + "/set")
        #expect(some.frames.count == 4 && some.samples(of: .key) == nil && some.problem(of: .key) != nil)
    }

    @Test func aRecordingOfMoreThanThirtySecondsIsRefused() throws {
        try write("long.wav", 1, 30 * 24_000 + 24_000)
        let file = try folder.write("prompts.key = \"long.wav\"", to: "kiosk.toml")
        let line = folder.errorLine { _ = try Settings.load(file: file) }
        #expect(line == "DIR/kiosk.toml:1: prompts.key = \"long.wav\": DIR/long.wav: 31 s: wanted at most 30 s")
    }

    @Test func commandsThatNeedNoNamedFilesReadNoRecordings() throws {
        let file = try folder.write("prompts.key = \"gone.wav\"", to: "kiosk.toml")
        #expect(try Settings.load(file: file, namedFiles: false).prompts.recordings == VoicePrompts())
    }
}
