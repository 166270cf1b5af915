import Glibc
import Transport

/// The key that the server wants. It never shows itself: description and mirror say `[key]`.
struct APIKey: Sendable, Equatable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The key itself, for the request's header only.
    let secret: String

    /// Longest key, in bytes; today's have 51 to 200.
    static let longest = 512

    var description: String { "[key]" }
    var debugDescription: String { "[key]" }
    var customMirror: Mirror { Mirror(self, children: []) }

    /// A key as a file or variable holds it: white space around it is dropped.
    /// - Parameter source: what is named in the error line, never the text itself.
    init(_ text: String, from source: String) throws(SettingsError) {
        var bytes = Array(text.utf8)[...]
        while let last = bytes.last, Self.isSpace(last) { bytes.removeLast() }
        while let first = bytes.first, Self.isSpace(first) { bytes.removeFirst() }
        guard !bytes.isEmpty else { throw SettingsError("\(source): wanted an API key, it is empty") }
        guard bytes.count <= Self.longest else {
            throw SettingsError("\(source): wanted an API key of at most \(Self.longest) bytes")
        }
        // It becomes part of a header line: anything else could forge another header.
        guard bytes.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw SettingsError("\(source): wanted an API key of visible ASCII characters")
        }
        secret = String(decoding: bytes, as: UTF8.self)
    }

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || (0x09...0x0D).contains(byte)
    }
}

// Where it comes from.
extension APIKey {
    /// The first of `api_key_file`, `$CREDENTIALS_DIRECTORY/openai-api-key` and `$OPENAI_API_KEY`; a variable that is
    /// set but empty counts as not set, which is how a unit file unsets one.
    ///
    /// Nil only when there is none and the server is on this machine: the simulator takes any key, and asking for one
    /// would tempt people to give it a real one.
    static func find(for settings: Settings, environment: [String: String]) throws(SettingsError) -> APIKey? {
        if let file = settings.realtime.apiKeyFile {
            return try read(file, source: "realtime.api_key_file: \(file)")
        }
        if let directory = environment["CREDENTIALS_DIRECTORY"], !directory.isEmpty {
            let file = directory + "/openai-api-key"
            if let key = try read(file, source: file, mayBeMissing: true) { return key }
        }
        if let text = environment["OPENAI_API_KEY"], !text.isEmpty {
            return try APIKey(text, from: "$OPENAI_API_KEY")
        }
        if settings.keys.isFetching { return nil }
        if let endpoint = try? Endpoint(settings.realtime.url), endpoint.isLoopback { return nil }
        throw SettingsError(
            "no API key: wanted realtime.api_key_file, $CREDENTIALS_DIRECTORY/openai-api-key or $OPENAI_API_KEY")
    }

    /// The `Authorization` header's value. Without a key a placeholder stands in, because servers want the header.
    static func authorization(_ key: APIKey?) -> String {
        "Bearer " + (key?.secret ?? "no-key")
    }

    private static func read(
        _ file: String, source: String, mayBeMissing: Bool = false
    ) throws(SettingsError) -> APIKey? {
        let text: String
        do {
            // White space around the key may be there, but not pages of it.
            text = try readText(file, limit: 2 * longest)
        } catch {
            if mayBeMissing, error == .system(ENOENT) { return nil }
            throw SettingsError("\(source): \(error)")
        }
        return try APIKey(text, from: source)
    }
}

// Keeping it out of sight.
extension APIKey {
    /// `text` with every occurrence of the key replaced by `[key]`, also one that a server echoed.
    func redact(_ text: String) -> String {
        let bytes = Array(text.utf8)
        guard let redacted = redacted(bytes) else { return text }
        return String(decoding: redacted, as: UTF8.self)
    }

    /// The same for bytes.
    func redact(_ bytes: [UInt8]) -> [UInt8] {
        redacted(bytes) ?? bytes
    }

    /// Nil when the key does not occur.
    private func redacted(_ bytes: [UInt8]) -> [UInt8]? {
        let key = Array(secret.utf8)
        var result: [UInt8] = []
        var kept = 0
        var position = 0
        while let next = bytes[position...].firstIndex(of: key[0]) {
            if bytes[next...].starts(with: key) {
                result += bytes[kept..<next]
                result += "[key]".utf8
                kept = next + key.count
                position = kept
            } else {
                position = next + 1
            }
        }
        return kept == 0 ? nil : result + bytes[kept...]
    }
}
