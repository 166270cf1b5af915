import Glibc
import MonotonicClock
import Realtime
import Transport

/// Whether the server can be reached and opens a session: one connection, closed as soon as that is known. Blocks.
struct OnlineCheck {
    /// All of it, look-up to `session.created`: the connection's 10 s and some for the session.
    static let budget = Duration.seconds(15)

    /// How far it came.
    enum Outcome: Equatable {
        /// The session's id.
        case created(String)
        /// No key could be had.
        case noKey(String)
        /// On the way to an open WebSocket.
        case notOpened(TransportError)
        /// After it: what the server said, or that it said nothing.
        case refused(String)
    }

    let endpoint: Endpoint
    private let keys: Settings.Keys
    private let access: WebAccess
    private let supply: KeySupply
    /// Learns the keys that are fetched.
    let ring: KeyRing

    /// Throws when the URL or the trust anchors are wrong.
    init(settings: Settings, key: APIKey?, environment: [String: String]) throws(TransportError) {
        endpoint = try Link.endpoint(settings.realtime)
        keys = settings.keys
        access = try WebAccess(settings, environment: environment)
        ring = KeyRing(key)
        supply = KeySupply(try KeySource(settings, key: key), access: access, environment: environment, ring: ring)
    }

    /// Connects and waits for the session.
    func perform(budget: Duration = budget) -> Outcome {
        let start = Instant.now
        let deadline = start + budget
        let key: APIKey?
        switch supply.wait() {
        case .success(let found): key = found
        case .failure(let loss): return .noKey(loss.words)
        }
        let header = keys.header(key, host: endpoint.host)
        let socket = WebSocket.connect(
            to: endpoint, headers: [header], tls: access.tls, proxies: access.proxies, now: Instant.now)
        var outcome: Outcome?
        // Ends with `.closed`, which follows a close within 1 s; the deadline bounds the rest.
        while true {
            let now = Instant.now
            for event in socket.process(now: now) {
                if case .closed(let closure) = event { return outcome ?? Self.outcome(of: closure) }
                guard outcome == nil, case .text(let bytes) = event else { continue }
                outcome = Self.outcome(of: bytes)
                if outcome != nil { socket.close(code: 1000, reason: "", now: now) }
            }
            if now >= deadline {
                socket.abandon()
                return outcome ?? .refused("no session within \(budget.components.seconds) s")
            }
            wait(for: socket, until: deadline)
        }
    }

    private func wait(for socket: WebSocket, until deadline: Instant) {
        let left = Instant.now.duration(to: min(socket.deadline ?? deadline, deadline))
        let milliseconds = Int32(clamping: Int((max(left, .zero) / .milliseconds(1)).rounded(.up)))
        guard let request = socket.pollRequest else {
            poll(nil, 0, milliseconds)
            return
        }
        var descriptor = pollfd(fd: request.fd, events: request.events, revents: 0)
        poll(&descriptor, 1, milliseconds)
    }

    /// Nil when the message does not decide.
    static func outcome(of message: [UInt8]) -> Outcome? {
        do {
            switch try ServerEvent.decode(message) {
            case .sessionCreated(let session): return .created(session.id)
            case .error(let error):
                // The server's words, and the stable word to search for.
                return .refused(error.message + (error.code.map { " (\($0))" } ?? ""))
            default: return nil
            }
        } catch {
            return .refused(error.description)
        }
    }

    private static func outcome(of closure: Closure) -> Outcome {
        if let error = closure.error { return .notOpened(error) }
        return .refused(closure.description)
    }

    /// One finding a step, up to the first that failed.
    func findings(_ outcome: Outcome) -> [SelfCheck.Finding] {
        let names = ["name", "connect", "tls", "session"]
        let peer = endpoint.authority
        let security = endpoint.scheme == .wss ? "\(peer): certificate is valid" : "not used: ws:// on this machine"
        let good = [peer, peer, security]
        let (passed, last): (Int, SelfCheck.Finding) = switch outcome {
        case .noKey(let words): (0, .bad("key", words))
        case .created(let id): (3, .good("session", "created: \(id)"))
        case .refused(let words): (3, .bad("session", "\(peer): \(words)"))
        case .notOpened(let error):
            switch error.step {
            case .address, .pemFile, .listen, .nameLookup: (0, .bad("name", error))
            case .connect, .proxy: (1, .bad("connect", error))
            case .tls: (2, .bad("tls", error))
            case .upgrade, .webSocket, .keepAlive, .request: (3, .bad("session", error))
            }
        }
        return zip(names, good).prefix(passed).map { .good($0, $1) } + [last]
    }
}
