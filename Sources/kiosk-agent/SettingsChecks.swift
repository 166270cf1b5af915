import Glibc
import Transport

// What one key alone cannot tell: keys that must fit each other, the server's URL, and the files that are named.
extension SettingsReader {
    /// Largest prompt, in bytes; about the 16,384 tokens that the API takes as instructions.
    static let promptLimit = 64 << 10

    /// Checks what needs more than one value, or more than its own text.
    func checkTogether() throws(SettingsError) {
        do { _ = try Endpoint(settings.realtime.url) } catch {
            // A wrong URL may hold a password.
            let showsValue = !settings.realtime.url.utf8.contains(UInt8(ascii: "@"))
            throw wrong("realtime.url", error.reason, showingValue: showsValue)
        }
        let audio = settings.audio
        if audio.bufferMs < 2 * audio.periodMs {
            throw origins["audio.buffer_ms"] == nil
                ? wrong("audio.period_ms", "wanted at most half of audio.buffer_ms (\(audio.bufferMs))")
                : wrong("audio.buffer_ms", "wanted at least two periods of \(audio.periodMs) (ms)")
        }
        if audio.capture == audio.playback, audio.capture.hasPrefix("wav:") {
            throw wrong("audio.playback", "wanted another file than audio.capture")
        }
        if settings.control.socket.utf8.count > UnixAddress.longestPath {
            throw wrong("control.socket", "wanted a path of at most \(UnixAddress.longestPath) bytes")
        }
        try checkTools()
        try checkStoredPrompt()
        try checkMode()
        try checkTasks()
        try checkKeys()
        if settings.spool.directory != nil {
            do { _ = try APIAddress(settings.realtime).transcriptions } catch {
                throw wrong("spool.directory", error.reason)
            }
        }
    }

    /// Reads the prompts and makes sure that the other named files are there.
    mutating func readNamedFiles() throws(SettingsError) {
        let realtime = settings.realtime
        let conversation = try prompt("realtime.instructions_file", realtime.instructionsFile)
        let transcription = try prompt("transcription.instructions_file", settings.transcription.instructionsFile)
        try requireFile("realtime.ca_file", realtime.caFile)
        try requireFile("realtime.api_key_file", realtime.apiKeyFile)
        try checkKeyFiles()
        if settings.audio.capture.hasPrefix("wav:") {
            try requireFile("audio.capture", String(settings.audio.capture.dropFirst(4)))
        }
        keep(conversation: conversation, transcription: transcription, recordings: try recordings())
        keep(tools: try toolsWithFiles())
        keep(tasks: try tasksWithFiles())
    }

    /// Why the program cannot be run; nil when it can.
    func programProblem(_ path: String) -> String? {
        var status = stat()
        guard stat(path, &status) == 0 else { return "\(path): \(systemText(errno))" }
        guard status.st_mode & S_IFMT == S_IFREG else { return "\(path): \(FileError.notRegular)" }
        return access(path, X_OK) == 0 ? nil : "\(path): \(systemText(errno))"
    }

    private func recordings() throws(SettingsError) -> VoicePrompts {
        do { return try VoicePrompts(settings.prompts) } catch {
            throw wrong(error.key ?? "prompts", error.words)
        }
    }

    private func prompt(_ key: String, _ path: String?) throws(SettingsError) -> String? {
        guard let path else { return nil }
        let text: String
        do { text = try readText(path, limit: Self.promptLimit) } catch {
            throw wrong(key, "\(path): \(error)")
        }
        guard text.contains(where: { !$0.isWhitespace }) else {
            throw wrong(key, "\(path): wanted a prompt, it is empty")
        }
        return text
    }

    private func requireFile(_ key: String, _ path: String?) throws(SettingsError) {
        guard let path else { return }
        // Somebody will put the key itself where its file belongs; it must not be printed.
        if key == "realtime.api_key_file", path.split(separator: "/").contains(where: { $0.hasPrefix("sk-") }) {
            throw wrong(key, "wanted the path of a file that holds the key, not the key", showingValue: false)
        }
        var status = stat()
        guard stat(path, &status) == 0 else { throw wrong(key, "\(path): \(systemText(errno))") }
        guard status.st_mode & S_IFMT == S_IFREG else { throw wrong(key, "\(path): \(FileError.notRegular)") }
        guard access(path, R_OK) == 0 else { throw wrong(key, "\(path): \(systemText(errno))") }
    }
}
