import Glibc
import MonotonicClock

/// A server's side of a connection before it is open: TLS, then the client's request.
final class ServerOpening {
    enum Outcome {
        case goesOn
        case requested(UpgradeRequest)
        case leaves(Farewell)
        case ended(Closure)
    }

    /// Time that a client has for its request.
    static let wait = Duration.seconds(10)

    private enum State {
        /// -> `reading`
        case securing(TLSStream)
        /// -> `undecided`; the end when it is no request for a WebSocket.
        case reading(HTTPExchange)
        /// The request is known, and the owner has to accept or to refuse. The bytes came behind it.
        case undecided(any ByteStream, UpgradeRequest, [UInt8])
    }

    private var state: State
    private var events = Int16(POLLIN)
    private let expiry: Instant
    /// Name of the client in errors.
    let peer: String

    init(_ socket: TCPSocket, tls: TLSServerContext?, now: Instant) throws(TransportError) {
        peer = socket.peer
        expiry = now + ServerOpening.wait
        if let tls {
            do { state = .securing(try TLSStream(accepting: socket, context: tls)) } catch {
                throw TransportError(.tls, peer, error.reason)
            }
        } else {
            state = .reading(HTTPExchange(awaitingRequestOn: socket))
        }
    }

    /// nil while the owner has to decide.
    var pollRequest: PollRequest? {
        switch state {
        case .securing(let stream): PollRequest(fd: stream.descriptor, events: events)
        case .reading(let exchange): PollRequest(fd: exchange.stream.descriptor, events: events)
        case .undecided: nil
        }
    }

    var deadline: Instant? {
        if case .undecided = state { return nil }
        return expiry
    }

    /// The client's request and its stream, once it is there.
    var request: (stream: any ByteStream, request: UpgradeRequest, rest: [UInt8])? {
        guard case .undecided(let stream, let request, let rest) = state else { return nil }
        return (stream, request, rest)
    }

    func process(now: Instant) -> Outcome {
        if case .securing(let stream) = state {
            switch stream.handshake() {
            case .done: state = .reading(HTTPExchange(awaitingRequestOn: stream))
            case .blocked(let events): self.events = events
            case .ended: return ended(.tls, "connection closed during the handshake")
            case .failed(let reason): return ended(.tls, reason)
            }
        }
        if case .reading(var exchange) = state {
            do {
                if let (head, rest) = try exchange.advance() { return decide(head, rest, exchange.stream, now: now) }
            } catch {
                return ended(.upgrade, error.reason)
            }
            events = exchange.events
            state = .reading(exchange)
        }
        if let deadline, now >= deadline { return ended(.upgrade, "no request within 10 s") }
        return .goesOn
    }

    private func decide(
        _ head: HTTPHead, _ rest: [UInt8], _ stream: any ByteStream, now: Instant
    ) -> Outcome {
        do {
            let request = try UpgradeRequest(head)
            state = .undecided(stream, request, rest)
            return .requested(request)
        } catch {
            let closure = Closure(error: TransportError(.upgrade, peer, error.reason))
            var answer = OutgoingBytes()
            answer.append(closingAnswer(status: 400, headers: [], body: error.reason + "\n"))
            return .leaves(Farewell(closure, stream: stream, outgoing: answer, awaitsPeer: true, now: now))
        }
    }

    private func ended(_ step: TransportError.Step, _ reason: String) -> Outcome {
        .ended(Closure(error: TransportError(step, peer, reason)))
    }
}
