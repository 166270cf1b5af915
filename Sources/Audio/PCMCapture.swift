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

    /// With a reference, its echo is taken out of what the ring gets.
    init(pcm: consuming PCM, state: StreamState, reference: EchoReference? = nil) throws(AudioError) {
        let geometry = pcm.geometry
        if let reference { echo = try EchoStage(reference: reference) } else { echo = nil }
        let resampler = try Resampler(
            from: geometry.rate, to: runnerRate, quality: pcm.conversion.resamplerQuality)
        stepFrames = min(geometry.periodFrames, PCM.mostStepFrames)
        let nativeBytes = stepFrames * geometry.channels * geometry.format.bytesPerSample
        native = .allocate(byteCount: nativeBytes, alignment: 16)
        // alsa-lib's null plug-in says that it read, and leaves the buffer as it was.
        native.initializeMemory(as: UInt8.self, repeating: 0, count: nativeBytes)
        mono = .allocate(capacity: stepFrames)
        mono.initialize(repeating: 0, count: stepFrames)
        converted = .allocate(capacity: resampler.outputBound(inputFrames: stepFrames))
        converted.initialize(repeating: 0)
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
        let frames = pcm.read(into: native, frames: stepFrames)
        guard frames > 0 else {
            if frames != 0, frames != -Int(EAGAIN) { return recover(from: frames) }
            // A plug-in that says ready and gives nothing must not make us spin.
            clinux_sleep_until(clinux_monotonic_ns() + PCM.pauseNs)
            return nil
        }
        recovery.progress()
        let geometry = pcm.geometry
        geometry.format.mixDown(
            native, channels: geometry.channels, channel: pcm.conversion.channel, frames: frames, into: mono)
        let (_, produced) = resampler.process(UnsafeBufferPointer(start: mono, count: frames), into: converted)
        let fresh = UnsafeBufferPointer(rebasing: converted[..<produced])
        var moved = produced
        if let echo {
            moved = echo.process(fresh, into: state.ring)
            let delay = pcm.delay()
            if delay >= 0 { echo.look(ns: capturedNs(beforeFrames: delay)) }
        } else {
            state.ring.write(fresh)
        }
        state.movedFrames.wrappingAdd(moved, ordering: .relaxed)
        // Counted from what the owner has read, so that being late once does not make every append late.
        if state.ring.unreadFrames >= CaptureStream.eventFrames { clinux_eventfd_signal(state.event) }
        if let untilNs = pace.pause(afterFrames: frames, nowNs: clinux_monotonic_ns()) { state.sleep(untilNs: untilNs) }
        return nil
    }

    /// When the resampler's next frame was captured, `frames` of the card's being captured and not read.
    private func capturedNs(beforeFrames frames: Int) -> Int64 {
        let heldFrames = Int64(frames + resampler.inputLatencyFrames)
        return clinux_monotonic_ns() - heldFrames * 1_000_000_000 / Int64(pcm.geometry.rate)
    }

    private func recover(from code: Int) -> AudioError? {
        state.count(fault: code)
        return restart(after: code)
    }

    /// Prepares and starts the card, again after the error `code`; an error when the card is given up.
    private func restart(after code: Int) -> AudioError? {
        var code = code
        while !state.isStopping {
            switch code == 0 ? .restart : recovery.step(for: code) {
            case .giveUp: return .lost(name, "capture", code)
            case .resumeThenRestart: pcm.awaitResume()
            case .restart: break
            }
            code = Int(pcm.dropAndPrepare())
            if code >= 0 { code = Int(pcm.start()) }
            if code >= 0 {
                echo?.restart(ns: capturedNs(beforeFrames: 0))
                return nil
            }
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
