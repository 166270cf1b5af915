import Glibc
import MonotonicClock

/// One HTTP request and its answer, over a connection of its own. Never blocks. Belongs to the thread that polls it.
///
/// The owner waits for `pollRequest` and `deadline`, whichever comes first, and calls `process`.
public final class HTTPCall {
    /// What is asked of the server.
    public struct Request {
        public var method: String
        public var headers: [(name: String, value: String)]
        public var body: [UInt8]

        public init(_ method: String, headers: [(name: String, value: String)] = [], body: [UInt8] = []) {
            self.method = method
            self.headers = headers
            self.body = body
        }
    }

    public enum Outcome: Equatable, Sendable {
        case goesOn
        case answered(HTTPAnswer)
        case failed(TransportError)
    }

    /// Most bytes of an answer's body: JSON of a few hundred bytes is expected, a transcript of an hour is 60 kB.
    public static let answerLimit = 1 << 20

    private enum State {
        /// -> `talking`, `ended`
        case opening(StreamOpening)
        /// -> `ended`
        case talking(any ByteStream)
        case ended(Outcome)
    }

    private let subject: String
    private let expiry: Instant
    private let limit: Duration
    private var state: State
    private var unsent = OutgoingBytes()
    private var reader = HTTPAnswerReader(bodyLimit: answerLimit)
    private var events = Int16(POLLIN | POLLOUT)
    private let beginning: Instant

    /// Begins the request and returns at once. `limit` is for all of it; the connection has 10 s of that.
    /// `tls` is needed for `https://`. Values of headers are never shown.
    public convenience init(
        _ request: Request, to endpoint: Endpoint, tls: TLSClientContext?, proxies: ProxySettings, limit: Duration,
        now: Instant
    ) {
        self.init(request, to: endpoint, tls: tls, proxies: proxies, limit: limit, now: now) { host, port in
            NameLookup(host: host, port: port)
        }
    }

    /// The same with a look-up of the caller's choice.
    init(
        _ request: Request, to endpoint: Endpoint, tls: TLSClientContext?, proxies: ProxySettings, limit: Duration,
        now: Instant, lookup: (String, Int) -> NameLookup
    ) {
        precondition(endpoint.scheme == .ws || tls != nil, "https:// without a TLS context")
        subject = endpoint.authority
        self.limit = limit
        expiry = now + limit
        beginning = now
        do {
            try HTTPUpgrade.check(request.headers, for: endpoint)
            let proxy = try proxies.proxy(for: endpoint)
            let lookup = lookup(proxy?.host ?? endpoint.host, proxy?.port ?? endpoint.port)
            state = .opening(StreamOpening(to: endpoint, proxy: proxy, tls: tls, lookup: lookup, now: now))
        } catch {
            state = .ended(.failed(error))
        }
        unsent.append(Self.head(of: request, to: endpoint))
        unsent.append(request.body)
    }

    private static func head(of request: Request, to endpoint: Endpoint) -> [UInt8] {
        var text = "\(request.method) \(endpoint.resource) HTTP/1.1\r\nHost: \(endpoint.hostHeader)\r\n"
        text += "Connection: close\r\nAccept: application/json\r\n"
        if request.method != "GET" { text += "Content-Length: \(request.body.count)\r\n" }
        for header in request.headers { text += "\(header.name): \(header.value)\r\n" }
        return Array((text + "\r\n").utf8)
    }

    /// What to wait for; nil when it has ended.
    public var pollRequest: PollRequest? {
        switch state {
        case .opening(let opening): opening.pollRequest
        case .talking(let stream): PollRequest(fd: stream.descriptor, events: events)
        case .ended: nil
        }
    }

    /// When `process` is to be called although nothing was polled. In the past when there is something to do at once.
    public var deadline: Instant {
        switch state {
        case .opening(let opening): min(opening.deadline, expiry)
        case .talking: expiry
        case .ended: beginning
        }
    }

    /// Goes on as far as it can, then looks at the clock. Once it has ended, the same outcome again.
    public func process(now: Instant) -> Outcome {
        if case .opening(let opening) = state {
            switch opening.process(now: now) {
            case .goesOn: break
            case .failed(let error): state = .ended(.failed(error))
            case .opened(let stream): state = .talking(stream)
            }
        }
        if case .talking(let stream) = state {
            do {
                if let answer = try talk(on: stream) { state = .ended(.answered(answer)) }
            } catch {
                state = .ended(failure(error.reason))
            }
        }
        if case .ended(let outcome) = state { return outcome }
        guard now >= expiry else { return .goesOn }
        let outcome = failure("no answer within \(limit.components.seconds) s")
        state = .ended(outcome)
        return outcome
    }

    private func failure(_ reason: String) -> Outcome { .failed(TransportError(.request, subject, reason)) }

    /// Writes and reads what goes. A server may answer before it has taken the whole request.
    private func talk(on stream: any ByteStream) throws(IOFailure) -> HTTPAnswer? {
        events = Int16(POLLIN)
        var writeFailure: String?
        switch unsent.write(to: stream) {
        case .done: break
        case .blocked(let events): self.events |= events
        case .ended: writeFailure = "connection closed amid the request"
        case .failed(let reason): writeFailure = reason
        }
        var buffer = [UInt8](repeating: 0, count: 16_384)
        while true {
            switch buffer.withUnsafeMutableBytes(stream.read) {
            case .done(let count):
                if let answer = try reader.append(buffer[..<count]) { return answer }
            case .blocked(let events):
                self.events |= events
                if let writeFailure { throw IOFailure(reason: writeFailure) }
                return nil
            case .ended: return try reader.end()
            case .failed(let reason): throw IOFailure(reason: writeFailure ?? reason)
            }
        }
    }
}
