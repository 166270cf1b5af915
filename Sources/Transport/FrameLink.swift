import Glibc
import MonotonicClock

/// An open WebSocket: frames on a stream, own pings, and the closing handshake.
final class FrameLink {
    enum Outcome {
        case goesOn
        /// The end is decided; what remains is to say so to the peer.
        case leaves(Farewell)
        case ended(Closure)
    }

    /// From one own ping to the next.
    static let pingInterval = Duration.seconds(15)
    /// Longest silence after a ping. Any byte ends the silence, not only the pong.
    static let answerWait = Duration.seconds(10)
    /// Most bytes that wait for the socket. A peer that takes nothing for so long is not coming back.
    static let queueLimit = 16 * 1024 * 1024
    /// Most reads in one call, of 16 KiB each, so that one connection cannot keep its thread from others.
    private static let readsPerCall = 16

    private enum Phase {
        /// Messages both ways. -> `closing` by `close`; the end when the peer closes or the link breaks.
        case open(nextPing: Instant)
        /// Our closing frame is queued. The end when the peer's comes, or at the deadline.
        case closing(deadline: Instant)
    }

    /// Set by fault-injecting servers: bytes are read and thrown away.
    var ignoresIncoming = false

    private let stream: any ByteStream
    private let codec: FrameCodec
    /// Name of the peer in errors.
    private let peer: String
    private let pings: Bool
    private var phase: Phase
    /// When silence becomes a fault; nil while no ping is unanswered.
    private var answerDeadline: Instant?
    /// More may be there to read although the socket shows nothing: TLS holds decrypted bytes.
    private var hasMore = true
    private var readEvents = Int16(POLLIN)
    private var writeEvents: Int16 = 0
    /// Why the link cannot go on; told by the next `process`.
    private var failure: TransportError?
    private var buffer = [UInt8](repeating: 0, count: 16 * 1024)

    /// `received` came behind the HTTP head, `unsent` goes out before any frame.
    init(
        stream: any ByteStream, role: FrameCodec.Role, peer: String, received: [UInt8], unsent: [UInt8],
        now: Instant
    ) {
        self.stream = stream
        self.peer = peer
        pings = role == .client
        codec = FrameCodec(role: role)
        phase = .open(nextPing: now + FrameLink.pingInterval)
        codec.outgoing.append(unsent)
        received.withUnsafeBytes(codec.receive)
        flush()
    }

    var pollRequest: PollRequest { PollRequest(fd: stream.descriptor, events: readEvents | writeEvents) }

    /// nil: nothing but the socket to wait for. In the past: `process` has something to do at once.
    func deadline(now: Instant) -> Instant? {
        if hasMore || failure != nil { return now }
        switch phase {
        case .open(let nextPing): return pings ? min(nextPing, answerDeadline ?? nextPing) : nil
        case .closing(let deadline): return deadline
        }
    }

    /// Reads and writes what goes, then looks at the clock: a link is not given up for what only came late to be read.
    func process(now: Instant) -> (messages: [FrameCodec.Message], outcome: Outcome) {
        let end = read()
        flush()
        let messages = codec.takeMessages()
        return (messages, outcome(end: end, now: now))
    }

    /// False when the link is closing.
    func send(text: String) -> Bool {
        var text = text
        return text.withUTF8 { bytes in send(byteCount: bytes.count) { codec.queue(text: bytes) } }
    }

    /// False when the link is closing.
    func send(binary: [UInt8]) -> Bool { send(byteCount: binary.count) { codec.queue(binary: binary) } }

    func sendPing(_ payload: [UInt8]) {
        codec.queuePing(payload)
        flush()
    }

    /// Bytes as they are, right or wrong.
    func send(raw bytes: [UInt8]) {
        codec.outgoing.append(bytes)
        flush()
    }

    /// Begins the closing handshake. Does nothing when it has begun.
    func close(code: UInt16, reason: String, now: Instant) {
        guard case .open = phase else { return }
        phase = .closing(deadline: now + Farewell.wait)
        codec.queueClose(code: code, reason: reason)
        flush()
    }

    private func send(byteCount: Int, _ queue: () -> Bool) -> Bool {
        guard case .open = phase, failure == nil else { return false }
        guard codec.outgoing.count + byteCount <= FrameLink.queueLimit else {
            failure = error(.webSocket, "the peer takes nothing, more than 16 MiB wait for it")
            return false
        }
        guard queue() else { return false }
        flush()
        return true
    }

    /// Reads what is there, within bounds. Why the stream ended, nil when it has not.
    private func read() -> TransportError? {
        hasMore = false
        for _ in 0..<FrameLink.readsPerCall {
            switch buffer.withUnsafeMutableBytes(stream.read) {
            case .done(let count):
                answerDeadline = nil
                if !ignoresIncoming {
                    buffer.withUnsafeBytes { codec.receive(.init(rebasing: $0.prefix(count))) }
                }
                if codec.peerClose != nil || codec.violation != nil { return nil }
            case .blocked(let events):
                readEvents = events
                return nil
            case .ended: return error(.webSocket, "connection lost: ended without a closing frame")
            case .failed(let reason): return error(.webSocket, "connection lost: \(reason)")
            }
        }
        hasMore = true
        return nil
    }

    private func flush() {
        switch codec.outgoing.write(to: stream) {
        case .done: writeEvents = 0
        case .blocked(let events):
            writeEvents = events
            // A peer that pings without end and reads nothing fills the queue with our pongs.
            if codec.outgoing.count > 2 * FrameLink.queueLimit, failure == nil {
                failure = error(.webSocket, "the peer takes nothing, more than 32 MiB wait for it")
            }
        case .ended: failure = failure ?? error(.webSocket, "connection lost")
        case .failed(let reason): failure = failure ?? error(.webSocket, "connection lost: \(reason)")
        }
    }

    /// What the peer said comes before what the socket said: a peer that closes and goes may fail our writes first.
    private func outcome(end: TransportError?, now: Instant) -> Outcome {
        var isInitiatedByUs = false
        if case .closing = phase { isInitiatedByUs = true }
        if let close = codec.peerClose {
            let closure = Closure(code: close.code, reason: close.reason, isInitiatedByUs: isInitiatedByUs)
            return leave(closure, awaitsPeer: false, now: now)
        }
        if let violation = codec.violation {
            let error = error(.webSocket, violation)
            return leave(Closure(error: error, isInitiatedByUs: isInitiatedByUs), awaitsPeer: true, now: now)
        }
        switch phase {
        case .closing(let deadline):
            // We wanted the end and got it, if not in the proper form.
            if end != nil || failure != nil || now >= deadline { return .ended(Closure(isInitiatedByUs: true)) }
        case .open(let nextPing):
            // With more to read, the peer's closing frame may still be among it.
            if let cause = end ?? (hasMore ? nil : failure) { return .ended(Closure(error: cause)) }
            if let lost = keepAlive(nextPing: nextPing, now: now) { return .ended(Closure(error: lost)) }
        }
        return .goesOn
    }

    private func leave(_ closure: Closure, awaitsPeer: Bool, now: Instant) -> Outcome {
        .leaves(Farewell(closure, stream: stream, outgoing: codec.outgoing, awaitsPeer: awaitsPeer, now: now))
    }

    /// Pings when it is time; an error when the last ping has met nothing but silence.
    private func keepAlive(nextPing: Instant, now: Instant) -> TransportError? {
        guard pings, !hasMore else { return nil }
        if let answerDeadline, now >= answerDeadline { return error(.keepAlive, "no answer for 10 s") }
        if now >= nextPing {
            phase = .open(nextPing: now + FrameLink.pingInterval)
            answerDeadline = answerDeadline ?? now + FrameLink.answerWait
            sendPing([])
        }
        return nil
    }

    private func error(_ step: TransportError.Step, _ reason: String) -> TransportError {
        TransportError(step, peer, reason)
    }
}
