import Glibc

internal import CLinux

/// The playback thread of an ALSA card: 24 kHz mono from the ring, native frames out, started on demand.
///
/// A run lasts from the first frame until the card has played all it was given. Within a run the card's frames map to
/// ours by the ratio of the rates alone, because silence is only ever added at the run's end.
final class PCMPlayback: AudioWorker {
    private enum Phase {
        /// The card is prepared and silent. -> `playing` when frames are waiting.
        case idle
        /// Frames go to the card. -> `ending` when the ring and nearly the card are empty; `silencing` on a flush, or
        /// `idle` when the card cannot be rewound; `idle` when the card ran empty by itself.
        case playing
        /// The resampler's tail and silence up to a whole period were staged, and another period of silence; frames in
        /// the ring wait for the next run. -> `idle` when the card has played all but the last period, or on a flush;
        /// `silencing` on a flush when the card can be rewound.
        case ending
        /// A flush was done: the card plays a fade, then silence. Nothing of it counts. Frames in the ring wait for the
        /// next run. -> `idle` when the fade was played.
        case silencing
    }

    /// How often a silent card is asked whether it is still there.
    private static let idleNs: Int64 = 1_000_000_000
    /// Sound that goes on this much later was interrupted; after that it is something new.
    static let gapNs: Int64 = 2_000_000_000
    /// Of the 20 ms to silence after a flush what the end of the fade may take; the rest is for waking up. A card that
    /// holds more than can be rewound is stopped at once: better a click than more voice.
    private static let silenceMs = 18

    var startNs: Int64 = 0
    let description: String

    private let pcm: PCM
    private let name: String
    private let state: StreamState
    private let clock: PlaybackClock
    private let stage: PlaybackStage
    private let reference: EchoReference?
    private var recovery = PCMRecovery()
    private var phase = Phase.idle
    /// Frames of this epoch heard in earlier runs.
    private var epochFrames = 0
    /// Frames of this epoch until the gain became 0: what follows is not heard yet.
    private var mutedFrom: Int?
    /// Frames of this run, ours: taken from the ring.
    private var takenFrames = 0
    /// Frames of this run, the card's: written, and known to be heard.
    private var writtenFrames = 0
    private var heardFrames = 0
    /// Where this run begins in `reference`.
    private var referenceStart = 0
    private var progressNs: Int64 = 0
    /// When the owner was last woken.
    private var eventNs: Int64 = 0
    /// When this run began, and until when there is sound if nothing more is written.
    private var startedNs: Int64 = 0
    private var soundUntilNs: Int64 = 0
    /// When a card whose ring is empty must have played everything, whatever it says.
    private var drainedNs: Int64?
    /// Frames of this run, the card's, at the end of a flush's fade.
    private var fadeEndFrames = 0
    /// When a run ended in the middle of sound.
    private var brokenOffNs: Int64?

    /// A reference is told what is played, and when.
    init(
        pcm: consuming PCM, state: StreamState, clock: PlaybackClock, reference: EchoReference? = nil
    ) throws(AudioError) {
        stage = try PlaybackStage(geometry: pcm.geometry, conversion: pcm.conversion, ring: state.ring)
        description = pcm.description
        name = pcm.name
        self.state = state
        self.clock = clock
        self.reference = reference
        self.pcm = pcm
    }

    /// Real-time.
    func run() -> AudioError? {
        state.sleep(untilNs: startNs)
        var error: AudioError?
        while error == nil, !state.isStopping {
            if let flush = clock.pendingFlush {
                perform(flush)
                continue
            }
            if let gain = clock.wantedGain, gain != stage.gain {
                error = change(to: gain)
                continue
            }
            switch phase {
            case .idle:
                if stage.isEmpty, state.ring.availableToRead == 0 {
                    state.waitForFrames(untilNs: clinux_monotonic_ns() + Self.idleNs)
                    // A card that is pulled or suspended while silent says so here.
                    let code = pcm.available()
                    if code < 0 { error = recover(from: code) }
                } else {
                    error = begin()
                }
            case .playing, .ending, .silencing:
                error = play()
            }
        }
        // Silences the card; a failure means that it is silent already.
        _ = pcm.dropAndPrepare()
        return error
    }

    // MARK: A run

    private func begin() -> AudioError? {
        // What an error left staged was given to the reference before.
        referenceStart = (reference?.writtenFrames ?? 0) - takenFrames
        writtenFrames = 0
        heardFrames = 0
        drainedNs = nil
        progressNs = clinux_monotonic_ns()
        if let brokenOffNs, progressNs - brokenOffNs < Self.gapNs {
            clock.gaps.wrappingAdd(1, ordering: .relaxed)
            stage.fadeIn()
        }
        brokenOffNs = nil
        phase = .playing
        var code = fill()
        // So little that it would be over before the next look, or is still in the resampler.
        if code >= 0, stage.isEmpty, writtenFrames < pcm.geometry.periodFrames { code = writeTail() }
        if code >= 0 { code = Int(pcm.start()) }
        startedNs = clinux_monotonic_ns()
        soundUntilNs = startedNs
        if code >= 0 { reference?.start(frame: referenceStart, ns: startedNs) }
        return code < 0 ? recover(from: code) : nil
    }

    private func play() -> AudioError? {
        if stage.isEmpty, phase != .playing || state.ring.availableToRead == 0 { return drain() }
        drainedNs = nil
        if pcm.wait(wake: state.wake, timeoutMs: PCM.stallMs) == .woken { return nil }
        lookForReference()
        let before = writtenFrames
        let code = fill()
        if code < 0 { return recover(from: code) }
        if writtenFrames > before {
            noteProgress()
        } else {
            // A plug-in that says ready and takes nothing must not make us spin.
            clinux_sleep_until(clinux_monotonic_ns() + PCM.pauseNs)
        }
        return follow(delay: pcm.delay())
    }

    /// Everything was written: follows the card to its end.
    private func drain() -> AudioError? {
        lookForReference()
        let delay = pcm.delay()
        let geometry = pcm.geometry
        let nowNs = clinux_monotonic_ns()
        let delayNs = Int64(max(0, delay)) * 1_000_000_000 / Int64(geometry.rate)
        let periodNs = Int64(geometry.periodFrames) * 1_000_000_000 / Int64(geometry.rate)
        // Frames that may be left when the run is over: they are silence.
        let rest = switch phase {
        case .idle, .playing: -1
        case .ending: geometry.periodFrames
        case .silencing: writtenFrames - fadeEndFrames
        }
        if delay <= rest || delay < 0 || nowNs > drainedNs ?? .max {
            endRun()
            return nil
        }
        if drainedNs == nil { drainedNs = nowNs + delayNs + 2 * periodNs }
        if phase == .playing, delay <= 2 * geometry.periodFrames {
            let code = writeTail()
            return code < 0 ? recover(from: code) : follow(delay: pcm.delay())
        }
        if phase == .playing {
            // New frames continue the run if they come before its last two periods.
            state.waitForFrames(untilNs: nowNs + min(periodNs, max(PCM.pauseNs, delayNs - 2 * periodNs)))
        } else {
            let restNs = Int64(rest) * 1_000_000_000 / Int64(geometry.rate)
            state.waitForWake(untilNs: nowNs + min(periodNs, delayNs - restNs))
        }
        return follow(delay: pcm.delay())
    }

    /// Gives the card all it takes, a buffer at most: what is staged, then what is in the ring. Negative: -errno.
    private func fill() -> Int {
        let start = writtenFrames
        // A plug-in that takes all there is must not keep us from a flush.
        while writtenFrames - start < pcm.geometry.bufferFrames {
            let room = pcm.available()
            if room <= 0 { return room }
            while stage.isEmpty {
                if phase != .playing || state.ring.availableToRead == 0 { return 0 }
                takenFrames += stage.stageFrames(state: state, reference: reference)
            }
            let written = pcm.write(stage.bytes, frames: min(room, stage.frames))
            if written == 0 || written == -Int(EAGAIN) { return 0 }
            if written < 0 { return written }
            stage.advance(written)
            writtenFrames += written
        }
        return 0
    }

    /// Ends the run after what was written. Negative: -errno.
    private func writeTail() -> Int {
        phase = .ending
        drainedNs = nil
        stage.stageTail(afterFrames: writtenFrames, periodFrames: pcm.geometry.periodFrames)
        return fill()
    }

    /// Publishes what was heard by now, and notices a card that stands still.
    private func follow(delay: Int) -> AudioError? {
        // An error shows up again in the next write or in `drain`.
        if delay < 0 { return nil }
        soundUntilNs = clinux_monotonic_ns() + Int64(delay) * 1_000_000_000 / Int64(pcm.geometry.rate)
        if writtenFrames - delay > heardFrames {
            heardFrames = writtenFrames - delay
            noteProgress()
            // The card may have moved long after it was told to.
            let heardNs = Int64(heardFrames) * 1_000_000_000 / Int64(pcm.geometry.rate)
            recovery.end(atNs: max(startedNs, progressNs - heardNs), log: state.interruptions)
        } else if drainedNs == nil, clinux_monotonic_ns() - progressNs > Int64(PCM.stallMs) * 1_000_000 {
            return recover(from: -Int(ETIMEDOUT))
        }
        publish(isRoutine: true)
        return nil
    }

    /// Tells the reference where the card is, unless it ran empty and stands still.
    private func lookForReference() {
        guard let reference, phase != .silencing, let seen = pcm.look(), seen.delay > 0, writtenFrames > seen.delay
        else { return }
        let place = Double(writtenFrames - seen.delay) * Double(runnerRate) / Double(pcm.geometry.rate)
        reference.look(frame: Double(referenceStart) + place, ns: seen.ns)
    }

    /// The card took frames, or played some.
    private func noteProgress() {
        progressNs = clinux_monotonic_ns()
        recovery.progress()
    }

    /// Lets the owner know what was heard; it is woken for it at once, or as often as is routine.
    private func publish(isRoutine: Bool = false) {
        clock.publish(heardFrames: heardOfEpoch)
        let nowNs = clinux_monotonic_ns()
        if isRoutine, nowNs - eventNs < PlaybackStream.eventNs { return }
        eventNs = nowNs
        clinux_eventfd_signal(state.event)
    }

    /// Frames of this run, ours, that were heard. Tail and silence are beyond what was taken.
    private var heardOfTaken: Int {
        min(takenFrames, heardFrames * runnerRate / pcm.geometry.rate)
    }

    /// Frames of this epoch that were heard; what was muted was not.
    private var heardOfEpoch: Int { min(epochFrames + heardOfTaken, mutedFrom ?? .max) }

    /// The card is empty: all that was taken was heard.
    private func endRun() {
        if phase != .silencing {
            let nowNs = clinux_monotonic_ns()
            reference?.end(frame: referenceStart + takenFrames, ns: nowNs)
            if stage.isInMidSound { brokenOffNs = nowNs }
        }
        epochFrames += takenFrames
        takenFrames = 0
        becomeIdle()
        publish()
    }

    private func becomeIdle() {
        // Whatever is missing is not waited for any more.
        recovery.end(atNs: clinux_monotonic_ns(), log: state.interruptions)
        heardFrames = 0
        stage.reset()
        phase = .idle
        // A card that cannot be prepared says so when the next run begins.
        _ = pcm.dropAndPrepare()
    }

    // MARK: Flush, gain and faults

    /// Plays what the card can give back once more, and all that follows, at another gain.
    private func change(to gain: Int32) -> AudioError? {
        var code = 0
        switch phase {
        case .idle, .silencing:
            // After an error frames are staged; a flush's fade stays as it is.
            if phase == .idle, !stage.isEmpty { stage.change(to: gain, takingBack: 0) } else { stage.set(gain: gain) }
            mutedFrom = gain == 0 ? epochFrames : nil
            tellReference(gain)
        case .playing, .ending:
            let rewound = max(0, pcm.rewind())
            writtenFrames -= rewound
            stage.change(to: gain, takingBack: rewound)
            let writtenOfTaken = min(takenFrames, writtenFrames * runnerRate / pcm.geometry.rate)
            mutedFrom = gain == 0 ? epochFrames + writtenOfTaken : nil
            tellReference(gain, frame: referenceStart + writtenOfTaken)
            drainedNs = nil
            code = fill()
        }
        publish()
        return code < 0 ? recover(from: code) : nil
    }

    /// `frame`: of the reference; nil is the next one it gets. The fade of 5 ms is a step to the canceller.
    private func tellReference(_ gain: Int32, frame: Int? = nil) {
        guard let reference else { return }
        reference.change(
            gain: Float(gain) / Float(GainRamp.one), frame: frame ?? reference.writtenFrames, ns: clinux_monotonic_ns())
    }

    private func perform(_ flush: PlaybackClock.Flush) {
        switch phase {
        // After an error a run waits to be taken up again, with frames on their way.
        case .idle: stage.reset()
        case .playing, .ending: cutRun()
        case .silencing: break
        }
        state.ring.discard(flush.writtenFrames - state.ring.readFrames)
        epochFrames = 0
        takenFrames = 0
        brokenOffNs = nil
        mutedFrom = nil
        // What is staged is a fade to nothing, and stays one.
        if stage.gain != GainRamp.one { tellReference(GainRamp.one) }
        stage.set(gain: GainRamp.one)
        clock.complete(flush)
        clinux_eventfd_signal(state.event)
    }

    /// Ends the run now: by a fade, which counts as not heard, or at once when the card cannot be rewound.
    private func cutRun() {
        let rewound = pcm.rewind()
        let delay = max(0, pcm.delay())
        let canFade = rewound > 0 && delay + pcm.geometry.rate * PlaybackStage.cutMs / 1000
            <= pcm.geometry.rate * Self.silenceMs / 1000
        if rewound > 0 { writtenFrames -= rewound }
        // What is ahead of a fade will be heard, within milliseconds. A delay of 0: the card had just run empty.
        heardFrames = max(heardFrames, canFade ? writtenFrames : writtenFrames - delay)
        clock.publish(heardFrames: heardOfEpoch)
        // Half of the fade is the best that a reference without it can do.
        let fadeFrames = canFade ? runnerRate * PlaybackStage.cutMs / 2000 : 0
        reference?.end(
            frame: referenceStart + min(takenFrames, heardOfTaken + fadeFrames), ns: clinux_monotonic_ns())
        guard canFade else { return becomeIdle() }
        stage.reset()
        fadeEndFrames = writtenFrames + stage.stageCut(of: rewound)
        phase = .silencing
        drainedNs = nil
        progressNs = clinux_monotonic_ns()
        // An error shows up again in the next look: the card is silent then.
        _ = fill()
    }

    /// Takes up the run again after an error; an error when the card is given up.
    private func recover(from code: Int) -> AudioError? {
        let isOver = phase == .silencing
            || stage.isEmpty && (phase == .ending || state.ring.availableToRead == 0)
        if code == -Int(EPIPE), isOver {
            // Played to its end between two looks: no fault.
            endRun()
            return nil
        }
        state.count(fault: code)
        let nowNs = clinux_monotonic_ns()
        let heardUntilNs = code == -Int(EPIPE) ? soundUntilNs : progressNs
        recovery.interrupted(by: code, sinceNs: phase == .idle ? nowNs : min(heardUntilNs, nowNs))
        switch recovery.step(for: code) {
        case .giveUp:
            recovery.end(atNs: nowNs, log: state.interruptions)
            return .lost(name, "playback", code)
        case .resumeThenRestart: pcm.awaitResume()
        case .restart: break
        }
        if isOver {
            endRun()
            return nil
        }
        // What the card held is gone: it counts as heard, and the rest of the run becomes a run of its own.
        heardFrames = writtenFrames
        let heard = heardOfTaken
        reference?.end(frame: referenceStart + heard, ns: clinux_monotonic_ns())
        epochFrames += heard
        takenFrames -= heard
        heardFrames = 0
        phase = .idle
        if pcm.dropAndPrepare() < 0 { state.sleep(untilNs: clinux_monotonic_ns() + PCM.retryPauseNs) }
        publish()
        return nil
    }
}
