import Glibc
import MonotonicClock
import Testing

@testable import Transport

@Suite struct OpeningTests {
    @Test func bytesThatComeWithThe101AreKept() throws {
        let pair = try RawPair.open(extraBytes: [0x81, 2, 0x68, 0x69])
        try #require(pair.run { !pair.client.texts.isEmpty })
        #expect(pair.client.texts == ["hi"])
    }

    @Test func extraBytesOfOurServerAreKeptOverTLSToo() throws {
        let pair = try Pair.open(tls: Certificates.shared.good, extraBytes: [0x81, 2, 0x68, 0x69])
        try #require(pair.run { !pair.client.texts.isEmpty })
        #expect(pair.client.texts == ["hi"])
    }

    @Test func theServerSeesResourceAndHeaders() throws {
        let pair = try Pair.open()
        #expect(pair.server.request?.resource == "/v1?model=m")
        #expect(pair.server.request?.headers["host"]?.hasPrefix("localhost:") == true)
    }

    @Test(arguments: [
        ("HTTP/1.1 401 Unauthorized\r\nContent-Length: 15\r\n\r\n{\"error\": \"no\"}",
            "HTTP 401 Unauthorized: {\"error\": \"no\"}", 401),
        ("HTTP/1.1 503 \r\n\r\n", "HTTP 503 Service Unavailable", 503),
        ("HTTP/1.1 502 Bad Gateway\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n<html\r\n1\r\n>\r\n0\r\n\r\n",
            "HTTP 502 Bad Gateway: <html>", 502),
        ("HTTP/1.1 404 Not Found\r\nContent-Length: 99\r\n\r\na\r\n\u{1B}[31mb\u{202E}",
            "HTTP 404 Not Found: a [31mb", 404),
        ("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "HTTP 200 OK", 200),
        ("HTTP/1.1 101 OK\r\n\r\n", "HTTP 101 without an upgrade to websocket", nil),
        ("HTTP/1.1 101 OK\r\nUpgrade: websocket\r\nConnection: upgrade\r\nSec-WebSocket-Accept: eA==\r\n\r\n",
            "wrong Sec-WebSocket-Accept", nil),
        ("SSH-2.0-OpenSSH_9.2p1 Debian\r\n", "wanted HTTP, got \"SSH-2.0-OpenSSH_9.2p1 Debian\"", nil),
        ("\u{15}\u{3}\u{1}", "wanted HTTP, got \"\"", nil),
        ("HTTP/1.1 ???\r\n\r\n", "wanted an HTTP status line", nil),
        ("HTTP/1.1 101 Sw", "connection closed amid the answer", nil),
        ("", "connection closed without an answer", nil),
    ] as [(String, String, Int?)])
    func anAnswerThatOpensNothingIsToldInOneLine(answer: String, words: String, status: Int?) throws {
        let pair = try RawPair.requested()
        let closure = try pair.closure(afterWriting: answer.utf8)
        let error = try #require(closure.error)
        #expect(error.description == "127.0.0.1:\(pair.server.port): upgrade: \(words)")
        #expect(error.httpStatus == status)
        #expect(closure.refusal?.status == status)
        #expect(closure.code == 1006)
    }

    @Test func aHugeHeaderIsRefused() throws {
        let pair = try RawPair.requested()
        let answer = "HTTP/1.1 101 Switching Protocols\r\nA: " + String(repeating: "a", count: 20_000)
        #expect(try pair.closure(afterWriting: answer.utf8).error?.reason == "HTTP header of more than 16384 bytes")
    }

    @Test(arguments: ["Sec-WebSocket-Extensions: permessage-deflate", "Sec-WebSocket-Protocol: chat"])
    func whatWasNotOfferedCannotBeChosen(field: String) throws {
        let pair = try RawPair.requested()
        let answer = try pair.server.acceptance().dropLast(2) + Array("\(field)\r\n\r\n".utf8)
        let reason = try #require(try pair.closure(afterWriting: answer).error?.reason)
        #expect(reason.hasSuffix("that was not offered"))
    }

    @Test func anOfferedSubprotocolMayBeChosen() throws {
        let pair = try RawPair.requested(headers: [("Sec-WebSocket-Protocol", "realtime, other")])
        let field = Array("Sec-WebSocket-Protocol: realtime\r\n\r\n".utf8)
        pair.server.write(try pair.server.acceptance().dropLast(2) + field)
        #expect(pair.run { pair.client.isOpened })
    }

    @Test func retryAfterIsRead() throws {
        let pair = try RawPair.requested()
        let closure = try pair.closure(afterWriting: "HTTP/1.1 429 Too Many\r\nRetry-After: 7\r\n\r\nslow".utf8)
        #expect(closure.refusal == HTTPRefusal(status: 429, body: "slow", retryAfter: .seconds(7)))
    }

    @Test func aRefusalWithoutAnEndIsToldAfterASecond() throws {
        let pair = try RawPair.requested()
        pair.server.write("HTTP/1.1 500 Oops\r\n\r\nbroken".utf8)
        try #require(pair.run { pair.client.socket.deadline == start + .seconds(1) })
        #expect(pair.client.closure == nil)
        pair.client.process(start + .seconds(1))
        #expect(pair.client.closure?.refusal?.body == "broken")
    }

    @Test func ourServerRefusesWithStatusHeadersAndBody() throws {
        let listener = try WebSocketListener(host: "127.0.0.1", port: 0, tls: nil)
        let client = Peer(try connect(to: "ws://127.0.0.1:\(listener.port)/"))
        let server = try #require(eventually {
            client.process()
            return listener.accept(now: start).map(Peer.init)
        })
        let pair = Pair(client: client, server: server)
        try #require(pair.run { server.request != nil })
        server.socket.refuse(status: 503, headers: [("Retry-After", "3")], body: "later", now: start)
        try #require(pair.run { client.closure != nil && server.closure != nil })
        #expect(client.closure?.refusal == HTTPRefusal(status: 503, body: "later", retryAfter: .seconds(3)))
        #expect(server.closure == Closure(isInitiatedByUs: true))
    }

    @Test(arguments: [
        "GET / HTTP/1.0\r\n\r\n", "GET / HTTP/1.1\r\nHost: x\r\n\r\n", "POST x HTTP/1.1\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n",
    ])
    func ourServerEndsWithARequestForSomethingElse(request: String) throws {
        let listener = try WebSocketListener(host: "127.0.0.1", port: 0, tls: nil)
        let address = NameLookup.resolve(host: "127.0.0.1", port: listener.port, flags: AI_NUMERICHOST)
        guard case .found(let addresses) = address else { throw IOFailure(reason: "no loopback") }
        let client = try TCPSocket(connectingTo: addresses[0])
        let server = try #require(eventually { listener.accept(now: start).map(Peer.init) })
        #expect(Array(request.utf8).withUnsafeBytes(client.write) == .done(request.utf8.count))
        client.finishWriting()
        try #require(eventually { () -> Bool? in
            server.process()
            return server.closure == nil ? nil : true
        } == true)
        #expect(server.closure?.error?.step == .upgrade)
    }

    @Test func aServerThatSaysNothingIsGivenUpAfterTenSeconds() throws {
        let pair = try RawPair.requested()
        #expect(pair.client.socket.deadline == start + .seconds(10))
        pair.client.process(start + .milliseconds(9999))
        #expect(pair.client.closure == nil)
        pair.client.process(start + .seconds(10))
        #expect(pair.client.closure?.error?.description
            == "127.0.0.1:\(pair.server.port): upgrade: no answer within 10 s")
    }

    @Test func aPortThatNobodyListensOnIsRefused() throws {
        let port = try RawServer().port
        let client = Peer(try connect(to: "ws://127.0.0.1:\(port)/"))
        try #require(eventually { () -> Bool? in
            client.process()
            return client.closure == nil ? nil : true
        } == true)
        #expect(client.closure?.error?.description
            == "127.0.0.1:\(port): connect: Connection refused (127.0.0.1)")
    }

    /// A client whose look-up has given these addresses.
    private func client(_ outcome: NameLookup.Outcome, port: Int) throws -> Peer {
        Peer(WebSocket.connect(
            to: try Endpoint("ws://localhost:\(port)/"), headers: [], tls: nil,
            proxies: ProxySettings(environment: [:]), now: start) { _, _ in NameLookup(answered: outcome) })
    }

    private func address(_ host: String, _ port: Int) throws -> SocketAddress {
        guard case .found(let found) = NameLookup.resolve(host: host, port: port, flags: AI_NUMERICHOST) else {
            throw IOFailure(reason: "no address")
        }
        return found[0]
    }

    @Test func theNextAddressIsTriedWhenOneRefuses() throws {
        let server = try RawServer()
        let addresses = [try address("::1", server.port), try address("127.0.0.1", server.port)]
        let pair = RawPair(client: try client(.found(addresses), port: server.port), server: server)
        #expect(pair.run { server.hasWholeRequest })
    }

    @Test func theNextAddressIsTriedWhenOneDoesNotAnswer() throws {
        let server = try RawServer()
        // A listener whose queue is full leaves further connections unanswered.
        let full = socket(AF_INET, streamType, 0)
        defer { close(full) }
        #expect(try address("127.0.0.2", 0).withSocketAddress { bind(full, $0, $1) } == 0)
        #expect(listen(full, 0) == 0)
        let deaf = try address("127.0.0.2", try #require(SocketAddress(ofLocalEnd: full)).port)
        let fillers = try (0..<4).map { _ in try TCPSocket(connectingTo: deaf) }
        let answering = try address("127.0.0.1", server.port)
        let pair = RawPair(client: try client(.found([deaf, answering]), port: server.port), server: server)
        pair.client.process()
        #expect(pair.client.socket.deadline == start + .seconds(3))
        #expect(pair.run(at: start + .seconds(3)) { server.hasWholeRequest })
        #expect(fillers.count == 4)
    }

    @Test func allAddressesThatFailedAreNamed() throws {
        let port = try RawServer().port
        let refusing = [try address("127.0.0.1", port), try address("127.0.0.3", port)]
        let client = try client(.found(refusing), port: port)
        try #require(eventually { () -> Bool? in
            client.process()
            return client.closure == nil ? nil : true
        } == true)
        #expect(client.closure?.error?.reason == "Connection refused (127.0.0.1, 127.0.0.3)")
    }

    @Test func aFailedLookUpIsToldWithItsReason() throws {
        let client = try client(.failed(reason: "Name or service not known"), port: 80)
        client.process()
        #expect(client.closure?.error?.description == "localhost:80: name look-up: Name or service not known")
    }

    @Test func closingBeforeTheOpeningEndsAtOnce() throws {
        let pair = try RawPair.requested()
        pair.client.socket.close(code: 1000, reason: "", now: start)
        pair.client.process()
        #expect(pair.client.closure == Closure(isInitiatedByUs: true))
        #expect(pair.client.socket.pollRequest == nil)
        #expect(pair.client.socket.deadline == nil)
    }

    @Test func aBadHeaderEndsTheConnectionBeforeItBegins() throws {
        let client = Peer(try connect(to: "ws://127.0.0.1:9/", headers: [("X", "a\nb")]))
        #expect(client.socket.deadline == start)
        client.process()
        #expect(client.closure?.error?.step == .address)
    }
}
