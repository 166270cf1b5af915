import Glibc

/// Standard output and standard error, written at once: nothing waits in a buffer, so each line is out when it is said.
enum StandardStream: Int32 {
    case output = 1
    case error = 2

    /// Writes `text` as it is. Blocks while the reader does; what cannot be written at all is lost, there being no
    /// place left to say so.
    func write(_ text: String) { _ = writeAll(Array(text.utf8)[...], to: rawValue) }

    /// Whether a person looks at it.
    var isTerminal: Bool { isatty(rawValue) == 1 }
}

/// Writes all of `bytes`; blocks while the reader does. Returns why that is not possible, an errno, or 0.
func writeAll(_ bytes: ArraySlice<UInt8>, to descriptor: Int32) -> Int32 {
    var rest = bytes
    while !rest.isEmpty {
        let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
        if count >= 0 {
            rest = rest.dropFirst(count)
        } else if errno == EAGAIN {
            var wait = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            poll(&wait, 1, -1)
        } else if errno != EINTR {
            return errno
        }
    }
    return 0
}
