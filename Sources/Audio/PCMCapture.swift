import Glibc

internal import CLinux

/// The capture thread of an ALSA card: native frames in, 24 kHz mono into the ring.
final class PCMCapture: AudioWorker {
    var startNs: Int64 = 0
    let description: String

    private let pcm: PCM
    private let state: StreamState
    private let name: String
    private let echo: EchoStage?
    private var resampler: Resampler
    /// Frames handled at a time, and three buffers for them: as the card gives them, mono, at 24 kHz.
    private let stepFrames: Int
    private let native: UnsafeMutableRawPointer
    private let mono: UnsafeMutablePointer<Int16>
    private let converted: UnsafeMutableBufferPointer<Int16>
    private var pace: CapturePace
    private var recovery = PCMRecovery()
    private var position: CapturePosition
    /// Frames that came out of the resampler, 24 kHz.
    private var convertedFrames = 0
    /// When the card was started, until its first frames come; and until when its sound was captured.
    private var startedNs: Int64?
    private var capturedUntilNs: Int64 = 0

    /// With a reference, its echo is taken out of what the ring gets.
    init(pcm: consuming PCM, state: StreamState, reference: EchoReference? = nil) throws(AudioError) {
        let geometry = pcm.geometry
        if let reference { echo = try EchoStage(reference: reference) } else { echo = nil }
        let resampler = try Resampler(
            from: geometry.rate, to: runnerRate, quality: pcm.conversion.resamplerQuality)
        stepFrames = min(geometry.wakeFrames, PCM.mostStepFrames)
        let nativeBytes = stepFrames * geometry.channels * geometry.format.bytesPerSample
        native = .allocate(byteCount: nativeBytes, alignment: 16)
        // alsa-lib's null plug-in says that it read, and leaves the buffer as it was.
        native.initializeMemory(as: UInt8.self, repeating: 0, count: nativeBytes)
        mono = .allocate(capacity: stepFrames)
        mono.initialize(repeating: 0, count: stepFrames)
        converted = .allocate(capacity: resampler.outputBound(inputFrames: stepFrames))
        converted.initialize(repeating: 0)
        position = CapturePosition(periodNs: Int64(geometry.periodFrames) * 1_000_000_000 / Int64(geometry.rate))
        pace = CapturePace(rate: geometry.rate, bufferFrames: geometry.bufferFrames)
        description = pcm.description
        name = pcm.name
        self.state = state
        self.resampler = resampler
        self.pcm = pcm
    }

    deinit {
        native.deallocate()
        mono.deallocate()
        converted.deallocate()
    }

    /// Real-time.
    func run() -> AudioError? {
        state.sleep(untilNs: startNs)
        capturedUntilNs = clinux_monotonic_ns()
        var error = restart(after: 0)
        while error == nil, !state.isStopping {
            switch pcm.wait(wake: state.wake, timeoutMs: PCM.stallMs) {
            case .ready, .broken: error = move()
            case .woken: continue
            case .timedOut: error = recover(from: -Int(ETIMEDOUT))
            }
        }
        return error
    }

    /// Moves one step of frames from the card to the ring.
    private func move() -> AudioError? {
        // Before all work, for a card moves on meanwhile.
        let seen = echo != nil || position.isDue(nowNs: clinux_monotonic_ns()) ? pcm.look() : nil
        let frames = pcm.read(into: native, frames: stepFrames)
        guard frames > 0 else {
            if frames != 0, frames != -Int(EAGAIN) { return recover(from: frames) }
            // A plug-in that says ready and gives nothing must not make us spin.
            clinux_sleep_until(clinux_monotonic_ns() + PCM.pauseNs)
            return nil
        }
        recovery.progress()
        if let startedNs { begin(startedNs: startedNs, frames: frames) }
        let geometry = pcm.geometry
        geometry.format.mixDown(
            native, channels: geometry.channels, channel: pcm.conversion.channel, frames: frames, into: mono)
        let (_, produced) = resampler.process(UnsafeBufferPointer(start: mono, count: frames), into: converted)
        let fresh = UnsafeBufferPointer(rebasing: converted[..<produced])
        convertedFrames += produced
        var moved = produced
        if let echo { moved = echo.process(fresh, into: state.ring) } else { state.ring.write(fresh) }
        state.movedFrames.wrappingAdd(moved, ordering: .relaxed)
        // Counted from what the owner has read, so that being late once does not make every append late.
        if state.ring.unreadFrames >= state.eventFrames.load(ordering: .relaxed) { clinux_eventfd_signal(state.event) }
        let nowNs = clinux_monotonic_ns()
        capturedUntilNs = nowNs
        if let seen { look(capturedNs: capturedNs(beforeFrames: seen.delay - frames, of: seen.ns)) }
        if let untilNs = pace.pause(afterFrames: frames, nowNs: nowNs) {
            // It has no clock of its own: its frames are captured when we take them.
            follow(restartedAt: nowNs)
            state.sleep(untilNs: untilNs)
        }
        return nil
    }

    /// The first `frames` frames since the start came. The card may have moved long after it was told to.
    private func begin(startedNs: Int64, frames: Int) {
        self.startedNs = nil
        let held = Int64(frames + max(0, pcm.delay()))
        let firstNs = max(startedNs, clinux_monotonic_ns() - held * 1_000_000_000 / Int64(pcm.geometry.rate))
        recovery.end(atNs: firstNs, log: state.interruptions)
        follow(restartedAt: capturedNs(beforeFrames: 0, of: firstNs))
    }

    /// The next frame is captured at `capturedNs`, as the card said.
    private func look(capturedNs: Int64) {
        echo?.look(ns: capturedNs)
        if let jumpNs = position.look(frames: convertedFrames, ns: capturedNs) {
            state.interruptions.count(.clockJump, ns: abs(jumpNs))
        }
        publishOrigin()
    }

    /// The next frame is captured at `ns`, whatever was before.
    private func follow(restartedAt ns: Int64) {
        position.restart(frames: convertedFrames, ns: ns)
        publishOrigin()
    }

    private func publishOrigin() {
        // The canceller puts frames before the first; what found the ring full is not in it.
        let added = echo == nil ? 0 : EchoCanceller.latencyFrames
        let ringFrame = convertedFrames + added - state.ring.droppedFrames
        if let originNs = position.originNs(ringFrame: ringFrame, frames: convertedFrames) {
            state.captureOriginNs.store(originNs, ordering: .relaxed)
        }
    }

    /// When the resampler's next frame was captured, `frames` of the card's being captured and not read at `ns`.
    private func capturedNs(beforeFrames frames: Int, of ns: Int64) -> Int64 {
        let heldFrames = Int64(frames + resampler.inputLatencyFrames)
        return ns - heldFrames * 1_000_000_000 / Int64(pcm.geometry.rate)
    }

    private func recover(from code: Int) -> AudioError? {
        state.count(fault: code)
        recovery.interrupted(by: code, sinceNs: capturedUntilNs)
        return restart(after: code)
    }

    /// Prepares and starts the card, again after the error `code`; an error when the card is given up.
    private func restart(after code: Int) -> AudioError? {
        var code = code
        while !state.isStopping {
            switch code == 0 ? .restart : recovery.step(for: code) {
            case .giveUp:
                recovery.end(atNs: clinux_monotonic_ns(), log: state.interruptions)
                return .lost(name, "capture", code)
            case .resumeThenRestart: pcm.awaitResume()
            case .restart: break
            }
            code = Int(pcm.dropAndPrepare())
            if code >= 0 { code = Int(pcm.start()) }
            if code >= 0 {
                let nowNs = clinux_monotonic_ns()
                startedNs = nowNs
                let capturedNs = capturedNs(beforeFrames: 0, of: nowNs)
                echo?.restart(ns: capturedNs)
                follow(restartedAt: capturedNs)
                return nil
            }
            recovery.interrupted(by: code, sinceNs: capturedUntilNs)
            state.sleep(untilNs: clinux_monotonic_ns() + PCM.retryPauseNs)
        }
        return nil
    }
}

/// Holds back a device that delivers faster than time passes (alsa-lib's null and file plug-ins), which would
/// otherwise keep a real-time thread running without end.
struct CapturePace {
    private let rate: Int
    private let slackNs: Int64
    private var deliveredNs: Int64 = 0

    /// A card may be ahead by its buffer after a late wake-up; twice that is no card.
    init(rate: Int, bufferFrames: Int) {
        self.rate = rate
        slackNs = 2 * Int64(bufferFrames) * 1_000_000_000 / Int64(rate)
    }

    /// When to go on reading, if not at once. Real-time.
    @_noAllocation
    mutating func pause(afterFrames frames: Int, nowNs: Int64) -> Int64? {
        // One part in a hundred is forgiven: no card's clock is that wrong, so none is ever held back.
        deliveredNs = max(deliveredNs, nowNs) + Int64(frames) * 990_000_000 / Int64(rate)
        return deliveredNs - nowNs > slackNs ? deliveredNs - slackNs : nil
    }
}
