import Testing

@testable import Transport

@Suite struct ProxySettingsTests {
    private func proxy(_ environment: [String: String], for url: String = "wss://api.openai.com/v1") throws -> Proxy? {
        try ProxySettings(environment: environment).proxy(for: Endpoint(url))
    }

    @Test(arguments: ["http://proxy.lan:3128", "HTTP://proxy.lan:3128/", "proxy.lan:3128"])
    func theVariableNamesAProxy(value: String) throws {
        #expect(try proxy(["https_proxy": value]) == Proxy(host: "proxy.lan", port: 3128, authorization: nil))
    }

    @Test func lowerCaseComesBeforeUpperCase() throws {
        #expect(try proxy(["HTTPS_PROXY": "b:1", "https_proxy": "a:1"])?.host == "a")
        #expect(try proxy(["HTTPS_PROXY": "b:1", "https_proxy": ""])?.host == "b")
        #expect(try proxy(["http_proxy": "c:1"]) == nil)
    }

    @Test func credentialsBecomeBasicAuthorization() throws {
        let found = try proxy(["https_proxy": "http://kiosk:p%40ss%3a@proxy.lan"])
        // printf 'kiosk:p@ss:' | base64
        #expect(found == Proxy(host: "proxy.lan", port: 80, authorization: "Basic a2lvc2s6cEBzczo="))
    }

    @Test(arguments: [
        ("socks5://proxy.lan:1080", "wanted a proxy that begins with http://, others are not supported"),
        ("https://u:p@proxy.lan", "wanted a proxy that begins with http://, others are not supported"),
        ("http://proxy.lan:x", "wanted a port from 1 to 65535"),
        ("http://u:p@", "wanted a host name"),
        ("http://u:%zz@proxy.lan", "wanted user:password with %XX for special characters"),
        ("http://u:%4@proxy.lan", "wanted user:password with %XX for special characters"),
    ])
    func aBadProxyIsRefusedWithoutShowingItsCredentials(value: String, words: String) {
        let error = thrown(TransportError.self) { try proxy(["https_proxy": value]) }
        #expect(error?.description == "https_proxy: address: \(words)")
    }

    @Test(arguments: [
        ("*", true), ("api.openai.com", true), ("openai.com", true), (".openai.com", true), ("*.openai.com", true),
        ("OpenAI.com", true), ("a.b, openai.com", true), ("a.b openai.com", true), ("openai.com:443", true),
        ("openai.com:8443", false), ("penai.com", false), ("api", false), ("", false), (",,", false),
        ("x.api.openai.com", false),
    ])
    func noProxyListsTheHostsReachedDirectly(list: String, isDirect: Bool) throws {
        #expect(try (proxy(["https_proxy": "p:1", "no_proxy": list]) == nil) == isDirect)
        #expect(try (proxy(["https_proxy": "p:1", "NO_PROXY": list]) == nil) == isDirect)
    }

    @Test func noProxyMatchesAddresses() throws {
        #expect(try proxy(["https_proxy": "p:1", "no_proxy": "192.0.2.7"], for: "wss://192.0.2.7/") == nil)
        #expect(try proxy(["https_proxy": "p:1", "no_proxy": "2001:db8::7"], for: "wss://[2001:db8::7]/") == nil)
        #expect(try proxy(["https_proxy": "p:1", "no_proxy": "[2001:db8::7]:443"], for: "wss://[2001:db8::7]/") == nil)
    }

    @Test(arguments: ["ws://localhost/", "wss://127.0.0.1/", "wss://[::1]/"])
    func loopbackNeverGoesThroughAProxy(url: String) throws {
        #expect(try proxy(["https_proxy": "p:1"], for: url) == nil)
    }
}
