import CLinux
import Glibc

/// A recording of the spool: a WAV file named after the moment at which it was spoken.
struct SpoolFile: Equatable, Comparable {
    /// Milliseconds since 1970.
    let spokenAtMs: Int64

    private static let prefix = "turn-"
    private static let suffix = ".wav"

    init(spokenAtMs: Int64) { self.spokenAtMs = max(0, spokenAtMs) }

    /// nil for a name of something else.
    init?(name: String) {
        guard name.hasPrefix(Self.prefix), name.hasSuffix(Self.suffix),
            let ms = Int64(name.dropFirst(Self.prefix.count).dropLast(Self.suffix.count)), ms >= 0
        else { return nil }
        self.init(spokenAtMs: ms)
        guard self.name == name else { return nil }
    }

    /// Thirteen digits, so that the order of names is that of time until the year 2286.
    var name: String {
        let digits = String(spokenAtMs)
        return Self.prefix + String(repeating: "0", count: max(0, 13 - digits.count)) + digits + Self.suffix
    }

    static func < (a: SpoolFile, b: SpoolFile) -> Bool { a.spokenAtMs < b.spokenAtMs }

    /// 16-bit 24 kHz mono, header and samples.
    static func wav(_ samples: [Int16]) -> [UInt8] {
        func bytes(_ value: Int, _ count: Int) -> [UInt8] {
            (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
        }
        let size = samples.count * 2
        var wav = Array("RIFF".utf8) + bytes(36 + size, 4) + Array("WAVEfmt ".utf8) + bytes(16, 4)
        wav += bytes(1, 2) + bytes(1, 2) + bytes(24_000, 4) + bytes(48_000, 4) + bytes(2, 2) + bytes(16, 2)
        wav += Array("data".utf8) + bytes(size, 4)
        wav.reserveCapacity(44 + size)
        samples.map { $0.littleEndian }.withUnsafeBytes { wav += $0 }
        return wav
    }
}

/// One recording on its way to the disk, on a thread of its own: the runner does not wait for a card.
final class SpoolWrite {
    /// Stack of the thread, in bytes. Small because a process with locked memory pays for all of it.
    private static let stackBytes = 128 * 1024

    // SAFETY: the thread writes `failure` before it signals `doorbell`, the runner reads it only after it has taken
    // that signal; nothing else is mutable.
    fileprivate final class Job: @unchecked Sendable {
        let folder: String
        let name: String
        let samples: [Int16]
        let doorbell: Int32
        var failure: String?

        init(folder: String, name: String, samples: [Int16], doorbell: Int32) {
            self.folder = folder
            self.name = name
            self.samples = samples
            self.doorbell = doorbell
        }

        deinit { close(doorbell) }
    }

    let file: SpoolFile
    private let job: Job
    private var early: String?

    init(_ samples: [Int16], as file: SpoolFile, in folder: String) {
        self.file = file
        let bell = clinux_eventfd()
        job = Job(folder: folder, name: file.name, samples: samples, doorbell: bell)
        if bell < 0 {
            early = systemText(-bell)
        } else if let code = startThread() {
            early = "no thread: \(systemText(code))"
        }
    }

    /// Readable when it is done; nil when it never began.
    var descriptor: Int32? { early == nil ? job.doorbell : nil }

    /// nil while it goes on; then nil inside when the file is whole, or what went wrong.
    func outcome() -> String?? {
        if let early { return .some(early) }
        return clinux_eventfd_clear(job.doorbell) > 0 ? .some(job.failure) : nil
    }

    private func startThread() -> Int32? {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setstacksize(&attributes, Self.stackBytes)
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        // SAFETY: the thread takes over this reference; when there is no thread it is given back below.
        let shared = Unmanaged.passRetained(job)
        var thread = pthread_t()
        let failed = pthread_create(&thread, &attributes, runSpoolWrite, shared.toOpaque())
        guard failed != 0 else { return nil }
        shared.release()
        return failed
    }
}

/// What the thread runs.
private func runSpoolWrite(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let argument else { return nil }
    clinux_name_thread("spool")
    // SAFETY: `argument` is the reference that startThread retained for this thread.
    let job = Unmanaged<SpoolWrite.Job>.fromOpaque(argument).takeRetainedValue()
    job.failure = writeWhole(SpoolFile.wav(job.samples), to: job.folder + "/" + job.name)
    _ = clinux_eventfd_signal(job.doorbell)
    return nil
}

/// A file that is there whole or not at all, also after a power cut. Blocks for the disk. What went wrong, in words.
private func writeWhole(_ bytes: [UInt8], to path: String) -> String? {
    let part = path + ".part"
    let descriptor = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o640)
    guard descriptor >= 0 else { return "\(part): open: \(systemText(errno))" }
    var rest = bytes[...]
    var failure: String?
    while !rest.isEmpty, failure == nil {
        let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        if count >= 0 {
            rest = rest.dropFirst(count)
        } else if errno != EINTR {
            failure = "\(part): write: \(systemText(errno))"
        }
    }
    if failure == nil, fsync(descriptor) != 0 { failure = "\(part): fsync: \(systemText(errno))" }
    close(descriptor)
    if failure == nil, rename(part, path) != 0 { failure = "\(path): rename: \(systemText(errno))" }
    if failure != nil { unlink(part) }
    return failure
}
