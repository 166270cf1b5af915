import Glibc
import MonotonicClock

/// One WebSocket connection from its first step to its end, as client or as server. Never blocks. Not `Sendable`: it
/// belongs to the thread that polls it.
///
/// The owner waits for `pollRequest` and `deadline`, whichever comes first, calls `process`, and asks for both anew.
/// Every failure arrives as `.closed`, the last event of a connection. SIGPIPE is never raised.
public final class WebSocket {
    public enum Event: Equatable, Sendable {
        /// Client: the upgrade was accepted; fields of the answer.
        case opened(HTTPHeaders)
        /// Server: the client wants a WebSocket. To be answered by `accept` or `refuse`.
        case upgradeRequested(UpgradeRequest)
        /// Server: the client asks by HTTP for something else. To be answered by `refuse`, whatever the status.
        case requested(HTTPRequest)
        /// A whole text message, valid UTF-8, 16 MiB at most.
        case text([UInt8])
        /// A whole binary message, 16 MiB at most.
        case binary([UInt8])
        /// The end; nothing follows.
        case closed(Closure)
    }

    private enum State {
        /// -> `open`, `ended`
        case connecting(ClientOpening)
        /// -> `open` by `accept`; `leaving` by `refuse` or a bad request; `ended`
        case accepting(ServerOpening)
        /// -> `leaving`, `ended`
        case open(FrameLink)
        /// -> `ended`
        case leaving(Farewell)
        /// The stream is gone, its end not told yet. -> `closed`
        case ended(Closure)
        case closed
    }

    private var state: State
    /// The latest instant that the owner gave, for a deadline that means "at once".
    private var now: Instant
    /// Name of the peer in errors.
    private let peer: String

    private init(_ state: State, peer: String, now: Instant) {
        self.state = state
        self.peer = peer
        self.now = now
    }

    /// Client: begins to connect and returns at once. Look-up, connect, proxy, TLS and upgrade have 10 s together.
    /// `headers` are added to the request; their values are never shown. `tls` is needed for `wss://`.
    public static func connect(
        to endpoint: Endpoint, headers: [(name: String, value: String)], tls: TLSClientContext?,
        proxies: ProxySettings, now: Instant
    ) -> WebSocket {
        connect(to: endpoint, headers: headers, tls: tls, proxies: proxies, now: now) { host, port in
            NameLookup(host: host, port: port)
        }
    }

    /// The same with a look-up of the caller's choice.
    static func connect(
        to endpoint: Endpoint, headers: [(name: String, value: String)], tls: TLSClientContext?,
        proxies: ProxySettings, now: Instant, lookup: (String, Int) -> NameLookup
    ) -> WebSocket {
        precondition(endpoint.scheme == .ws || tls != nil, "wss:// without a TLS context")
        let state: State
        do {
            let upgrade = try HTTPUpgrade(endpoint: endpoint, headers: headers)
            let proxy = try proxies.proxy(for: endpoint)
            let lookup = lookup(proxy?.host ?? endpoint.host, proxy?.port ?? endpoint.port)
            state = .connecting(ClientOpening(upgrade, proxy: proxy, tls: tls, lookup: lookup, now: now))
        } catch {
            state = .ended(Closure(error: error))
        }
        return WebSocket(state, peer: endpoint.authority, now: now)
    }

    /// Server: takes over an accepted socket.
    static func accept(_ socket: TCPSocket, tls: TLSServerContext?, now: Instant) -> WebSocket {
        let peer = socket.peer
        do {
            return WebSocket(.accepting(try ServerOpening(socket, tls: tls, now: now)), peer: peer, now: now)
        } catch {
            return WebSocket(.ended(Closure(error: error)), peer: peer, now: now)
        }
    }

    /// A client's: TLS is being agreed on. The server is there, and has what we said first.
    public var isSecuring: Bool { if case .connecting(let opening) = state { opening.isSecuring } else { false } }

    /// What to wait for; nil when there is no socket to wait for: the connection is over, its end is about to be told,
    /// or the owner has to answer `.upgradeRequested`.
    public var pollRequest: PollRequest? {
        switch state {
        case .connecting(let opening): opening.pollRequest
        case .accepting(let opening): opening.pollRequest
        case .open(let link): link.pollRequest
        case .leaving(let farewell): farewell.pollRequest
        case .ended, .closed: nil
        }
    }

    /// When `process` is to be called even though nothing was polled; nil when there is no such time. In the past when
    /// it has something to do at once.
    public var deadline: Instant? {
        switch state {
        case .connecting(let opening): opening.deadline
        case .accepting(let opening): opening.deadline
        case .open(let link): link.deadline(now: now)
        case .leaving(let farewell): farewell.deadline
        case .ended: now
        case .closed: nil
        }
    }

    /// Reads, writes and watches the clock; what came of it, in order. May be called at any time; a call too many does
    /// no harm. Reads at most 256 KiB; when more is there, `deadline` is in the past.
    public func process(now: Instant) -> [Event] {
        self.now = now
        var events: [Event] = []
        if case .connecting(let opening) = state { process(opening, &events) }
        if case .accepting(let opening) = state { process(opening, &events) }
        if case .open(let link) = state { process(link, &events) }
        if case .leaving(var farewell) = state {
            state = farewell.process(now: now) ? .ended(farewell.closure) : .leaving(farewell)
        }
        if case .ended(let closure) = state {
            state = .closed
            events.append(.closed(closure))
        }
        return events
    }

    /// Queues a text message and writes what goes at once. False when the link is not open: it has closed, or is about
    /// to say so. More than 16 MiB unsent ends the connection.
    @discardableResult
    public func send(text: String, now: Instant) -> Bool {
        self.now = now
        guard case .open(let link) = state else { return false }
        return link.send(text: text)
    }

    /// Queues a binary message; otherwise as `send(text:now:)`.
    @discardableResult
    public func send(binary: [UInt8], now: Instant) -> Bool {
        self.now = now
        guard case .open(let link) = state else { return false }
        return link.send(binary: binary)
    }

    /// Queues a ping of at most 125 bytes. A client pings by itself every 15 s; a server does not.
    public func sendPing(_ payload: [UInt8] = [], now: Instant) {
        self.now = now
        if case .open(let link) = state { link.sendPing(payload) }
    }

    /// Queues bytes that no framing was put on, for servers that inject faults.
    public func send(raw bytes: [UInt8], now: Instant) {
        self.now = now
        if case .open(let link) = state { link.send(raw: bytes) }
    }

    /// Whether what the peer sends is read and thrown away, pings included, for servers that inject faults. To be set
    /// once the connection is open, and for good: framing that missed bytes cannot go on.
    public var ignoresIncoming = false {
        didSet { if case .open(let link) = state { link.ignoresIncoming = ignoresIncoming } }
    }

    /// Begins the closing handshake; `.closed` follows within 1 s. `code` is 1000 to 4999, `reason` is cut to 123
    /// bytes. Before the connection is open, it is dropped. Does nothing when the end has begun.
    public func close(code: UInt16, reason: String, now: Instant) {
        self.now = now
        switch state {
        case .open(let link): link.close(code: code, reason: reason, now: now)
        case .connecting, .accepting: state = .ended(Closure(isInitiatedByUs: true))
        case .leaving, .ended, .closed: return
        }
    }

    /// Drops the connection at once, without a word to the peer. No event follows.
    public func abandon() { state = .closed }

    /// Server: opens the connection after `.upgradeRequested`; does nothing at other times. `subprotocol` has to be one
    /// that the client offered. `extraBytes` go out as they are, in one write with the answer.
    public func accept(subprotocol: String? = nil, extraBytes: [UInt8] = [], now: Instant) {
        self.now = now
        guard case .accepting(let opening) = state, let (stream, request, rest) = opening.request else { return }
        let answer = request.acceptance(subprotocol: subprotocol) + extraBytes
        let link = FrameLink(stream: stream, role: .server, peer: peer, received: rest, unsent: answer, now: now)
        link.ignoresIncoming = ignoresIncoming
        state = .open(link)
    }

    /// Server: answers `.upgradeRequested` or `.requested` with an HTTP status and ends the connection; does nothing at
    /// other times.
    public func refuse(
        status: Int, headers: [(name: String, value: String)] = [], body: String = "", now: Instant
    ) {
        self.now = now
        guard case .accepting(let opening) = state, let stream = opening.undecidedStream else { return }
        var answer = OutgoingBytes()
        answer.append(closingAnswer(status: status, headers: headers, body: body))
        var farewell = Farewell(
            Closure(isInitiatedByUs: true), stream: stream, outgoing: answer, awaitsPeer: true, now: now)
        state = farewell.process(now: now) ? .ended(farewell.closure) : .leaving(farewell)
    }

    private func process(_ opening: ClientOpening, _ events: inout [Event]) {
        switch opening.process(now: now) {
        case .goesOn: return
        case .ended(let closure): state = .ended(closure)
        case .opened(let stream, let headers, let rest):
            events.append(.opened(headers))
            state = .open(FrameLink(stream: stream, role: .client, peer: peer, received: rest, unsent: [], now: now))
        }
    }

    private func process(_ opening: ServerOpening, _ events: inout [Event]) {
        // The owner's decision is awaited.
        guard !opening.isUndecided else { return }
        switch opening.process(now: now) {
        case .goesOn: return
        case .requested(let request): events.append(.upgradeRequested(request))
        case .asked(let request): events.append(.requested(request))
        case .leaves(let farewell): state = .leaving(farewell)
        case .ended(let closure): state = .ended(closure)
        }
    }

    private func process(_ link: FrameLink, _ events: inout [Event]) {
        let (messages, outcome) = link.process(now: now)
        for message in messages {
            switch message {
            case .text(let bytes): events.append(.text(bytes))
            case .binary(let bytes): events.append(.binary(bytes))
            }
        }
        switch outcome {
        case .goesOn: return
        case .leaves(let farewell): state = .leaving(farewell)
        case .ended(let closure): state = .ended(closure)
        }
    }
}
