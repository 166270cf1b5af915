import Glibc
import MonotonicClock
import Realtime
import Session
import Transport

/// Where the key of a request comes from.
enum KeySource: Equatable {
    /// The account's own; nil for a server on this machine.
    case fixed(APIKey?)
    /// A program that prints a key or a client secret.
    case command([String])
    /// The operator's broker; `key` is the kiosk's own for it.
    case broker(Endpoint, method: String, key: APIKey?)
    /// The server gives out client secrets for the account's key.
    case minted(at: Endpoint, model: String, key: APIKey?)

    /// The setting that names it, for error lines.
    var name: String {
        switch self {
        case .fixed: "realtime.api_key_file"
        case .command: "realtime.key_command"
        case .broker: "realtime.key_url"
        case .minted: "realtime.mint_client_secret"
        }
    }
}

/// All secrets the agent has to do with, so that none of them is shown or stored.
final class KeyRing {
    /// Fetched keys remembered; each of them is void after minutes or hours.
    private static let limit = 16

    /// The account's own.
    let own: APIKey?
    private var fetched: [APIKey] = []

    init(_ own: APIKey?) { self.own = own }

    func add(_ key: APIKey) {
        guard key != own, !fetched.contains(key) else { return }
        fetched = fetched.suffix(Self.limit - 1) + [key]
    }

    /// `text` with every key replaced by `[key]`.
    func redact(_ text: String) -> String { all.reduce(text) { $1.redact($0) } }

    private var all: [APIKey] { (own.map { [$0] } ?? []) + fetched }
}

/// The key of the next request: at hand, or fetched when it is wanted. Never blocks.
final class KeySupply {
    enum Outcome: Equatable {
        case goesOn
        case ready(APIKey?)
        case failed(LinkLoss)
    }

    /// Time for one fetch.
    static let limit = Duration.seconds(10)
    /// Most bytes a program may print: a client secret with its session takes 2 kB.
    static let outputLimit = 64 << 10
    /// A key that is void so soon is fetched anew.
    static let margin = 60.0
    /// How long a secret that we have minted may start sessions, in seconds: the service's own default.
    static let mintedSeconds = 600

    private enum Fetch {
        case call(HTTPCall)
        case command(CommandRun)
        case failed(LinkLoss)
    }

    private let source: KeySource
    private let access: WebAccess
    private let environment: [String: String]
    private let ring: KeyRing
    private var fetch: Fetch?
    private var begunAt = Instant.now
    private var current: (key: APIKey, expiresAt: Double)?

    init(_ source: KeySource, access: WebAccess, environment: [String: String], ring: KeyRing) {
        self.source = source
        self.access = access
        self.environment = environment
        self.ring = ring
    }

    var pollRequest: PollRequest? {
        switch fetch {
        case .call(let call): call.pollRequest
        case .command(let run): run.pollRequest
        case .failed, nil: nil
        }
    }

    /// In the past when there is something to do at once.
    var deadline: Instant {
        switch fetch {
        case .call(let call): call.deadline
        case .command(let run): run.deadline
        case .failed, nil: begunAt
        }
    }

    /// Asks for a key; what becomes of it `process` tells.
    func begin(at now: Instant) {
        fetch = nil
        begunAt = now
        if let current, current.expiresAt - Self.margin > Self.wallSeconds { return }
        current = nil
        switch source {
        case .fixed: break
        case .command(let command):
            do {
                fetch = .command(try CommandRun(
                    command, environment: environment, limit: Self.limit, outputLimit: Self.outputLimit, now: now))
            } catch {
                fetch = .failed(loss(error.words))
            }
        case .broker(let endpoint, let method, let key):
            let headers = key.map { [(name: "Authorization", value: APIKey.authorization($0))] } ?? []
            let request = HTTPCall.Request(method, headers: headers)
            fetch = .call(access.call(request, to: endpoint, limit: Self.limit, at: now))
        case .minted(let endpoint, let model, let key):
            let body = ClientSecretRequest(model: model, seconds: Self.mintedSeconds).encoded()
            let headers = [
                (name: "Authorization", value: APIKey.authorization(key)),
                (name: "Content-Type", value: "application/json"),
            ]
            let request = HTTPCall.Request("POST", headers: headers, body: body)
            fetch = .call(access.call(request, to: endpoint, limit: Self.limit, at: now))
        }
    }

    /// Goes on with what `begin` began.
    func process(at now: Instant) -> Outcome {
        let outcome: Outcome = switch fetch {
        case nil: .ready(current?.key ?? fixedKey)
        case .failed(let loss): .failed(loss)
        case .call(let call):
            switch call.process(now: now) {
            case .goesOn: .goesOn
            case .failed(let error): .failed(loss(error.description))
            case .answered(let answer): taken(answer)
            }
        case .command(let run):
            switch run.process(now: now) {
            case .goesOn: .goesOn
            case .failed(let words): .failed(loss(words))
            case .printed(let bytes): taken(bytes)
            }
        }
        if outcome != .goesOn { fetch = nil }
        return outcome
    }

    /// Fetches a key, if need be. Blocks for 10 s at most.
    func wait() -> Result<APIKey?, LinkLoss> {
        begin(at: Instant.now)
        while true {
            switch process(at: Instant.now) {
            case .ready(let key): return .success(key)
            case .failed(let loss): return .failure(loss)
            case .goesOn: PollSet.wait(for: pollRequest, until: deadline)
            }
        }
    }

    /// The server did not take the key: the next request gets a fresh one.
    func forget() { current = nil }

    func cancel() { fetch = nil }

    private var fixedKey: APIKey? {
        if case .fixed(let key) = source { key } else { nil }
    }

    private func taken(_ answer: HTTPAnswer) -> Outcome {
        guard (200...299).contains(answer.status) else { return .failed(LinkLoss(answer, of: source.name)) }
        return taken(answer.body)
    }

    private func taken(_ bytes: [UInt8]) -> Outcome {
        do {
            let secret = try ClientSecret.decode(bytes)
            let key = try APIKey(secret.value, from: source.name)
            ring.add(key)
            if let expiresAt = secret.expiresAt { current = (key, expiresAt) }
            return .ready(key)
        } catch let error as EventDecodingError {
            return .failed(loss(error.problem))
        } catch {
            return .failed(LinkLoss(words: "\(error)"))
        }
    }

    private func loss(_ words: String) -> LinkLoss { LinkLoss(words: "\(source.name): \(words)") }

    private static var wallSeconds: Double { Double(time(nil)) }
}

/// What HTTP requests share: trust anchors and proxies.
struct WebAccess {
    /// nil when nothing but this machine is asked.
    let tls: TLSClientContext?
    let proxies: ProxySettings

    /// Throws when the trust anchors cannot be read.
    init(_ settings: Settings, environment: [String: String]) throws(TransportError) {
        let session = try Endpoint(settings.realtime.url)
        let broker = try settings.keys.url.map { url throws(TransportError) in try Endpoint(http: url) }
        let isSecure = session.scheme == .wss || broker?.scheme == .wss
        tls = isSecure ? try TLSClientContext(caFile: settings.realtime.caFile) : nil
        proxies = ProxySettings(environment: environment)
    }

    func call(
        _ request: HTTPCall.Request, to endpoint: Endpoint, limit: Duration, at now: Instant
    ) -> HTTPCall {
        HTTPCall(request, to: endpoint, tls: tls, proxies: proxies, limit: limit, now: now)
    }
}

extension LinkLoss {
    /// An answer that is no success, in words: the server's own if it gave some.
    init(_ answer: HTTPAnswer, of name: String) {
        let error = APIError.decode(body: answer.body)
        let code = error?.code.map { " (\($0))" } ?? ""
        let said = error.map { ": \($0.message)\(code)" } ?? ""
        let seconds = answer.headers["retry-after"].flatMap { Int($0) }
        self.init(
            httpStatus: answer.status, retryAfter: seconds.map { .seconds(max(0, min($0, 86_400))) },
            words: "\(name): \(answer.words)\(said)")
    }
}
