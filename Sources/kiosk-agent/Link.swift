import CLinux
import MonotonicClock
import Realtime
import Session
import Transport

/// The connection to the server: events in, events out, one WebSocket at a time.
final class Link {
    private let endpoint: Endpoint
    private let headers: [(name: String, value: String)]
    private let tls: TLSClientContext?
    private let proxies: ProxySettings
    private var socket: WebSocket?

    /// Throws when the trust anchors cannot be read.
    init(settings: Settings, key: APIKey?, environment: [String: String]) throws(TransportError) {
        endpoint = try Self.endpoint(settings.realtime)
        tls = endpoint.scheme == .wss ? try TLSClientContext(caFile: settings.realtime.caFile) : nil
        headers = [("Authorization", APIKey.authorization(key))]
        proxies = ProxySettings(environment: environment)
    }

    /// The configured address with the model in its query, unless the address names one itself (Azure, proxies); for
    /// dictation with the intent in place of the model.
    static func endpoint(_ realtime: Settings.Realtime) throws(TransportError) -> Endpoint {
        let query = realtime.url.drop { $0 != "?" }.dropFirst()
        let isDictation = realtime.mode == .dictation
        let name = isDictation ? "intent=" : "model="
        guard !query.split(separator: "&").contains(where: { $0.hasPrefix(name) }) else {
            return try Endpoint(realtime.url)
        }
        let separator = query.isEmpty ? (realtime.url.hasSuffix("?") ? "" : "?") : "&"
        let value = isDictation ? "transcription" : percentEncoded(realtime.model)
        return try Endpoint(realtime.url + separator + name + value)
    }

    var pollRequest: PollRequest? { socket?.pollRequest }
    var deadline: Instant? { socket?.deadline }

    func connect(at now: Instant) {
        socket?.abandon()
        socket = WebSocket.connect(to: endpoint, headers: headers, tls: tls, proxies: proxies, now: now)
    }

    func send(_ event: ClientEvent, at now: Instant) { socket?.send(text: event.encoded(), now: now) }

    /// 1000: we are done, nothing is wrong.
    func close(reason: String, at now: Instant) { socket?.close(code: 1000, reason: reason, now: now) }

    func abandon() {
        socket?.abandon()
        socket = nil
    }

    /// What happened on the connection since the last call.
    func process(at now: Instant) -> [SessionStateMachine.Input] {
        guard let socket else { return [] }
        return socket.process(now: now).compactMap { event in
            switch event {
            case .opened: handshakeIsDone()
            case .text(let bytes): Self.decode(bytes)
            case .binary(let bytes): .receivedUndecodable("a binary message of \(bytes.count) bytes")
            case .upgradeRequested: nil
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
        return .lost(LinkLoss(closure))
    }

    private static func decode(_ bytes: [UInt8]) -> SessionStateMachine.Input {
        do {
            return .received(try ServerEvent.decode(bytes))
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
    init(_ closure: Closure) {
        self.init(
            closeCode: [1005, 1006].contains(closure.code) ? nil : Int(closure.code), closeReason: closure.reason,
            httpStatus: closure.refusal?.status,
            retryAfter: closure.refusal?.retryAfter, words: closure.description)
    }
}
