import Testing

@Suite struct ArchitectureTests {
    private let repository = Repository()

    /// Files that may be longer than the limit. The list may only shrink.
    private static let longFiles: Set<String> = []

    /// What may stand beside the sources.
    private static let topLevel: Set<String> = [
        "Package.swift", "Sources", "Tests", "board", "systemd", "README.md", ".ci", ".gitignore", ".swift-format",
    ]

    // MARK: Imports

    @Test func everyFileImportsOnlyWhatTheMapAllowsItsRoom() throws {
        let sources = try repository.sources("swift")
        #expect(sources.count > 100)
        for source in sources {
            let room = try #require(Room.named(source.room), "\(source.path): no such room on the map")
            #expect(room.violations(in: source) == [])
        }
    }

    @Test(arguments: [
        ("Realtime", "import Session"), ("Journal", "import Realtime"), ("Transport", "internal import CALSA"),
        ("Audio", "public import CALSA"), ("Audio", "import CALSA"), ("Session", "import Foundation"),
        ("Session", "import struct Foundation.Date"), ("Session", "@_exported import Realtime"),
        ("realtime-simulator", "import Realtime"), ("GPIO", "  @preconcurrency internal import CGPIOD"),
    ])
    func anImportThatTheMapForbidsIsReported(room: String, line: String) throws {
        let source = SourceFile(path: "Sources/\(room)/Bad.swift", text: "import Glibc\n\n\(line)\n")
        let violations = try #require(Room.named(room)).violations(in: source)
        #expect(violations.count == 1)
        #expect(violations.first?.hasPrefix("Sources/\(room)/Bad.swift:3: import ") == true)
    }

    @Test func allowedImportsAreNotReported() throws {
        let text = """
            import Glibc
            internal import CALSA
            import Synchronization
            // import Foundation
            let important = "import Foundation"

            """
        let source = SourceFile(path: "Sources/Audio/Good.swift", text: text)
        #expect(source.imports.map(\.module) == ["Glibc", "CALSA", "Synchronization"])
        #expect(try #require(Room.named("Audio")).violations(in: source) == [])
    }

    // MARK: The manifest

    @Test func theManifestHasTheDependenciesOfTheMap() throws {
        let targets = try Manifest(repository.text("Package.swift")).targets.filter { $0.kind != "testTarget" }
        let rooms = Room.all.map {
            Manifest.Target(
                kind: $0.isExecutable ? "executableTarget" : "target", name: $0.name,
                dependencies: $0.modules.union($0.products))
        }
        let others = Room.cModules.union(Room.testModules)
        let leaves = others.map { Manifest.Target(kind: "target", name: $0, dependencies: []) }
        let wanted = (rooms + leaves).sorted { $0.name < $1.name }
        #expect(targets.sorted { $0.name < $1.name } == wanted)
    }

    @Test func theManifestIsReadWithProductsResourcesAndOneLineTargets() {
        let manifest = Manifest("""
            .target(name: "CLinux"),
            .target(
                name: "Session", dependencies: ["Realtime", .product(name: "Parser", package: "toml")],
                resources: [.embedInCode("a.json")]),
            .testTarget(name: "SessionTests", dependencies: ["Session"], exclude: ["Vectors"]),
            """)
        #expect(manifest.targets == [
            Manifest.Target(kind: "target", name: "CLinux", dependencies: []),
            Manifest.Target(kind: "target", name: "Session", dependencies: ["Realtime", "Parser"]),
            Manifest.Target(kind: "testTarget", name: "SessionTests", dependencies: ["Session"]),
        ])
    }

    // MARK: Text

    @Test func filesAndLinesAreShort() throws {
        let sources = try repository.sources("swift", "c", "cpp", "h")
        #expect(sources.flatMap { $0.lengthViolations(exceptions: Self.longFiles) } == [])
    }

    @Test func noFileNeedsItsExceptionNoLonger() throws {
        let long = try repository.sources("swift", "c", "cpp", "h").filter { !$0.lengthViolations().isEmpty }
        #expect(Self.longFiles.subtracting(long.map(\.path)) == [])
    }

    @Test func aLongFileAndALongLineAreReported() {
        let line = String(repeating: "x", count: 121)
        let text = String(repeating: "\n", count: 400)
        #expect(SourceFile(path: "a", text: text).lengthViolations() == [])
        #expect(SourceFile(path: "a", text: text + "x\n").lengthViolations() == ["a: 401 lines, wanted at most 400"])
        #expect(SourceFile(path: "a", text: text + "x\n").lengthViolations(exceptions: ["a"]) == [])
        let wide = SourceFile(path: "a", text: "\n\(line)\n")
        #expect(wide.lengthViolations() == ["a:2: 121 columns, wanted at most 120"])
        #expect(SourceFile(path: "a", text: String(line.dropLast())).lengthViolations() == [])
    }

    @Test func nothingIsMarkedAsUnfinished() throws {
        #expect(try repository.sources("swift", "c", "cpp", "h").flatMap(\.unfinishedMarks) == [])
    }

    @Test(arguments: ["TO" + "DO", "FIX" + "ME", "XX" + "X"])
    func aMarkOfUnfinishedWorkIsReported(mark: String) {
        #expect(SourceFile(path: "a", text: "\n// \(mark): later\n").unfinishedMarks.count == 1)
        #expect(SourceFile(path: "a", text: "let a\(mark)b = 1\n").unfinishedMarks == [])
    }

    @Test func wireNamesStandInRealtimeAndTheSimulatorOnly() throws {
        let others = try repository.sources("swift").filter { !["Realtime", "realtime-simulator"].contains($0.room) }
        #expect(others.flatMap(\.wireNames) == [])
        #expect(try !repository.sources("swift").filter { $0.room == "Realtime" }.flatMap(\.wireNames).isEmpty)
    }

    @Test(arguments: ["response.done", "conversation.item.added", "input_audio_buffer.commit", "session.updated"])
    func aWireNameInALiteralIsReportedAndOneInACommentIsNot(name: String) {
        #expect(SourceFile(path: "a", text: "case \"\(name)\": return\n").wireNames.count == 1)
        #expect(SourceFile(path: "a", text: "    /// Answers \"\(name)\".\n").wireNames == [])
    }

    // MARK: Top level

    @Test func nothingElseStandsBesideTheSources() throws {
        // An unpacked archive has no git to ask; there is nothing to guard in it either.
        guard let names = try repository.topLevelNames() else { return }
        #expect(names.subtracting(Self.topLevel) == [])
        #expect(names.isSuperset(of: ["Package.swift", "Sources", "Tests", "board", "README.md", ".ci"]))
    }
}
