import Glibc

internal import CALSA
internal import CLinux

/// Owner of one ALSA PCM, opened non-blocking and negotiated. Opened on the runner, then moved to its audio thread.
///
/// Methods marked real-time return frames, or -errno as alsa-lib gives it.
struct PCM: ~Copyable {
    enum Wait: Equatable {
        case ready, woken, timedOut
        /// poll(2) says that the PCM is in an error state; the next call on it says which.
        case broken
    }

    /// Frames handled at a time when a plug-in's period is huge; bounds the staging buffers.
    static let mostStepFrames = 4096
    /// No frames for this long while running is a fault even when ALSA reports nothing.
    static let stallMs: Int32 = 200
    /// Wait before asking again a PCM that said ready and was not.
    static let pauseNs: Int64 = 1_000_000
    /// A look that took longer says nothing: the thread was interrupted between position and time.
    private static let longestLookNs: Int64 = 1_000_000
    /// A card that runs has interrupts more often than this, or was started since.
    private static let longestStampNs: Int64 = 20_000_000
    /// Wait before restarting again a PCM that could not be restarted.
    static let retryPauseNs: Int64 = 20_000_000
    /// A card's position moves in jumps, of 4 ms where it is the tick of a kernel with 250 a second (snd-aloop), and we
    /// need time to write what it plays instead.
    static let marginMs = 5

    let name: String
    let geometry: PCMGeometry
    let conversion: SoundConversion
    private let raw: OpaquePointer
    /// Frames just ahead of the card that are not rewound: it may have them already.
    private let marginFrames: Int
    /// The wake descriptor, then the PCM's own; filled at open.
    private let descriptors: UnsafeMutableBufferPointer<pollfd>

    /// Tries of snd_pcm_resume(3) after a suspend, `resumePauseNs` apart; some drivers need up to a second.
    private static let resumeTries = 50
    private static let resumePauseNs: Int64 = 20_000_000
    private static let silenceAlsaLib: Void = calsa_silence_errors()

    /// Opens (snd_pcm_open) and negotiates. Blocks for the time the driver needs.
    init(
        name: String, direction: AudioDirection, timing: StreamTiming, wishes: PCMWishes = PCMWishes()
    ) throws(AudioError) {
        let pcm = try Self.open(name: name, direction: direction)
        do throws(AudioError) {
            geometry = try negotiate(pcm, name: name, timing: timing, wishes: wishes)
        } catch {
            snd_pcm_close(pcm)
            throw error
        }
        let count = max(0, Int(snd_pcm_poll_descriptors_count(pcm)))
        descriptors = .allocate(capacity: count + 1)
        descriptors.initialize(repeating: pollfd(fd: -1, events: Int16(POLLIN), revents: 0))
        if let first = descriptors.baseAddress { snd_pcm_poll_descriptors(pcm, first + 1, UInt32(count)) }
        raw = pcm
        let fewest = geometry.rate * Self.marginMs / 1000
        marginFrames = Self.countsInPeriods(pcm) ? max(fewest, geometry.periodFrames) : fewest
        conversion = wishes.conversion
        self.name = name
    }

    deinit {
        descriptors.deallocate()
        snd_pcm_close(raw)
    }

    /// Whether a card's control device may not be opened. alsa-lib finds cards by these, and says of one that is not
    /// for us that there is none.
    private static var isForbidden: Bool {
        (0..<USBPort.mostCards).contains { card in
            let descriptor = Glibc.open("/dev/snd/controlC\(card)", O_RDONLY | O_NONBLOCK | O_CLOEXEC)
            if descriptor < 0 { return errno == EACCES }
            close(descriptor)
            return false
        }
    }

    /// snd_pcm_open(3), non-blocking; a USB port is looked up first.
    static func open(name: String, direction: AudioDirection) throws(AudioError) -> OpaquePointer {
        silenceErrors()
        let pcmName = try USBPort(name)?.pcmName() ?? name
        var opened: OpaquePointer?
        let code = snd_pcm_open(&opened, pcmName, direction.alsa, Int32(SND_PCM_NONBLOCK))
        guard code == 0, let pcm = opened else {
            throw AudioError.alsa(name, "open", code == -ENODEV && isForbidden ? -EACCES : code)
        }
        return pcm
    }

    /// alsa-lib writes nothing to standard error from now on: what it returns says enough.
    static func silenceErrors() { _ = silenceAlsaLib }

    /// Device and what was agreed, in one line.
    var description: String { "\(name): \(geometry.words(channel: conversion.channel))" }

    /// Waits until a period can be moved or the stream's owner signals `wake`. Real-time.
    func wait(wake: Int32, timeoutMs: Int32) -> Wait {
        guard let first = descriptors.baseAddress else { return .broken }
        first.pointee.fd = wake
        let count = poll(first, nfds_t(descriptors.count), timeoutMs)
        if count == 0 { return .timedOut }
        if count < 0 { return .woken }
        if first.pointee.revents != 0 {
            _ = clinux_eventfd_clear(wake)
            return .woken
        }
        var events: UInt16 = 0
        // SAFETY: the array behind the first entry is the one snd_pcm_poll_descriptors filled, with its length.
        snd_pcm_poll_descriptors_revents(raw, first + 1, UInt32(descriptors.count - 1), &events)
        if Int32(events) & (POLLERR | POLLNVAL | POLLHUP) != 0 { return .broken }
        return Int32(events) & (POLLIN | POLLOUT) != 0 ? .ready : .woken
    }

    /// snd_pcm_prepare(3). Real-time.
    func prepare() -> Int32 { snd_pcm_prepare(raw) }

    /// snd_pcm_start(3). Real-time.
    func start() -> Int32 { snd_pcm_start(raw) }

    /// Throws away what the card holds and makes it ready again. Real-time.
    func dropAndPrepare() -> Int32 {
        // Its result says only that there was nothing to drop.
        snd_pcm_drop(raw)
        return snd_pcm_prepare(raw)
    }

    /// Waits until a suspended card wakes up (snd_pcm_resume(3)), a second at most. What it held is lost. Real-time.
    func awaitResume() {
        for _ in 0..<Self.resumeTries {
            if snd_pcm_resume(raw) != -EAGAIN { return }
            clinux_sleep_until(clinux_monotonic_ns() + Self.resumePauseNs)
        }
    }

    /// Frames that can be moved now. Real-time.
    func available() -> Int {
        // snd_pcm_avail_update(3) looks at the counters, and those of a card that was pulled just stand still.
        if snd_pcm_state(raw) == SND_PCM_STATE_DISCONNECTED { return -Int(ENODEV) }
        return snd_pcm_avail_update(raw)
    }

    /// Frames written but not heard. Real-time.
    func delay() -> Int {
        var frames: snd_pcm_sframes_t = 0
        let code = snd_pcm_delay(raw, &frames)
        return code < 0 ? Int(code) : max(0, frames)
    }

    /// Where a card was: at `ns`, `delay` frames were written but not heard, or captured but not read.
    struct Look {
        let delay: Int
        let ns: Int64
    }

    /// Asks the card where it is. A card that says its position in steps (snd-aloop: 4 ms) was there since its last
    /// interrupt, whenever we are woken; the kernel notes when that was (snd_pcm_htimestamp(3)). Nil when it does not
    /// say, or when we were interrupted between position and time. Real-time.
    func look() -> Look? {
        var available: snd_pcm_uframes_t = 0
        var stamp = timespec()
        let isStamped = snd_pcm_type(raw) == SND_PCM_TYPE_HW && snd_pcm_htimestamp(raw, &available, &stamp) == 0
        let beforeNs = clinux_monotonic_ns()
        let delay = delay()
        guard delay >= 0 else { return nil }
        let queued = snd_pcm_stream(raw) == SND_PCM_STREAM_PLAYBACK
            ? geometry.bufferFrames - Int(available) : Int(available)
        let stampNs = Int64(stamp.tv_sec) * 1_000_000_000 + Int64(stamp.tv_nsec)
        // Not where it has moved since, or counts what is in the card's own buffer, too; nor before its first one.
        let ageNs = beforeNs - stampNs
        if isStamped, queued == delay, (0...Self.longestStampNs).contains(ageNs) {
            return Look(delay: delay, ns: stampNs)
        }
        let ns = clinux_monotonic_ns()
        return ns - beforeNs < Self.longestLookNs ? Look(delay: delay, ns: ns) : nil
    }

    /// Takes back what is queued but for what the card is about to play, so that something else can be written in its
    /// place. Returns the frames taken back: 0 or less when that is impossible. Real-time.
    func rewind() -> Int {
        // Plug-ins have given away what they took.
        guard snd_pcm_type(raw) == SND_PCM_TYPE_HW else { return 0 }
        let available = snd_pcm_avail(raw)
        if available < 0 { return available }
        let queued = geometry.bufferFrames - available
        // A card that has copied frames out of its buffer tells of them, and leaves all of the buffer to us.
        let isAhead = delay() > queued
        let wanted = queued - (isAhead ? geometry.rate * Self.marginMs / 1000 : marginFrames)
        let frames = min(wanted, snd_pcm_rewindable(raw))
        return frames > 0 ? snd_pcm_rewind(raw, snd_pcm_uframes_t(frames)) : frames
    }

    /// Reads up to `frames` interleaved frames, one at least; -EAGAIN when there is none. Real-time.
    func read(into bytes: UnsafeMutableRawPointer, frames: Int) -> Int {
        // SAFETY: the caller's buffer holds `frames` frames of this PCM's geometry.
        switch geometry.access {
        case .mmap: Self.atLeastOne(snd_pcm_mmap_readi(raw, bytes, snd_pcm_uframes_t(frames)))
        case .readWrite: snd_pcm_readi(raw, bytes, snd_pcm_uframes_t(frames))
        }
    }

    /// Writes up to `frames` interleaved frames, one at least; -EAGAIN when there is no room. Real-time.
    func write(_ bytes: UnsafeRawPointer, frames: Int) -> Int {
        // SAFETY: the caller's buffer holds `frames` frames of this PCM's geometry.
        switch geometry.access {
        case .mmap: Self.atLeastOne(snd_pcm_mmap_writei(raw, bytes, snd_pcm_uframes_t(frames)))
        case .readWrite: snd_pcm_writei(raw, bytes, snd_pcm_uframes_t(frames))
        }
    }

    /// Whether the card knows its place only to a period (SNDRV_PCM_INFO_BATCH).
    private static func countsInPeriods(_ raw: OpaquePointer) -> Bool {
        var allocated: OpaquePointer?
        guard snd_pcm_hw_params_malloc(&allocated) == 0, let hardware = allocated else { return true }
        defer { snd_pcm_hw_params_free(hardware) }
        return snd_pcm_hw_params_current(raw, hardware) < 0 || snd_pcm_hw_params_is_batch(hardware) != 0
    }

    /// A card that does not run says 0 by mmap where it says -EAGAIN by system call.
    private static func atLeastOne(_ frames: Int) -> Int { frames == 0 ? -Int(EAGAIN) : frames }
}

extension AudioDirection {
    /// SND_PCM_STREAM_CAPTURE or SND_PCM_STREAM_PLAYBACK.
    var alsa: snd_pcm_stream_t {
        switch self {
        case .capture: SND_PCM_STREAM_CAPTURE
        case .playback: SND_PCM_STREAM_PLAYBACK
        }
    }
}
