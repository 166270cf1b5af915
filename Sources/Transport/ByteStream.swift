/// A connected, non-blocking stream of bytes: bare TCP or TLS on it.
protocol ByteStream: AnyObject {
    /// Socket to poll. Stays the stream's own.
    var descriptor: Int32 { get }
    /// Reads what is there, at most the buffer's length. Never blocks.
    func read(into buffer: UnsafeMutableRawBufferPointer) -> IOResult
    /// Writes as much as goes. Never blocks, never raises SIGPIPE.
    func write(_ bytes: UnsafeRawBufferPointer) -> IOResult
    /// Tells the peer that nothing more comes; reading goes on. Never blocks.
    func finishWriting()
}

/// What one attempt to read, write or shake hands came to.
enum IOResult: Equatable {
    /// So many bytes went; 0 for a finished handshake.
    case done(Int)
    /// Nothing to be done before poll(2) reports one of these events: TLS may have to write in order to read.
    case blocked(events: Int16)
    /// The peer ended the stream.
    case ended
    case failed(reason: String)
}

/// What to wait for with poll(2).
public struct PollRequest: Equatable, Sendable {
    public let fd: Int32
    /// POLLIN, POLLOUT or both.
    public let events: Int16

    public init(fd: Int32, events: Int16) {
        self.fd = fd
        self.events = events
    }
}
