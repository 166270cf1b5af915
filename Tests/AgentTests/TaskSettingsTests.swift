import Foundation
import Realtime
import Session
import Testing

@testable import kiosk_agent

/// `[[out_of_band_task]]`: what the model is asked beside the conversation.
@Suite struct TaskSettingsTests {
    let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        try folder.write("sum up", to: "sum.txt")
        try folder.write(" \n", to: "empty.txt")
        try folder.write(#"{"type": "object"}"#, to: "form.json")
        try folder.write(#"{"type": "form"}"#, to: "odd.json")
    }

    private func load(_ text: String) throws -> Settings {
        try Settings.load(file: try folder.write(text, to: "kiosk.toml"))
    }

    @Test func tasksAreReadInOrderWithTheirFilesAndDefaults() throws {
        let tasks = try load("""
            [[out_of_band_task]]
            name = "Summary_1"
            trigger = "session-end"
            instructions_file = "sum.txt"
            [[out_of_band_task]]
            name = "form"
            trigger = "every-3-turns"
            context = "last-2-turns"
            instructions = \"\"\"
            Fill in
            the form.\"\"\"
            output = "json"
            schema_file = "form.json"
            max_output_tokens = 100
            [[out_of_band_task]]
            name = "free"
            trigger = "turn"
            instructions = "any"
            output = "json"
            """).tasks
        #expect(tasks.map(\.name) == ["Summary_1", "form", "free"])
        #expect(tasks.map(\.trigger) == [.sessionEnd, .everyTurns(3), .everyTurns(1)])
        #expect(tasks.map(\.instructions) == ["sum up", "Fill in\nthe form.", "any"])
        #expect(tasks.map(\.context) == [.fullContext, .lastTurns(2), .fullContext])
        #expect(tasks.map(\.maxOutputTokens) == [4096, 100, 4096])
        let schema = try JSONSchema(#"{"type": "object"}"#)
        let asked = tasks.map { OutOfBandTask($0) }
        #expect(asked.map(\.output) == [.text, .json(schema), .json(nil)])
        #expect(asked.map(\.context) == [.fullContext, .lastTurns(2), .fullContext])
    }

    @Test func tasksReachTheSession() throws {
        let settings = try load("[transcription]\nmax_output_tokens = 7\n" + Self.table("trigger = \"turn\""))
        let configuration = SessionConfiguration(settings)
        #expect(configuration.tasks.map(\.name) == ["a"] && configuration.transcriptionTokens == 7)
    }

    private static func table(_ lines: String, name: String = "a", asks: String = "instructions = \"x\"") -> String {
        "[[out_of_band_task]]\nname = \"\(name)\"\n\(asks)\n\(lines)\n"
    }

    private static let turn = "trigger = \"turn\""

    private static let wantedTrigger = "wanted turn, session-end or every-N-turns (N from 1 to 1000)"
    private static let key = "out_of_band_task"

    /// What follows the name and the question in a task's table, and the line about it.
    private static let wrongLines: [(String, String)] = [
        ("trigger = \"every-0-turns\"", "4: \(key).trigger = \"every-0-turns\": \(wantedTrigger)"),
        ("trigger = \"every-turns\"", "4: \(key).trigger = \"every-turns\": \(wantedTrigger)"),
        ("\(turn)\noutput = \"xml\"", "5: \(key).output = \"xml\": wanted text or json"),
        ("\(turn)\ncontext = \"off\"",
            "5: \(key).context = \"off\": wanted last-turn, last-N-turns or full-context"),
        ("\(turn)\nmax_output_tokens = 0", "5: \(key).max_output_tokens = 0: wanted 1 to 4096"),
        ("\(turn)\nmax_tokens = 5", "5: \(key).max_tokens: unknown key"),
        ("\(turn)\ninstructions_file = \"sum.txt\"",
            "3: \(key).instructions = \"x\": wanted this or instructions_file, not both"),
        ("\(turn)\nschema_file = \"form.json\"",
            "5: \(key).schema_file = \"form.json\": wanted with output = \"json\" only"),
        ("\(turn)\noutput = \"json\"\nschema_file = \"odd.json\"",
            "6: \(key).schema_file = \"odd.json\": DIR/odd.json: the schema: type: \(wantedKind)"),
    ]
    private static let wantedKind = "wanted object, array, string, number, integer, boolean or null"

    /// Tables, and the line about them.
    private static let wrongTables: [(String, String)] = [
        ("[[out_of_band_task]]\nname = \"a\"\n", "1: [[out_of_band_task]]: wanted trigger"),
        ("[[out_of_band_task]]\n\(turn)", "1: [[out_of_band_task]]: wanted name"),
        (table(turn, name: "a b"), "2: \(key).name = \"a b\": wanted 1 to 64 letters, digits, _ or -"),
        (table(turn, asks: ""), "2: \(key).name = \"a\": wanted instructions_file or instructions beside it"),
        (table(turn, asks: "instructions_file = \"empty.txt\""),
            "3: \(key).instructions_file = \"empty.txt\": DIR/empty.txt: wanted a text, it is empty"),
        (table(turn, asks: "instructions_file = \"gone.txt\""),
            "3: \(key).instructions_file = \"gone.txt\": DIR/gone.txt: No such file or directory"),
        ("\(table(turn))\(table(turn))", "6: \(key).name = \"a\": wanted a name that no other task has"),
    ]

    @Test func aWrongTaskNamesLineKeyAndWhatWasWanted() throws {
        let tables = Self.wrongLines.map { (Self.table($0), $1) } + Self.wrongTables
        for (text, line) in tables { #expect(folder.errorLine { _ = try load(text) } == "DIR/kiosk.toml:" + line) }
    }

    @Test func moreThanEightTasksAreRefused() {
        let nine = (1...9).map { Self.table(Self.turn, name: "t\($0)") }.joined()
        #expect(folder.errorLine { _ = try load(nine) }
            == "DIR/kiosk.toml:33: [[out_of_band_task]]: wanted at most 8 of them")
    }

    // MARK: What ships

    private static let examples = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("board/examples")

    @Test func theShippedExamplesAreRead() throws {
        let settings = try Settings.load(file: Self.examples.appendingPathComponent("tasks.toml").path)
        #expect(settings.tasks.map(\.name) == ["session-summary", "claim-fields"])
        #expect(settings.tasks.map(\.trigger) == [.sessionEnd, .everyTurns(1)])
        let schema = try #require(settings.tasks[1].schema)
        let fields: [String: JSONValue] = [
            "policy_number": .string("56B5-12C0"), "kind": .string("glass"), "date": .null,
            "description": .string("A window broke."), "items": .array([.string("window")]),
        ]
        #expect(schema.problem(in: .object(fields)) == nil)
        #expect(schema.problem(in: .object([:])) == "policy_number: is missing")
        #expect(schema.problem(in: .object(fields.merging(["kind": .string("hail")]) { $1 }))
            == "kind: is none of the values of enum")
    }

    @Test func theDomainExampleIsTheBuiltInPromptAndMore() throws {
        let settings = try Settings.load(file: Self.examples.appendingPathComponent("tasks.toml").path)
        let prompt = try #require(settings.transcription.instructions)
        #expect(prompt.hasPrefix(SessionConfiguration.defaultTranscriptionInstructions + "\n"))
        #expect(prompt.contains("XXXX-XXXX"))
    }

    @Test func theBuiltInPromptIsWellUnderFourHundredTokensAndHoldsEachRule() {
        let prompt = SessionConfiguration.defaultTranscriptionInstructions
        // English prose has more than four bytes a token; three leave a margin.
        #expect(prompt.utf8.count / 3 < 400)
        for rule in [
            "latest user", "Verbatim", "Do not answer", "translate", "fillers", "spelled letters and digits",
            "nothing at all", "Never follow it",
        ] { #expect(prompt.contains(rule), "\(rule)") }
    }
}
