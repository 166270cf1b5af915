import Foundation
import Realtime
import Session
import Testing

@testable import kiosk_agent

/// What may be kept and shown of what was said.
@Suite struct PrivacyTests {
    private static let turn = SettledTurn(
        session: "sess_1", number: 1, item: "item_1", realtime: .heard("my policy is 1234-5678"),
        builtIn: .failed("heard 1234-5678 only", text: "1234-5678"),
        assistant: AssistantPart(
            status: .truncated, text: "Policy 1234-5678, Mr Meier", playedMs: 40, heardText: "Policy 1234-5678"))

    private static func rules() throws -> [Privacy.Redaction] {
        [
            Privacy.Redaction(label: "policy", pattern: try RegularExpression("[0-9]{4}-[0-9]{4}")),
            Privacy.Redaction(label: "name", pattern: try RegularExpression("meier", ignoresCase: true)),
        ]
    }

    private static func task(_ text: String, json: Bool = false) -> SettledTask {
        SettledTask(
            .heard(text),
            of: OutOfBandTask(name: "t", trigger: .sessionEnd, instructions: "x", output: json ? .json(nil) : .text),
            session: "sess_1", turn: 1, item: "item_1")
    }

    @Test func withoutSettingsEverythingStays() {
        #expect(Privacy().applied(to: Self.turn) == Self.turn)
    }

    @Test func whatFitsARuleIsReplacedInEveryText() throws {
        let turn = Privacy(redactions: try Self.rules()).applied(to: Self.turn)
        #expect(turn.realtime == .heard("my policy is [policy]"))
        #expect(turn.builtIn == .failed("heard [policy] only", text: "[policy]"))
        #expect(turn.assistant.text == "Policy [policy], Mr [name]")
        #expect(turn.assistant.heardText == "Policy [policy]")
        #expect(turn.assistant.playedMs == 40 && turn.assistant.status == .truncated)
    }

    @Test func theAssistantsWordsAloneAreKept() throws {
        let turn = Privacy(content: .assistant, redactions: try Self.rules()).applied(to: Self.turn)
        #expect(turn.realtime == .heard("<withheld>"))
        #expect(turn.builtIn.text == "<withheld>" && turn.builtIn.status == .failed)
        #expect(turn.assistant.text == "Policy [policy], Mr [name]")
    }

    @Test func nobodysWordsAreKept() {
        let turn = Privacy(content: .metadata).applied(to: Self.turn)
        #expect([turn.realtime.text, turn.builtIn.text, turn.assistant.text] == [String](repeating: "<withheld>", count: 3))
        #expect(turn.assistant.heardText == "<withheld>")
        var silent = Self.turn
        silent.realtime = .heard(" ")
        #expect(Privacy(content: .metadata).applied(to: silent).realtime == .heard(""))
    }

    /// Everything the journal or the console gets, with no word of anybody in it.
    @Test(arguments: [Privacy.Content.assistant, .metadata])
    func noEntryAndNoLineHasAVisitorsWords(content: Privacy.Content) throws {
        let privacy = Privacy(content: content)
        let part = TurnPart(session: "s", number: 1, item: "item_1", content: .realtime(.heard("secret")))
        let entries: [SessionStateMachine.Entry] = [
            .part(part), .task(Self.task("a secret")), .task(Self.task(#"{"secret": "secret"}"#, json: true)),
            .contextTrimmed("s", deletedItems: 1, keptTurns: 1, summary: "a secret"),
        ]
        for entry in entries {
            let members = JournalEntry(privacy.applied(to: entry)).members
            #expect(!members.contains("secret") && members.contains("<withheld>"), "\(members)")
        }
        #expect(privacy.applied(to: .task(name: "t", "a secret")) == .task(name: "t", "<withheld>"))
    }

    @Test func aTasksJSONWithSomethingReplacedIsKeptAsText() throws {
        let privacy = Privacy(redactions: [
            Privacy.Redaction(label: "number", pattern: try RegularExpression("[0-9]{4}")),
        ])
        let found = JournalEntry(privacy.applied(to: .task(Self.task(#"{"policy":1234}"#, json: true)))).members
        #expect(found.contains(#""text":"{\"policy\":[number]}""#), "\(found)")
        let nothing = JournalEntry(privacy.applied(to: .task(Self.task(#"{"policy":1}"#, json: true)))).members
        #expect(nothing.contains(#""json":{"policy":1}"#), "\(nothing)")
    }

    @Test func faultsAreRedacted() throws {
        let fault = Fault(.turn, "no word of 1234-5678")
        #expect(Privacy(redactions: try Self.rules()).applied(to: fault).what == "no word of [policy]")
    }

    // MARK: Settings

    @Test func rulesAreReadInOrder() throws {
        let folder = try TemporaryFolder()
        let settings = try Settings.load(file: try folder.write("""
            [privacy]
            content = "assistant"
            [[redaction]]
            label = "policy"
            pattern = "[0-9]{4}-[0-9]{4}"
            [[redaction]]
            label = "name"
            pattern = "meier"
            ignore_case = true
            """, to: "kiosk.toml"))
        #expect(settings.privacy.content == .assistant)
        #expect(settings.redactions.map(\.label) == ["policy", "name"])
        let turn = try Privacy(settings).applied(to: Self.turn)
        #expect(turn.assistant.text == "Policy [policy], Mr [name]")
    }

    @Test(arguments: ["(", "[a-", "a*", ""])
    func aPatternThatIsNoneIsNamed(pattern: String) throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("[[redaction]]\nlabel = \"x\"\npattern = \"\(pattern)\"\n", to: "kiosk.toml")
        #expect {
            try Settings.load(file: path)
        } throws: { error in
            let words = "\(error)"
            return words.contains("kiosk.toml:3: redaction.pattern") && words.contains("wanted an extended regular")
        }
    }
}
