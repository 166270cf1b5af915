import Foundation

/// The recorded and invented events beside this file, one JSON object a line.
enum Vectors {
    static let directory = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("Vectors", isDirectory: true)
    static let validator = directory.appendingPathComponent("validate_client_events.py")
    static let clientSchema = directory.appendingPathComponent("schemas/ga_client_events.schema.json")

    static func url(_ name: String) -> URL {
        directory.appendingPathComponent("vectors").appendingPathComponent(name)
    }

    static func lines(_ name: String) throws -> [String] {
        try String(contentsOf: url(name), encoding: .utf8).split(separator: "\n").map(String.init)
    }

    static func serverLines() throws -> [String] {
        try lines("ga_server_events.jsonl") + lines("beta_server_events.jsonl")
    }
}
