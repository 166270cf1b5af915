import Glibc
import MonotonicClock
import Testing

@testable import Transport

@Suite struct ListenerTests {
    @Test func aTakenPortIsNamed() throws {
        let first = try WebSocketListener(host: "127.0.0.1", port: 0, tls: nil)
        let error = thrown(TransportError.self) {
            try WebSocketListener(host: "127.0.0.1", port: first.port, tls: nil)
        }
        #expect(error?.description == "127.0.0.1:\(first.port): listen: Address already in use")
    }

    @Test(arguments: [("localhost", 1, "wanted an IP address"), ("127.0.0.1", 70_000, "wanted a port from 0 to 65535")])
    func whatIsNoAddressIsNamed(host: String, port: Int, words: String) {
        let error = thrown(TransportError.self) { try WebSocketListener(host: host, port: port, tls: nil) }
        #expect(error?.description == "\(host):\(port): listen: \(words)")
    }

    @Test func nobodyWaitingIsNil() throws {
        #expect(try WebSocketListener(host: "::1", port: 0, tls: nil).accept(now: start) == nil)
    }

    @Test func aClientThatSaysNothingIsDroppedAfterTenSeconds() throws {
        let listener = try WebSocketListener(host: "127.0.0.1", port: 0, tls: nil)
        guard case .found(let addresses) = NameLookup.resolve(
            host: "127.0.0.1", port: listener.port, flags: AI_NUMERICHOST)
        else { throw IOFailure(reason: "no loopback") }
        let client = try TCPSocket(connectingTo: addresses[0])
        let server = try #require(eventually { listener.accept(now: start).map(Peer.init) })
        server.process(start + .milliseconds(9999))
        #expect(server.closure == nil)
        server.process(start + .seconds(10))
        #expect(server.closure?.error?.reason == "no request within 10 s")
        #expect(server.closure?.error?.subject == SocketAddress(ofLocalEnd: client.descriptor)?.text)
    }
}
