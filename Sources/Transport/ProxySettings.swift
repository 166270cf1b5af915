internal import COpenSSL

/// An HTTP proxy that is asked to CONNECT.
public struct Proxy: Equatable, Sendable {
    public let host: String
    public let port: Int
    /// Value of the `Proxy-Authorization` header; a secret.
    let authorization: String?

    /// `host:port`.
    var authority: String { HostAndPort(host: host, port: port).description }
}

/// The proxy variables of the environment: `https_proxy` and `no_proxy`, in lower case or, where that is unset, upper.
public struct ProxySettings: Sendable {
    private let httpsProxy: (name: String, value: String)?
    private let exceptions: [Substring]

    /// Takes what it needs from the environment. Reads no URL yet, so that a bad one is an error only where it is used.
    public init(environment: [String: String]) {
        httpsProxy = ["https_proxy", "HTTPS_PROXY"].lazy
            .compactMap { name in environment[name].map { (name, $0) } }
            .first { !$0.1.isEmpty }
        let noProxy = environment["no_proxy"] ?? environment["NO_PROXY"] ?? ""
        exceptions = noProxy.lowercased().split { $0 == "," || $0 == " " }
    }

    /// The proxy to go through, nil for the direct way. Only `wss://` goes through one, loopback hosts never do.
    /// Throws when the variable is no `http://` proxy; the error names the variable and never shows its credentials.
    public func proxy(for endpoint: Endpoint) throws(TransportError) -> Proxy? {
        guard let httpsProxy, endpoint.scheme == .wss, !endpoint.isLoopback, !isException(endpoint) else { return nil }
        let wrong = { (reason: String) in TransportError(.address, httpsProxy.name, reason) }
        let (scheme, rest) = splitScheme(httpsProxy.value)
        guard scheme == nil || scheme?.lowercased() == "http" else {
            throw wrong("wanted a proxy that begins with http://, others are not supported")
        }
        let authority = rest.prefix { $0 != "/" }
        let at = authority.lastIndex(of: "@")
        let hostText = at.map { authority[authority.index(after: $0)...] } ?? authority
        let parts: HostAndPort
        do { parts = try HostAndPort(hostText, defaultPort: 80) } catch { throw wrong(error.reason) }
        guard let at else { return Proxy(host: parts.host, port: parts.port, authorization: nil) }
        guard let credentials = percentDecoded(authority[..<at]) else {
            throw wrong("wanted user:password with %XX for special characters")
        }
        return Proxy(host: parts.host, port: parts.port, authorization: "Basic " + base64(credentials))
    }

    /// `no_proxy`: `*`; a name, which stands for itself and all below it, with or without a dot before; each may name a
    /// port.
    private func isException(_ endpoint: Endpoint) -> Bool {
        exceptions.contains { entry in
            if entry == "*" { return true }
            let name = entry.hasPrefix("*.") ? entry.dropFirst(2) : entry.hasPrefix(".") ? entry.dropFirst() : entry
            if endpoint.host == name || endpoint.host.hasSuffix("." + name) { return true }
            guard let wanted = try? HostAndPort(name, defaultPort: endpoint.port), wanted.port == endpoint.port else {
                return false
            }
            return endpoint.host == wanted.host || endpoint.host.hasSuffix("." + wanted.host)
        }
    }
}

/// Bytes behind `%XX` escapes; nil when an escape is broken.
private func percentDecoded(_ text: Substring) -> [UInt8]? {
    var decoded: [UInt8] = []
    var rest = text.utf8[...]
    while let byte = rest.popFirst() {
        guard byte == UInt8(ascii: "%") else {
            decoded.append(byte)
            continue
        }
        let digits = rest.prefix(2).compactMap { Character(Unicode.Scalar($0)).hexDigitValue }
        guard digits.count == 2 else { return nil }
        decoded.append(UInt8(digits[0] * 16 + digits[1]))
        rest = rest.dropFirst(2)
    }
    return decoded
}

/// Base64 with padding, in one line. EVP_EncodeBlock(3).
func base64(_ bytes: [UInt8]) -> String {
    // Four characters for three bytes, and the NUL that the function adds.
    var text = [UInt8](repeating: 0, count: (bytes.count + 2) / 3 * 4 + 1)
    let count = EVP_EncodeBlock(&text, bytes, Int32(clamping: bytes.count))
    return String(decoding: text.prefix(Int(count)), as: UTF8.self)
}
