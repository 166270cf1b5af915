import Glibc

/// A Unix socket's address: a path, or an abstract name written with a leading "@" (unix(7)).
struct UnixAddress: Equatable {
    /// Longest path, in bytes: `sun_path` without the NUL at its end.
    static let longestPath = 107

    private let bytes: [UInt8]

    /// Nil when the name is empty or does not fit.
    init?(_ path: String, allowingAbstract: Bool = false) {
        var bytes = Array(path.utf8)
        guard !bytes.isEmpty, bytes.count <= Self.longestPath else { return nil }
        if allowingAbstract, bytes[0] == UInt8(ascii: "@") {
            bytes[0] = 0
        } else {
            bytes.append(0)
        }
        self.bytes = bytes
    }

    /// Calls `body` with the address as bind(2) and connect(2) take it.
    func withSocketAddress<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        // SAFETY: `bytes` is at most `sun_path`'s 108 bytes long, and the pointers do not outlive the call.
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let length = socklen_t(MemoryLayout<sa_family_t>.size + bytes.count)
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, length) }
        }
    }

    /// Sends one datagram there and returns whether it was taken. Never blocks.
    func send(_ bytes: [UInt8]) -> Bool {
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        let flags = Int32(MSG_NOSIGNAL | MSG_DONTWAIT)
        return withSocketAddress { sendto(descriptor, bytes, bytes.count, flags, $0, $1) } == bytes.count
    }
}
