import Glibc

/// Owner of a WAV file that grows: 16-bit 24 kHz mono, readable at any moment.
///
/// Samples are written first and the header's sizes after them, so the header never promises more than there is.
struct WAVWriter: ~Copyable {
    /// What the 32-bit sizes of a WAV file can say, in whole frames: a little over 24 hours.
    static let mostDataBytes = 0xFFFF_FFFF - 36 - 1
    private static let headerBytes = 44

    let path: String
    /// Frames written.
    private(set) var frameCount = 0
    private let descriptor: Int32
    private let mostFrames: Int
    private let header: UnsafeMutableRawBufferPointer

    /// Opens the file, empties it and writes a header for no samples. Blocks for the disk.
    init(path: String, mostDataBytes: Int = mostDataBytes) throws(AudioError) {
        let opened = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NONBLOCK, 0o644)
        let openErrno = errno
        guard opened >= 0 else { throw AudioError.system("wav:\(path)", "open", openErrno) }
        let header = Self.makeHeader()
        let code = Self.write(UnsafeRawBufferPointer(header), at: 0, to: opened)
        guard code == 0 else {
            header.deallocate()
            close(opened)
            throw AudioError.system("wav:\(path)", "write", -code)
        }
        self.path = path
        self.header = header
        mostFrames = mostDataBytes / 2
        descriptor = opened
    }

    deinit {
        header.deallocate()
        close(descriptor)
    }

    /// File and format, in one line.
    static func describe(path: String) -> String { "wav:\(path): \(runnerRate) Hz, S16_LE, 1 channel" }

    /// Whether `init` would succeed, without touching the file.
    static func checkWritable(path: String) throws(AudioError) {
        if access(path, F_OK) == 0 {
            var info = stat()
            let isDirectory = stat(path, &info) == 0 && info.st_mode & S_IFMT == S_IFDIR
            if isDirectory { throw AudioError.system("wav:\(path)", "open", EISDIR) }
            if access(path, W_OK) != 0 { throw AudioError.system("wav:\(path)", "open", errno) }
            return
        }
        let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
        if access(folder, W_OK) != 0 { throw AudioError.system("wav:\(path)", "open", errno) }
    }

    /// Appends frames and brings the header up to date. 0, or -errno; -EFBIG when the file holds all that it can.
    mutating func append(_ samples: UnsafeBufferPointer<Int16>) -> Int32 {
        let room = 2 * (mostFrames - frameCount)
        let taken = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(samples).prefix(room))
        var code = Self.write(taken, at: Self.headerBytes + 2 * frameCount, to: descriptor)
        if code < 0 { return code }
        frameCount += taken.count / 2
        Self.setSizes(of: header, dataBytes: UInt32(clamping: 2 * frameCount))
        code = Self.write(UnsafeRawBufferPointer(header), at: 0, to: descriptor)
        if code < 0 { return code }
        return taken.count < samples.count * 2 ? -EFBIG : 0
    }

    /// RIFF, fmt and data chunk headers for no samples (WAVE_FORMAT_PCM).
    private static func makeHeader() -> UnsafeMutableRawBufferPointer {
        let header = UnsafeMutableRawBufferPointer.allocate(byteCount: headerBytes, alignment: 4)
        var offset = 0
        func put(_ text: StaticString) {
            for index in 0..<text.utf8CodeUnitCount { header[offset + index] = text.utf8Start[index] }
            offset += text.utf8CodeUnitCount
        }
        func put(_ value: some FixedWidthInteger) {
            header.storeBytes(of: value.littleEndian, toByteOffset: offset, as: type(of: value))
            offset += value.bitWidth / 8
        }
        put("RIFF")
        put(UInt32(0))
        put("WAVEfmt ")
        put(UInt32(16))
        put(UInt16(1))
        put(UInt16(1))
        put(UInt32(runnerRate))
        put(UInt32(2 * runnerRate))
        put(UInt16(2))
        put(UInt16(16))
        put("data")
        put(UInt32(0))
        setSizes(of: header, dataBytes: 0)
        return header
    }

    private static func setSizes(of header: UnsafeMutableRawBufferPointer, dataBytes: UInt32) {
        header.storeBytes(of: (dataBytes + 36).littleEndian, toByteOffset: 4, as: UInt32.self)
        header.storeBytes(of: dataBytes.littleEndian, toByteOffset: 40, as: UInt32.self)
    }

    /// Writes all bytes. 0 or -errno.
    private static func write(_ bytes: UnsafeRawBufferPointer, at offset: Int, to descriptor: Int32) -> Int32 {
        guard let start = bytes.baseAddress else { return 0 }
        var written = 0
        while written < bytes.count {
            let count = pwrite(descriptor, start + written, bytes.count - written, off_t(offset + written))
            if count < 0 && errno == EINTR { continue }
            if count < 0 { return -errno }
            if count == 0 { return -ENOSPC }
            written += count
        }
        return 0
    }
}
