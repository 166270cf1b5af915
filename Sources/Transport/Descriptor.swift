import Glibc

/// Owner of a file descriptor; a negative one is none.
struct Descriptor: ~Copyable {
    let raw: Int32

    init(owning raw: Int32) { self.raw = raw }

    deinit { if raw >= 0 { close(raw) } }
}

/// errno in words. strerror(3).
func systemReason(_ code: Int32) -> String { String(cString: strerror(code)) }
