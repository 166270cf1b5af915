/// Header fields of an HTTP head, in order.
public struct HTTPHeaders: Equatable, Sendable {
    struct Field: Equatable, Sendable {
        let name: String
        let value: String
    }

    let fields: [Field]

    /// The first value of a field, whatever the case of its name.
    public subscript(name: String) -> String? {
        let wanted = name.lowercased()
        return fields.first { $0.name.lowercased() == wanted }?.value
    }

    /// Whether `word`, in lower case, is one of the comma-separated words of all fields `name`, whatever their case.
    func contains(_ word: String, in name: String) -> Bool {
        let wanted = name.lowercased()
        return fields.contains { field in
            field.name.lowercased() == wanted && words(of: field.value.lowercased()).contains(word)
        }
    }
}

/// The words of a comma-separated value.
func words(of value: String) -> [String] {
    value.split(separator: ",").map { String(trimmed($0)) }.filter { !$0.isEmpty }
}

/// `text` without spaces and tabs at its ends.
private func trimmed(_ text: Substring) -> Substring {
    var text = text
    while text.first == " " || text.first == "\t" { text.removeFirst() }
    while text.last == " " || text.last == "\t" { text.removeLast() }
    return text
}

/// Start line and header fields of an HTTP request or answer.
struct HTTPHead: Equatable {
    let startLine: String
    let headers: HTTPHeaders

    /// Status and reason phrase of an answer's start line; nil when it is none.
    var status: (code: Int, phrase: String)? {
        let parts = startLine.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count >= 2, parts[0].hasPrefix("HTTP/1."), parts[1].utf8.count == 3, let code = Int(parts[1]),
            (100...999).contains(code)
        else { return nil }
        return (code, parts.count == 3 ? String(parts[2]) : "")
    }

    /// Reads a head without its final empty line; nil when a line is no header field.
    init?(_ bytes: ArraySlice<UInt8>) {
        var lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map { line in
            String(decoding: line.last == UInt8(ascii: "\r") ? line.dropLast() : line, as: UTF8.self)
        }[...]
        guard let startLine = lines.popFirst(), !startLine.isEmpty else { return nil }
        var fields: [HTTPHeaders.Field] = []
        for line in lines {
            guard let colon = line.firstIndex(of: ":"), isToken(line[..<colon]) else { return nil }
            let value = trimmed(line[line.index(after: colon)...])
            fields.append(.init(name: String(line[..<colon]), value: String(value)))
        }
        self.startLine = startLine
        headers = HTTPHeaders(fields: fields)
    }
}

/// Whether `text` may be the name of a header field. RFC 9110, 5.6.2.
func isToken(_ text: some StringProtocol) -> Bool {
    !text.isEmpty && text.utf8.allSatisfy { byte in
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }
}

/// Collects the bytes of an HTTP head until it is whole.
struct HTTPHeadReader {
    /// Longest head, in bytes. Answers of real servers stay below 4 KiB.
    static let limit = 16 * 1024

    /// What the first bytes have to be, so that something that is no HTTP is refused at once.
    private let expectedStarts: [[UInt8]]
    private var bytes: [UInt8] = []

    /// A reader of a server's answer.
    static func response() -> HTTPHeadReader { HTTPHeadReader(expectedStarts: ["HTTP/1."]) }
    /// A reader of a client's request.
    static func request() -> HTTPHeadReader { HTTPHeadReader(expectedStarts: ["GET ", "POST "]) }

    private init(expectedStarts: [String]) { self.expectedStarts = expectedStarts.map { Array($0.utf8) } }

    /// Whether nothing has come yet.
    var isEmpty: Bool { bytes.isEmpty }

    /// Takes the next bytes. The head and the bytes behind it once it is whole, else nil.
    mutating func append(_ more: some Collection<UInt8>) throws(IOFailure) -> (head: HTTPHead, rest: [UInt8])? {
        // The end may straddle what was there and what has come.
        let searchStart = max(0, bytes.count - 3)
        bytes.append(contentsOf: more)
        guard expectedStarts.contains(where: { zip(bytes, $0).allSatisfy { $0 == $1 } }) else {
            let got = oneLine(String(decoding: bytes.prefix(60), as: UTF8.self))
            throw IOFailure(reason: "wanted HTTP, got \"\(got)\"")
        }
        guard let end = endOfHead(from: searchStart), end <= HTTPHeadReader.limit else {
            guard bytes.count < HTTPHeadReader.limit else {
                throw IOFailure(reason: "HTTP header of more than \(HTTPHeadReader.limit) bytes")
            }
            return nil
        }
        guard let head = HTTPHead(bytes[..<end]) else { throw IOFailure(reason: "malformed HTTP header") }
        return (head, Array(bytes[(end + 4)...]))
    }

    /// Index of the empty line that ends the head.
    private func endOfHead(from start: Int) -> Int? {
        let mark: [UInt8] = [13, 10, 13, 10]
        guard bytes.count >= start + mark.count else { return nil }
        return (start...(bytes.count - mark.count)).first { bytes[$0..<($0 + mark.count)].elementsEqual(mark) }
    }
}
