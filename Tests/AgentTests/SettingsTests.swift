import Foundation
import Journal
import Testing

@testable import kiosk_agent

@Suite struct SettingsTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func load(_ text: String, _ overrides: [String] = []) throws -> Settings {
        try Settings.load(file: try folder.write(text, to: "kiosk.toml"), overrides: overrides)
    }

    @Test func anEmptyFileGivesTheDefaultsOfTheContract() throws {
        var settings = try load("")
        // Whether the shipped set is installed here is not a matter of settings.
        settings.prompts.recordings = VoicePrompts()
        #expect(settings == Settings())
        #expect(settings.realtime.url == "wss://api.openai.com/v1/realtime")
        #expect(settings.realtime.model == "gpt-realtime-2.1")
        #expect(settings.realtime.voice == "marin")
        #expect(settings.realtime.instructions == nil)
        #expect(settings.realtime.caFile == nil)
        #expect(settings.realtime.apiKeyFile == nil)
        #expect(settings.turns.detection == .pushToTalk)
        #expect(settings.turns.preRollMs == 300)
        #expect(settings.turns.tailMs == 200)
        #expect(settings.turns.vadThreshold == 0.5)
        #expect(settings.turns.vadPrefixPaddingMs == 300)
        #expect(settings.turns.vadSilenceMs == 500)
        #expect(settings.turns.microphoneWhileSpeaking == .muted)
        #expect(settings.turns.vadIdleTimeoutMs == 0)
        #expect(settings.turns.vadEagerness == .automatic)
        #expect(settings.audio.noiseReduction == nil)
        #expect(settings.transcription.outOfBand == .lastTurn)
        #expect(settings.transcription.instructions == nil)
        #expect(settings.transcription.maxOutputTokens == 4096)
        #expect(settings.tasks == [])
        #expect(settings.transcription.builtInModel == "gpt-4o-transcribe")
        #expect(settings.budget == Settings.Budget(dailyUSD: 0, outOfBandUntil: 0.8))
        #expect(settings.audio.capture == "default")
        #expect(settings.audio.playback == "default")
        #expect(settings.audio.periodMs == 10)
        #expect(settings.audio.bufferMs == 40)
        #expect(settings.gpio == Settings.GPIO(chip: nil, button: nil, led: nil, activeLow: true, debounceMs: 10))
        #expect(settings.journal.directory == "/var/lib/kiosk-agent/journal")
        #expect(settings.journal.limits == JournalLimits())
        #expect(settings.control.socket == "/run/kiosk-agent/control.sock")
        #expect(settings.console == Settings.Console(interactive: false, allowControl: false))
    }

    @Test func everyKeyOfTheContractIsRead() throws {
        for name in ["talk.txt", "write.txt", "ca.pem", "key", "in.wav"] {
            try folder.write("text of \(name)", to: name)
        }
        let settings = try load("""
            [realtime]
            url = "ws://localhost:8080/v1/realtime"
            model = "m"
            voice = "v"
            instructions_file = "talk.txt"
            ca_file = "ca.pem"
            api_key_file = "key"
            [turns]
            detection = "semantic-vad"
            pre_roll_ms = 0
            tail_ms = 2000
            vad_threshold = 1
            vad_prefix_padding_ms = 2000
            vad_silence_ms = 50
            vad_idle_timeout_ms = 5000
            vad_eagerness = "low"
            microphone_while_speaking = "echo-cancelled"
            barge_in_confirm_ms = 400
            [transcription]
            out_of_band = "full-context"
            instructions_file = "write.txt"
            built_in_model = ""
            max_output_tokens = 1
            [budget]
            daily_usd = 2.5
            out_of_band_until = 1
            [audio]
            capture = "wav:in.wav"
            playback = "wav:out.wav"
            capture_channel = 3
            playback_channel = 64
            resampler_quality = 10
            period_ms = 5
            buffer_ms = 1000
            noise_reduction = "far-field"
            [gpio]
            chip = "gpiochip0"
            button = 17
            led = "LED"
            active_low = false
            debounce_ms = 0
            [journal]
            directory = "journal"
            segment_mb = 1024
            segment_hours = 1
            retention_days = 36500
            retention_mb = 1
            make_room = true
            [control]
            socket = "sock"
            [console]
            interactive = true
            allow_control = true
            """)
        let path = folder.path
        #expect(settings.realtime == Settings.Realtime(
            url: "ws://localhost:8080/v1/realtime", model: "m", voice: "v", instructionsFile: path + "/talk.txt",
            instructions: "text of talk.txt", caFile: path + "/ca.pem", apiKeyFile: path + "/key"))
        #expect(settings.turns == Settings.Turns(
            detection: .semanticVAD, preRollMs: 0, tailMs: 2000, vadThreshold: 1, vadPrefixPaddingMs: 2000,
            vadSilenceMs: 50, microphoneWhileSpeaking: .echoCancelled, bargeInConfirmMs: 400, vadIdleTimeoutMs: 5000,
            vadEagerness: .low))
        #expect(settings.transcription == Settings.Transcription(
            outOfBand: .fullContext, instructionsFile: path + "/write.txt", instructions: "text of write.txt",
            maxOutputTokens: 1, builtInModel: nil))
        #expect(settings.budget == Settings.Budget(dailyUSD: 2.5, outOfBandUntil: 1))
        #expect(settings.audio == Settings.Audio(
            capture: "wav:\(path)/in.wav", playback: "wav:\(path)/out.wav", captureChannel: 3, playbackChannel: 64,
            resamplerQuality: 10, periodMs: 5, bufferMs: 1000, noiseReduction: .far))
        #expect(settings.gpio == Settings.GPIO(
            chip: "gpiochip0", button: "17", led: "LED", activeLow: false, debounceMs: 0))
        #expect(settings.journal == Settings.Journal(
            directory: path + "/journal", segmentMB: 1024, segmentHours: 1, retentionDays: 36_500, retentionMB: 1,
            makeRoom: true))
        var limits = JournalLimits()
        (limits.segmentBytes, limits.segmentAgeMs) = (1 << 30, 3_600_000)
        (limits.retentionDays, limits.retentionBytes, limits.makesRoom) = (36_500, 1 << 20, true)
        #expect(settings.journal.limits == limits)
        #expect(settings.control.socket == path + "/sock")
        #expect(settings.console == Settings.Console(interactive: true, allowControl: true))
    }

    @Test func theTableHoldsEveryKeyOnceAndEachSectionTogether() {
        let paths = SettingsKeys.all.map(\.path)
        #expect(paths.count == 71)
        #expect(Set(paths).count == paths.count)
        #expect(SettingsKeys.sections == [
            "realtime", "turns", "transcription", "budget", "audio", "prompts", "gpio", "journal", "control", "console",
            "session", "spool", "privacy", "log", "metrics",
        ])
    }

    @Test func aStoredPromptHasAVersionAndVariables() throws {
        let realtime = try load("""
            [realtime]
            prompt_id = "pmpt_1"
            prompt_version = "2"
            [realtime.prompt_variables]
            city = "Bonn"
            "open from" = "9"
            """).realtime
        #expect(realtime.storedPrompt?.id == "pmpt_1")
        #expect(realtime.storedPrompt?.version == "2")
        #expect(realtime.storedPrompt?.variables == ["city": "Bonn", "open from": "9"])
        #expect(try load("").realtime.storedPrompt == nil)
        #expect(try load("realtime.prompt_id = 'a'").realtime.storedPrompt?.variables == nil)
    }

    @Test func whatASessionCanBeToldIsToldAndNothingElse() throws {
        let former = try load("")
        let told = try load("turns.vad_silence_ms = 700\nrealtime.prompt_id = 'a'\ntranscription.built_in_model = ''")
        #expect(former.taking(whatASessionCanBeToldOf: told) == told)
        let turns = try load("turns.detection = 'server-vad'\nturns.tail_ms = 0\naudio.noise_reduction = 'near-field'")
        #expect(former.taking(whatASessionCanBeToldOf: turns) == turns)
        for text in ["realtime.voice = 'cedar'", "turns.microphone_while_speaking = 'open'", "audio.period_ms = 20"] {
            let other = try load(text)
            #expect(former.taking(whatASessionCanBeToldOf: other) != other)
        }
    }

    @Test func settingsInForceAreChangedOneByOneAndNothingElseOfThem() throws {
        var wanted = try load("turns.tail_ms = 7")
        let changed = try wanted.changed(by: ["turns.detection=server-vad", "turns.vad_silence_ms=900"])
        wanted.turns.detection = .serverVAD
        wanted.turns.vadSilenceMs = 900
        #expect(changed == wanted)
        #expect(SettingsKeys.changeable.allSatisfy { SettingsKeys.key($0) != nil })
    }

    @Test(arguments: [
        ("turns.detection=vad", "turns.detection=vad: wanted push-to-talk, server-vad or semantic-vad"),
        ("turns.vad_silence_ms=9", "turns.vad_silence_ms=9: wanted 50 to 10000 (ms)"),
        ("turns.vad_silence_ms=9 9", "turns.vad_silence_ms: wanted a value without spaces"),
        ("realtime.voice=cedar", "realtime.voice: wanted " + SettingsKeys.changeable.joined(separator: ", ")),
        ("x", "x: wanted " + SettingsKeys.changeable.joined(separator: ", ")),
        ("turns.detection", "turns.detection: wanted section.key=value"),
    ])
    func aChangeThatCannotBeIsNamed(assignment: String, line: String) throws {
        let settings = try load("")
        #expect(folder.errorLine { _ = try settings.changed(by: [assignment]) } == line)
    }

    @Test func dictationKeepsTheModelThatWritesItDown() throws {
        let settings = try load("realtime.mode = 'dictation'")
        #expect(folder.errorLine { _ = try settings.changed(by: ["transcription.built_in_model="]) }
            == "transcription.built_in_model=: wanted a model, for realtime.mode is dictation")
    }

    @Test(arguments: [
        ("off", Settings.OutOfBand.off), ("last-turn", .lastTurn), ("last-1-turns", .lastTurns(1)),
        ("last-50-turns", .lastTurns(50)), ("full-context", .fullContext),
    ])
    func outOfBandTakesEachOfItsWords(word: String, choice: Settings.OutOfBand) throws {
        #expect(try load("transcription.out_of_band = \"\(word)\"").transcription.outOfBand == choice)
    }

    @Test func overridesWinOverTheFileAndTheLastOverEarlierOnes() throws {
        let settings = try load("[turns]\ntail_ms = 1", ["turns.tail_ms=2", "turns.tail_ms = 3"])
        #expect(settings.turns.tailMs == 3)
    }

    @Test(arguments: ["server-vad", "\"server-vad\"", "'server-vad'", " \"server-vad\" # words"])
    func anOverrideIsATOMLValueOrElseAString(value: String) throws {
        #expect(try load("", ["turns.detection=" + value]).turns.detection == .serverVAD)
    }

    @Test func anOverrideMayHoldEqualsSignsAndBeEmpty() throws {
        let settings = try load("gpio.chip = \"x\"", ["realtime.url=wss://host/path?a=b", "gpio.chip="])
        #expect(settings.realtime.url == "wss://host/path?a=b")
        #expect(settings.gpio.chip == nil)
    }

    @Test func pathsOfOverridesAreRelativeToTheSettingsFileToo() throws {
        let settings = try load("", ["journal.directory=log", "audio.playback=wav:out.wav", "control.socket=/abs"])
        #expect(settings.journal.directory == folder.path + "/log")
        #expect(settings.audio.playback == "wav:\(folder.path)/out.wav")
        #expect(settings.control.socket == "/abs")
    }

    @Test func aSettingsFileWithoutFolderIsInTheCurrentOne() throws {
        let reader = SettingsReader(file: "kiosk.toml")
        var copy = reader
        try copy.read(override: "journal.directory=log")
        #expect(copy.settings.journal.directory == FileManager.default.currentDirectoryPath + "/log")
    }

    @Test func aCommandThatNeedsNoNamedFilesDoesNotAskForThem() throws {
        let file = try folder.write("realtime.api_key_file = \"gone\"\ncontrol.socket = \"s\"", to: "kiosk.toml")
        let settings = try Settings.load(file: file, namedFiles: false)
        #expect(settings.control.socket == folder.path + "/s")
    }

    @Test func byteOrderMarkCommentsAndCarriageReturnsAreFine() throws {
        let settings = try load("\u{FEFF}# words .......\r\n[turns] # more\r\n\"tail_ms\" = 7 # ms\r\n")
        #expect(settings.turns.tailMs == 7)
    }

    @Test func aPromptOfSixtyFourKibibytesIsTaken() throws {
        let prompt = String(repeating: "a", count: 64 << 10)
        try folder.write(prompt, to: "p")
        #expect(try load("realtime.instructions_file = 'p'").realtime.instructions == prompt)
    }
}
