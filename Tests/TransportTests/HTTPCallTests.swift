import MonotonicClock
import Testing

@testable import Transport

@Suite struct HTTPAnswerTests {
    private static let answers = [
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\nTrailer: x\r\n\r\n",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello and what nobody asked for",
        "HTTP/1.1 200 OK\r\n\r\nhello",
    ]

    @Test(arguments: answers) func anAnswerComesWholeWhateverItsPieces(text: String) throws {
        let bytes = Array(text.utf8)
        for cut in 0...bytes.count {
            var reader = HTTPAnswerReader(bodyLimit: 5)
            var answer = try reader.append(bytes[..<cut])
            if answer == nil { answer = try reader.append(bytes[cut...]) }
            let whole = try answer ?? reader.end()
            #expect(whole.status == 200 && whole.body == Array("hello".utf8), "\(cut)")
        }
    }

    @Test func anAnswerComesByteByByte() throws {
        for text in Self.answers.dropLast() {
            var reader = HTTPAnswerReader(bodyLimit: 5)
            let bytes = Array(text.utf8)
            var whole: HTTPAnswer?
            for index in bytes.indices where whole == nil { whole = try reader.append(bytes[index...index]) }
            #expect(whole?.body == Array("hello".utf8))
        }
    }

    @Test(arguments: [
        ("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n", "a body of more than 5 bytes"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFF\r\n", "wanted the size of a chunk"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7FFFFFFFFFFFFFFF\r\n", "a body of more than 5 bytes"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n3\r\nabc\r\n", "a body of more than 5 bytes"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n", "wanted the size of a chunk"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", "wanted a chunked body, or one of a known length"),
        ("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "wanted a content-length"),
        ("HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", "wanted a content-length"),
        ("HTTP/1.1 200 OK\r\n\r\nhello!", "a body of more than 5 bytes"),
        ("HTTP/1.1 101 Switching\r\n\r\n", "an upgrade that was not asked for"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell", "connection closed amid the answer"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", "connection closed amid the answer"),
        ("HTTP/1.1 200", "connection closed amid the answer"), ("", "connection closed without an answer"),
    ])
    func whatIsNoAnswerIsRefusedInWords(text: String, words: String) {
        var reader = HTTPAnswerReader(bodyLimit: 5)
        let error = thrown(IOFailure.self) { try reader.append(Array(text.utf8)) == nil ? reader.end() : nil }
        #expect(error?.reason == words)
    }

    @Test func aChunkSizeWithoutEndIsRefused() {
        var reader = HTTPAnswerReader(bodyLimit: 5)
        let text = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + String(repeating: "0", count: 2000)
        let error = thrown(IOFailure.self) { try reader.append(Array(text.utf8)) }
        #expect(error?.reason == "a line of more than 1024 bytes")
    }

    @Test func noContentHasNoBody() throws {
        var reader = HTTPAnswerReader(bodyLimit: 5)
        #expect(try reader.append(Array("HTTP/1.1 204 No Content\r\n\r\n".utf8))?.status == 204)
    }
}

@Suite struct HTTPCallTests {
    private static func call(
        _ request: HTTPCall.Request, to url: String, limit: Duration = .seconds(20)
    ) throws -> HTTPCall {
        let endpoint = try Endpoint(http: url)
        let tls = endpoint.scheme == .wss ? try TLSClientContext(caFile: Certificates.shared.caFile) : nil
        return HTTPCall(
            request, to: endpoint, tls: tls, proxies: ProxySettings(environment: [:]), limit: limit, now: start)
    }

    private static func outcome(
        of call: HTTPCall, at now: Instant = start, meanwhile: () -> Void = {}
    ) -> HTTPCall.Outcome? {
        eventually {
            meanwhile()
            let outcome = call.process(now: now)
            return outcome == .goesOn ? nil : outcome
        }
    }

    @Test(arguments: [false, true]) func aBodyOfFiveMegabytesGoesAndTheAnswerComes(isSecure: Bool) throws {
        let pair = Certificates.shared.good
        let listener = try WebSocketListener(
            host: "127.0.0.1", port: 0,
            tls: isSecure ? try TLSServerContext(certificateFile: pair.certificate, keyFile: pair.key) : nil)
        let body = (0..<5_000_000).map { UInt8(truncatingIfNeeded: $0 / 7) }
        let call = try Self.call(
            HTTPCall.Request("POST", headers: [("X-Key", "abc")], body: body),
            to: "\(isSecure ? "https" : "http")://localhost:\(listener.port)/a/b?c=d")
        var server: Peer?
        var asked: HTTPRequest?
        let outcome = Self.outcome(of: call) {
            if server == nil { server = listener.accept(now: start).map(Peer.init) }
            server?.process()
            for case .requested(let request)? in server?.events ?? [] where asked == nil {
                asked = request
                server?.socket.refuse(status: 200, headers: [("X-A", "b")], body: "{}", now: start)
            }
        }
        let request = try #require(asked)
        #expect(request.method == "POST" && request.resource == "/a/b?c=d" && request.headers["x-key"] == "abc")
        #expect(request.body == body)
        guard case .answered(let answer)? = outcome else {
            Issue.record("\(String(describing: outcome))")
            return
        }
        #expect(answer.status == 200 && answer.body == Array("{}".utf8) && answer.headers["x-a"] == "b")
        #expect(call.process(now: start) == outcome)
        #expect(call.pollRequest == nil)
    }

    @Test func aRequestWithoutABodyHasNoLength() throws {
        let server = try RawServer()
        let call = try Self.call(HTTPCall.Request("GET"), to: "http://127.0.0.1:\(server.port)")
        _ = Self.outcome(of: call) {
            server.process()
            if server.hasWholeRequest, server.connection >= 0 {
                server.write("HTTP/1.1 200 OK\r\n\r\n".utf8)
                server.hangUp()
            }
        }
        #expect(server.request == "GET / HTTP/1.1\r\nHost: 127.0.0.1:\(server.port)\r\n"
            + "Connection: close\r\nAccept: application/json\r\n\r\n")
    }

    @Test func anAnswerBeforeTheWholeRequestIsTaken() throws {
        let server = try RawServer()
        let body = [UInt8](repeating: 0x61, count: 30_000_000)
        let call = try Self.call(HTTPCall.Request("POST", body: body), to: "http://127.0.0.1:\(server.port)/")
        var isAnswered = false
        let outcome = Self.outcome(of: call) {
            server.process()
            if !server.received.isEmpty, !isAnswered {
                isAnswered = true
                server.write("HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n".utf8)
            }
        }
        guard case .answered(let answer)? = outcome else {
            Issue.record("\(String(describing: outcome))")
            return
        }
        #expect(answer.status == 413)
    }

    @Test func aServerThatSaysNothingIsGivenUpInTime() throws {
        let server = try RawServer()
        let call = try Self.call(HTTPCall.Request("GET"), to: "http://127.0.0.1:\(server.port)/")
        #expect(eventually { () -> Bool? in
            server.process()
            return call.process(now: start) == .goesOn && server.hasWholeRequest ? true : nil
        } == true)
        #expect(call.deadline == start + .seconds(20))
        let outcome = Self.outcome(of: call, at: start + .seconds(20))
        let error = TransportError(.request, "127.0.0.1:\(server.port)", "no answer within 20 s")
        #expect(outcome == .failed(error))
    }

    @Test func nobodyThereIsAFailureOfTheConnect() throws {
        let port = try RawServer().port
        let outcome = Self.outcome(of: try Self.call(HTTPCall.Request("GET"), to: "http://127.0.0.1:\(port)/"))
        guard case .failed(let error)? = outcome else {
            Issue.record("\(String(describing: outcome))")
            return
        }
        #expect(error.step == .connect)
    }

    @Test func aHeaderThatWouldBreakTheRequestIsRefusedWithoutItsValue() throws {
        let call = try Self.call(
            HTTPCall.Request("GET", headers: [("Authorization", "Bearer x\r\ny: SECRET")]), to: "http://127.0.0.1:1/")
        guard case .failed(let error)? = Self.outcome(of: call) else {
            Issue.record("it went")
            return
        }
        #expect(error.step == .address && !error.description.contains("SECRET"))
    }

    @Test(arguments: [
        ("wss://a.b/", "wanted a URL that begins with https:// or http://"),
        ("http://a.b/", "http:// sends key and voices in the clear; wanted https://, or a loopback host"),
    ])
    func onlyHTTPSIsTakenButOnThisMachine(url: String, words: String) {
        #expect(thrown(TransportError.self) { try Endpoint(http: url) }?.reason == words)
    }

    @Test func aServersPathCanBeExchanged() throws {
        let endpoint = try Endpoint("wss://a.b:444/v1/realtime?model=x").with(resource: "/v1/audio/transcriptions")
        #expect(try endpoint == Endpoint(http: "https://a.b:444/v1/audio/transcriptions"))
    }
}
