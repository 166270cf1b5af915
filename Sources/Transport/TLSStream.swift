internal import COpenSSL
import Glibc

/// TLS on a TCP socket, from the handshake on.
final class TLSStream: ByteStream {
    private let transport: TCPSocket
    private let session: TLSSession

    /// A client's stream that will accept a certificate for `host` only, a name or an IP address.
    init(connecting transport: TCPSocket, host: String, context: TLSClientContext) throws(IOFailure) {
        session = try TLSSession(context: context.context, descriptor: transport.descriptor)
        self.transport = transport
        SSL_set_connect_state(session.raw)
        if IPAddress(host) != nil {
            // No SNI: RFC 6066 allows names only.
            guard X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session.raw), host) == 1 else {
                throw IOFailure(reason: TLSFailure.takeReason())
            }
        } else {
            SSL_set_hostflags(session.raw, UInt32(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS))
            guard SSL_set1_host(session.raw, host) == 1, copenssl_set_server_name(session.raw, host) == 1 else {
                throw IOFailure(reason: TLSFailure.takeReason())
            }
        }
    }

    /// A server's stream.
    init(accepting transport: TCPSocket, context: TLSServerContext) throws(IOFailure) {
        session = try TLSSession(context: context.context, descriptor: transport.descriptor)
        self.transport = transport
        SSL_set_accept_state(session.raw)
    }

    var descriptor: Int32 { transport.descriptor }

    /// Goes on with the handshake. `.done` when it is finished and the peer's certificate verified.
    func handshake() -> IOResult {
        let result = copenssl_handshake(session.raw)
        if result.count == 1 { return .done(0) }
        let verification = SSL_get_verify_result(session.raw)
        if result.error == SSL_ERROR_SSL, verification != Int(X509_V_OK) {
            return .failed(reason: String(cString: X509_verify_cert_error_string(verification)))
        }
        return outcome(of: result)
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) -> IOResult {
        outcome(of: copenssl_read(session.raw, buffer.baseAddress, Int32(clamping: buffer.count)))
    }

    func write(_ bytes: UnsafeRawBufferPointer) -> IOResult {
        outcome(of: copenssl_write(session.raw, bytes.baseAddress, Int32(clamping: bytes.count)))
    }

    func finishWriting() {
        ERR_clear_error()
        // One attempt at close_notify: the end of the TCP stream follows at once and says the same.
        SSL_shutdown(session.raw)
        transport.finishWriting()
    }

    private func outcome(of result: copenssl_result) -> IOResult {
        if result.count > 0 { return .done(Int(result.count)) }
        switch result.error {
        case SSL_ERROR_WANT_READ: return .blocked(events: Int16(POLLIN))
        case SSL_ERROR_WANT_WRITE: return .blocked(events: Int16(POLLOUT))
        case SSL_ERROR_ZERO_RETURN: return .ended
        case SSL_ERROR_SYSCALL:
            return result.system_error == 0 ? .ended : .failed(reason: systemReason(result.system_error))
        default:
            // A stream cut without close_notify; WebSocket's closing frame tells a cut from an end.
            let isCut = copenssl_ssl_reason_number(ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING
            return isCut ? .ended : .failed(reason: TLSFailure.takeReason())
        }
    }
}

/// Owner of an SSL.
private struct TLSSession: ~Copyable {
    let raw: OpaquePointer

    init(context: borrowing TLSContext, descriptor: Int32) throws(IOFailure) {
        ERR_clear_error()
        let raw = SSL_new(context.raw)
        guard let raw, copenssl_use_socket(raw, descriptor) == 1 else {
            SSL_free(raw)
            throw IOFailure(reason: TLSFailure.takeReason())
        }
        self.raw = raw
    }

    deinit { SSL_free(raw) }
}
