import Glibc

/// Owner of an opened WAV file (RIFF, 16-bit PCM, 8 to 48 kHz, mono or stereo), read piece by piece from its start.
///
/// Accepts WAVE_FORMAT_EXTENSIBLE, any other chunks, a data chunk cut short, and the sizes 0 and 0xFFFFFFFF that
/// programs write which cannot seek back. Format: "Multimedia Programming Interface and Data Specifications 1.0".
struct WAVReader: ~Copyable {
    static let usableRates = 8000...48_000
    /// Frames read from the file at a time.
    static let stepFrames = 2048
    /// A file with more chunks before its data is no sound file; bounds the time to open one.
    private static let mostChunks = 1000

    let path: String
    let rate: Int
    let channels: Int
    /// Frames in the file; more than there are when the file shrinks later.
    let frameCount: Int
    private let descriptor: Int32
    private let dataOffset: Int
    private let bytes: UnsafeMutableRawPointer
    private var nextFrame = 0

    /// Opens the file and reads its header. Blocks for the disk.
    init(path: String) throws(AudioError) {
        let opened = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        let openErrno = errno
        guard opened >= 0 else { throw AudioError.system("wav:\(path)", "open", openErrno) }
        let layout: WAVLayout
        do throws(AudioError) {
            layout = try Self.readLayout(opened, path: path)
        } catch {
            close(opened)
            throw error
        }
        self.path = path
        rate = layout.rate
        channels = layout.channels
        frameCount = layout.dataBytes / (2 * layout.channels)
        dataOffset = layout.dataOffset
        descriptor = opened
        bytes = .allocate(byteCount: Self.stepFrames * 2 * layout.channels, alignment: 16)
    }

    deinit {
        bytes.deallocate()
        close(descriptor)
    }

    /// File and format, in one line.
    var description: String {
        "wav:\(path): \(rate) Hz, S16_LE, \(channels) channel" + (channels == 1 ? "" : "s")
            + ", \(frameCount) frames" + (rate == runnerRate ? "" : ", converted to \(runnerRate) Hz")
    }

    /// Fills `mono` with the file's next frames, channels mixed to their mean, and silence after its end.
    /// At most `stepFrames` at a time. 0 or -errno.
    mutating func read(into mono: UnsafeMutableBufferPointer<Int16>) -> Int32 {
        guard let target = mono.baseAddress else { return 0 }
        let frameBytes = 2 * channels
        let wanted = min(mono.count, Self.stepFrames, frameCount - nextFrame)
        var filled = 0
        while filled < wanted * frameBytes {
            let offset = dataOffset + nextFrame * frameBytes + filled
            let count = pread(descriptor, bytes + filled, wanted * frameBytes - filled, off_t(offset))
            if count < 0 && errno == EINTR { continue }
            if count < 0 { return -errno }
            if count == 0 { break }
            filled += count
        }
        let frames = filled / frameBytes
        SampleFormat.s16.mixDown(bytes, channels: channels, frames: frames, into: target)
        UnsafeMutableBufferPointer(rebasing: mono[frames...]).update(repeating: 0)
        nextFrame += wanted
        return 0
    }

    private static func readLayout(_ descriptor: Int32, path: String) throws(AudioError) -> WAVLayout {
        var info = stat()
        guard fstat(descriptor, &info) == 0, info.st_mode & S_IFMT == S_IFREG else {
            throw AudioError(.tellOperator, "wav:\(path): wanted a regular file")
        }
        var layout = WAVLayout(fileBytes: Int(info.st_size))
        do throws(WAVLayout.Fault) {
            for _ in 0..<mostChunks {
                var header: [UInt8] = .init(repeating: 0, count: layout.wantedBytes)
                let count = header.withUnsafeMutableBytes {
                    pread(descriptor, $0.baseAddress, $0.count, off_t(layout.wantedOffset))
                }
                if count < 0 { throw WAVLayout.Fault(description: "read: \(errnoText(errno))") }
                if try layout.handle(header[..<count]) { return layout }
            }
            throw WAVLayout.Fault(description: "more than \(mostChunks) chunks: wanted a data chunk among them")
        } catch {
            throw AudioError(.tellOperator, "wav:\(path): \(error.description)")
        }
    }
}
