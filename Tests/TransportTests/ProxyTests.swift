import MonotonicClock
import Testing

@testable import Transport

@Suite struct ProxyTests {
    /// A client of wss://kiosk.test/ and the raw proxy that has its CONNECT.
    private func pair(credentials: String = "") throws -> RawPair {
        let proxy = try RawServer()
        let environment = ["https_proxy": "http://\(credentials)127.0.0.1:\(proxy.port)"]
        let pair = RawPair(client: Peer(try connect(to: "wss://kiosk.test/", environment: environment)), server: proxy)
        try #require(pair.run { proxy.hasWholeRequest })
        return pair
    }

    @Test func theWayThroughAProxyOpens() throws {
        let pair = try pair(credentials: "u:p@")
        #expect(pair.server.request
            == "CONNECT kiosk.test:443 HTTP/1.1\r\nHost: kiosk.test:443\r\nProxy-Authorization: Basic dTpw\r\n\r\n")
        pair.server.write("HTTP/1.0 200 Connection established\r\n\r\n".utf8)
        let good = Certificates.shared.good
        let tls = try TLSServerContext(certificateFile: good.certificate, keyFile: good.key)
        let server = Peer(WebSocket.accept(pair.server.takeConnection(), tls: tls, now: start))
        let tunnel = Pair(client: pair.client, server: server)
        try #require(tunnel.run { server.request != nil || pair.client.closure != nil })
        server.socket.accept(now: start)
        #expect(tunnel.run { pair.client.isOpened })
        #expect(server.request?.headers["host"] == "kiosk.test")
        #expect(server.request?.headers["proxy-authorization"] == nil)
    }

    @Test(arguments: [
        ("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", "HTTP 407 Proxy Authentication Required", 407),
        ("HTTP/1.1 403\r\n\r\n", "HTTP 403 Forbidden", 403),
        ("220 mail.lan ESMTP\r\n", "wanted HTTP, got \"220 mail.lan ESMTP\"", nil),
        ("HTTP/1.1 200 OK\r\n\r\nSSH-2.0", "unexpected bytes behind its answer", nil),
        ("HTTP/1.1 20\r\n\r\n", "wanted an HTTP status line", nil),
        ("", "connection closed without an answer", nil),
    ] as [(String, String, Int?)])
    func aProxyThatRefusesIsNamed(answer: String, words: String, status: Int?) throws {
        let pair = try pair(credentials: "u:secret@")
        let closure = try pair.closure(afterWriting: answer.utf8)
        #expect(closure.error?.description
            == "kiosk.test:443: proxy: proxy 127.0.0.1:\(pair.server.port): \(words)")
        #expect(closure.error?.httpStatus == status)
        #expect(closure.refusal == nil)
    }

    @Test func aSilentProxyIsGivenUpAfterTenSeconds() throws {
        let pair = try pair()
        pair.client.process(start + .seconds(10))
        #expect(pair.client.closure?.error?.description == "kiosk.test:443: proxy: no answer within 10 s")
    }

    @Test func aBadProxySettingEndsTheConnectionBeforeItBegins() throws {
        let client = Peer(try connect(to: "wss://kiosk.test/", environment: ["https_proxy": "socks5://x"]))
        client.process()
        #expect(client.closure?.error?.subject == "https_proxy")
    }
}
