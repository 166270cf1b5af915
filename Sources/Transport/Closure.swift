/// How a connection ended.
public struct Closure: Equatable, Sendable, CustomStringConvertible {
    /// Close code as received; 1005 when the peer's closing frame carried none, 1006 when there was no closing frame.
    public let code: UInt16
    /// Reason of the peer's closing frame, as received: it may hold any character.
    public let reason: String
    /// What went wrong; nil when the closing handshake was made, or when we closed it.
    public let error: TransportError?
    /// Whether `WebSocket.close` or `WebSocket.refuse` began it.
    public let isInitiatedByUs: Bool
    /// The server's HTTP answer when it refused the upgrade.
    public let refusal: HTTPRefusal?

    init(
        code: UInt16 = 1006, reason: String = "", error: TransportError? = nil, isInitiatedByUs: Bool = false,
        refusal: HTTPRefusal? = nil
    ) {
        self.code = code
        self.reason = reason
        self.error = error
        self.isInitiatedByUs = isInitiatedByUs
        self.refusal = refusal
    }

    /// One line for the operator.
    public var description: String {
        if let error { return error.description }
        let words = oneLine(reason)
        return "closed with \(code)" + (words.isEmpty ? "" : ": \(words)")
    }
}

/// An HTTP answer other than 101 to our request for an upgrade.
public struct HTTPRefusal: Equatable, Sendable {
    /// HTTP status, 100 to 999.
    public let status: Int
    /// Start of the body, 2 KiB at most, as text; what is no UTF-8 is replaced.
    public let body: String
    /// The `retry-after` header when it counts seconds (a date is not read), one day at most.
    public let retryAfter: Duration?
}
