import Glibc

/// Owner of one open file; every failure names the file and the call.
struct File: ~Copyable {
    /// The agent writes, its group reads: transcripts are nobody else's.
    private static let mode: mode_t = 0o640

    let path: String
    let descriptor: Int32

    /// Opens `path` (open(2), close-on-exec).
    init(_ path: String, flags: Int32) throws(JournalError) {
        let descriptor = Int32(try Self.perform(path, "open") {
            path.withCString { name in orErrno(Int(Glibc.open(name, flags | O_CLOEXEC, Self.mode))) }
        })
        self.path = path
        self.descriptor = descriptor
    }

    deinit { Glibc.close(descriptor) }

    /// Gives a created file its mode, from which the umask may have taken bits away.
    borrowing func setMode() throws(JournalError) {
        try perform("chmod") { orErrno(Int(fchmod(descriptor, Self.mode))) }
    }

    /// Gives a created file the owner of another, if the process may give files away.
    borrowing func setOwner(of other: borrowing File) throws(JournalError) {
        var own = stat()
        var wanted = stat()
        try perform("stat") { orErrno(Int(fstat(descriptor, &own))) }
        try other.perform("stat") { orErrno(Int(fstat(other.descriptor, &wanted))) }
        guard own.st_uid != wanted.st_uid || own.st_gid != wanted.st_gid else { return }
        do {
            try perform("chown") { orErrno(Int(fchown(descriptor, wanted.st_uid, wanted.st_gid))) }
        } catch .failed(_, _, errno: EPERM) {
            return
        }
    }

    borrowing func sizeBytes() throws(JournalError) -> Int64 {
        var status = stat()
        try perform("stat") { orErrno(Int(fstat(descriptor, &status))) }
        return Int64(status.st_size)
    }

    /// Tells a file from any other that has its name, before or after it.
    struct Identity: Equatable {
        let device, inode: UInt64
    }

    borrowing func identity() throws(JournalError) -> Identity {
        var status = stat()
        try perform("stat") { orErrno(Int(fstat(descriptor, &status))) }
        return Identity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
    }

    /// The day (UTC, `2026-11-21`) on which the content was changed last.
    borrowing func changedDay() throws(JournalError) -> String {
        var status = stat()
        try perform("stat") { orErrno(Int(fstat(descriptor, &status))) }
        return WallClock.day(atMs: Int64(status.st_mtim.tv_sec) * 1000)
    }

    /// Writes all of `bytes`, in one write(2) unless the system takes less.
    borrowing func write(_ bytes: ArraySlice<UInt8>) throws(JournalError) {
        var rest = bytes
        while !rest.isEmpty {
            rest = rest.dropFirst(try perform("write") {
                rest.withUnsafeBytes { orErrno(Glibc.write(descriptor, $0.baseAddress, $0.count)) }
            })
        }
    }

    /// Reads up to `limit` bytes from `offset`; none at the end of the file.
    borrowing func read(at offset: Int64, limit: Int) throws(JournalError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: limit)
        let count = try perform("read") {
            bytes.withUnsafeMutableBytes { orErrno(pread(descriptor, $0.baseAddress, $0.count, off_t(offset))) }
        }
        bytes.removeLast(limit - count)
        return bytes
    }

    /// Reads from `offset` on into `space`; how many bytes, 0 at the end of the file.
    borrowing func read(at offset: Int64, into space: UnsafeMutableRawBufferPointer) throws(JournalError) -> Int {
        try perform("read") { orErrno(pread(descriptor, space.baseAddress, space.count, off_t(offset))) }
    }

    borrowing func truncate(toBytes size: Int64) throws(JournalError) {
        try perform("truncate") { orErrno(Int(ftruncate(descriptor, off_t(size)))) }
    }

    /// Makes content and size durable (fdatasync(2)). Blocks for as long as the device takes.
    borrowing func syncData() throws(JournalError) {
        try perform("fdatasync") { orErrno(Int(fdatasync(descriptor))) }
    }

    /// Makes a directory's names durable (fsync(2)).
    borrowing func syncNames() throws(JournalError) {
        try perform("fsync") { orErrno(Int(fsync(descriptor))) }
    }

    @discardableResult
    private borrowing func perform(_ step: String, _ call: () -> Int) throws(JournalError) -> Int {
        try Self.perform(path, step, call)
    }

    /// Repeats `call` while a signal interrupts it. `call` returns a count, or -errno.
    @discardableResult
    static func perform(_ path: String, _ step: String, _ call: () -> Int) throws(JournalError) -> Int {
        while true {
            let result = call()
            if result >= 0 { return result }
            if result != -Int(EINTR) { throw .failed(path: path, step: step, errno: Int32(-result)) }
        }
    }
}

/// What a C call returned, or -errno: errno is read before anything else can run.
@inline(__always)
func orErrno(_ result: Int) -> Int {
    result < 0 ? -Int(errno) : result
}
