import CLinux
import Glibc
import Journal
import MonotonicClock
import Realtime
import Session
import Transport

/// The connection to the server: events in, events out, one WebSocket at a time.
final class Link {
    private let endpoint: Endpoint
    private let settings: Settings.Keys
    private let access: WebAccess
    private let supply: KeySupply
    /// A key is awaited for the connection to be made.
    private var isAwaitingKey = false
    /// The server has greeted us: it took the key.
    private var isGreeted = false
    /// The code that led to the server was given back.
    private var hasForgottenWay = false
    private var socket: WebSocket?

    /// Throws when the trust anchors cannot be read. `key` is the account's own, `keys` learns all others.
    init(
        settings: Settings, key: APIKey?, keys: KeyRing, environment: [String: String]
    ) throws(TransportError) {
        endpoint = try Self.endpoint(settings.realtime)
        self.settings = settings.keys
        access = try WebAccess(settings, environment: environment)
        supply = KeySupply(try KeySource(settings, key: key), access: access, environment: environment, ring: keys)
    }

    /// The configured address with the model in its query, unless the address names one itself (Azure, proxies); for
    /// dictation with the intent in place of the model.
    static func endpoint(_ realtime: Settings.Realtime) throws(TransportError) -> Endpoint {
        let query = realtime.url.drop { $0 != "?" }.dropFirst()
        let isDictation = realtime.mode == .dictation
        let names = isDictation ? ["intent="] : ["model=", "deployment="]
        guard !query.split(separator: "&").contains(where: { field in names.contains { field.hasPrefix($0) } }) else {
            return try Endpoint(realtime.url)
        }
        let separator = query.isEmpty ? (realtime.url.hasSuffix("?") ? "" : "?") : "&"
        let value = isDictation ? "transcription" : percentEncoded(realtime.model)
        return try Endpoint(realtime.url + separator + names[0] + value)
    }

    var pollRequest: PollRequest? { isAwaitingKey ? supply.pollRequest : socket?.pollRequest }
    var deadline: Instant? { isAwaitingKey ? supply.deadline : socket?.deadline }

    func connect(at now: Instant) {
        abandon()
        supply.begin(at: now)
        isAwaitingKey = true
        isGreeted = false
        hasForgottenWay = false
    }

    /// Goes on to the server as soon as there is a key; what went wrong if none comes.
    private func awaitKey(at now: Instant) -> LinkLoss? {
        let outcome = supply.process(at: now)
        guard outcome != .goesOn else { return nil }
        isAwaitingKey = false
        switch outcome {
        case .goesOn: return nil
        case .failed(let loss): return loss
        case .ready(let key):
            let header = settings.header(key, host: endpoint.host)
            socket = WebSocket.connect(
                to: endpoint, headers: [header], tls: access.tls, proxies: access.proxies, now: now)
            return nil
        }
    }

    func send(_ event: ClientEvent, at now: Instant) { socket?.send(text: event.encoded(), now: now) }

    /// 1000: we are done, nothing is wrong.
    func close(reason: String, at now: Instant) { socket?.close(code: 1000, reason: reason, now: now) }

    func abandon() {
        supply.cancel()
        isAwaitingKey = false
        socket?.abandon()
        socket = nil
    }

    /// What happened on the connection since the last call.
    func process(at now: Instant) -> [SessionStateMachine.Input] {
        if isAwaitingKey, let loss = awaitKey(at: now) { return [.lost(loss)] }
        guard let socket else { return [] }
        let events = socket.process(now: now)
        if socket.isSecuring, !hasForgottenWay {
            // While the server answers; what comes now needs 4 MB of its own.
            clinux_forget_code()
            hasForgottenWay = true
        }
        return events.compactMap { event in
            switch event {
            case .opened: handshakeIsDone()
            case .text(let bytes): received(bytes)
            case .binary(let bytes): .receivedUndecodable("a binary message of \(bytes.count) bytes")
            case .upgradeRequested, .requested: nil
            case .closed(let closure):
                lost(closure)
            }
        }
    }

    private func handshakeIsDone() -> SessionStateMachine.Input {
        // Certificates and the opening of the WebSocket: 3 MB that are needed again at the next connection only.
        clinux_forget_code()
        return .connected
    }

    private func lost(_ closure: Closure) -> SessionStateMachine.Input {
        socket = nil
        if !isGreeted { supply.forget() }
        return .lost(LinkLoss(closure))
    }

    private func received(_ bytes: [UInt8]) -> SessionStateMachine.Input {
        do {
            let event = try ServerEvent.decode(bytes)
            if case .sessionCreated = event { isGreeted = true }
            return .received(event)
        } catch {
            return .receivedUndecodable(error.description)
        }
    }

    /// RFC 3986: everything but unreserved characters as %XX.
    private static func percentEncoded(_ text: String) -> String {
        text.utf8.map { byte in
            let character = Character(UnicodeScalar(byte))
            let isUnreserved = character.isLetter || character.isNumber || "-._~".contains(character)
            if byte < 0x80, isUnreserved { return String(character) }
            let hex = String(byte, radix: 16, uppercase: true)
            return "%" + (hex.count == 1 ? "0" : "") + hex
        }.joined()
    }
}

extension LinkLoss {
    /// - Parameter secondsSince1970: the wall clock, by which certificates are judged.
    init(_ closure: Closure, secondsSince1970: Int = time(nil)) {
        let hint = closure.error.flatMap { Self.clockHint($0, secondsSince1970: secondsSince1970) } ?? ""
        self.init(
            closeCode: [1005, 1006].contains(closure.code) ? nil : Int(closure.code), closeReason: closure.reason,
            httpStatus: closure.refusal?.status,
            retryAfter: closure.refusal?.retryAfter, words: closure.description + hint)
    }

    /// What there is to say of the clock when a certificate is not accepted. A board without a battery wakes up in the
    /// past, and goes on trying until the network has told it the time.
    static func clockHint(_ error: TransportError, secondsSince1970: Int) -> String? {
        guard error.step == .tls else { return nil }
        let day = WallClock.day(atMs: Int64(secondsSince1970) * 1000)
        if secondsSince1970 < SelfCheck.earliestClock {
            return "; the clock is not set, it says \(day): tried again until it is"
        }
        let isOfTime = ["not yet valid", "has expired"].contains { error.reason.contains($0) }
        return isOfTime ? "; the clock says \(day)" : nil
    }
}
