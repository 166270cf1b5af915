import Glibc
import MonotonicClock

/// A client's way to a stream of bytes: name look-up, connect, proxy, TLS.
final class StreamOpening {
    enum Outcome {
        case goesOn
        case opened(any ByteStream)
        case failed(TransportError)
    }

    /// Time for all steps together.
    static let wait = Duration.seconds(10)
    /// Time for one address while there is another to try.
    static let addressWait = Duration.seconds(3)

    private enum State {
        /// -> `connecting`
        case resolving(NameLookup)
        /// -> `askingProxy`, `securing` or `opened`; `connecting` to the next address when this one fails.
        case connecting(TCPSocket, SocketAddress, deadline: Instant)
        /// -> `securing`
        case askingProxy(TCPSocket, HTTPExchange)
        /// -> `opened`
        case securing(TLSStream)
        case opened(any ByteStream)
    }

    /// What one step came to.
    private enum Progress {
        case blocked
        case advanced
        case failed(TransportError)
    }

    private let endpoint: Endpoint
    private let proxy: Proxy?
    private let tls: TLSClientContext?
    private let beginning: Instant
    private var state: State
    private var events = Int16(POLLIN)
    /// Addresses not tried yet, and what became of the others.
    private var addresses: ArraySlice<SocketAddress> = []
    private var attempts: [(address: String, reason: String)] = []

    init(
        to endpoint: Endpoint, proxy: Proxy?, tls: TLSClientContext?, lookup: NameLookup, now: Instant
    ) {
        self.endpoint = endpoint
        self.proxy = proxy
        self.tls = tls
        beginning = now
        state = .resolving(lookup)
    }

    var pollRequest: PollRequest {
        switch state {
        case .resolving(let lookup): PollRequest(fd: lookup.descriptor, events: Int16(POLLIN))
        case .connecting(let socket, _, _): PollRequest(fd: socket.descriptor, events: Int16(POLLOUT))
        case .askingProxy(_, let exchange): PollRequest(fd: exchange.stream.descriptor, events: exchange.events)
        case .securing(let stream): PollRequest(fd: stream.descriptor, events: events)
        case .opened(let stream): PollRequest(fd: stream.descriptor, events: Int16(POLLOUT))
        }
    }

    /// In the past when there is something to do at once.
    var deadline: Instant {
        switch state {
        case .resolving(let lookup): lookup.isKnown ? beginning : expiry
        case .connecting(_, _, let deadline): min(deadline, expiry)
        case .askingProxy, .securing, .opened: expiry
        }
    }

    /// When all patience ends, also for what the owner does with the stream if it has to share this time.
    var expiry: Instant { beginning + StreamOpening.wait }

    /// TLS is being agreed on: the other end is there, and has what we said first.
    var isSecuring: Bool { if case .securing = state { true } else { false } }

    /// Goes on as far as it can, then looks at the clock. Never blocks.
    func process(now: Instant) -> Outcome {
        while true {
            if case .opened(let stream) = state { return .opened(stream) }
            switch advance(now: now) {
            case .advanced: continue
            case .failed(let error): return .failed(error)
            case .blocked: return now >= expiry ? .failed(expired()) : .goesOn
            }
        }
    }

    private func advance(now: Instant) -> Progress {
        switch state {
        case .resolving(let lookup): return resolve(lookup, now: now)
        case .connecting(let socket, let address, let deadline):
            return connect(socket, address, deadline: deadline, now: now)
        case .askingProxy(let socket, let exchange): return askProxy(socket, exchange)
        case .securing(let stream): return secure(stream)
        case .opened: return .blocked
        }
    }

    private func resolve(_ lookup: NameLookup, now: Instant) -> Progress {
        switch lookup.outcome() {
        case nil: return .blocked
        case .failed(let reason): return failed(.nameLookup, throughProxy(reason))
        case .found(let found):
            addresses = found[...]
            return tryNextAddress(now: now)
        }
    }

    private func connect(
        _ socket: TCPSocket, _ address: SocketAddress, deadline: Instant, now: Instant
    ) -> Progress {
        switch socket.connectProgress {
        case .waiting where now >= deadline:
            attempts.append((address.host, "no answer"))
            return tryNextAddress(now: now)
        case .waiting: return .blocked
        case .failed(let reason):
            attempts.append((address.host, reason))
            return tryNextAddress(now: now)
        case .connected:
            guard let proxy else { return begin(on: socket) }
            let request = HTTPUpgrade.connectRequest(to: endpoint, through: proxy)
            state = .askingProxy(socket, HTTPExchange(sending: request, on: socket))
            return .advanced
        }
    }

    private func tryNextAddress(now: Instant) -> Progress {
        while let address = addresses.popFirst() {
            do {
                let socket = try TCPSocket(connectingTo: address)
                // The last one may use up what is left.
                let deadline = addresses.isEmpty ? expiry : min(expiry, now + StreamOpening.addressWait)
                state = .connecting(socket, address, deadline: deadline)
                return .advanced
            } catch {
                attempts.append((address.host, error.reason))
            }
        }
        return failed(.connect, throughProxy(attemptsInWords))
    }

    private func askProxy(_ socket: TCPSocket, _ exchange: HTTPExchange) -> Progress {
        var exchange = exchange
        do {
            guard let answer = try exchange.advance() else {
                state = .askingProxy(socket, exchange)
                return .blocked
            }
            guard let status = answer.head.status else {
                return failed(.proxy, throughProxy("wanted an HTTP status line"))
            }
            guard (200...299).contains(status.code) else {
                let reason = throughProxy(HTTPStatus.words(status.code, status.phrase))
                return failed(.proxy, reason, httpStatus: status.code)
            }
            // TLS servers wait for the client; bytes that came by now are no server's.
            guard answer.rest.isEmpty else { return failed(.proxy, throughProxy("unexpected bytes behind its answer")) }
            return begin(on: socket)
        } catch {
            return failed(.proxy, throughProxy(error.reason))
        }
    }

    private func begin(on socket: TCPSocket) -> Progress {
        guard endpoint.scheme == .wss, let tls else {
            state = .opened(socket)
            return .advanced
        }
        do {
            state = .securing(try TLSStream(connecting: socket, host: endpoint.host, context: tls))
            return .advanced
        } catch {
            return failed(.tls, error.reason)
        }
    }

    private func secure(_ stream: TLSStream) -> Progress {
        switch stream.handshake() {
        case .done:
            state = .opened(stream)
            return .advanced
        case .blocked(let events):
            self.events = events
            return .blocked
        case .ended: return failed(.tls, "connection closed during the handshake")
        case .failed(let reason): return failed(.tls, reason)
        }
    }

    private func expired() -> TransportError {
        let step: TransportError.Step = switch state {
        case .resolving: .nameLookup
        case .connecting, .opened: .connect
        case .askingProxy: .proxy
        case .securing: .tls
        }
        let tried = attempts.isEmpty ? "" : " (\(attemptsInWords))"
        return TransportError(step, endpoint.authority, "no answer within 10 s" + tried)
    }

    private func failed(_ step: TransportError.Step, _ reason: String, httpStatus: Int? = nil) -> Progress {
        .failed(TransportError(step, endpoint.authority, reason, httpStatus: httpStatus))
    }

    /// `reason`, with the proxy's name before it when there is one.
    private func throughProxy(_ reason: String) -> String { proxy.map { "proxy \($0.authority): \(reason)" } ?? reason }

    /// `Connection refused (127.0.0.1, ::1)`, or each address with its own reason.
    private var attemptsInWords: String {
        let reasons = Set(attempts.map(\.reason))
        if let reason = reasons.first, reasons.count == 1 {
            return "\(reason) (\(attempts.map(\.address).joined(separator: ", ")))"
        }
        return attempts.map { "\($0.address): \($0.reason)" }.joined(separator: "; ")
    }
}
