import Synchronization

/// Native frames on their way to the card: taken from the ring, converted, and not yet written. Playback thread only.
final class PlaybackStage {
    private let geometry: PCMGeometry
    /// The card's channel that sounds; 0 is all.
    private let channel: Int
    private let ring: SampleRing
    private var resampler: Resampler
    /// Our frames handled at a time.
    private let stepFrames: Int
    private let mono: UnsafeMutableBufferPointer<Int16>
    private let converted: UnsafeMutableBufferPointer<Int16>
    private let native: UnsafeMutableRawPointer
    private let frameBytes: Int
    private var nextFrame = 0
    private var endFrame = 0

    init(geometry: PCMGeometry, conversion: SoundConversion, ring: SampleRing) throws(AudioError) {
        let resampler = try Resampler(from: runnerRate, to: geometry.rate, quality: conversion.resamplerQuality)
        let periodFrames = geometry.periodFrames * runnerRate / geometry.rate
        stepFrames = max(1, min(periodFrames, PCM.mostStepFrames))
        // One more frame than the filter needs: the tail must be longer than what it completes.
        let tailFrames = resampler.inputLatencyFrames + 1
        let nativeFrames = max(
            resampler.outputBound(inputFrames: stepFrames),
            resampler.outputBound(inputFrames: tailFrames) + 2 * geometry.periodFrames)
        frameBytes = geometry.channels * geometry.format.bytesPerSample
        mono = .allocate(capacity: max(stepFrames, tailFrames))
        mono.initialize(repeating: 0)
        converted = .allocate(capacity: nativeFrames)
        converted.initialize(repeating: 0)
        native = .allocate(byteCount: nativeFrames * frameBytes, alignment: 16)
        self.geometry = geometry
        channel = conversion.channel
        self.ring = ring
        self.resampler = resampler
    }

    deinit {
        mono.deallocate()
        converted.deallocate()
        native.deallocate()
    }

    /// Nothing is staged.
    var isEmpty: Bool { nextFrame == endFrame }
    /// The card's frames that are staged.
    var frames: Int { endFrame - nextFrame }
    /// Where the first of them is.
    var bytes: UnsafeRawPointer { UnsafeRawPointer(native + nextFrame * frameBytes) }

    /// The card took `frames` of what is staged. Real-time.
    func advance(_ frames: Int) { nextFrame += frames }

    /// Stages the next step of frames from the ring and returns how many of ours were taken. Real-time.
    func stageFrames(state: StreamState, reference: EchoReference? = nil) -> Int {
        let taken = ring.read(into: UnsafeMutableBufferPointer(rebasing: mono[..<stepFrames]))
        let (_, produced) = resampler.process(UnsafeBufferPointer(rebasing: mono[..<taken]), into: converted)
        state.movedFrames.wrappingAdd(taken, ordering: .relaxed)
        reference?.write(UnsafeBufferPointer(rebasing: mono[..<taken]))
        stage(produced)
        return taken
    }

    /// Stages what the resampler still holds, then silence to the end of the card's period, so that a card that counts
    /// in whole periods plays the last frame; then a period of silence for the card that runs on until it is stopped,
    /// and would play old frames of its buffer. Real-time.
    func stageTail(afterFrames writtenFrames: Int, periodFrames: Int) {
        var produced = 0
        let latency = resampler.inputLatencyFrames
        if latency > 0 {
            let zeros = UnsafeMutableBufferPointer(rebasing: mono[...latency])
            zeros.update(repeating: 0)
            produced = resampler.process(UnsafeBufferPointer(zeros), into: converted).produced
        }
        let beyond = (writtenFrames + produced) % periodFrames
        let silence = (beyond == 0 ? 0 : periodFrames - beyond) + periodFrames
        UnsafeMutableBufferPointer(rebasing: converted[produced..<produced + silence]).update(repeating: 0)
        stage(produced + silence)
    }

    /// Forgets what is staged and what the resampler holds. Real-time.
    func reset() {
        nextFrame = 0
        endFrame = 0
        resampler.reset()
    }

    private func stage(_ frames: Int) {
        nextFrame = 0
        endFrame = frames
        guard let source = converted.baseAddress else { return }
        geometry.format.spread(
            source, frames: frames, channels: geometry.channels, channel: channel, into: native)
    }
}
