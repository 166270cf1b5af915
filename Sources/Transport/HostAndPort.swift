import Glibc

/// `name:port`, `192.0.2.1:port` or `[2001:db8::1]:port`, checked.
struct HostAndPort: Equatable, CustomStringConvertible {
    /// Lower case, without brackets.
    let host: String
    let port: Int

    struct Wrong: Error {
        let reason: String
    }

    init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    init(_ text: Substring, defaultPort: Int) throws(Wrong) {
        let hostText: Substring
        let portText: Substring?
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else { throw Wrong(reason: "wanted ] after the IPv6 address") }
            hostText = text[text.index(after: text.startIndex)..<end]
            guard case .v6 = IPAddress(String(hostText)) else { throw Wrong(reason: "wanted an IPv6 address in […]") }
            let rest = text[text.index(after: end)...]
            guard rest.isEmpty || rest.hasPrefix(":") else { throw Wrong(reason: "wanted a port after ]") }
            portText = rest.isEmpty ? nil : rest.dropFirst()
        } else {
            let parts = text.split(separator: ":", omittingEmptySubsequences: false)
            guard parts.count <= 2 else { throw Wrong(reason: "wanted an IPv6 address in […]") }
            hostText = parts.first ?? ""
            portText = parts.count == 2 ? parts[1] : nil
            try Self.check(name: hostText)
        }
        host = hostText.lowercased()
        port = try portText.map(Self.port) ?? defaultPort
    }

    var description: String { "\(Self.bracketed(host)):\(port)" }

    static func bracketed(_ host: String) -> String { host.contains(":") ? "[\(host)]" : host }

    private static func port(_ text: Substring) throws(Wrong) -> Int {
        guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let port = Int(text), (1...65535).contains(port)
        else { throw Wrong(reason: "wanted a port from 1 to 65535") }
        return port
    }

    private static func check(name: Substring) throws(Wrong) {
        guard !name.isEmpty else { throw Wrong(reason: "wanted a host name") }
        let labels = name.split(separator: ".", omittingEmptySubsequences: false)
        let isName = name.utf8.count <= 253 && labels.allSatisfy { label in
            (1...63).contains(label.utf8.count) && label.utf8.allSatisfy { byte in
                (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte | 0x20) || byte == 0x2D || byte == 0x5F
            }
        }
        guard isName else { throw Wrong(reason: "wanted a host name of letters, digits, hyphens and dots") }
        // Resolvers read "127.1" and "0x7f.1" as addresses; what looks like one has to be a whole one.
        if let last = labels.last, let first = last.utf8.first, (0x30...0x39).contains(first) {
            guard IPAddress(String(name)) != nil else { throw Wrong(reason: "wanted an IPv4 address of four numbers") }
        }
    }
}

/// An IP address literal in network byte order.
enum IPAddress: Equatable {
    /// Four bytes.
    case v4([UInt8])
    /// Sixteen bytes.
    case v6([UInt8])

    /// nil when `text` is no literal. inet_pton(3).
    init?(_ text: String) {
        var bytes = [UInt8](repeating: 0, count: 16)
        if inet_pton(AF_INET, text, &bytes) == 1 {
            self = .v4(Array(bytes.prefix(4)))
        } else if inet_pton(AF_INET6, text, &bytes) == 1 {
            self = .v6(bytes)
        } else {
            return nil
        }
    }
}
