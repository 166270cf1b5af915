import Foundation

/// A folder of its own for a test, removed with the value. Its path is short enough for a Unix socket.
final class TemporaryFolder {
    let path: String

    init() throws {
        path = "/tmp/agent-\(UUID().uuidString.prefix(13))"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// The line of the error that `body` throws, with `DIR` for this folder; "no error" when it throws none.
    func errorLine(_ body: () throws -> Void) -> String {
        do { try body() } catch { return "\(error)".replacingOccurrences(of: path, with: "DIR") }
        return "no error"
    }

    /// Writes a file and returns its path.
    @discardableResult
    func write(_ text: String, to name: String) throws -> String {
        try write(Data(text.utf8), to: name)
    }

    @discardableResult
    func write(_ data: Data, to name: String) throws -> String {
        let file = path + "/" + name
        try FileManager.default.createDirectory(
            atPath: (file as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        try data.write(to: URL(fileURLWithPath: file))
        return file
    }
}
