/// What went wrong on the way to a server or on the link to it. Its description is one line for the operator, such as
/// `api.openai.com:443: tls: certificate has expired`.
public struct TransportError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Where it went wrong, in the order in which a connection is made.
    public enum Step: String, Equatable, Sendable {
        /// The URL, a proxy setting or a header that the caller gave.
        case address
        /// A file of certificates or keys.
        case pemFile = "pem file"
        case listen
        case nameLookup = "name look-up"
        case connect
        case proxy
        case tls
        case upgrade
        case webSocket = "websocket"
        case keepAlive = "keep-alive"
        /// An HTTP request that is no upgrade.
        case request
    }

    public let step: Step
    /// `host:port`, or the URL, variable or path in question. Without credentials, always.
    public let subject: String
    /// What happened, in lower case unless the system or the server worded it. Free of control characters.
    public let reason: String
    /// Status of the HTTP answer that refused the upgrade or the proxy's CONNECT, else nil.
    public let httpStatus: Int?

    init(_ step: Step, _ subject: String, _ reason: String, httpStatus: Int? = nil) {
        self.step = step
        self.subject = oneLine(subject)
        self.reason = oneLine(reason)
        self.httpStatus = httpStatus
    }

    /// Something wrong with an address or header that the caller gave.
    public static func address(_ subject: String, _ reason: String) -> TransportError {
        TransportError(.address, subject, reason)
    }

    public var description: String { "\(subject): \(step.rawValue): \(reason)" }
}

/// `text` without line breaks, control characters or bidirectional overrides (each run of them becomes one space), at
/// most 300 characters: what came from a server must not forge lines on the operator's terminal.
func oneLine(_ text: some StringProtocol) -> String {
    var line = ""
    var isAfterGap = true
    var count = 0
    for scalar in text.unicodeScalars {
        if isSpaceOrControl(scalar) {
            isAfterGap = true
            continue
        }
        if count == 300 {
            line += "…"
            break
        }
        if isAfterGap, !line.isEmpty { line += " " }
        isAfterGap = false
        line.unicodeScalars.append(scalar)
        count += 1
    }
    return line
}

private func isSpaceOrControl(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .spaceSeparator: true
    default: false
    }
}
