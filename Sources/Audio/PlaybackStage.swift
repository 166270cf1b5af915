import Synchronization

/// Native frames on their way to the card: taken from the ring, converted, and not yet written. Playback thread only.
///
/// It knows what was written last, too, so that sound the card gives back can be faded, or be played at another gain.
final class PlaybackStage {
    /// How long a flush or another gain fades what the card would have played: no click, no longer than that takes.
    static let cutMs = 5
    /// 5 ms: how long sound that stops too early fades out, and sound that goes on after that fades in.
    static let edgeFrames = 120
    /// Sound whose last 5 ms are below this, -54 dB of full scale, ended by itself: synthesized speech pauses below it.
    static let quietPeak: Int32 = 64

    private let geometry: PCMGeometry
    /// The card's channel that sounds; 0 is all.
    private let channel: Int
    private let ring: SampleRing
    private var resampler: Resampler
    /// Our frames handled at a time.
    private let stepFrames: Int
    private let mono: UnsafeMutableBufferPointer<Int16>
    private let converted: UnsafeMutableBufferPointer<Int16>
    /// `converted` at a gain that is not 1.
    private let scaled: UnsafeMutableBufferPointer<Int16>
    private let native: UnsafeMutableRawPointer
    private let frameBytes: Int
    private var nextFrame = 0
    private var endFrame = 0
    /// What was written last, mono at the card's rate, at a gain of 1: as much as the card holds. A power of two.
    private let history: UnsafeMutableBufferPointer<Int16>
    /// Frames written, without those given back; `ramp` counts by it.
    private var historyEnd = 0
    private var ramp = GainRamp.unchanged
    private let cut: Fade
    /// What was taken last in this run; the first `edgeCount` frames count.
    private let edge: UnsafeMutableBufferPointer<Int16>
    private var edgeCount = 0
    private let edgeFade = Fade(frames: edgeFrames)
    /// How far a fade-in got.
    private var fadedInFrames = edgeFrames

    init(geometry: PCMGeometry, conversion: SoundConversion, ring: SampleRing) throws(AudioError) {
        let resampler = try Resampler(from: runnerRate, to: geometry.rate, quality: conversion.resamplerQuality)
        let periodFrames = geometry.periodFrames * runnerRate / geometry.rate
        stepFrames = max(1, min(periodFrames, PCM.mostStepFrames))
        // One more frame than the filter needs: the tail must be longer than what it completes.
        let tailFrames = Self.edgeFrames + resampler.inputLatencyFrames + 1
        cut = Fade(frames: geometry.rate * Self.cutMs / 1000)
        // A step or a tail that is not written, behind all that the card can give back.
        let nativeFrames = geometry.bufferFrames + max(
            resampler.outputBound(inputFrames: stepFrames),
            resampler.outputBound(inputFrames: tailFrames) + 2 * geometry.periodFrames)
        frameBytes = geometry.channels * geometry.format.bytesPerSample
        mono = .allocate(capacity: max(stepFrames, tailFrames))
        mono.initialize(repeating: 0)
        converted = .allocate(capacity: nativeFrames)
        converted.initialize(repeating: 0)
        scaled = .allocate(capacity: nativeFrames)
        scaled.initialize(repeating: 0)
        native = .allocate(byteCount: nativeFrames * frameBytes, alignment: 16)
        var historyFrames = 1
        while historyFrames < geometry.bufferFrames { historyFrames *= 2 }
        history = .allocate(capacity: historyFrames)
        history.initialize(repeating: 0)
        edge = .allocate(capacity: Self.edgeFrames)
        edge.initialize(repeating: 0)
        self.geometry = geometry
        channel = conversion.channel
        self.ring = ring
        self.resampler = resampler
    }

    deinit {
        mono.deallocate()
        converted.deallocate()
        scaled.deallocate()
        native.deallocate()
        history.deallocate()
        edge.deallocate()
    }

    /// Nothing is staged.
    var isEmpty: Bool { nextFrame == endFrame }
    /// The card's frames that are staged.
    var frames: Int { endFrame - nextFrame }
    /// Where the first of them is.
    var bytes: UnsafeRawPointer { UnsafeRawPointer(native + nextFrame * frameBytes) }

    /// Whether the frames taken last were sound, and not the quiet that speech ends in. Real-time.
    var isInMidSound: Bool {
        for index in 0..<edgeCount where abs(Int32(edge[index])) > Self.quietPeak { return true }
        return false
    }

    /// The card took `frames` of what is staged. Real-time.
    func advance(_ frames: Int) {
        remember(frames)
        historyEnd += frames
        nextFrame += frames
    }

    /// The frames staged next fade in, as they go on where sound had stopped. Real-time.
    func fadeIn() { fadedInFrames = 0 }

    /// Stages the next step of frames from the ring and returns how many of ours were taken. Real-time.
    func stageFrames(state: StreamState, reference: EchoReference? = nil) -> Int {
        let taken = ring.read(into: UnsafeMutableBufferPointer(rebasing: mono[..<stepFrames]))
        let frames = UnsafeMutableBufferPointer(rebasing: mono[..<taken])
        if fadedInFrames < Self.edgeFrames {
            edgeFade.into(frames, from: fadedInFrames)
            fadedInFrames += taken
        }
        keepEdge(of: UnsafeBufferPointer(frames))
        let (_, produced) = resampler.process(UnsafeBufferPointer(frames), into: converted)
        state.movedFrames.wrappingAdd(taken, ordering: .relaxed)
        reference?.write(UnsafeBufferPointer(frames))
        stage(produced)
        return taken
    }

    /// Stages what the resampler still holds, then silence to the end of the card's period, so that a card that counts
    /// in whole periods plays the last frame; then a period of silence for the card that runs on until it is stopped.
    ///
    /// Sound that stops in the middle is played backwards while it fades: nothing is lost, nothing clicks. Real-time.
    func stageTail(afterFrames writtenFrames: Int, periodFrames: Int) {
        var tailFrames = 0
        if isInMidSound {
            for index in 0..<edgeCount { mono[index] = edge[edgeCount - 1 - index] }
            edgeFade.out(UnsafeMutableBufferPointer(rebasing: mono[..<edgeCount]))
            tailFrames = edgeCount
        }
        let latency = resampler.inputLatencyFrames
        if latency > 0 {
            UnsafeMutableBufferPointer(rebasing: mono[tailFrames...tailFrames + latency]).update(repeating: 0)
            tailFrames += latency + 1
        }
        let tail = UnsafeBufferPointer(rebasing: mono[..<tailFrames])
        let produced = tailFrames > 0 ? resampler.process(tail, into: converted).produced : 0
        let beyond = (writtenFrames + produced) % periodFrames
        let silence = (beyond == 0 ? 0 : periodFrames - beyond) + periodFrames
        UnsafeMutableBufferPointer(rebasing: converted[produced..<produced + silence]).update(repeating: 0)
        stage(produced + silence)
    }

    /// Stages what the card is to play instead of the last `frames` that were written, which it gave back: the same
    /// sound faded out, then silence: the gain is 0 until it is set. Returns the frames of the fade. Real-time.
    func stageCut(of frames: Int) -> Int {
        endFrame = nextFrame
        let count = takeBack(frames)
        fade(to: 0, frames: min(cut.frames, count))
        stage(count)
        return min(cut.frames, count)
    }

    /// The gain of all that follows, once its fade is over.
    var gain: Int32 { ramp.to }

    /// From the next frame on, without a fade. What is staged stays as it is. Real-time.
    func set(gain: Int32) { ramp = GainRamp(from: gain, to: gain) }

    /// Fades to another gain from the first of the last `frames` that were written, which the card gave back: they are
    /// staged anew, before what is staged and not written. Real-time.
    func change(to gain: Int32, takingBack frames: Int) {
        let count = takeBack(frames)
        fade(to: gain, frames: cut.frames)
        stage(count)
    }

    /// Moves frames that were written before those that are staged; the number of all of them.
    private func takeBack(_ frames: Int) -> Int {
        let rest = self.frames
        let count = min(frames, history.count, converted.count - rest)
        historyEnd -= frames
        guard let target = converted.baseAddress else { return 0 }
        // In one buffer, backwards or forwards: both are allowed.
        (target + count).update(from: target + nextFrame, count: rest)
        for index in 0..<count { target[index] = history[(historyEnd + index) & (history.count - 1)] }
        return count + rest
    }

    private func fade(to gain: Int32, frames: Int) {
        ramp = GainRamp(
            startFrame: historyEnd, frames: frames, from: ramp.gain(at: historyEnd, along: cut), to: gain)
    }

    /// Forgets what is staged and what the resampler holds. Real-time.
    func reset() {
        nextFrame = 0
        endFrame = 0
        edgeCount = 0
        fadedInFrames = Self.edgeFrames
        resampler.reset()
    }

    private func keepEdge(of frames: UnsafeBufferPointer<Int16>) {
        let count = min(frames.count, edge.count)
        let kept = min(edgeCount, edge.count - count)
        guard count > 0, let source = frames.baseAddress, let target = edge.baseAddress else { return }
        // Forwards in one buffer, which is allowed.
        target.update(from: target + (edgeCount - kept), count: kept)
        (target + kept).update(from: source + (frames.count - count), count: count)
        edgeCount = kept + count
    }

    private func remember(_ frames: Int) {
        guard let source = converted.baseAddress, let target = history.baseAddress else { return }
        let start = historyEnd & (history.count - 1)
        let first = min(frames, history.count - start)
        (target + start).update(from: source + nextFrame, count: first)
        target.update(from: source + nextFrame + first, count: min(frames - first, history.count))
    }

    private func stage(_ frames: Int) {
        nextFrame = 0
        endFrame = frames
        guard var source = converted.baseAddress, let target = scaled.baseAddress else { return }
        if !ramp.leavesAll(from: historyEnd) {
            ramp.scale(source, count: frames, from: historyEnd, along: cut, into: target)
            source = target
        }
        geometry.format.spread(
            source, frames: frames, channels: geometry.channels, channel: channel, into: native)
    }
}
