internal import COpenSSL
import Glibc

/// What a client trusts: the system's certificates and, if given, those of one more file. Chain and host name are
/// always verified, TLS is 1.2 or newer. Make it once; connections share it. Not for several threads.
public final class TLSClientContext {
    let context: TLSContext

    /// Loads the trust anchors; reads files, so it may block. `caFile` holds PEM certificates.
    /// Throws when the file is missing, unreadable, or holds no certificate.
    public init(caFile: String?) throws(TransportError) {
        context = try TLSContext(role: .client, subject: "system trust store")
        let code = Self.hasHashedTrustStore
            ? SSL_CTX_set_default_verify_dir(context.raw) : SSL_CTX_set_default_verify_paths(context.raw)
        guard code == 1 else {
            throw TransportError(.pemFile, "system trust store", TLSFailure.takeReason())
        }
        SSL_CTX_set_verify(context.raw, SSL_VERIFY_PEER, nil)
        guard let caFile else { return }
        try checkReadable(caFile)
        ERR_clear_error()
        guard SSL_CTX_load_verify_locations(context.raw, caFile, nil) == 1 else {
            throw TransportError(.pemFile, caFile, "wanted PEM certificates: \(TLSFailure.takeReason())")
        }
    }

    /// Whether the system keeps each trust anchor under its hash, as Debian does (openssl-rehash(1)). Then one is read
    /// when it is wanted; parsing the whole bundle at start would cost memory and time for all of them.
    private static var hasHashedTrustStore: Bool {
        guard getenv(X509_get_default_cert_file_env()) == nil else { return false }
        let path = getenv(X509_get_default_cert_dir_env()).map { UnsafePointer($0) } ?? X509_get_default_cert_dir()
        guard let path, let folder = opendir(path) else { return false }
        defer { closedir(folder) }
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            let parts = name.split(separator: ".", omittingEmptySubsequences: false)
            let isHash = parts[0].count == 8 && parts[0].allSatisfy(\.isHexDigit)
            if isHash, parts.count == 2, Int(parts[1]) != nil { return true }
        }
        return false
    }
}

/// A server's certificate and key. Not for several threads.
public final class TLSServerContext {
    let context: TLSContext

    /// Loads a PEM certificate chain and its key; reads files, so it may block.
    /// Throws when a file is missing or bad, or when key and certificate do not belong together.
    public init(certificateFile: String, keyFile: String) throws(TransportError) {
        context = try TLSContext(role: .server, subject: certificateFile)
        // Tickets would let a client resume; each costs a write, and nobody resumes here.
        SSL_CTX_set_num_tickets(context.raw, 0)
        // The default would ask for the passphrase of a protected key on the terminal.
        SSL_CTX_set_default_passwd_cb(context.raw) { _, _, _, _ in 0 }
        try checkReadable(certificateFile)
        try checkReadable(keyFile)
        ERR_clear_error()
        guard SSL_CTX_use_certificate_chain_file(context.raw, certificateFile) == 1 else {
            throw TransportError(.pemFile, certificateFile, "wanted a PEM certificate: \(TLSFailure.takeReason())")
        }
        ERR_clear_error()
        guard SSL_CTX_use_PrivateKey_file(context.raw, keyFile, SSL_FILETYPE_PEM) == 1,
            SSL_CTX_check_private_key(context.raw) == 1
        else {
            throw TransportError(.pemFile, keyFile, "wanted the certificate's PEM key: \(TLSFailure.takeReason())")
        }
    }
}

/// Owner of an SSL_CTX.
struct TLSContext: ~Copyable {
    enum Role {
        case client, server
    }

    let raw: OpaquePointer

    init(role: Role, subject: String) throws(TransportError) {
        ERR_clear_error()
        let raw = SSL_CTX_new(role == .client ? TLS_client_method() : TLS_server_method())
        guard let raw, copenssl_configure(raw) == 1 else {
            SSL_CTX_free(raw)
            throw TransportError(.tls, subject, TLSFailure.takeReason())
        }
        self.raw = raw
    }

    deinit { SSL_CTX_free(raw) }
}

/// OpenSSL's own words for a failure.
enum TLSFailure {
    /// Reason of the first error in this thread's queue, which is the cause of the later ones.
    static func takeReason() -> String {
        let code = ERR_get_error()
        guard code != 0 else { return "unknown reason" }
        let reason = String(cString: copenssl_reason(code))
        return copenssl_ssl_reason_number(code) == SSL_R_WRONG_VERSION_NUMBER
            ? reason + " (the peer does not speak TLS on this port)" : reason
    }
}

/// A directory, a missing or a forbidden file, in the system's words rather than OpenSSL's.
private func checkReadable(_ path: String) throws(TransportError) {
    let raw = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard raw >= 0 else { throw TransportError(.pemFile, path, systemReason(errno)) }
    let descriptor = Descriptor(owning: raw)
    var status = stat()
    guard fstat(descriptor.raw, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
        throw TransportError(.pemFile, path, "wanted a regular file")
    }
}
