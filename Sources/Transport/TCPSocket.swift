import Glibc

/// One non-blocking TCP socket, closed on exec, without Nagle's delay.
final class TCPSocket: ByteStream {
    enum ConnectProgress: Equatable {
        case waiting, connected
        case failed(reason: String)
    }

    private let socket: Descriptor

    /// Takes over an accepted, non-blocking socket.
    init(accepted raw: Int32) {
        socket = Descriptor(owning: raw)
        disableNagle()
    }

    /// Begins to connect; `connectProgress` tells how it goes.
    init(connectingTo address: SocketAddress) throws(IOFailure) {
        let raw = Glibc.socket(address.family, streamType, 0)
        guard raw >= 0 else { throw IOFailure(reason: systemReason(errno)) }
        socket = Descriptor(owning: raw)
        disableNagle()
        let code = address.withSocketAddress { Glibc.connect(raw, $0, $1) == 0 ? 0 : errno }
        guard code == 0 || code == EINPROGRESS || code == EINTR else { throw IOFailure(reason: systemReason(code)) }
    }

    var descriptor: Int32 { socket.raw }

    var connectProgress: ConnectProgress {
        var request = pollfd(fd: socket.raw, events: Int16(POLLOUT), revents: 0)
        guard poll(&request, 1, 0) > 0 else { return .waiting }
        var code: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        let result = getsockopt(socket.raw, SOL_SOCKET, SO_ERROR, &code, &length) == 0 ? code : errno
        return result == 0 ? .connected : .failed(reason: systemReason(result))
    }

    /// The other end, `127.0.0.1:50000`; "?" when it has gone.
    var peer: String { SocketAddress(ofPeer: socket.raw)?.text ?? "?" }

    func read(into buffer: UnsafeMutableRawBufferPointer) -> IOResult {
        let count = recv(socket.raw, buffer.baseAddress, buffer.count, 0)
        guard count < 0 else { return count == 0 ? .ended : .done(count) }
        return TCPSocket.result(of: errno, waitingFor: Int16(POLLIN))
    }

    func write(_ bytes: UnsafeRawBufferPointer) -> IOResult {
        let count = send(socket.raw, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
        guard count < 0 else { return .done(count) }
        return TCPSocket.result(of: errno, waitingFor: Int16(POLLOUT))
    }

    func finishWriting() { shutdown(socket.raw, Int32(SHUT_WR)) }

    private static func result(of code: Int32, waitingFor events: Int16) -> IOResult {
        switch code {
        case EAGAIN, EINTR: .blocked(events: events)
        default: .failed(reason: systemReason(code))
        }
    }

    private func disableNagle() {
        var on: Int32 = 1
        setsockopt(socket.raw, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
    }
}

/// Type argument of socket(2): a stream that never blocks and is closed on exec.
let streamType = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)

/// Why bytes did not go, in words; the caller adds where.
struct IOFailure: Error, Equatable {
    let reason: String
}
