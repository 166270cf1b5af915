import Foundation

/// The visitor's end of a loopback cable: alsa-utils, which know nothing of our code.
final class FarEnd {
    static let player = "/usr/bin/aplay"
    static let recorder = "/usr/bin/arecord"

    private let child: Child
    private let folder: URL

    /// Opens the cable for playing, in this layout. `play` says what.
    static func playing(_ layout: Layout, on loopback: Loopback) throws -> FarEnd {
        // A player that dies must not take us with it.
        signal(SIGPIPE, SIG_IGN)
        let end = try FarEnd(player, layout, loopback)
        // aplay(1) looks for a header before it opens the card: this much silence is none. In whole frames.
        let headerFrames = (64 + layout.bytesPerFrame - 1) / layout.bytesPerFrame
        end.child.write([UInt8](repeating: 0, count: headerFrames * layout.bytesPerFrame))
        guard eventually(limitMs: 10_000, { loopback.farState(.playback) == "PREPARED" }) else {
            throw end.failure("does not open")
        }
        return end
    }

    /// Opens the cable for recording, in this layout, and waits until it records.
    static func recording(_ layout: Layout, on loopback: Loopback) throws -> FarEnd {
        let end = try FarEnd(recorder, layout, loopback)
        guard eventually(limitMs: 10_000, { loopback.farState(.capture) == "RUNNING" }) else {
            throw end.failure("does not run")
        }
        return end
    }

    private init(_ program: String, _ layout: Layout, _ loopback: Loopback) throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("far-end-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        var arguments = ["-q", "-D", loopback.far, "--period-time=10000", "--buffer-time=200000"] + layout.arguments
        if program == Self.recorder { arguments.append(folder.appendingPathComponent("recording").path) }
        child = try Child(program, arguments, errors: folder.appendingPathComponent("stderr").path)
    }

    deinit {
        child.end()
        try? FileManager.default.removeItem(at: folder)
    }

    /// Plays `data` between two silences and ends, once all of it was heard. Returns at once.
    ///
    /// aplay(1) starts the card when its buffer is full: the first silence fills it.
    func play(_ data: Data, _ layout: Layout) {
        let silence = Data(count: layout.rate / 4 * layout.bytesPerFrame)
        child.writeLast([UInt8](silence + data + silence))
    }

    /// What was recorded so far.
    func recorded() throws -> Data { try Data(contentsOf: recording) }

    /// Waits until so many more bytes were recorded.
    func recordMore(_ bytes: Int) throws {
        let wanted = try size() + bytes
        guard try eventually(limitMs: 10_000, { try size() >= wanted }) else { throw failure("records nothing") }
    }

    /// What the program said; "" when it had no xrun and no error.
    var words: String {
        (try? String(contentsOf: folder.appendingPathComponent("stderr"), encoding: .utf8)) ?? ""
    }

    /// Ends the program as if the visitor had pulled the plug.
    func close() { child.end() }

    private var recording: URL { folder.appendingPathComponent("recording") }

    private func size() throws -> Int {
        let attributes = try FileManager.default.attributesOfItem(atPath: recording.path)
        return attributes[.size] as? Int ?? 0
    }

    private func failure(_ what: String) -> Child.Failure {
        Child.Failure(description: "alsa-utils \(what): \(words)")
    }
}
