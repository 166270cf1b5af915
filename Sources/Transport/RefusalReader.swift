import Glibc

/// Reads the start of the body that explains why a server refused the upgrade.
struct RefusalReader {
    /// Most of the body that is kept, in bytes: the API's error objects are below 1 KiB, and web pages of a gateway say
    /// it in their title.
    static let bodyLimit = 2048
    /// Longest wait for the body once the head is there.
    static let wait = Duration.seconds(1)

    private let stream: any ByteStream
    private let head: HTTPHead
    private var bytes: [UInt8]
    private var events = Int16(POLLIN)

    init(stream: any ByteStream, head: HTTPHead, rest: [UInt8]) {
        self.stream = stream
        self.head = head
        bytes = rest
    }

    var pollRequest: PollRequest { PollRequest(fd: stream.descriptor, events: events) }

    /// Reads what is there. True when enough of the body has come, or no more will. Never blocks.
    mutating func advance() -> Bool {
        var buffer = [UInt8](repeating: 0, count: 4096)
        while !isEnough {
            switch buffer.withUnsafeMutableBytes(stream.read) {
            case .done(let count): bytes.append(contentsOf: buffer[..<count])
            case .blocked(let events):
                self.events = events
                return false
            case .ended, .failed: return true
            }
        }
        return true
    }

    /// The refusal with as much of the body as has come.
    func refusal(status: Int) -> HTTPRefusal {
        let body = isChunked ? dechunked(bytes) : bytes
        let seconds = head.headers["retry-after"].flatMap { Int($0) }
        return HTTPRefusal(
            status: status, body: String(decoding: body.prefix(RefusalReader.bodyLimit), as: UTF8.self),
            retryAfter: seconds.map { .seconds(max(0, min($0, 86_400))) })
    }

    private var isChunked: Bool { head.headers.contains("chunked", in: "transfer-encoding") }

    private var isEnough: Bool {
        // Chunk sizes come on top of the body.
        if bytes.count >= 2 * RefusalReader.bodyLimit { return true }
        if isChunked { return bytes.suffix(5).elementsEqual("0\r\n\r\n".utf8) }
        return head.headers["content-length"].flatMap { Int($0) }.map { bytes.count >= $0 } ?? false
    }
}

/// The data of a chunked body as far as it has come. RFC 9112, 7.1.
private func dechunked(_ bytes: [UInt8]) -> [UInt8] {
    var data: [UInt8] = []
    var rest = bytes[...]
    while let lineEnd = rest.firstIndex(of: UInt8(ascii: "\n")) {
        let digits = rest[..<lineEnd].prefix { Character(Unicode.Scalar($0)).isHexDigit }
        guard let size = Int(String(decoding: digits, as: UTF8.self), radix: 16), size > 0 else { break }
        let chunk = rest[(lineEnd + 1)...].prefix(size)
        data += chunk
        // The line break behind the chunk.
        rest = rest[chunk.endIndex...].dropFirst(2)
    }
    return data
}
