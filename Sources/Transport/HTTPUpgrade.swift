internal import COpenSSL

/// The HTTP before the WebSocket: what a client asks, and what has to be true of the answer. RFC 6455, 4.
struct HTTPUpgrade {
    let endpoint: Endpoint
    /// Fields of the caller, such as `Authorization`.
    let headers: [(name: String, value: String)]
    /// Random `Sec-WebSocket-Key`.
    let key: String

    /// Throws when a field would break the request; the error shows its name, never its value.
    init(endpoint: Endpoint, headers: [(name: String, value: String)]) throws(TransportError) {
        try Self.check(headers, for: endpoint)
        var nonce = [UInt8](repeating: 0, count: 16)
        guard RAND_bytes(&nonce, Int32(nonce.count)) == 1 else {
            throw TransportError(.upgrade, endpoint.authority, "no random bytes")
        }
        self.endpoint = endpoint
        self.headers = headers
        key = base64(nonce)
    }

    /// Throws when a field would break a request.
    static func check(_ headers: [(name: String, value: String)], for endpoint: Endpoint) throws(TransportError) {
        for header in headers {
            guard isToken(header.name), header.value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
                throw TransportError(
                    .address, endpoint.authority, "header \(header.name): wanted no line break or control character")
            }
        }
    }

    var request: [UInt8] {
        var text = "GET \(endpoint.resource) HTTP/1.1\r\nHost: \(endpoint.hostHeader)\r\n"
        text += "Upgrade: websocket\r\nConnection: Upgrade\r\n"
        text += "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: \(key)\r\n"
        for header in headers { text += "\(header.name): \(header.value)\r\n" }
        return Array((text + "\r\n").utf8)
    }

    /// Checks a 101 answer; an error says what is wrong with it.
    func check(_ answer: HTTPHeaders) throws(IOFailure) {
        guard answer["upgrade"]?.lowercased() == "websocket", answer.contains("upgrade", in: "connection") else {
            throw IOFailure(reason: "HTTP 101 without an upgrade to websocket")
        }
        guard answer["sec-websocket-accept"] == HTTPUpgrade.acceptance(of: key) else {
            throw IOFailure(reason: "wrong Sec-WebSocket-Accept")
        }
        guard answer["sec-websocket-extensions"] == nil else {
            throw IOFailure(reason: "the server chose an extension that was not offered")
        }
        guard let chosen = answer["sec-websocket-protocol"] else { return }
        let offers = headers.filter { $0.name.lowercased() == "sec-websocket-protocol" }
        guard offers.contains(where: { words(of: $0.value).contains(chosen) }) else {
            throw IOFailure(reason: "the server chose a subprotocol that was not offered")
        }
    }

    /// `Sec-WebSocket-Accept` for a key. RFC 6455, 4.2.2.
    static func acceptance(of key: String) -> String {
        let text = Array((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").utf8)
        var digest = [UInt8](repeating: 0, count: Int(SHA_DIGEST_LENGTH))
        SHA1(text, text.count, &digest)
        return base64(digest)
    }

    /// The request to a proxy for a way to the endpoint.
    static func connectRequest(to endpoint: Endpoint, through proxy: Proxy) -> [UInt8] {
        var text = "CONNECT \(endpoint.authority) HTTP/1.1\r\nHost: \(endpoint.authority)\r\n"
        if let authorization = proxy.authorization { text += "Proxy-Authorization: \(authorization)\r\n" }
        return Array((text + "\r\n").utf8)
    }
}

/// A client's wish for a WebSocket, as a server sees it.
public struct UpgradeRequest: Equatable, Sendable {
    /// Path and query as the client wrote them, "/v1/realtime?model=x".
    public let resource: String
    /// All header fields of the request.
    public let headers: HTTPHeaders

    let key: String

    /// Checks a request head; an error says what is wrong with it.
    init(_ head: HTTPHead) throws(IOFailure) {
        let parts = head.startLine.split(separator: " ", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0] == "GET", parts[1].hasPrefix("/"), parts[2] == "HTTP/1.1" else {
            throw IOFailure(reason: "wanted GET /… HTTP/1.1")
        }
        guard head.headers.contains("websocket", in: "upgrade"), head.headers.contains("upgrade", in: "connection")
        else { throw IOFailure(reason: "wanted an upgrade to websocket") }
        // Sixteen bytes are 24 characters of base64.
        guard let key = head.headers["sec-websocket-key"], key.utf8.count == 24,
            head.headers["sec-websocket-version"] == "13"
        else { throw IOFailure(reason: "wanted Sec-WebSocket-Version 13 and a Sec-WebSocket-Key") }
        resource = String(parts[1])
        headers = head.headers
        self.key = key
    }

    /// The answer that opens the WebSocket.
    func acceptance(subprotocol: String?) -> [UInt8] {
        var text = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        text += "Sec-WebSocket-Accept: \(HTTPUpgrade.acceptance(of: key))\r\n"
        if let subprotocol { text += "Sec-WebSocket-Protocol: \(subprotocol)\r\n" }
        return Array((text + "\r\n").utf8)
    }
}

/// A client's request that is no upgrade, as a server sees it.
public struct HTTPRequest: Equatable, Sendable {
    public let method: String
    /// Path and query as the client wrote them.
    public let resource: String
    public let headers: HTTPHeaders
    public internal(set) var body: [UInt8] = []

    /// Checks a request head; an error says what is wrong with it.
    init(_ head: HTTPHead) throws(IOFailure) {
        let parts = head.startLine.split(separator: " ", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[1].hasPrefix("/"), parts[2] == "HTTP/1.1" else {
            throw IOFailure(reason: "wanted POST /… HTTP/1.1")
        }
        method = String(parts[0])
        resource = String(parts[1])
        headers = head.headers
    }
}

/// An HTTP answer that ends the connection.
func closingAnswer(status: Int, headers: [(name: String, value: String)], body: String) -> [UInt8] {
    var text = "HTTP/1.1 \(status) \(HTTPStatus.phrase(status))\r\nConnection: close\r\n"
    text += "Content-Length: \(body.utf8.count)\r\n"
    for header in headers { text += "\(header.name): \(header.value)\r\n" }
    return Array((text + "\r\n" + body).utf8)
}

/// HTTP statuses in words.
enum HTTPStatus {
    /// `HTTP 401 Unauthorized`; a phrase that the server did not give is filled in.
    static func words(_ code: Int, _ phrase: String) -> String {
        "HTTP \(code) \(phrase.isEmpty ? HTTPStatus.phrase(code) : phrase)"
    }

    /// Usual phrase of a status.
    static func phrase(_ code: Int) -> String {
        switch code {
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 407: "Proxy Authentication Required"
        case 429: "Too Many Requests"
        case 500: "Internal Server Error"
        case 502: "Bad Gateway"
        case 503: "Service Unavailable"
        case 504: "Gateway Timeout"
        default: "Refused"
        }
    }
}
