import Glibc
import MonotonicClock

/// A client's way to an open WebSocket: a stream to the server, then the upgrade.
final class ClientOpening {
    enum Outcome {
        case goesOn
        /// The stream, the fields of the 101 answer, and the bytes that came behind it.
        case opened(any ByteStream, HTTPHeaders, [UInt8])
        case ended(Closure)
    }

    private enum State {
        /// -> `upgrading`
        case opening(StreamOpening)
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
    /// The stream's opening and the upgrade share their time.
    private let expiry: Instant
    private var state: State

    init(
        _ upgrade: HTTPUpgrade, proxy: Proxy?, tls: TLSClientContext?, lookup: NameLookup, now: Instant
    ) {
        self.upgrade = upgrade
        let opening = StreamOpening(to: upgrade.endpoint, proxy: proxy, tls: tls, lookup: lookup, now: now)
        expiry = opening.expiry
        state = .opening(opening)
    }

    var pollRequest: PollRequest {
        switch state {
        case .opening(let opening): opening.pollRequest
        case .upgrading(let exchange): PollRequest(fd: exchange.stream.descriptor, events: exchange.events)
        case .refused(let reader, _, _, _): reader.pollRequest
        }
    }

    /// In the past when there is something to do at once.
    var deadline: Instant {
        switch state {
        case .opening(let opening): opening.deadline
        case .upgrading: expiry
        case .refused(_, _, _, let deadline): min(deadline, expiry)
        }
    }

    var isSecuring: Bool { if case .opening(let opening) = state { opening.isSecuring } else { false } }

    /// Goes on as far as it can, then looks at the clock. Never blocks.
    func process(now: Instant) -> Outcome {
        while true {
            switch advance(now: now) {
            case .advanced: continue
            case .finished(let outcome): return outcome
            case .blocked: return now >= expiry ? ended(.upgrade, "no answer within 10 s") : .goesOn
            }
        }
    }

    private func advance(now: Instant) -> Progress {
        switch state {
        case .opening(let opening):
            switch opening.process(now: now) {
            case .goesOn: return .blocked
            case .failed(let error): return .finished(.ended(Closure(error: error)))
            case .opened(let stream):
                state = .upgrading(HTTPExchange(sending: upgrade.request, on: stream))
                return .advanced
            }
        case .upgrading(let exchange): return readAnswer(exchange, now: now)
        case .refused(var reader, let status, let phrase, let deadline):
            guard reader.advance() || now >= deadline else {
                state = .refused(reader, status: status, phrase: phrase, deadline: deadline)
                return .blocked
            }
            return .finished(.ended(refusal(reader.refusal(status: status), phrase: phrase)))
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

    private func failed(_ step: TransportError.Step, _ reason: String) -> Progress { .finished(ended(step, reason)) }

    private func ended(_ step: TransportError.Step, _ reason: String) -> Outcome {
        .ended(Closure(error: TransportError(step, upgrade.endpoint.authority, reason)))
    }
}
