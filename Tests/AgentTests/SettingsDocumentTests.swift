import Foundation
import Testing

@testable import kiosk_agent

/// README.md is where the settings are documented; kiosk-agent.toml(5) and the default settings of the package are made
/// from its tables. What they say of names, defaults and ranges is what the code does.
@Suite struct SettingsDocumentTests {
    let folder: TemporaryFolder
    let readme: Readme

    init() throws {
        folder = try TemporaryFolder()
        readme = try Readme()
    }

    /// Without the files that settings name: the voice prompts need not be installed here.
    private func load(_ overrides: [String] = [], _ text: String = "") throws -> Settings {
        try Settings.load(file: try folder.write(text, to: "kiosk.toml"), overrides: overrides, namedFiles: false)
    }

    @Test func eachKeyIsDocumentedOnceAndNothingElseIs() throws {
        let documented = try readme.rows("Settings").flatMap(\.names)
        #expect(documented.sorted() == SettingsKeys.all.map(\.path).sorted())
    }

    @Test(arguments: [("tool", "Tools"), ("out_of_band_task", "Out-of-band tasks")])
    func eachKeyOfATableOfTablesIsDocumentedOnceAndNothingElseIs(array: String, section: String) throws {
        let keys = try #require(SettingsKeys.array(array)).keys.map(\.name)
        #expect(try readme.rows(section).flatMap(\.names).sorted() == keys.sorted())
    }

    @Test func eachKeyOfARedactionIsNamed() throws {
        let text = try readme.section("What is kept of what is said").joined(separator: "\n")
        for key in try #require(SettingsKeys.array("redaction")).keys { #expect(text.contains(key.name)) }
    }

    @Test func aDocumentedDefaultGivenAsAValueChangesNothing() throws {
        let defaults = try load()
        var count = 0
        for row in try readme.rows("Settings") {
            for (name, value) in zip(row.names, row.values) {
                count += 1
                // Given, it is a folder that must be there; by default it may be missing.
                if name == "prompts.directory" {
                    #expect(value == "\"\(VoicePrompts.shippedFolder)\"")
                } else {
                    #expect(try load(["\(name)=\(value)"]) == defaults, "\(name) = \(value)")
                }
            }
        }
        #expect(count == SettingsKeys.all.count)
    }

    @Test(arguments: [
        ("tool", "Tools", "name = 'a'\ncommand = ['/bin/true']"),
        ("out_of_band_task", "Out-of-band tasks", "name = 'a'\ntrigger = 'turn'\ninstructions = 'b'"),
    ])
    func soDoesOneOfATableOfTables(array: String, section: String, least: String) throws {
        let table = "[[\(array)]]\n\(least)\n"
        let defaults = try load([], table)
        // A file's name, a schema and what must be given have no default that could be written down.
        let rows = try readme.rows(section).filter { $0.standard.contains("`") || Double($0.standard) != nil }
        #expect(rows.count == (array == "tool" ? 2 : 3))
        for row in rows {
            #expect(try load([], table + "\(row.names[0]) = \(row.values[0])") == defaults, "\(row.names[0])")
        }
    }

    @Test func rangesAndWordsAreThoseThatAreTaken() throws {
        let arrays = [("Settings", SettingsKeys.all)] + [("Tools", "tool"), ("Out-of-band tasks", "out_of_band_task")]
            .map { ($0.0, SettingsKeys.array($0.1)?.keys ?? []) }
        for (section, keys) in arrays {
            for row in try readme.rows(section) {
                let wanted = row.names.map { name in
                    keys.first { ($0.path == name || $0.name == name) }?.wanted ?? "\(name) is no key"
                }
                #expect(Set(row.ranges) == Set(wanted.flatMap(Readme.ranges)), "\(row.names)")
                // A task without context would be asked about nothing.
                let refused = section == "Out-of-band tasks" ? "off" : ""
                for word in wanted.flatMap(Readme.words) where word != refused {
                    #expect((row.standard + row.meaning).contains("`\(word)`"), "\(row.names): \(word)")
                }
            }
        }
    }

    @Test func whatIsWantedIsReadAsRangesAndWords() {
        #expect(Readme.ranges("5000 to 30000 (ms), or 0 for off") == ["5000 to 30000"])
        #expect(Readme.ranges("off, last-N-turns (N from 1 to 50) or full-context") == ["1 to 50"])
        #expect(Readme.words("off, last-turn, last-N-turns (N from 1 to 50) or full-context")
            == ["off", "last-turn", "last-N-turns", "full-context"])
        #expect(Readme.words("push-to-talk, server-vad or semantic-vad").count == 3)
        #expect(Readme.words("GET or POST") == ["GET", "POST"])
        for other in ["true or false", "a path, or \"\" for none", "an ALSA PCM name or wav:PATH"] {
            #expect(Readme.words(other) == [])
        }
    }
}

/// The tables of settings in README.md.
struct Readme {
    /// `| KEYS | DEFAULT | MEANING |`
    struct Row {
        let names: [String]
        let standard: String
        let meaning: String

        /// The defaults as TOML, one for each name: what stands in backticks is a text unless TOML knows it otherwise,
        /// a number is itself, and words ("none") say what comes without the key, which `""` does, too.
        var values: [String] {
            let parts = standard.components(separatedBy: ", ")
            let each = parts.count == names.count ? parts : names.map { _ in standard }
            return each.map { part in
                guard part.hasPrefix("`"), part.hasSuffix("`") else { return Double(part) == nil ? "\"\"" : part }
                let text = part.dropFirst().dropLast()
                return ["true", "false", "[]", "{}"].contains(text) ? String(text) : "\"\(text)\""
            }
        }

        var ranges: [String] { Readme.ranges(meaning) }
    }

    private let lines: [String]

    init() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        lines = try String(contentsOf: root.appendingPathComponent("README.md"), encoding: .utf8)
            .components(separatedBy: "\n")
    }

    /// The lines under `## TITLE`.
    func section(_ title: String) throws -> [String] {
        let start = try #require(lines.firstIndex(of: "## " + title), "README.md: no section \(title)")
        return Array(lines[(start + 1)...].prefix { !$0.hasPrefix("## ") })
    }

    func rows(_ title: String) throws -> [Row] {
        try section(title).filter { $0.hasPrefix("| `") }.map { line in
            let cells = line.dropFirst(2).dropLast(2).components(separatedBy: " | ")
            try #require(cells.count == 3, "\(line)")
            let names = cells[0].matches(of: /`([^`]+)`/).map { String($0.1) }
            return Row(names: names, standard: cells[1], meaning: cells[2])
        }
    }

    static func ranges(_ text: String) -> [String] { text.matches(of: /\b\d+ to \d+\b/).map { String($0.0) } }

    /// The words of "a, b or c"; none when that is not what it is.
    static func words(_ wanted: String) -> [String] {
        let bare = wanted.replacing(/\s\([^)]*\)/, with: "")
        guard wanted != "true or false", bare.wholeMatch(of: /([A-Za-z-]+, )*[A-Za-z-]+ or [A-Za-z-]+/) != nil else {
            return []
        }
        return bare.replacing(" or ", with: ", ").components(separatedBy: ", ")
    }
}
