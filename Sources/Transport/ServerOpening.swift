import Glibc
import MonotonicClock

/// A server's side of a connection before it is open: TLS, then the client's request.
final class ServerOpening {
    enum Outcome {
        case goesOn
        case requested(UpgradeRequest)
        case asked(HTTPRequest)
        case leaves(Farewell)
        case ended(Closure)
    }

    /// Time that a client has for its request.
    static let wait = Duration.seconds(10)
    /// Most bytes of a request's body: the service takes recordings of 25 MB.
    static let bodyLimit = 27 << 20

    private enum State {
        /// -> `reading`
        case securing(TLSStream)
        /// -> `undecided`, `readingBody`; the end when it is no request that is known here.
        case reading(HTTPExchange)
        /// -> `asked`
        case readingBody(any ByteStream, HTTPRequest, HTTPBodyReader)
        /// A request that is no upgrade; the owner has to answer it.
        case asked(any ByteStream)
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
        case .readingBody(let stream, _, _): PollRequest(fd: stream.descriptor, events: events)
        case .undecided, .asked: nil
        }
    }

    var deadline: Instant? {
        switch state {
        case .undecided, .asked: nil
        case .securing, .reading, .readingBody: expiry
        }
    }

    /// The owner's decision or answer is awaited.
    var isUndecided: Bool { deadline == nil }

    /// Where a refusal or an answer goes.
    var undecidedStream: (any ByteStream)? {
        switch state {
        case .undecided(let stream, _, _), .asked(let stream): stream
        case .securing, .reading, .readingBody: nil
        }
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
        if case .readingBody(let stream, let request, let reader) = state {
            if let outcome = readBody(reader, of: request, on: stream, now: now) { return outcome }
        }
        if let deadline, now >= deadline { return ended(.upgrade, "no request within 10 s") }
        return .goesOn
    }

    private func decide(
        _ head: HTTPHead, _ rest: [UInt8], _ stream: any ByteStream, now: Instant
    ) -> Outcome {
        do {
            if head.startLine.hasPrefix("POST ") {
                let request = try HTTPRequest(head)
                var reader = try HTTPBodyReader(head.headers, isRequest: true, limit: Self.bodyLimit)
                try reader.append(rest)
                events = Int16(POLLIN)
                return readBody(reader, of: request, on: stream, now: now) ?? .goesOn
            }
            let request = try UpgradeRequest(head)
            state = .undecided(stream, request, rest)
            return .requested(request)
        } catch {
            return refused(error.reason, on: stream, now: now)
        }
    }

    private func refused(_ reason: String, on stream: any ByteStream, now: Instant) -> Outcome {
        let closure = Closure(error: TransportError(.upgrade, peer, reason))
        var answer = OutgoingBytes()
        answer.append(closingAnswer(status: 400, headers: [], body: reason + "\n"))
        return .leaves(Farewell(closure, stream: stream, outgoing: answer, awaitsPeer: true, now: now))
    }

    /// nil when the rest of the body has to be waited for.
    private func readBody(
        _ reader: HTTPBodyReader, of request: HTTPRequest, on stream: any ByteStream, now: Instant
    ) -> Outcome? {
        // Its only owner, so that the body grows in place.
        state = .asked(stream)
        var reader = reader
        var buffer = [UInt8](repeating: 0, count: 64 * 1024)
        do {
            while !reader.isWhole {
                switch buffer.withUnsafeMutableBytes(stream.read) {
                case .done(let count): try reader.append(buffer[..<count])
                case .blocked(let events):
                    self.events = events
                    state = .readingBody(stream, request, reader)
                    return nil
                case .ended: return ended(.request, "connection closed amid the request")
                case .failed(let reason): return ended(.request, reason)
                }
            }
        } catch {
            return refused(error.reason, on: stream, now: now)
        }
        var whole = request
        whole.body = reader.body
        return .asked(whole)
    }

    private func ended(_ step: TransportError.Step, _ reason: String) -> Outcome {
        .ended(Closure(error: TransportError(step, peer, reason)))
    }
}
