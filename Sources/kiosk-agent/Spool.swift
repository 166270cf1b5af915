import Glibc
import Journal
import MonotonicClock
import Realtime
import Session
import Transport

/// Turns that were given up for want of a session, kept on disk as WAV files and transcribed in order when the link is
/// back. Off unless the settings name a folder. Never blocks but for reading one file.
final class Spool {
    enum Event: Equatable {
        case entry(SpooledTurn)
        case line(String)
        case fault(Fault)
    }

    /// From a transcript's entry to the removal of its recording: the journal has it on disk by then.
    static let removalWait = Duration.seconds(1)
    /// Pause after an attempt that failed; doubled each time, up to `longestWait`.
    static let firstWait = Duration.seconds(10)
    static let longestWait = Duration.seconds(600)
    private static let bytesPerMB = 1_000_000

    private let folder: String
    private let limitBytes: Int
    private let model: String
    private let prices: PriceTable?
    private let transcriber: Transcriber
    private var files: [SpoolFile] = []
    private var writes: [SpoolWrite] = []
    /// The recording that is being transcribed.
    private var current: SpoolFile?
    private var removal: (file: SpoolFile, notBefore: Instant)?
    /// The journal has written to the disk since the entry of `removal`.
    private var isEntryDurable = false
    private var notBefore: Instant?
    private var wait = firstWait
    private var lastFault: String?

    /// nil when there is no spool. Throws when the folder cannot be used. What it still holds is transcribed first.
    init?(
        settings: Settings, key: APIKey?, keys: KeyRing, prices: PriceTable?, environment: [String: String]
    ) throws(SpoolError) {
        guard let folder = settings.spool.directory else { return nil }
        self.folder = folder
        self.prices = prices
        limitBytes = settings.spool.maxMB * Self.bytesPerMB
        model = settings.transcription.builtInModel ?? Transcriber.defaultModel
        do {
            transcriber = try Transcriber(settings: settings, key: key, keys: keys, environment: environment)
        } catch {
            throw SpoolError(words: "spool.directory: \(error)")
        }
        guard mkdir(folder, 0o750) == 0 || errno == EEXIST else {
            throw SpoolError(words: "\(folder): \(systemText(errno))")
        }
        guard access(folder, R_OK | W_OK | X_OK) == 0 else {
            throw SpoolError(words: "\(folder): \(systemText(errno))")
        }
        let names = Self.names(in: folder)
        files = names.compactMap(SpoolFile.init(name:)).sorted()
        // What a power cut left half written.
        for name in names where name.hasSuffix(".part") && SpoolFile(name: String(name.dropLast(5))) != nil {
            unlink(folder + "/" + name)
        }
    }

    var pollRequests: [PollRequest] {
        let written = writes.compactMap { $0.descriptor.map { PollRequest(fd: $0, events: Int16(POLLIN)) } }
        return written + (transcriber.pollRequest.map { [$0] } ?? [])
    }

    /// When `process` is to be called although nothing was polled.
    func deadline(isOnline: Bool) -> Instant? {
        let waiting = isOnline && current == nil && removal == nil && !files.isEmpty ? notBefore : nil
        return [transcriber.deadline, removal?.notBefore, waiting].compactMap { $0 }.min()
    }

    /// Waits until everything is on the disk, 1 s at most. Blocks.
    func close() -> [Event] {
        let limit = Instant.now + .seconds(1)
        var events = takeWritten()
        while let write = writes.first, Instant.now < limit {
            PollSet.wait(for: write.descriptor.map { PollRequest(fd: $0, events: Int16(POLLIN)) }, until: limit)
            events += takeWritten()
        }
        return events
    }

    /// The journal is closed: every entry of it is on the disk.
    func journalIsClosed() {
        if let removal { unlink(folder + "/" + removal.file.name) }
        removal = nil
    }

    // MARK: Keeping

    /// Keeps a turn's audio, spoken at a time in milliseconds since 1970.
    func keep(_ samples: [Int16], spokenAtMs: Int64) {
        var file = SpoolFile(spokenAtMs: spokenAtMs)
        while files.contains(file) || writes.contains(where: { $0.file == file }) {
            file = SpoolFile(spokenAtMs: file.spokenAtMs + 1)
        }
        writes.append(SpoolWrite(samples, as: file, in: folder))
    }

    private func takeWritten() -> [Event] {
        var events: [Event] = []
        writes.removeAll { write in
            guard let outcome = write.outcome() else { return false }
            if let failure = outcome {
                events.append(.fault(Fault(.turn, "a turn could not be spooled: \(failure)")))
            } else {
                files.append(write.file)
                files.sort()
                events.append(.line("the turn is kept on disk, its transcript follows when the connection is back"))
            }
            return true
        }
        return events.isEmpty ? [] : events + dropOldest()
    }

    /// The oldest recordings go when there are too many.
    private func dropOldest() -> [Event] {
        var events: [Event] = []
        var sizes = files.map { Self.size(folder + "/" + $0.name) }
        while sizes.reduce(0, +) > limitBytes, files.count > 1 {
            let oldest = files.removeFirst()
            sizes.removeFirst()
            unlink(folder + "/" + oldest.name)
            if current == oldest { current = nil }
            let words = "the spool is full (spool.max_mb): the turn of \(WallClock.text(oldest.spokenAtMs)) is dropped"
            events.append(.fault(Fault(.turn, words)))
        }
        return events
    }

    // MARK: Transcribing

    /// `isOnline`: a session is ready and no turn is open.
    func process(isOnline: Bool, at now: Instant) -> [Event] {
        var events = takeWritten()
        if let due = removal, due.notBefore <= now {
            removal = isEntryDurable ? nil : (due.file, now + Self.removalWait)
            if removal == nil { unlink(folder + "/" + due.file.name) }
        }
        if transcriber.isBusy { events += transcribed(at: now) }
        if isOnline, !transcriber.isBusy, removal == nil, notBefore.map({ $0 <= now }) ?? true, let next = files.first {
            events += begin(next, at: now)
        }
        return events
    }

    /// The journal has put an entry on the disk.
    func journalIsDurable() { isEntryDurable = true }

    private func begin(_ file: SpoolFile, at now: Instant) -> [Event] {
        do {
            let wav = try readFile(folder + "/" + file.name, limit: FileTranscriptionRequest.fileLimit)
            if let problem = Recording.problem(wav) { return settle(file, as: .failed(problem), usage: nil, at: now) }
            current = file
            transcriber.begin(wav, model: model, at: now)
            return []
        } catch {
            // Somebody took it away, or it cannot be read: the others still can.
            files.removeAll { $0 == file }
            return [.fault(Fault(.turn, "\(folder)/\(file.name): \(error)"))]
        }
    }

    private func transcribed(at now: Instant) -> [Event] {
        let outcome = transcriber.process(at: now)
        guard outcome != .goesOn else { return [] }
        let file = current
        current = nil
        switch outcome {
        case .goesOn: return []
        case .transcribed(let transcription):
            wait = Self.firstWait
            notBefore = nil
            lastFault = nil
            guard let file else { return [] }
            return settle(file, as: .heard(transcription.text), usage: transcription.usage, at: now)
        case .failed(let loss):
            if let file, let status = loss.httpStatus, [400, 413, 415, 422].contains(status) {
                // The recording itself is refused: no later attempt can help.
                return settle(file, as: .failed(loss.words), usage: nil, at: now)
            }
            notBefore = now + max(wait, loss.retryAfter ?? .zero)
            wait = min(wait * 2, Self.longestWait)
            guard lastFault != loss.words else { return [] }
            lastFault = loss.words
            return [.fault(Fault(.link, "spooled turns wait: \(loss.words)"))]
        }
    }

    private func settle(
        _ file: SpoolFile, as transcript: Transcript, usage: TranscriptionUsage?, at now: Instant
    ) -> [Event] {
        files.removeAll { $0 == file }
        removal = (file, now + Self.removalWait)
        isEntryDurable = false
        let cost = usage.flatMap { prices?.cost(of: $0, model: model) }
        let turn = SpooledTurn(
            spokenAt: WallClock.text(file.spokenAtMs), model: model, transcript: transcript, usage: usage, cost: cost)
        return [.entry(turn)]
    }

    private static func names(in folder: String) -> [String] {
        guard let handle = opendir(folder) else { return [] }
        defer { closedir(handle) }
        var names: [String] = []
        while let entry = readdir(handle) {
            names.append(withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            })
        }
        return names
    }

    private static func size(_ path: String) -> Int {
        var status = stat()
        return stat(path, &status) == 0 ? Int(status.st_size) : 0
    }
}

/// A turn that was transcribed long after it was spoken.
struct SpooledTurn: Equatable {
    /// RFC 3339.
    let spokenAt: String
    let model: String
    var transcript: Transcript
    let usage: TranscriptionUsage?
    /// USD; nil without usage or without a known price.
    let cost: Double?
}

/// Why there can be no spool.
struct SpoolError: Error, Equatable, CustomStringConvertible {
    let words: String
    var description: String { words }
}

extension Settings {
    /// Turns that no session took.
    struct Spool: Sendable, Equatable {
        /// The folder of their recordings; nil (the default): they are not kept.
        var directory: String?
        /// Most megabytes of recordings; the oldest go. 1 to 10000, default 100: half an hour of speech.
        var maxMB = 100
    }
}

extension SettingsKeys {
    static let spool: [SettingsKey] = [
        optionalPath("spool", "directory", \.spool.directory),
        integer("spool", "max_mb", \.spool.maxMB, 1...10_000, unit: " (MB)"),
    ]
}
