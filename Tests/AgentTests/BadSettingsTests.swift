import Foundation
import Testing

@testable import kiosk_agent

/// Every wrong setting stops the start with one line that says what to change.
@Suite struct BadSettingsTests {
    /// A settings file, overrides, and the error line; `DIR` stands for the file's folder.
    struct Bad: Sendable, CustomTestStringConvertible {
        let text: String
        let overrides: [String]
        let line: String

        init(_ text: String, set overrides: [String] = [], _ line: String) {
            self.text = text
            self.overrides = overrides
            self.line = line
        }

        var testDescription: String { line }
    }

    let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        try folder.write(" \n", to: "empty.txt")
        try folder.write(String(repeating: "a", count: (64 << 10) + 1), to: "long.txt")
        try folder.write(Data([0x41, 0xFF]), to: "latin.txt")
        try folder.write("RIFF", to: "a.wav")
        try FileManager.default.createDirectory(atPath: folder.path + "/folder", withIntermediateDirectories: false)
    }

    private func line(_ bad: Bad) throws -> String {
        let file = try folder.write(bad.text, to: "kiosk.toml")
        return folder.errorLine { _ = try Settings.load(file: file, overrides: bad.overrides) }
    }

    @Test(arguments: wrongValues) func aWrongValueNamesFileLineKeyValueAndWhatWasWanted(bad: Bad) throws {
        #expect(try line(bad) == "DIR/kiosk.toml:" + bad.line)
    }

    static let wrongValues = [
        Bad("[turns]\n\npre_roll_ms = 9000 # much", "3: turns.pre_roll_ms = 9000: wanted 0 to 2000 (ms)"),
        Bad("turns.pre_roll_ms = -1", "1: turns.pre_roll_ms = -1: wanted 0 to 2000 (ms)"),
        Bad("[turns]\ntail_ms = 2_001", "2: turns.tail_ms = 2_001: wanted 0 to 2000 (ms)"),
        Bad("[turns]\ntail_ms = 1.0", "2: turns.tail_ms = 1.0: wanted 0 to 2000 (ms)"),
        Bad("[turns]\ntail_ms = \"200\"", "2: turns.tail_ms = \"200\": wanted 0 to 2000 (ms)"),
        Bad("[turns]\ntail_ms = 1979-05-27", "2: turns.tail_ms = 1979-05-27: wanted 0 to 2000 (ms)"),
        Bad("[turns]\ntail_ms = [200,\n300]", "2: turns.tail_ms = [200,\\n300]: wanted 0 to 2000 (ms)"),
        Bad("[turns]\ntail_ms = true", "2: turns.tail_ms = true: wanted 0 to 2000 (ms)"),
        Bad("[turns]\nvad_threshold = 1.01", "2: turns.vad_threshold = 1.01: wanted a number from 0 to 1"),
        Bad("[turns]\nvad_threshold = -1", "2: turns.vad_threshold = -1: wanted a number from 0 to 1"),
        Bad("[turns]\nvad_threshold = nan", "2: turns.vad_threshold = nan: wanted a number from 0 to 1"),
        Bad("[turns]\nvad_threshold = inf", "2: turns.vad_threshold = inf: wanted a number from 0 to 1"),
        Bad("[turns]\nvad_threshold = '1'", "2: turns.vad_threshold = '1': wanted a number from 0 to 1"),
        Bad("[turns]\nvad_prefix_padding_ms = 2001",
            "2: turns.vad_prefix_padding_ms = 2001: wanted 0 to 2000 (ms)"),
        Bad("[turns]\nvad_silence_ms = 0", "2: turns.vad_silence_ms = 0: wanted 50 to 10000 (ms)"),
        Bad("[turns]\nvad_silence_ms = 0x7fffffffffffffff",
            "2: turns.vad_silence_ms = 0x7fffffffffffffff: wanted 50 to 10000 (ms)"),
        Bad("[turns]\nvad_idle_timeout_ms = 4999",
            "2: turns.vad_idle_timeout_ms = 4999: wanted 5000 to 30000 (ms), or 0 for off"),
        Bad("[turns]\nvad_idle_timeout_ms = 30001",
            "2: turns.vad_idle_timeout_ms = 30001: wanted 5000 to 30000 (ms), or 0 for off"),
        Bad("[turns]\nvad_eagerness = \"eager\"",
            "2: turns.vad_eagerness = \"eager\": wanted auto, low, medium or high"),
        Bad("[audio]\nnoise_reduction = true",
            "2: audio.noise_reduction = true: wanted off, near-field or far-field"),
        Bad("[turns]\ndetection = \"vad\"",
            "2: turns.detection = \"vad\": wanted push-to-talk, server-vad or semantic-vad"),
        Bad("[turns]\ndetection = \"\"", "2: turns.detection = \"\": wanted push-to-talk, server-vad or semantic-vad"),
        Bad("[turns]\ndetection.x = 1", "2: turns.detection: wanted push-to-talk, server-vad or semantic-vad"),
        Bad("turns = { tail_ms = 1, microphone_while_speaking = \"Muted\" }",
            "1: turns.microphone_while_speaking = \"Muted\": wanted muted, open or echo-cancelled"),
        Bad("[transcription]\nout_of_band = \"last-0-turns\"", "2: transcription.out_of_band = \"last-0-turns\": "
            + "wanted off, last-turn, last-N-turns (N from 1 to 50) or full-context"),
        Bad("[transcription]\nout_of_band = \"last-51-turns\"", "2: transcription.out_of_band = \"last-51-turns\": "
            + "wanted off, last-turn, last-N-turns (N from 1 to 50) or full-context"),
        Bad("[transcription]\nout_of_band = \"last-turns\"", "2: transcription.out_of_band = \"last-turns\": "
            + "wanted off, last-turn, last-N-turns (N from 1 to 50) or full-context"),
        Bad("[transcription]\nmax_output_tokens = 0", "2: transcription.max_output_tokens = 0: wanted 1 to 4096"),
        Bad("[transcription]\nmax_output_tokens = \"inf\"",
            "2: transcription.max_output_tokens = \"inf\": wanted 1 to 4096"),
        Bad("[transcription]\nbuilt_in_model = false",
            "2: transcription.built_in_model = false: wanted a model, or \"\" for off"),
        Bad("[audio]\nperiod_ms = 4", "2: audio.period_ms = 4: wanted 5 to 100 (ms)"),
        Bad("[audio]\nperiod_ms = 101", "2: audio.period_ms = 101: wanted 5 to 100 (ms)"),
        Bad("[audio]\ncapture_channel = 65", "2: audio.capture_channel = 65: wanted 0 to 64"),
        Bad("[audio]\nplayback_channel = -1", "2: audio.playback_channel = -1: wanted 0 to 64"),
        Bad("[audio]\nresampler_quality = 11", "2: audio.resampler_quality = 11: wanted 0 to 10"),
        Bad("[audio]\nbuffer_ms = 1001", "2: audio.buffer_ms = 1001: wanted 10 to 1000 (ms)"),
        Bad("[audio]\nperiod_ms = 30\nbuffer_ms = 59",
            "3: audio.buffer_ms = 59: wanted at least two periods of 30 (ms)"),
        Bad("[audio]\nperiod_ms = 21", "2: audio.period_ms = 21: wanted at most half of audio.buffer_ms (40)"),
        Bad("[audio]\ncapture = \"\"", "2: audio.capture = \"\": wanted an ALSA PCM name or wav:PATH"),
        Bad("[audio]\nplayback = \"wav:\"", "2: audio.playback = \"wav:\": wanted an ALSA PCM name or wav:PATH"),
        Bad("[audio]\ncapture = \"hw:\\n1\"", "2: audio.capture = \"hw:\\n1\": wanted an ALSA PCM name or wav:PATH"),
        Bad("[audio]\ncapture = \"wav:a.wav\"\nplayback = \"wav:a.wav\"",
            "3: audio.playback = \"wav:a.wav\": wanted another file than audio.capture"),
        Bad("[budget]\ndaily_usd = -1", "2: budget.daily_usd = -1: wanted a number from 0 to 1000000"),
        Bad("[budget]\ndaily_usd = nan", "2: budget.daily_usd = nan: wanted a number from 0 to 1000000"),
        Bad("[budget]\nout_of_band_until = 80", "2: budget.out_of_band_until = 80: wanted a number from 0 to 1"),
        Bad("[prompts]\nbusy = false", "2: prompts.busy = false: wanted a WAV file's path, off, or \"\" for the set's"),
        Bad("[prompts]\ndirectory = 1", "2: prompts.directory = 1: wanted a path, or \"\" for none"),
        Bad("[gpio]\nbutton = -1", "2: gpio.button = -1: wanted a line's name or offset, or \"\" for none"),
        Bad("[gpio]\nled = 1.5", "2: gpio.led = 1.5: wanted a line's name or offset, or \"\" for none"),
        Bad("[gpio]\nchip = 0", "2: gpio.chip = 0: wanted a chip's path, name or label, or \"\" for none"),
        Bad("[gpio]\nactive_low = 1", "2: gpio.active_low = 1: wanted true or false"),
        Bad("[gpio]\nactive_low = \"true\"", "2: gpio.active_low = \"true\": wanted true or false"),
        Bad("[gpio]\ndebounce_ms = 1001", "2: gpio.debounce_ms = 1001: wanted 0 to 1000 (ms)"),
        Bad("[journal]\ndirectory = \"\"", "2: journal.directory = \"\": wanted a path"),
        Bad("[control]\nsocket = 1", "2: control.socket = 1: wanted a path"),
        Bad("[control]\nsocket = \"/\(String(repeating: "s", count: 107))\"",
            "2: control.socket = \"/\(String(repeating: "s", count: 62))...: wanted a path of at most 107 bytes"),
        Bad("[realtime]\nmodel = \"\"", "2: realtime.model = \"\": wanted text without control characters"),
        Bad("[realtime]\nvoice = \"a\\u001bb\"",
            "2: realtime.voice = \"a\\u001bb\": wanted text without control characters"),
        Bad("[realtime]\nmodel = \"\"\"a\nb\"\"\"",
            "2: realtime.model = \"\"\"a\\nb\"\"\": wanted text without control characters"),
        Bad("[realtime]\nmode = \"dictation\"\n[transcription]\nbuilt_in_model = \"\"",
            "4: transcription.built_in_model = \"\": wanted a model, for realtime.mode is dictation"),
        Bad("[realtime]\nmode = \"talk\"", "2: realtime.mode = \"talk\": wanted conversation or dictation"),
        Bad("[realtime]\nprompt_id = 1", "2: realtime.prompt_id = 1: wanted a stored prompt's id, or \"\" for none"),
        Bad("[realtime]\nprompt_version = \"2\"",
            "2: realtime.prompt_version = \"2\": wanted realtime.prompt_id, too"),
        Bad("[realtime]\nprompt_id = \"p\"\n[realtime.prompt_variables]\na = 1",
            "3: realtime.prompt_variables: wanted a table of texts, [realtime.prompt_variables], at most 64"),
        Bad("[realtime]\nurl = \"http://127.0.0.1/\"",
            "2: realtime.url = \"http://127.0.0.1/\": wanted a URL that begins with wss:// or ws://"),
        Bad("[realtime]\nurl = \"ws://example.org/\"", "2: realtime.url = \"ws://example.org/\": "
            + "ws:// sends key and voices in the clear; wanted wss://, or a loopback host"),
        Bad("[realtime]\nurl = \"wss://name:secret@example.org/\"",
            "2: realtime.url: wanted no user or password in the URL"),
    ]

    @Test(arguments: unknownKeys) func anUnknownKeyNamesTheOneThatWasMeant(bad: Bad) throws {
        #expect(try line(bad) == "DIR/kiosk.toml:" + bad.line)
    }

    static let unknownKeys = [
        Bad("[audio]\nperid_ms = 3", "2: audio.perid_ms: unknown key (did you mean audio.period_ms?)"),
        Bad("audio.preiod_ms = 3", "1: audio.preiod_ms: unknown key (did you mean audio.period_ms?)"),
        Bad("[audio]\npre_roll_ms = 3", "2: audio.pre_roll_ms: unknown key (did you mean turns.pre_roll_ms?)"),
        Bad("[realtime]\napi_key = \"sk-secret\"",
            "2: realtime.api_key: unknown key (did you mean realtime.api_key_file?)"),
        Bad("model = \"x\"", "1: model: unknown key (did you mean realtime.model?)"),
        Bad("[audio]\nsomething = 1", "2: audio.something: unknown key"),
        Bad("# first\n[audioo]", "2: audioo: unknown section (did you mean audio?)"),
        Bad("[elsewhere]\nx = 1", "1: elsewhere: unknown section"),
        Bad("[audio.extra]\nx = 1", "1: audio.extra: unknown key"),
        Bad("audio = 3", "1: audio = 3: wanted a table, [audio]"),
        Bad("[[audio]]\nperiod_ms = 10", "1: audio: wanted a table, [audio]"),
        Bad("[audio]\n\"a\\u001bb\" = 1", "2: audio.a\\u{1b}b: unknown key"),
        Bad("[audio]\n\(String(repeating: "k", count: 70)) = 1",
            "2: audio.\(String(repeating: "k", count: 58))...: unknown key"),
        // The first in the file is named, whatever the parser's order.
        Bad("[turns]\nzz = 1\naa = 1\n[audio]\naa = 1", "2: turns.zz: unknown key"),
    ]

    @Test(arguments: syntaxErrors) func aSyntaxErrorNamesItsLine(bad: Bad) throws {
        #expect(try line(bad) == "DIR/kiosk.toml:" + bad.line)
    }

    static let syntaxErrors = [
        Bad("[turns\n", "1: not TOML: table header: expected ']', saw '\\n'"),
        Bad("\na = \n", "2: not TOML: key-value pair: expected value, saw '\\n'"),
        Bad("[audio]\nperiod_ms = 10\nperiod_ms = 20\n",
            "3: not TOML: key-value pair: cannot redefine existing integer 'period_ms'"),
        Bad("[turns]\ntail_ms = 99999999999999999999",
            "2: not TOML: decimal integer: '99999999999999999999' is not representable in 64 bits"),
        Bad("x = [1,\n2", "2: not TOML: array: encountered end-of-file"),
        Bad("a\r\n\r\nx\0y = 1", "3: wanted text without NUL characters"),
        Bad("[realtime]\nmodel = \"a\\u0000b\"", "2: wanted text without NUL characters"),
        Bad("a" + String(repeating: ".a", count: 200_000) + " = 1", "1: wanted at most 64 dots in a line"),
        Bad("\n[a" + String(repeating: ".a", count: 200_000) + "]", "2: wanted at most 64 dots in a line"),
        Bad("x = " + String(repeating: "[", count: 100_000), "1: not TOML: "
            + "value: exceeded maximum nested value depth of 256 (TOML_MAX_NESTED_VALUES)"),
    ]

    @Test(arguments: wrongOverrides) func aWrongOverrideNamesItsKey(bad: Bad) throws {
        #expect(try line(bad) == bad.line)
    }

    static let wrongOverrides = [
        Bad("", set: ["turns.detection=\"x\""],
            "--set turns.detection=\"x\": wanted push-to-talk, server-vad or semantic-vad"),
        Bad("", set: ["turns.detection=x"],
            "--set turns.detection=x: wanted push-to-talk, server-vad or semantic-vad"),
        Bad("", set: ["audio.period_ms=10.5"], "--set audio.period_ms=10.5: wanted 5 to 100 (ms)"),
        Bad("", set: ["audio.period_ms="], "--set audio.period_ms=: wanted 5 to 100 (ms)"),
        Bad("", set: ["realtime.model=5"], "--set realtime.model=5: wanted text without control characters"),
        Bad("", set: ["audio.period_ms"], "--set audio.period_ms: wanted section.key=value"),
        Bad("", set: ["audio.perid_ms=3"], "--set audio.perid_ms: unknown key (did you mean audio.period_ms?)"),
        Bad("", set: ["audio=3"], "--set audio: unknown key"),
        Bad("", set: ["turns.tail_ms=1\nb=2"], "--set turns.tail_ms=1\\nb=2: wanted 0 to 2000 (ms)"),
        Bad("", set: ["realtime.model=\"a\\u0000\""], "--set realtime.model: wanted text without NUL characters"),
        Bad("[audio]\nperiod_ms = 10", set: ["audio.buffer_ms=19"],
            "--set audio.buffer_ms=19: wanted at least two periods of 10 (ms)"),
        Bad("", set: ["realtime.ca_file=gone"], "--set realtime.ca_file=gone: DIR/gone: No such file or directory"),
    ]

    @Test(arguments: wrongFiles) func aNamedFileThatCannotBeUsedNamesKeyAndPath(bad: Bad) throws {
        #expect(try line(bad) == "DIR/kiosk.toml:" + bad.line)
    }

    static let wrongFiles = [
        Bad("[realtime]\nca_file = \"x.pem\"", "2: realtime.ca_file = \"x.pem\": DIR/x.pem: No such file or directory"),
        Bad("[realtime]\napi_key_file = \"k\"", "2: realtime.api_key_file = \"k\": DIR/k: No such file or directory"),
        Bad("[realtime]\napi_key_file = \"folder\"",
            "2: realtime.api_key_file = \"folder\": DIR/folder: not a regular file"),
        Bad("[realtime]\napi_key_file = \"sk-secret\"",
            "2: realtime.api_key_file: wanted the path of a file that holds the key, not the key"),
        Bad("[realtime]\ninstructions_file = \"p\"",
            "2: realtime.instructions_file = \"p\": DIR/p: No such file or directory"),
        Bad("[realtime]\ninstructions_file = \"empty.txt\"",
            "2: realtime.instructions_file = \"empty.txt\": DIR/empty.txt: wanted a prompt, it is empty"),
        Bad("[transcription]\ninstructions_file = \"long.txt\"",
            "2: transcription.instructions_file = \"long.txt\": DIR/long.txt: more than 65536 bytes"),
        Bad("[transcription]\ninstructions_file = \"latin.txt\"",
            "2: transcription.instructions_file = \"latin.txt\": DIR/latin.txt: not UTF-8"),
        Bad("[transcription]\ninstructions_file = \"folder\"",
            "2: transcription.instructions_file = \"folder\": DIR/folder: not a regular file"),
        Bad("[prompts]\nkey = \"gone.wav\"",
            "2: prompts.key = \"gone.wav\": DIR/gone.wav: open: No such file or directory"),
        Bad("[prompts]\nbusy = \"a.wav\"", "2: prompts.busy = \"a.wav\": DIR/a.wav: 4 bytes: wanted a WAV file"),
        Bad("[prompts]\ndirectory = \"folder\"",
            "2: prompts.directory = \"folder\": DIR/folder/no-network.wav: open: No such file or directory"),
        Bad("[audio]\ncapture = \"wav:in.wav\"",
            "2: audio.capture = \"wav:in.wav\": DIR/in.wav: No such file or directory"),
    ]

    @Test func aSettingsFileThatCannotBeReadIsNamed() throws {
        func line(_ file: String) -> String { folder.errorLine { _ = try Settings.load(file: file) } }
        #expect(line(folder.path + "/gone") == "DIR/gone: No such file or directory: wanted a settings file (TOML)")
        #expect(line(folder.path) == "DIR: not a regular file: wanted a settings file (TOML)")
        #expect(line("/dev/zero") == "/dev/zero: not a regular file: wanted a settings file (TOML)")
        #expect(line(folder.path + "/latin.txt") == "DIR/latin.txt: not UTF-8: wanted a settings file (TOML)")
        let big = try folder.write(String(repeating: "#", count: (1 << 20) + 1), to: "big")
        #expect(line(big) == "DIR/big: more than 1048576 bytes: wanted a settings file (TOML)")
    }

    @Test func settingsCutOrFlippedAnywhereAreAnErrorOrSettingsButNeverACrash() throws {
        let text = Array("""
            turns = { "tail_ms" = 1, 'vad_threshold' = 0.5 } # words
            [audio]
            capture = \"\"\"null\"\"\"
            period_ms = 0x0a
            gpio.x = [1, {a = '''b'''}]
            """.utf8)
        var failures = 0
        for position in text.indices {
            for variant in [Array(text[..<position]), text.replacing(at: position, UInt8(ascii: "\""))] {
                let file = try folder.write(Data(variant), to: "cut.toml")
                do throws(SettingsError) { _ = try Settings.load(file: file) } catch {
                    failures += 1
                    #expect(!error.description.contains("\n"))
                }
            }
        }
        #expect(failures > text.count)
    }
}

extension [UInt8] {
    fileprivate func replacing(at position: Int, _ byte: UInt8) -> [UInt8] {
        var copy = self
        copy[position] = byte
        return copy
    }
}
