import Glibc

/// Owner of the directory: its lock, and the names in it.
struct JournalDirectory: ~Copyable {
    let path: String
    /// flock(2) ends with the descriptor, so a killed agent leaves no stale lock.
    private let lock: File

    private static let segmentSuffix = ".jsonl"
    private static let sideSuffix = ".torn"
    private static let rewriteSuffix = ".rewrite"
    /// A program that this process starts has a closed journal's lock until it is one of its own: a tenth of a second
    /// is long for that.
    private static let lockAttempts = 10
    private static let lockPauseUs: useconds_t = 10_000
    /// Digits of a segment's name: those of the largest UInt64, so that name order is number order.
    private static let nameDigits = 20

    /// Makes the directory (mode 0750, parents too) when it is missing, and locks it.
    init(_ path: String) throws(JournalError) {
        try Self.make(path)
        let lock = try Self.create(path + "/lock", in: path, flags: O_RDWR)
        let descriptor = lock.descriptor
        var attempts = Self.lockAttempts
        while true {
            do {
                try File.perform(path + "/lock", "flock") { orErrno(Int(flock(descriptor, LOCK_EX | LOCK_NB))) }
                break
            } catch .failed(_, _, errno: EWOULDBLOCK) {
                attempts -= 1
                guard attempts > 0 else { throw .inUse(directory: path) }
                usleep(Self.lockPauseUs)
            }
        }
        self.path = path
        self.lock = lock
    }

    static func make(_ path: String) throws(JournalError) {
        do {
            try makeOne(path)
        } catch .failed(_, _, errno: ENOENT) {
            guard let slash = path.lastIndex(of: "/"), slash > path.startIndex else {
                throw .failed(path: path, step: "mkdir", errno: ENOENT)
            }
            try make(String(path[..<slash]))
            try makeOne(path)
        }
    }

    private static func makeOne(_ path: String) throws(JournalError) {
        do {
            try File.perform(path, "mkdir") { path.withCString { orErrno(Int(mkdir($0, 0o750))) } }
        } catch .failed(_, _, errno: EEXIST) {
            return
        }
        // The umask may have taken bits away.
        try File.perform(path, "chmod") { path.withCString { orErrno(Int(chmod($0, 0o750))) } }
    }

    /// First `seq` of each segment, oldest first. Other files named as segments become findings.
    ///
    /// What a rewrite that did not end left behind is removed.
    borrowing func recoverNames(_ recovery: inout Recovery) throws(JournalError) -> [UInt64] {
        for name in try Self.names(in: path).sorted() {
            if name.hasSuffix(Self.rewriteSuffix) {
                try remove(path + "/" + name)
            } else if Self.isForeign(name) {
                recovery.add("\(name): not a segment of this journal, left as it is")
            }
        }
        return try segments()
    }

    /// First `seq` of each segment, oldest first.
    borrowing func segments() throws(JournalError) -> [UInt64] {
        try Self.names(in: path).compactMap { Self.firstSeq(of: $0) }.sorted()
    }

    /// Opens a file of the journal to be written, and makes it when it is missing: with the journal's mode and the
    /// directory's owner, for the agent must be able to write what root made.
    borrowing func create(_ path: String, flags: Int32) throws(JournalError) -> File {
        try Self.create(path, in: self.path, flags: flags)
    }

    private static func create(
        _ path: String, in directory: String, flags: Int32
    ) throws(JournalError) -> File {
        let file = try File(path, flags: flags | O_CREAT)
        try file.setMode()
        try file.setOwner(of: File(directory, flags: O_RDONLY | O_DIRECTORY))
        return file
    }

    /// Opens a segment for reading.
    borrowing func open(_ firstSeq: UInt64) throws(JournalError) -> File {
        try File(segmentPath(firstSeq), flags: O_RDONLY)
    }

    /// The first `seq` that a segment is named by; nil for another file.
    static func firstSeq(of name: String) -> UInt64? { firstSeq(of: name, segmentSuffix) }

    /// The first `seq` of the segment that a side file belongs to; nil for another file.
    static func firstSeq(ofSideFile name: String) -> UInt64? { firstSeq(of: name, sideSuffix) }

    private static func firstSeq(of name: String, _ suffix: String) -> UInt64? {
        guard name.hasSuffix(suffix) else { return nil }
        let digits = name.dropLast(suffix.count)
        guard let firstSeq = UInt64(digits), stem(firstSeq) == digits, (1...EntryLine.seqLimit).contains(firstSeq)
        else { return nil }
        return firstSeq
    }

    borrowing func segmentPath(_ firstSeq: UInt64) -> String {
        path + "/" + Self.stem(firstSeq) + Self.segmentSuffix
    }

    /// The side file for what is no entry in that segment.
    borrowing func tornPath(_ firstSeq: UInt64) -> String {
        path + "/" + Self.stem(firstSeq) + Self.sideSuffix
    }

    /// Where a segment is rewritten before it takes its place.
    borrowing func rewritePath(_ firstSeq: UInt64) -> String {
        path + "/" + Self.stem(firstSeq) + Self.rewriteSuffix
    }

    borrowing func rename(_ from: String, to: String) throws(JournalError) {
        try File.perform(from, "rename") {
            from.withCString { from in to.withCString { to in orErrno(Int(Glibc.rename(from, to))) } }
        }
        try syncNames()
    }

    borrowing func remove(_ path: String) throws(JournalError) {
        try File.perform(path, "unlink") { path.withCString { orErrno(Int(unlink($0))) } }
    }

    /// Makes created, renamed and removed names durable.
    borrowing func syncNames() throws(JournalError) {
        try File(path, flags: O_RDONLY | O_DIRECTORY).syncNames()
    }

    /// Whether a file has a segment's ending and not its name.
    static func isForeign(_ name: String) -> Bool { name.hasSuffix(segmentSuffix) && firstSeq(of: name) == nil }

    private static func stem(_ firstSeq: UInt64) -> String {
        let digits = String(firstSeq)
        return String(repeating: "0", count: nameDigits - digits.count) + digits
    }

    /// The names of the segments, oldest first.
    static func segmentNames(in path: String) throws(JournalError) -> [String] {
        try names(in: path).filter { firstSeq(of: $0) != nil }.sorted()
    }

    static func names(in path: String) throws(JournalError) -> [String] {
        guard let stream = opendir(path) else { throw .failed(path: path, step: "opendir", errno: errno) }
        defer { closedir(stream) }
        var names: [String] = []
        errno = 0
        while let entry = readdir(stream) {
            // SAFETY: d_name is a C string inside the entry, which readdir(3) leaves alone until the next call.
            names.append(withUnsafeBytes(of: &entry.pointee.d_name) { name in
                String(decoding: name.prefix { $0 != 0 }, as: UTF8.self)
            })
            errno = 0
        }
        let failure = errno
        guard failure == 0 else { throw .failed(path: path, step: "readdir", errno: failure) }
        return names
    }
}
