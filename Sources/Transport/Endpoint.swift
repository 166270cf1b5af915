/// Where a WebSocket server is: a checked `ws://` or `wss://` URL in its parts.
public struct Endpoint: Equatable, Sendable {
    public enum Scheme: String, Equatable, Sendable {
        case ws, wss
    }

    public let scheme: Scheme
    /// Name, dotted IPv4 address, or IPv6 address without brackets; lower case.
    public let host: String
    /// 1 to 65535; 80 and 443 when the URL names none.
    public let port: Int
    /// Path and query, as the request line carries them; "/" when the URL has none.
    public let resource: String

    /// Longest URL taken, in bytes; the request must fit into what servers accept as a request line.
    static let urlLimit = 4096

    /// Reads a URL. Refuses other schemes, `ws://` to a host that is not loopback, credentials, fragments, and
    /// characters that a request line cannot carry.
    public init(_ url: String) throws(TransportError) {
        try self.init(url, secure: "wss", plain: "ws")
    }

    /// Reads the URL of an HTTP request: `https://`, or `http://` to a loopback host; otherwise as above.
    public init(http url: String) throws(TransportError) {
        try self.init(url, secure: "https", plain: "http")
    }

    /// The same server by another path and query, which begin with "/".
    public func with(resource: String) -> Endpoint {
        Endpoint(scheme: scheme, host: host, port: port, resource: resource)
    }

    private init(scheme: Scheme, host: String, port: Int, resource: String) {
        self.scheme = scheme
        self.host = host
        self.port = port
        self.resource = resource
    }

    private init(_ url: String, secure: String, plain: String) throws(TransportError) {
        let wrong = { (reason: String) in TransportError(.address, Endpoint.withoutCredentials(url), reason) }
        guard url.utf8.count <= Self.urlLimit else { throw wrong("wanted at most \(Self.urlLimit) bytes") }
        guard url.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw wrong("wanted visible ASCII characters only, others percent-encoded")
        }
        let (schemeText, rest) = splitScheme(url)
        let schemes = [secure: Scheme.wss, plain: Scheme.ws]
        guard let schemeText, let scheme = schemes[schemeText.lowercased()] else {
            throw wrong("wanted a URL that begins with \(secure):// or \(plain)://")
        }
        guard !rest.contains("#") else { throw wrong("wanted no fragment (#…)") }
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        guard !authority.contains("@") else { throw wrong("wanted no user or password in the URL") }
        let parts: HostAndPort
        do { parts = try HostAndPort(authority, defaultPort: scheme == .wss ? 443 : 80) } catch {
            throw wrong(error.reason)
        }
        let tail = rest[authority.endIndex...]
        self.scheme = scheme
        self.host = parts.host
        self.port = parts.port
        self.resource = tail.hasPrefix("/") ? String(tail) : "/" + tail
        guard scheme == .wss || isLoopback else {
            throw wrong("\(plain):// sends key and voices in the clear; wanted \(secure)://, or a loopback host")
        }
    }

    /// Whether the host is this machine: 127.0.0.0/8, ::1 or localhost.
    public var isLoopback: Bool {
        if host == "localhost" { return true }
        switch IPAddress(host) {
        case .v4(let bytes): return bytes[0] == 127
        case .v6(let bytes): return bytes == Array(repeating: 0, count: 15) + [1]
        case nil: return false
        }
    }

    /// `host:port`, as errors and the proxy's CONNECT name it.
    public var authority: String { HostAndPort(host: host, port: port).description }

    /// The `Host` header: without a port that the scheme implies.
    var hostHeader: String {
        let isDefaultPort = port == (scheme == .wss ? 443 : 80)
        return isDefaultPort ? HostAndPort.bracketed(host) : authority
    }

    /// The URL as errors show it.
    private static func withoutCredentials(_ url: String) -> String {
        if url.isEmpty { return "\"\"" }
        let (scheme, rest) = splitScheme(url)
        // Up to the last "@" of anything: a wrong URL may hold the password in places that the syntax does not foresee.
        guard let at = rest.lastIndex(of: "@") else { return url }
        return (scheme.map { $0 + "://" } ?? "") + "…" + rest[at...]
    }
}

/// The text before `://`, nil when there is none, and the text after it.
func splitScheme(_ url: String) -> (scheme: Substring?, rest: Substring) {
    guard let colon = url.firstIndex(of: ":"), url[colon...].hasPrefix("://") else { return (nil, url[...]) }
    return (url[..<colon], url[url.index(colon, offsetBy: 3)...])
}
