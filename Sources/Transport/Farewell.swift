import Glibc
import MonotonicClock

/// The last second of a connection whose end is decided: what is queued goes out, then the peer's end is awaited if it
/// matters. Closing at once with unread bytes would make the kernel reset the connection and take our last words along.
struct Farewell {
    /// Longest wait for the peer.
    static let wait = Duration.seconds(1)

    let closure: Closure
    let deadline: Instant

    private let stream: any ByteStream
    private var outgoing: OutgoingBytes
    private var awaitsPeer: Bool
    private var isWritten = false
    private var events = Int16(POLLOUT)

    init(
        _ closure: Closure, stream: any ByteStream, outgoing: OutgoingBytes, awaitsPeer: Bool,
        now: Instant
    ) {
        self.closure = closure
        self.stream = stream
        self.outgoing = outgoing
        self.awaitsPeer = awaitsPeer
        deadline = now + Farewell.wait
    }

    var pollRequest: PollRequest { PollRequest(fd: stream.descriptor, events: events) }

    /// True when the stream may be dropped. Never blocks.
    mutating func process(now: Instant) -> Bool {
        if now >= deadline { return true }
        if !isWritten {
            switch outgoing.write(to: stream) {
            case .done: isWritten = true
            case .blocked(let events):
                self.events = events
                return false
            case .ended, .failed: return true
            }
            stream.finishWriting()
        }
        return !awaitsPeer || isPeerGone()
    }

    private mutating func isPeerGone() -> Bool {
        var buffer = [UInt8](repeating: 0, count: 4096)
        // Bounded, for a peer that never stops sending; the deadline ends that.
        for _ in 0..<64 {
            switch buffer.withUnsafeMutableBytes(stream.read) {
            case .done: continue
            case .blocked(let events):
                self.events = events
                return false
            case .ended, .failed: return true
            }
        }
        events = Int16(POLLIN)
        return false
    }
}
