import Glibc
import MonotonicClock

/// A client's way to an open WebSocket: name look-up, connect, proxy, TLS, upgrade.
final class ClientOpening {
    enum Outcome {
        case goesOn
        /// The stream, the fields of the 101 answer, and the bytes that came behind it.
        case opened(any ByteStream, HTTPHeaders, [UInt8])
        case ended(Closure)
    }

    /// Time for all steps together.
    static let wait = Duration.seconds(10)
    /// Time for one address while there is another to try.
    static let addressWait = Duration.seconds(3)

    private enum State {
        /// -> `connecting`
        case resolving(NameLookup)
        /// -> `askingProxy`, `securing` or `upgrading`; `connecting` to the next address when this one fails.
        case connecting(TCPSocket, SocketAddress, deadline: Instant)
        /// -> `securing`
        case askingProxy(TCPSocket, HTTPExchange)
        /// -> `upgrading`
        case securing(TLSStream)
        /// -> opened, or `refused`.
        case upgrading(HTTPExchange)
        /// The answer was no 101. The end when its body has come, or at the deadline.
        case refused(RefusalReader, status: Int, phrase: String, deadline: Instant)
    }

    /// What one step came to.
    private enum Progress {
        case blocked
        case advanced
        case finished(Outcome)
    }

    private let upgrade: HTTPUpgrade
    private let proxy: Proxy?
    private let tls: TLSClientContext?
    private let beginning: Instant
    private var state: State
    private var events = Int16(POLLIN)
    /// Addresses not tried yet, and what became of the others.
    private var addresses: ArraySlice<SocketAddress> = []
    private var attempts: [(address: String, reason: String)] = []

    init(
        _ upgrade: HTTPUpgrade, proxy: Proxy?, tls: TLSClientContext?, lookup: NameLookup, now: Instant
    ) {
        self.upgrade = upgrade
        self.proxy = proxy
        self.tls = tls
        beginning = now
        state = .resolving(lookup)
    }

    var pollRequest: PollRequest {
        switch state {
        case .resolving(let lookup): PollRequest(fd: lookup.descriptor, events: Int16(POLLIN))
        case .connecting(let socket, _, _): PollRequest(fd: socket.descriptor, events: Int16(POLLOUT))
        case .askingProxy(_, let exchange), .upgrading(let exchange):
            PollRequest(fd: exchange.stream.descriptor, events: exchange.events)
        case .securing(let stream): PollRequest(fd: stream.descriptor, events: events)
        case .refused(let reader, _, _, _): reader.pollRequest
        }
    }

    /// In the past when there is something to do at once.
    var deadline: Instant {
        switch state {
        case .resolving(let lookup): lookup.isKnown ? beginning : expiry
        case .connecting(_, _, let deadline), .refused(_, _, _, let deadline): min(deadline, expiry)
        case .askingProxy, .securing, .upgrading: expiry
        }
    }

    private var expiry: Instant { beginning + ClientOpening.wait }

    /// Goes on as far as it can, then looks at the clock. Never blocks.
    func process(now: Instant) -> Outcome {
        while true {
            switch advance(now: now) {
            case .advanced: continue
            case .finished(let outcome): return outcome
            case .blocked: return now >= expiry ? expired() : .goesOn
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
        case .upgrading(let exchange): return readAnswer(exchange, now: now)
        case .refused(var reader, let status, let phrase, let deadline):
            guard reader.advance() || now >= deadline else {
                state = .refused(reader, status: status, phrase: phrase, deadline: deadline)
                return .blocked
            }
            return .finished(.ended(refusal(reader.refusal(status: status), phrase: phrase)))
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
            let request = HTTPUpgrade.connectRequest(to: upgrade.endpoint, through: proxy)
            state = .askingProxy(socket, HTTPExchange(sending: request, on: socket))
            return .advanced
        }
    }

    private func tryNextAddress(now: Instant) -> Progress {
        while let address = addresses.popFirst() {
            do {
                let socket = try TCPSocket(connectingTo: address)
                // The last one may use up what is left.
                let deadline = addresses.isEmpty ? expiry : min(expiry, now + ClientOpening.addressWait)
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
        guard upgrade.endpoint.scheme == .wss, let tls else {
            state = .upgrading(HTTPExchange(sending: upgrade.request, on: socket))
            return .advanced
        }
        do {
            state = .securing(try TLSStream(connecting: socket, host: upgrade.endpoint.host, context: tls))
            return .advanced
        } catch {
            return failed(.tls, error.reason)
        }
    }

    private func secure(_ stream: TLSStream) -> Progress {
        switch stream.handshake() {
        case .done:
            state = .upgrading(HTTPExchange(sending: upgrade.request, on: stream))
            return .advanced
        case .blocked(let events):
            self.events = events
            return .blocked
        case .ended: return failed(.tls, "connection closed during the handshake")
        case .failed(let reason): return failed(.tls, reason)
        }
    }

    private func readAnswer(_ exchange: HTTPExchange, now: Instant) -> Progress {
        var exchange = exchange
        do {
            guard let answer = try exchange.advance() else {
                state = .upgrading(exchange)
                return .blocked
            }
            guard let status = answer.head.status else { return failed(.upgrade, "wanted an HTTP status line") }
            guard status.code == 101 else {
                let reader = RefusalReader(stream: exchange.stream, head: answer.head, rest: answer.rest)
                let deadline = min(expiry, now + RefusalReader.wait)
                state = .refused(reader, status: status.code, phrase: status.phrase, deadline: deadline)
                return .advanced
            }
            try upgrade.check(answer.head.headers)
            return .finished(.opened(exchange.stream, answer.head.headers, answer.rest))
        } catch {
            return failed(.upgrade, error.reason)
        }
    }

    private func refusal(_ refusal: HTTPRefusal, phrase: String) -> Closure {
        let words = HTTPStatus.words(refusal.status, phrase)
        let reason = refusal.body.isEmpty ? words : "\(words): \(refusal.body)"
        let error = TransportError(.upgrade, upgrade.endpoint.authority, reason, httpStatus: refusal.status)
        return Closure(error: error, refusal: refusal)
    }

    private func expired() -> Outcome {
        let step: TransportError.Step = switch state {
        case .resolving: .nameLookup
        case .connecting: .connect
        case .askingProxy: .proxy
        case .securing: .tls
        case .upgrading, .refused: .upgrade
        }
        let tried = attempts.isEmpty ? "" : " (\(attemptsInWords))"
        return ended(step, "no answer within 10 s" + tried)
    }

    private func failed(_ step: TransportError.Step, _ reason: String, httpStatus: Int? = nil) -> Progress {
        .finished(ended(step, reason, httpStatus: httpStatus))
    }

    private func ended(_ step: TransportError.Step, _ reason: String, httpStatus: Int? = nil) -> Outcome {
        .ended(Closure(error: TransportError(step, upgrade.endpoint.authority, reason, httpStatus: httpStatus)))
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
