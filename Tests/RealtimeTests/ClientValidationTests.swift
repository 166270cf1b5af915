import Foundation
import Testing

@testable import Realtime

/// The independent validator beside the vectors judges what our types write.
@Suite struct ClientValidationTests {
    private struct Row: Decodable {
        let line: Int
        let type: String
        let level: String
        let path: String
        let message: String
    }

    private struct Verdict {
        let status: Int32
        let errors: [Row]
    }

    /// Status 2 or a status without rows means that the validator itself could not run.
    private func validate(_ file: URL) throws -> Verdict {
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [
            "python3", Vectors.validator.path, "--json", "--schema", Vectors.clientSchema.path, file.path,
        ]
        process.standardOutput = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        let status = process.terminationStatus
        try #require(status != 127, "python3 is missing: install it to validate client events")
        try #require(status == 0 || status == 1, "the validator could not run: status \(status)")
        let rows = try text.split(separator: "\n").map { try JSONDecoder().decode(Row.self, from: Data($0.utf8)) }
        return Verdict(status: status, errors: rows.filter { $0.level == "error" })
    }

    @Test func everyEventThatCanBeMadeIsValid() throws {
        let lines = ClientEventVariants.all.map { $0.encoded() }
        let file = FileManager.default.temporaryDirectory
            .appendingPathComponent("client-events-\(UUID().uuidString).jsonl")
        defer { try? FileManager.default.removeItem(at: file) }
        try (lines.joined(separator: "\n") + "\n").write(to: file, atomically: true, encoding: .utf8)

        let verdict = try validate(file)
        for error in verdict.errors {
            Issue.record("\(error.path): \(error.message): \(lines[error.line - 1].prefix(300))")
        }
        #expect(verdict.status == 0)
    }

    @Test func variantsCoverEveryTypeAndStayOnOneLine() throws {
        let lines = ClientEventVariants.all.map { $0.encoded() }
        let types = try lines.map { line in
            try (JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])?["type"] as? String
        }
        #expect(Set(types).count == 11)
        #expect(lines.count > 300)
        #expect(!lines.contains { $0.contains("\n") })
    }

    @Test func everyBadVectorIsRefusedAndEveryGoodOneIsNot() throws {
        let bad = try validate(Vectors.url("ga_client_events_bad.jsonl"))
        let lineCount = try Vectors.lines("ga_client_events_bad.jsonl").count
        #expect(lineCount == 25)
        #expect(bad.status == 1)
        #expect(Set(bad.errors.map(\.line)) == Set(1...lineCount))
        let good = try validate(Vectors.url("ga_client_events.jsonl"))
        #expect(good.status == 0)
        #expect(good.errors.map(\.message) == [])
    }
}
