import Foundation
import Session
import Testing

@testable import kiosk_agent

@Suite struct SupportReportTests {
    private static let key = "sk-planted-0123456789abcdef"
    private static let spoken = "my grandmother lost the green umbrella in the library"

    private let week: JournalWeek
    private var folder: TemporaryFolder { week.folder }

    init() throws { week = try JournalWeek() }

    private func report(_ text: String, key: APIKey? = nil) throws -> String {
        let file = try folder.write(text, to: "kiosk.toml")
        let settings = try? Settings.load(file: file, namedFiles: false)
        let findings: [SelfCheck.Finding] = [
            .good("settings", file), .bad("capture", "hw:1,0: open: \(Self.key)"),
            .bad("files", #"kiosk.toml:12: tool.command = ["/x", "hush-hush"]: /x: No such file or directory"#),
        ]
        return SupportReport(file: file, settings: settings, key: key, findings: findings).text(version: "1.2.3")
    }

    @Test func itHoldsWhatHelpsAndNothingThatWasSaid() throws {
        let now = Int64(Date().timeIntervalSince1970 * 1000)
        try week.append(
            [
                ("turn", """
                    {"session":"sess_1","turn":1,"item":"item_1","realtime":{"status":"ok","text":"\(Self.spoken)"},\
                    "built_in":{"status":"ok","text":"Maple Street 4711"},\
                    "assistant":{"status":"completed","text":"The desk on floor two has it.","played_ms":1}}
                    """),
                ("fault", #"{"class":"link","what":"api.openai.com:443: connect: Connection refused"}"#),
                ("fault", #"{"class":"tool","what":"lost_and_found: exit status 3: no umbrella of that colour"}"#),
                ("fault", #"{"class":"server","what":"no such item: The GREEN umbrella, in the library"}"#),
                ("fault", #"{"class":"turn","what":"it said: Maple Street 4711!"}"#),
            ], firstMs: now - 60_000)
        let report = try report("""
            journal.directory = "\(week.path)"
            control.socket = "none"
            [realtime]
            voice = "cedar"
            prompt_id = "pmpt_secret"
            [turns]
            pre_roll_ms = 250
            [[tool]]
            name = "lost_and_found"
            description = "Knows the umbrellas of grandmothers."
            command = ["/usr/bin/find-it", "--token", "hush-hush"]
            """)
        for words in [
            "version    1.2.3\n", "\nFAIL  capture   hw:1,0: open: [key]\n", "realtime.voice = \"cedar\"\n",
            "turns.pre_roll_ms = 250\n", "realtime.prompt_id = <set, not shown>\n",
            "tool[0].description = <set, not shown>\n", "tool[0].command = <set, not shown>\n",
            "no agent answers", "\nturns      1 in 1 sessions\n", " link: api.openai.com:443: connect: Connection refused\n",
            " tool: lost_and_found: exit status 3: <withheld>\n", " server: <withheld>\n", " turn: <withheld>\n",
            "== sound cards\n", "== units\n", "== packages\n",
        ] { #expect(report.contains(words), "\(words) in \(report)") }
        for secret in ["umbrella", "Maple", "4711", "floor two", Self.key, "pmpt_secret", "hush", "grandmother"] {
            #expect(!report.contains(secret), "\(secret) in \(report)")
        }
    }

    @Test func aKeyThatIsKnownIsLeftOutWhateverItLooksLike() throws {
        let key = try APIKey("unusual/key", from: "test")
        let report = try report("journal.directory = \"unusual/key\"\ncontrol.socket = \"none\"", key: key)
        #expect(!report.contains("unusual/key"))
        #expect(report.contains("journal.directory = \"[key]\"\n"), "\(report)")
    }

    @Test func settingsThatAreWrongSayWhereAndNotWhat() throws {
        let unknown = try report("[realtime]\nopenai_key = \"hush\"\nvoice = \"cedar\"")
        #expect(unknown.contains("line 2: unknown key\nrealtime.voice = \"cedar\"\n") && !unknown.contains("hush"))
        let torn = try report("[realtime]\nvoice = \"hush")
        #expect(torn.contains("kiosk.toml: cannot be read as settings\n") && !torn.contains("hush"), "\(torn)")
    }

    @Test(arguments: [
        ("sk-proj-0123456789abcdef", "[key]"), ("(ek_0123456789abcdef0123)", "([key])"),
        ("eyJhbGciOiJIUzI1NiJ9.e30.x", "[key]"), ("sk-1", "sk-1"), ("task-0123456789abcdef", "task-0123456789abcdef"),
        ("a sk-0123456789abcdef, ü", "a [key], ü"), ("", ""),
    ])
    func whatLooksLikeAKeyIsLeftOut(text: String, wanted: String) {
        #expect(SupportReport.withoutKeys(text) == wanted)
    }

    @Test func wordsThatWereSaidAreKnownAgain() {
        var said = SaidWords()
        said.add("I would like to report a broken window.")
        said.add("Maple Street")
        said.add("4711")
        said.add("Yes.")
        for text in [
            "x: like TO report a y", "unknown street: maple street", "no policy 4711", "I would like to report a broken window",
        ] { #expect(said.occur(in: text), "\(text)") }
        for text in ["connect: Connection refused", "to report a", "yes", "maple", "", "471"] {
            #expect(!said.occur(in: text), "\(text)")
        }
    }
}

@Suite struct SettingsSummaryTests {
    /// A text that is new is hidden until somebody has thought about it.
    @Test func everyTextThatIsShownIsAKey() {
        for path in SettingsSummary.shown { #expect(SettingsKeys.key(path) != nil, "\(path)") }
    }

    @Test(arguments: [
        (#"k:12: tool.command = ["/x", "hush"]: /x: No such file"#, "k:12: tool.command = <set, not shown>: it is wrong"),
        (#"k:2: realtime.url = "wss://hush@x": wanted"#, "k:2: realtime.url = <set, not shown>: it is wrong"),
        ("k:2: turns.tail_ms = -1: wanted 0 to 2000 (ms)", "k:2: turns.tail_ms = -1: wanted 0 to 2000 (ms)"),
        (#"k:2: turns.detection = "x": wanted y"#, #"k:2: turns.detection = "x": wanted y"#),
        ("k:2: realtime.voize: unknown key", "k:2: realtime.voize: unknown key"),
    ])
    func anErrorIsShownWithoutTextsThatMayBeSecrets(line: String, wanted: String) {
        #expect(SettingsSummary.withoutValue(line) == wanted)
    }
}
