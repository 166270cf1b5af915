import Glibc
import MonotonicClock

/// A listening socket that hands out server-side connections. Never blocks. Not for several threads.
public final class WebSocketListener {
    /// Connections that may wait to be accepted.
    private static let backlog: Int32 = 16

    private let socket: Descriptor
    private let tls: TLSServerContext?
    /// The port it listens on.
    public let port: Int

    /// Listens on an IP address (not a name). Port 0 is any free one. With `tls`, clients have to speak TLS.
    /// Throws when the address is none, or taken.
    public init(host: String, port: Int, tls: TLSServerContext?) throws(TransportError) {
        let subject = HostAndPort(host: host, port: port).description
        guard (0...65535).contains(port) else {
            throw TransportError(.listen, subject, "wanted a port from 0 to 65535")
        }
        guard IPAddress(host) != nil,
            case .found(let addresses) = NameLookup.resolve(host: host, port: port, flags: AI_NUMERICHOST),
            let address = addresses.first
        else { throw TransportError(.listen, subject, "wanted an IP address") }
        let raw = Glibc.socket(address.family, streamType, 0)
        guard raw >= 0 else { throw TransportError(.listen, subject, systemReason(errno)) }
        socket = Descriptor(owning: raw)
        self.tls = tls
        var on: Int32 = 1
        setsockopt(raw, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
        let code = address.withSocketAddress { bind(raw, $0, $1) == 0 && listen(raw, Self.backlog) == 0 ? 0 : errno }
        guard code == 0 else { throw TransportError(.listen, subject, systemReason(code)) }
        self.port = SocketAddress(ofLocalEnd: raw)?.port ?? port
    }

    public var pollRequest: PollRequest { PollRequest(fd: socket.raw, events: Int16(POLLIN)) }

    /// The next connection that waits, nil when there is none.
    public func accept(now: Instant) -> WebSocket? {
        let raw = Glibc.accept(socket.raw, nil, nil)
        guard raw >= 0 else { return nil }
        let connection = TCPSocket(accepted: raw)
        guard fcntl(raw, F_SETFL, O_NONBLOCK) == 0, fcntl(raw, F_SETFD, FD_CLOEXEC) == 0 else { return nil }
        return WebSocket.accept(connection, tls: tls, now: now)
    }
}
