import Glibc
import MonotonicClock
import Testing

@testable import Transport


/// The instant that a test calls now; time passes only where a test says so.
let start = Instant.now

/// The error that `body` throws; nil when it throws none, or another.
func thrown<Failure: Error, Value>(_ type: Failure.Type, by body: () throws -> Value) -> Failure? {
    do {
        _ = try body()
        return nil
    } catch {
        return error as? Failure
    }
}

/// Calls `turn` until it returns a value; nil after 5 s of real time.
func eventually<Value>(_ turn: () throws -> Value?) rethrows -> Value? {
    let limit = Instant.now + .seconds(5)
    while Instant.now < limit {
        if let value = try turn() { return value }
        // Gives the other threads and the kernel a moment.
        poll(nil, 0, 1)
    }
    return nil
}

/// A WebSocket and all that it has said.
final class Peer {
    let socket: WebSocket
    var events: [WebSocket.Event] = []

    init(_ socket: WebSocket) { self.socket = socket }

    func process(_ now: Instant = start) { events += socket.process(now: now) }

    /// Processes only when poll or the deadline asks for it.
    func processIfDue() {
        var isDue = socket.deadline.map { $0 <= start } ?? false
        if let request = socket.pollRequest {
            var polled = pollfd(fd: request.fd, events: request.events, revents: 0)
            if poll(&polled, 1, 0) == 1 { isDue = true }
        }
        if isDue { process() }
    }

    var closure: Closure? {
        if case .closed(let closure)? = events.last { closure } else { nil }
    }

    var isOpened: Bool {
        events.contains { if case .opened = $0 { true } else { false } }
    }

    var request: UpgradeRequest? {
        for case .upgradeRequested(let request) in events { return request }
        return nil
    }

    var texts: [String] {
        events.compactMap { if case .text(let bytes) = $0 { String(decoding: bytes, as: UTF8.self) } else { nil } }
    }
}

/// Client and server, both of this module, on one loopback connection.
struct Pair {
    let client: Peer
    let server: Peer

    /// Connected, upgraded and open. With `pair`, over TLS by localhost's certificate.
    static func open(tls pair: Certificates.Pair? = nil, extraBytes: [UInt8] = []) throws -> Pair {
        let listener = try WebSocketListener(
            host: "127.0.0.1", port: 0,
            tls: pair.map { try TLSServerContext(certificateFile: $0.certificate, keyFile: $0.key) })
        let client = Peer(try connect(to: "\(pair == nil ? "ws" : "wss")://localhost:\(listener.port)/v1?model=m"))
        let server = try #require(eventually { () -> Peer? in
            client.process()
            return listener.accept(now: start).map(Peer.init)
        })
        let result = Pair(client: client, server: server)
        try #require(result.run { server.request != nil || client.closure != nil || server.closure != nil })
        server.socket.accept(extraBytes: extraBytes, now: start)
        try #require(result.run { client.isOpened || client.closure != nil })
        return result
    }

    /// Serves both until `isDone`; false when that does not come.
    func run(at now: Instant = start, until isDone: () -> Bool) -> Bool {
        eventually {
            client.process(now)
            server.process(now)
            return isDone() ? true : nil
        } ?? false
    }
}

/// Begins to connect, trusting the tests' own authority.
func connect(
    to url: String, headers: [(name: String, value: String)] = [], environment: [String: String] = [:],
    caFile: String? = Certificates.shared.caFile
) throws -> WebSocket {
    let endpoint = try Endpoint(url)
    return WebSocket.connect(
        to: endpoint, headers: headers, tls: endpoint.scheme == .wss ? try TLSClientContext(caFile: caFile) : nil,
        proxies: ProxySettings(environment: environment), now: start)
}

/// A TCP server for one connection that sends whatever a test wants.
final class RawServer {
    let port: Int
    private(set) var received: [UInt8] = []
    private let listener: Int32
    private(set) var connection: Int32 = -1

    init() throws {
        guard case .found(let addresses) = NameLookup.resolve(host: "127.0.0.1", port: 0, flags: AI_NUMERICHOST) else {
            throw IOFailure(reason: "no loopback")
        }
        listener = socket(AF_INET, streamType, 0)
        let socket = listener
        let failed = addresses[0].withSocketAddress { bind(socket, $0, $1) }
        try #require(failed == 0 && listen(socket, 4) == 0)
        port = try #require(SocketAddress(ofLocalEnd: socket)).port
    }

    deinit {
        close(listener)
        if connection >= 0 { close(connection) }
    }

    /// Accepts the connection and reads what is there.
    func process() {
        if connection < 0 {
            connection = accept(listener, nil, nil)
            if connection >= 0 { _ = fcntl(connection, F_SETFL, O_NONBLOCK) }
        }
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = recv(connection, &buffer, buffer.count, 0)
        if count > 0 { received += buffer[..<count] }
    }

    /// Hands the connection over to another owner.
    func takeConnection() -> TCPSocket {
        defer { connection = -1 }
        return TCPSocket(accepted: connection)
    }

    func write(_ bytes: some Sequence<UInt8>) {
        let bytes = Array(bytes)
        #expect(send(connection, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count)
    }

    func hangUp() {
        close(connection)
        connection = -1
    }

    /// Closes with a TCP reset.
    func reset() {
        var linger = linger(l_onoff: 1, l_linger: 0)
        setsockopt(connection, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout.size(ofValue: linger)))
        hangUp()
    }

    var request: String { String(decoding: received, as: UTF8.self) }

    var hasWholeRequest: Bool { request.utf8.suffix(4).elementsEqual("\r\n\r\n".utf8) }

    /// A right 101 answer to the request received.
    func acceptance() throws -> [UInt8] {
        var reader = HTTPHeadReader.request()
        let whole = try #require(try reader.append(received))
        return try UpgradeRequest(whole.head).acceptance(subprotocol: nil)
    }
}

/// A client and a raw server that has read the client's whole request.
struct RawPair {
    let client: Peer
    let server: RawServer

    static func requested(headers: [(name: String, value: String)] = []) throws -> RawPair {
        let server = try RawServer()
        let client = Peer(try connect(to: "ws://127.0.0.1:\(server.port)/", headers: headers))
        let pair = RawPair(client: client, server: server)
        try #require(pair.run { server.hasWholeRequest })
        return pair
    }

    /// The same with the upgrade accepted; `extraBytes` go out with the answer.
    static func open(extraBytes: [UInt8] = []) throws -> RawPair {
        let pair = try requested()
        pair.server.write(try pair.server.acceptance() + extraBytes)
        try #require(pair.run { pair.client.isOpened })
        return pair
    }

    func run(at now: Instant = start, until isDone: () -> Bool) -> Bool {
        eventually {
            client.process(now)
            server.process()
            return isDone() ? true : nil
        } ?? false
    }

    /// How the connection ends when the server writes this.
    func closure(afterWriting bytes: some Sequence<UInt8>) throws -> Closure {
        server.write(bytes)
        server.hangUp()
        try #require(run { client.closure != nil })
        return try #require(client.closure)
    }
}
