import MonotonicClock
import Testing

@testable import Transport

@Suite struct HTTPTests {
    @Test func theAcceptKeyIsTheOneOfTheStandard() {
        #expect(HTTPUpgrade.acceptance(of: "dGhlIHNhbXBsZSBub25jZQ==") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
    }

    @Test func aHeadComesWholeWhateverItsPieces() throws {
        let text = Array("HTTP/1.1 101 Switching Protocols\r\nA: 1 \r\nb:2\r\n\r\nrest".utf8)
        for cut in 0...text.count {
            var reader = HTTPHeadReader.response()
            let first = try reader.append(text[..<cut])
            let whole = try #require(try first ?? reader.append(text[cut...]))
            #expect(whole.head.startLine == "HTTP/1.1 101 Switching Protocols")
            #expect(whole.head.headers["a"] == "1")
            #expect(whole.head.headers["B"] == "2")
            #expect(whole.rest + (first == nil ? [] : text[cut...]) == Array("rest".utf8))
        }
    }

    @Test func aHeadHasALimit() throws {
        var reader = HTTPHeadReader.response()
        let start = Array("HTTP/1.1 200 OK\r\nA: ".utf8)
        let filler = [UInt8](repeating: 0x61, count: HTTPHeadReader.limit - start.count - 1)
        #expect(try reader.append(start + filler) == nil)
        let error = thrown(IOFailure.self) { try reader.append([0x61]) }
        #expect(error?.reason == "HTTP header of more than 16384 bytes")
    }

    @Test(arguments: ["no colon", ": x", " folded: x"])
    func aLineThatIsNoFieldIsRefused(line: String) {
        var reader = HTTPHeadReader.response()
        let text = "HTTP/1.1 200 OK\r\n\(line)\r\n\r\n"
        let error = thrown(IOFailure.self) { try reader.append(Array(text.utf8)) }
        #expect(error?.reason == "malformed HTTP header")
    }

    @Test(arguments: [
        "HTTP/1.1", "HTTP/1.1 ", "HTTP/1.1 abc", "HTTP/1.1 1011", "HTTP/1.1 099 x", "HTTP/2 200 x", "HTTP/1.1 -10 x",
    ])
    func aStatusLineWithoutStatusIsNone(line: String) {
        #expect(HTTPHead(ArraySlice(line.utf8))?.status?.code == nil)
    }

    @Test(arguments: [
        ("Authorization", "Bearer a\r\nX: b"), ("A b", "c"), ("", "c"), ("A", "\u{0}"),
    ])
    func aHeaderThatWouldBreakTheRequestIsRefusedWithoutItsValue(name: String, value: String) throws {
        let endpoint = try Endpoint("wss://x.y")
        let error = thrown(TransportError.self) { try HTTPUpgrade(endpoint: endpoint, headers: [(name, value)]) }
        #expect(error?.description
            == "x.y:443: address: header \(name): wanted no line break or control character")
    }

    @Test func theRequestCarriesHostResourceAndHeaders() throws {
        let upgrade = try HTTPUpgrade(endpoint: Endpoint("wss://x.y/v1?a=b"), headers: [("Authorization", "Bearer k")])
        let text = String(decoding: upgrade.request, as: UTF8.self)
        let lines = text.split(separator: "\r\n", omittingEmptySubsequences: false)
        #expect(lines.prefix(2) == ["GET /v1?a=b HTTP/1.1", "Host: x.y"])
        #expect(lines.suffix(3) == ["Authorization: Bearer k", "", ""])
        #expect(lines.contains("Sec-WebSocket-Key: \(upgrade.key)"))
    }
}
