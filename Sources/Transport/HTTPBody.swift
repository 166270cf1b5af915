/// Collects the body of an HTTP message until it is whole. RFC 9112, 6 and 7.
struct HTTPBodyReader {
    private enum Framing {
        /// So many bytes are still to come.
        case length(Int)
        /// Data of a chunk, or its line break, is still to come.
        case chunk(Int)
        case chunkSize
        /// Lines behind the last chunk.
        case trailer
        /// Whatever comes until the stream ends.
        case untilEnd
        case whole
    }

    /// Longest line of a chunk's size or of a trailer, in bytes.
    private static let lineLimit = 1024

    private(set) var body: [UInt8] = []
    private let limit: Int
    private var framing: Framing
    private var unread: [UInt8] = []

    /// `limit`: most bytes of the body. Throws when the head announces more, or no sensible length.
    init(_ headers: HTTPHeaders, isRequest: Bool = false, limit: Int) throws(IOFailure) {
        self.limit = limit
        if headers["transfer-encoding"] != nil {
            guard headers.contains("chunked", in: "transfer-encoding") else {
                throw IOFailure(reason: "wanted a chunked body, or one of a known length")
            }
            framing = .chunkSize
        } else if let length = headers["content-length"] {
            guard let count = Int(length), count >= 0 else { throw IOFailure(reason: "wanted a content-length") }
            guard count <= limit else { throw IOFailure(reason: "a body of more than \(limit) bytes") }
            framing = count == 0 ? .whole : .length(count)
        } else {
            framing = isRequest ? .whole : .untilEnd
        }
    }

    var isWhole: Bool { if case .whole = framing { true } else { false } }

    /// Takes the next bytes. What comes behind the body is left out.
    mutating func append(_ more: some Collection<UInt8>) throws(IOFailure) {
        switch framing {
        case .whole: return
        case .untilEnd: try keep(more)
        case .length(let count):
            let part = more.prefix(count)
            try keep(part)
            framing = part.count == count ? .whole : .length(count - part.count)
        case .chunk, .chunkSize, .trailer:
            unread.append(contentsOf: more)
            try takeChunks()
        }
    }

    /// The stream has ended; throws when that was too early.
    mutating func end() throws(IOFailure) {
        guard case .untilEnd = framing else {
            if isWhole { return }
            throw IOFailure(reason: "connection closed amid the answer")
        }
        framing = .whole
    }

    private mutating func keep(_ more: some Collection<UInt8>) throws(IOFailure) {
        guard body.count + more.count <= limit else { throw IOFailure(reason: "a body of more than \(limit) bytes") }
        body.append(contentsOf: more)
    }

    private mutating func takeChunks() throws(IOFailure) {
        var rest = unread[...]
        defer { unread = Array(rest) }
        while true {
            switch framing {
            case .chunk(let count):
                let part = rest.prefix(count)
                // The last two are the line break behind the data.
                try keep(part.prefix(max(0, count - 2)))
                rest = rest.dropFirst(part.count)
                guard part.count == count else {
                    framing = .chunk(count - part.count)
                    return
                }
                framing = .chunkSize
            case .chunkSize:
                guard let line = try Self.takeLine(&rest) else { return }
                let digits = line.prefix { Character(Unicode.Scalar($0)).isHexDigit }
                guard let size = Int(String(decoding: digits, as: UTF8.self), radix: 16), size >= 0 else {
                    throw IOFailure(reason: "wanted the size of a chunk")
                }
                guard size <= limit else { throw IOFailure(reason: "a body of more than \(limit) bytes") }
                framing = size == 0 ? .trailer : .chunk(size + 2)
            case .trailer:
                guard let line = try Self.takeLine(&rest) else { return }
                if line.isEmpty { framing = .whole }
            case .length, .untilEnd, .whole: return
            }
        }
    }

    /// The next line without its line break, nil when it has not come whole.
    private static func takeLine(_ rest: inout ArraySlice<UInt8>) throws(IOFailure) -> ArraySlice<UInt8>? {
        guard let end = rest.prefix(lineLimit).firstIndex(of: UInt8(ascii: "\n")) else {
            guard rest.count < lineLimit else { throw IOFailure(reason: "a line of more than \(lineLimit) bytes") }
            return nil
        }
        let line = rest[..<end]
        rest = rest[(end + 1)...]
        return line.last == UInt8(ascii: "\r") ? line.dropLast() : line
    }
}

/// A whole HTTP answer.
public struct HTTPAnswer: Equatable, Sendable {
    /// 200 to 999; interim answers are left out.
    public let status: Int
    public let headers: HTTPHeaders
    public let body: [UInt8]

    /// `HTTP 401 Unauthorized`
    public var words: String { HTTPStatus.words(status, "") }
}

/// Collects an answer, head and body, until it is whole. Sans-IO.
struct HTTPAnswerReader {
    private enum State {
        case head(HTTPHeadReader)
        case body(status: Int, HTTPHeaders, HTTPBodyReader)
    }

    private var state = State.head(.response())
    private let bodyLimit: Int

    init(bodyLimit: Int) { self.bodyLimit = bodyLimit }

    /// Takes the next bytes; the answer once it is whole, else nil.
    mutating func append(_ more: some Collection<UInt8>) throws(IOFailure) -> HTTPAnswer? {
        var bytes = Array(more)
        while true {
            switch state {
            case .head(var reader):
                guard let (head, rest) = try reader.append(bytes) else {
                    state = .head(reader)
                    return nil
                }
                guard let status = head.status else { throw IOFailure(reason: "wanted an HTTP status line") }
                if (100..<200).contains(status.code) {
                    guard status.code != 101 else { throw IOFailure(reason: "an upgrade that was not asked for") }
                    state = .head(.response())
                } else {
                    var body = try HTTPBodyReader(head.headers, limit: bodyLimit)
                    if status.code == 204 || status.code == 304 { try body.end() }
                    state = .body(status: status.code, head.headers, body)
                }
                bytes = rest
            case .body(let status, let headers, var reader):
                try reader.append(bytes)
                state = .body(status: status, headers, reader)
                return reader.isWhole ? HTTPAnswer(status: status, headers: headers, body: reader.body) : nil
            }
        }
    }

    /// The stream has ended: the answer if that was its end.
    mutating func end() throws(IOFailure) -> HTTPAnswer {
        switch state {
        case .head(let reader):
            throw IOFailure(
                reason: reader.isEmpty ? "connection closed without an answer" : "connection closed amid the answer")
        case .body(let status, let headers, var reader):
            try reader.end()
            return HTTPAnswer(status: status, headers: headers, body: reader.body)
        }
    }
}
