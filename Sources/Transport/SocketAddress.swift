import Glibc

/// An IPv4 or IPv6 address and port, as the system's calls take it.
struct SocketAddress: Equatable, Sendable {
    let family: Int32
    /// The sockaddr, byte by byte.
    let bytes: [UInt8]

    init(family: Int32, bytes: [UInt8]) {
        self.family = family
        self.bytes = bytes
    }

    /// Copies what getaddrinfo(3), accept(2) or getsockname(2) filled in.
    init(copying address: UnsafePointer<sockaddr>, length: socklen_t) {
        family = Int32(address.pointee.sa_family)
        bytes = Array(UnsafeRawBufferPointer(start: address, count: Int(length)))
    }

    /// The address that a socket is bound to. getsockname(2).
    init?(ofLocalEnd socket: Int32) { self.init(filledBy: { getsockname(socket, $0, $1) }) }

    /// The address that a socket is connected to. getpeername(2).
    init?(ofPeer socket: Int32) { self.init(filledBy: { getpeername(socket, $0, $1) }) }

    private init?(filledBy call: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Int32) {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        // SAFETY: sockaddr_storage holds any sockaddr, and the call fills in no more than `length`.
        let address = withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                call(address, &length) == 0 ? SocketAddress(copying: address, length: length) : nil
            }
        }
        guard let address else { return nil }
        self = address
    }

    /// Runs `body` with the address in C's shape.
    func withSocketAddress<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        var storage = sockaddr_storage()
        // SAFETY: sockaddr_storage is made to hold any sockaddr; no more bytes than it has are copied.
        return withUnsafeMutableBytes(of: &storage) { raw in
            raw.copyBytes(from: bytes.prefix(raw.count))
            // SAFETY: `storage` outlives the call, and begins with the members of sockaddr.
            return raw.withMemoryRebound(to: sockaddr.self) { addresses in
                addresses.baseAddress.map { body($0, socklen_t(min(bytes.count, raw.count))) }
            }!
        }
    }

    /// The address without the port: `127.0.0.1`, `::1`.
    var host: String { numeric.host }

    /// `127.0.0.1:443` or `[::1]:443`.
    var text: String { HostAndPort(host: numeric.host, port: port).description }

    var port: Int { Int(numeric.port) ?? 0 }

    private var numeric: (host: String, port: String) {
        var host = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        var port = [CChar](repeating: 0, count: Int(NI_MAXSERV))
        let failed = withSocketAddress { address, length in
            getnameinfo(
                address, length, &host, socklen_t(host.count), &port, socklen_t(port.count),
                NI_NUMERICHOST | NI_NUMERICSERV)
        }
        return failed == 0 ? (text(of: host), text(of: port)) : ("?", "0")
    }

    private func text(of characters: [CChar]) -> String {
        String(decoding: characters.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
