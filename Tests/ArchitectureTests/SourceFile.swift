import Foundation

/// A text file of the repository, read for what the compiler does not check.
struct SourceFile {
    /// Relative to the repository.
    let path: String
    let lines: [String]

    struct Import: Equatable {
        let number: Int
        let module: String
        /// "internal", "public" and so on, or "".
        let access: String
        let hasAttribute: Bool
    }

    init(path: String, text: String) {
        self.path = path
        lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }

    /// The target that a file under Sources belongs to.
    var room: String { path.split(separator: "/").dropFirst().first.map(String.init) ?? "" }

    var imports: [Import] {
        lines.enumerated().compactMap { index, line in
            guard line.contains("import ") else { return nil }
            var words = line.split(separator: " ").map(String.init)
            let hasAttribute = words.first?.hasPrefix("@") == true
            words = Array(words.drop { $0.hasPrefix("@") })
            let access = words.first.flatMap { Self.accessLevels.contains($0) ? $0 : nil } ?? ""
            if !access.isEmpty { words.removeFirst() }
            guard words.first == "import", let name = words.last else { return nil }
            let module = String(name.prefix { $0 != "." })
            return Import(number: index + 1, module: module, access: access, hasAttribute: hasAttribute)
        }
    }

    private static let accessLevels: Set<String> = ["public", "package", "internal", "fileprivate", "private"]

    /// Files of more lines than this hide a second noun.
    static let longestFile = 400
    static let longestLine = 120

    /// `exceptions` may be longer; the list may only shrink.
    func lengthViolations(exceptions: Set<String> = []) -> [String] {
        let long = lines.enumerated().filter { $1.count > Self.longestLine }
        let columns = long.map { index, line in
            "\(path):\(index + 1): \(line.count) columns, wanted at most \(Self.longestLine)"
        }
        let count = lines.last == "" ? lines.count - 1 : lines.count
        guard count > Self.longestFile, !exceptions.contains(path) else { return columns }
        return columns + ["\(path): \(count) lines, wanted at most \(Self.longestFile)"]
    }

    /// Marks of unfinished work.
    var unfinishedMarks: [String] {
        violations(of: "unfinished work belongs into an issue", in: lines) { line in
            line.split { !$0.isLetter }.contains { ["TODO", "FIXME", "XXX"].contains($0) }
        }
    }

    /// Names of API events in string literals; comments may speak of them.
    var wireNames: [String] {
        let code = lines.map { $0.drop(while: \.isWhitespace).hasPrefix("//") ? "" : $0 }
        return violations(of: "names of API events belong into Realtime", in: code) { line in
            Self.wireNameStarts.contains { line.contains("\"" + $0) }
        }
    }

    private static let wireNameStarts = ["response.", "conversation.item", "input_audio_buffer.", "session.update"]

    private func violations(of rule: String, in lines: [String], where isBad: (String) -> Bool) -> [String] {
        lines.enumerated().compactMap { index, line in isBad(line) ? "\(path):\(index + 1): \(rule)" : nil }
    }
}

/// The repository that this test stands in.
struct Repository {
    let root: URL

    init() {
        let here = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
        root = here.deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    }

    func text(_ path: String) throws -> String {
        try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
    }

    /// Every file under Sources whose name ends with one of the extensions.
    func sources(_ extensions: String...) throws -> [SourceFile] {
        let folder = root.appendingPathComponent("Sources")
        let names = try FileManager.default.subpathsOfDirectory(atPath: folder.path)
        return try names.filter { extensions.contains(($0 as NSString).pathExtension) }.sorted().map {
            try SourceFile(path: "Sources/" + $0, text: text("Sources/" + $0))
        }
    }

    /// First parts of the paths of all files that git tracks or would track; nil outside a clone.
    func topLevelNames() throws -> Set<String>? {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["git", "-C", root.path, "ls-files", "--cached", "--others", "--exclude-standard"]
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { return nil }
        return Set(text.split(separator: "\n").compactMap { $0.split(separator: "/").first.map(String.init) })
    }
}
