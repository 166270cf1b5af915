import Foundation
import Realtime
import Testing

@testable import kiosk_agent

/// `[[tool]]`: what the model may run.
@Suite struct ToolSettingsTests {
    let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        try folder.write(#"{"type": "object", "properties": {"day": {"type": "string"}}}"#, to: "day.json")
        try folder.write("[]", to: "list.json")
        try folder.write("{", to: "broken.json")
        try folder.write("#!/bin/sh\n", to: "run")
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder.path + "/run")
        try folder.write("data", to: "plain")
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: folder.path + "/plain")
        try FileManager.default.createDirectory(atPath: folder.path + "/folder", withIntermediateDirectories: false)
    }

    private func load(_ text: String, _ overrides: [String] = []) throws -> Settings {
        try Settings.load(file: try folder.write(text, to: "kiosk.toml"), overrides: overrides)
    }

    @Test func toolsAreReadInOrderWithTheirSchemasAndDefaults() throws {
        let tools = try load("""
            [[tool]]
            name = "opening-hours_2"
            description = "when we are open"
            parameters_file = "day.json"
            command = ["run", "--day", ""]
            timeout_ms = 100
            output_limit_bytes = 1
            [turns]
            tail_ms = 1
            [[tool]]
            command = ["/bin/true"]
            name = "b"
            [[tool]]
            name = "c"
            command = ["run"]
            parameters = '{"type": "object", "required": []}'
            """).tools
        let day = JSONValue.object(["type": .string("string")])
        #expect(tools.count == 3)
        #expect(tools[0] == Settings.Tool(
            name: "opening-hours_2", description: "when we are open", parametersFile: folder.path + "/day.json",
            parameters: .object(["type": .string("object"), "properties": .object(["day": day])]),
            command: [folder.path + "/run", "--day", ""], folder: folder.path, timeoutMs: 100, outputLimitBytes: 1))
        #expect(tools[1] == Settings.Tool(name: "b", command: ["/bin/true"], folder: folder.path))
        #expect(tools[1].parameters == Settings.Tool.noParameters)
        #expect(tools[1].timeoutMs == 5000)
        #expect(tools[1].outputLimitBytes == 16_384)
        #expect(tools[2].parameters == .object(["type": .string("object"), "required": .array([])]))
    }

    @Test func noToolsAndAnEmptyArrayAreTheSame() throws {
        #expect(try load("").tools == [])
        #expect(try load("tool = []").tools == [])
        #expect(try load("tool = [{name = 'a', command = ['run']}]").tools.map(\.name) == ["a"])
    }

    @Test func aCommandThatNeedsNoNamedFilesDoesNotAskForPrograms() throws {
        let file = try folder.write("[[tool]]\nname = 'a'\ncommand = ['gone']", to: "kiosk.toml")
        #expect(try Settings.load(file: file, namedFiles: false).tools.map(\.name) == ["a"])
    }

    @Test func everyPlaceOfATableHasItsLine() {
        #expect(SettingsKeys.tools.keys.map(\.name) == [
            "name", "description", "parameters_file", "parameters", "command", "timeout_ms", "output_limit_bytes",
        ])
        #expect(SettingsKeys.arrays.allSatisfy { array in array.keys.allSatisfy { $0.section == array.name } })
    }

    @Test(arguments: wrong) func aWrongToolNamesFileLineKeyAndWhatWasWanted(text: String, line: String) throws {
        let file = try folder.write(text, to: "kiosk.toml")
        #expect(folder.errorLine { _ = try Settings.load(file: file) } == "DIR/kiosk.toml:" + line)
    }

    /// Lines 1 to 3; what is wrong follows.
    static let good = "[[tool]]\nname = \"a\"\ncommand = [\"run\"]\n"

    static let wrong: [(text: String, line: String)] = [
        ("[tool]\nname = 'a'", "1: tool: wanted tables, [[tool]]"),
        ("tool = 1", "1: tool = 1: wanted tables, [[tool]]"),
        ("tool = ['a']", "1: tool = ['a']: wanted tables, [[tool]]"),
        ("[[tol]]\nname = 'a'", "1: tol: unknown section (did you mean tool?)"),
        ("[[turns]]\ntail_ms = 1", "1: turns: wanted a table, [turns]"),
        ("[[tool]]\nname = 'a'", "1: [[tool]]: wanted command"),
        (good + "[[tool]]\ncommand = ['run']", "4: [[tool]]: wanted name"),
        (good + "time_ms = 1", "4: tool.time_ms: unknown key"),
        (good + "timeout_m = 1", "4: tool.timeout_m: unknown key (did you mean tool.timeout_ms?)"),
        (good + "timeout_ms = 99", "4: tool.timeout_ms = 99: wanted 100 to 60000 (ms)"),
        (good + "output_limit_bytes = 0", "4: tool.output_limit_bytes = 0: wanted 1 to 262144 (bytes)"),
        (good + "description = 1", "4: tool.description = 1: wanted text without control characters"),
        (good + "parameters = 1", "4: tool.parameters = 1: wanted a JSON schema as text, of at most 65536 bytes"),
        (good + "parameters = '{'", "4: tool.parameters = '{': wanted a JSON schema, it is not valid JSON"),
        (good + "parameters = '{\"type\": \"array\"}'",
            "4: tool.parameters = '{\"type\": \"array\"}': "
                + "wanted the schema of an object, {\"type\": \"object\", ...}"),
        (good + "parameters_file = 'gone'", "4: tool.parameters_file = 'gone': DIR/gone: No such file or directory"),
        (good + "parameters_file = 'broken.json'", "4: tool.parameters_file = 'broken.json': "
            + "DIR/broken.json: wanted a JSON schema, it is not valid JSON"),
        (good + "parameters_file = 'list.json'", "4: tool.parameters_file = 'list.json': "
            + "DIR/list.json: wanted the schema of an object, {\"type\": \"object\", ...}"),
        (good + "parameters_file = 'day.json'\nparameters = '{\"type\": \"object\"}'",
            "5: tool.parameters = '{\"type\": \"object\"}': wanted this or tool.parameters_file, not both"),
        (good + good, "5: tool.name = \"a\": wanted a name that no other tool has"),
        ("[[tool]]\nname = 'a b'", "2: tool.name = 'a b': wanted 1 to 64 letters, digits, _ or -"),
        ("[[tool]]\nname = ''", "2: tool.name = '': wanted 1 to 64 letters, digits, _ or -"),
        ("[[tool]]\nname = 'ä'", "2: tool.name = 'ä': wanted 1 to 64 letters, digits, _ or -"),
        ("[[tool]]\ncommand = 'run'",
            "2: tool.command = 'run': wanted [\"PROGRAM\", \"ARGUMENT\", ...], at most 64 texts"),
        ("[[tool]]\ncommand = []", "2: tool.command = []: wanted [\"PROGRAM\", \"ARGUMENT\", ...], at most 64 texts"),
        ("[[tool]]\ncommand = ['run', 1]",
            "2: tool.command = ['run', 1]: wanted [\"PROGRAM\", \"ARGUMENT\", ...], at most 64 texts"),
        ("[[tool]]\nname = 'a'\ncommand = ['gone']",
            "3: tool.command = ['gone']: DIR/gone: No such file or directory"),
        ("[[tool]]\nname = 'a'\ncommand = ['plain']", "3: tool.command = ['plain']: DIR/plain: Permission denied"),
        ("[[tool]]\nname = 'a'\ncommand = ['folder']", "3: tool.command = ['folder']: DIR/folder: not a regular file"),
        (String(repeating: "[[tool]]\n", count: 33), "33: [[tool]]: wanted at most 32 of them"),
    ]

    @Test func anOverrideCannotReachIntoATable() throws {
        let file = try folder.write("", to: "kiosk.toml")
        let line = folder.errorLine { _ = try Settings.load(file: file, overrides: ["tool.name=a"]) }
        #expect(line == "--set tool.name: wanted in the settings file, in [[tool]]")
    }
}
