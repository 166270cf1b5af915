import Testing

@testable import Transport

@Suite struct EndpointTests {
    @Test func anEndpointHasThePartsOfItsURL() throws {
        let endpoint = try Endpoint("wss://api.openai.com/v1/realtime?model=gpt-realtime-2.1")
        #expect(endpoint.scheme == .wss)
        #expect(endpoint.host == "api.openai.com")
        #expect(endpoint.port == 443)
        #expect(endpoint.resource == "/v1/realtime?model=gpt-realtime-2.1")
        #expect(endpoint.authority == "api.openai.com:443")
        #expect(endpoint.hostHeader == "api.openai.com")
    }

    @Test func anIPv6LiteralLosesItsBracketsAndGetsThemBackInTheHostHeader() throws {
        let endpoint = try Endpoint("ws://[::1]:8080?x")
        #expect(endpoint.host == "::1")
        #expect(endpoint.port == 8080)
        #expect(endpoint.resource == "/?x")
        #expect(endpoint.hostHeader == "[::1]:8080")
    }

    @Test(arguments: ["ws://localhost", "ws://LOCALHOST:1/", "ws://127.0.0.1", "WS://127.255.0.9/", "ws://[::1]/"])
    func unencryptedIsAcceptedOnLoopback(url: String) throws {
        #expect(try Endpoint(url).isLoopback)
    }

    @Test(arguments: ["wss://localhost.example", "wss://128.0.0.1", "wss://[::2]", "wss://api.openai.com"])
    func otherHostsAreNotLoopback(url: String) throws {
        #expect(try !Endpoint(url).isLoopback)
    }

    @Test(arguments: [
        ("", "\"\": address: wanted a URL that begins with wss:// or ws://"),
        ("api.openai.com", "api.openai.com: address: wanted a URL that begins with wss:// or ws://"),
        ("https://x.y", "https://x.y: address: wanted a URL that begins with wss:// or ws://"),
        ("wss:/x.y", "wss:/x.y: address: wanted a URL that begins with wss:// or ws://"),
        ("://x.y", "://x.y: address: wanted a URL that begins with wss:// or ws://"),
        ("wss://", "wss://: address: wanted a host name"),
        ("wss:///v1", "wss:///v1: address: wanted a host name"),
        ("wss://:443", "wss://:443: address: wanted a host name"),
        ("wss://x.y:0", "wss://x.y:0: address: wanted a port from 1 to 65535"),
        ("wss://x.y:65536", "wss://x.y:65536: address: wanted a port from 1 to 65535"),
        ("wss://x.y:", "wss://x.y:: address: wanted a port from 1 to 65535"),
        ("wss://x.y:+443", "wss://x.y:+443: address: wanted a port from 1 to 65535"),
        ("wss://x.y:99999999999999999999", "wss://x.y:99999999999999999999: address: wanted a port from 1 to 65535"),
        ("wss://::1/", "wss://::1/: address: wanted an IPv6 address in […]"),
        ("wss://[::1", "wss://[::1: address: wanted ] after the IPv6 address"),
        ("wss://[::g]", "wss://[::g]: address: wanted an IPv6 address in […]"),
        ("wss://[127.0.0.1]", "wss://[127.0.0.1]: address: wanted an IPv6 address in […]"),
        ("wss://[::1]x", "wss://[::1]x: address: wanted a port after ]"),
        ("wss://x..y", "wss://x..y: address: wanted a host name of letters, digits, hyphens and dots"),
        ("wss://x%20y", "wss://x%20y: address: wanted a host name of letters, digits, hyphens and dots"),
        ("wss://127.1", "wss://127.1: address: wanted an IPv4 address of four numbers"),
        ("wss://1.2.3.256", "wss://1.2.3.256: address: wanted an IPv4 address of four numbers"),
        ("wss://x.y/a b", "wss://x.y/a b: address: wanted visible ASCII characters only, others percent-encoded"),
        ("wss://x.y/\r\nX", "wss://x.y/ X: address: wanted visible ASCII characters only, others percent-encoded"),
        ("wss://ü.de", "wss://ü.de: address: wanted visible ASCII characters only, others percent-encoded"),
        ("wss://x.y/#top", "wss://x.y/#top: address: wanted no fragment (#…)"),
        ("wss://me:secret@x.y/", "wss://…@x.y/: address: wanted no user or password in the URL"),
        ("wss://me:sec#ret@x.y/", "wss://…@x.y/: address: wanted no fragment (#…)"),
        (
            "ws://api.openai.com/",
            "ws://api.openai.com/: address: ws:// sends key and voices in the clear; wanted wss://, or a loopback host"
        ),
        ("ws://127.0.0.1.x.y", "ws://127.0.0.1.x.y: address: "
            + "ws:// sends key and voices in the clear; wanted wss://, or a loopback host"),
    ])
    func aBadURLIsRefusedInOneLine(url: String, line: String) throws {
        let error = thrown(TransportError.self) { try Endpoint(url) }
        #expect(error?.description == line)
    }

    @Test func anOverlongURLIsRefused() {
        let url = "wss://x.y/" + String(repeating: "a", count: 5000)
        let error = thrown(TransportError.self) { try Endpoint(url) }
        #expect(error?.reason == "wanted at most 4096 bytes")
    }
}
