import MonotonicClock
import Synchronization

/// What a capture stream has counted since its start.
public struct CaptureStatistics: Sendable, Equatable {
    /// Times the card's buffer ran full because the thread was late, or the card was suspended.
    public let overruns: Int
    /// Times the card delivered nothing for 200 ms and was restarted.
    public let stalls: Int
    /// 24 kHz frames lost because the ring was full: the runner was late.
    public let droppedFrames: Int
    /// 24 kHz frames captured, dropped ones included; it stands still when the card does.
    public let capturedFrames: Int
}

/// A microphone, or a WAV file in its place: 24 kHz mono PCM16 in a ring. A card has a thread of its own; a file is
/// read in `takeEvent`.
///
/// Made, used and dropped by one thread (the runner). Only `init` (the driver's open) and `stop` can block.
public final class CaptureStream: CustomStringConvertible {
    /// 2.7 s at 24 kHz: a runner that is late for longer loses frames, and `statistics` says so.
    static let ringFrames = 1 << 16
    /// 20 ms at 24 kHz, what one append carries: with less the owner could do nothing, and a card's period of 10 ms
    /// would wake it twice as often.
    static let eventFrames = runnerRate / 50
    /// 200 ms at 24 kHz: how often the owner is woken while it wants no frames now. The ring is good for thirteen times
    /// as long.
    static let idleEventFrames = runnerRate / 5
    /// The most that canceller and resampler hold back: 20 ms, and 5 ms of filter.
    private static let latencyFrames = EchoStage.latencyFrames + runnerRate / 200

    /// Device and what was agreed with it, in one line.
    public let description: String

    private let state: StreamState
    private let driver: StreamDriver
    /// What the device may hold beyond what is in the ring; later than that it stands still.
    private let mostAheadFrames: Int
    private var seenLongInterruptions: UInt16 = 0

    /// Opens and negotiates; nothing is captured before `start`. With `echo`, what a card plays by that reference is
    /// cancelled, and frames come 20 ms later; a file has no echo.
    public convenience init(device: AudioDevice, echo: EchoReference? = nil) throws(AudioError) {
        try self.init(device: device, wishes: PCMWishes(conversion: device.conversion), echo: echo)
    }

    /// As above, with other wishes for the card.
    convenience init(device: AudioDevice, wishes: PCMWishes, echo: EchoReference? = nil) throws(AudioError) {
        let timing = try StreamTiming(device)
        let ring = SampleRing(minimumCapacity: Self.ringFrames)
        var wishes = wishes
        // What an append carries at each wake-up; the canceller holds enough back as it is.
        if echo == nil { wishes.wakeMs = Self.eventFrames * 1000 / runnerRate }
        switch try DeviceName(device.name) {
        case .pcm(let name):
            let state = try StreamState(ring: ring)
            let pcm = try PCM(name: name, direction: .capture, timing: timing, wishes: wishes)
            let geometry = pcm.geometry
            let heldFrames = (geometry.bufferFrames + geometry.periodFrames) * runnerRate / geometry.rate
            let worker = try PCMCapture(pcm: pcm, state: state, reference: echo)
            self.init(driver: StreamDriver(worker, state: state), mostAheadFrames: heldFrames + Self.latencyFrames)
        case .wav(let path):
            // Before there is a worker: Swift 6.0's optimizer stops at a trap while one is held.
            let heldFrames = 2 * WAVCapture.periodMs(timing) * runnerRate / 1000
            let state = try StreamState(ring: ring, isTimed: true)
            let worker = try WAVCapture(path: path, timing: timing, state: state)
            self.init(driver: StreamDriver(worker, state: state), mostAheadFrames: heldFrames)
        }
    }

    private init(driver: StreamDriver, mostAheadFrames: Int) {
        self.driver = driver
        self.mostAheadFrames = mostAheadFrames
        state = driver.state
        description = driver.description
    }

    /// Starts capture; frame 0 is captured at `start`. Call once.
    public func start(at start: Instant) { driver.start(name: "capture", at: start) }

    /// Ends a card's thread and waits for it, a second at most. Frames in the ring can still be read.
    public func stop() { driver.stop() }

    /// Readable when 20 ms or more can be read, and when the stream fails, until `takeEvent`. An owner that reads all
    /// there is at each event gets 20 ms of frames, or a period when that is longer.
    public var eventDescriptor: Int32 { state.event }

    /// Whether frames are wanted as they come. Otherwise `eventDescriptor` is readable every 200 ms only (a WAV file's
    /// always every 20 ms), and an idle owner sleeps.
    public func setUrgent(_ isUrgent: Bool) {
        state.eventFrames.store(isUrgent ? Self.eventFrames : Self.idleEventFrames, ordering: .relaxed)
    }

    /// Makes `eventDescriptor` unreadable until the next event; a WAV file is read up to now. Call before `read`, so
    /// that nothing is missed.
    public func takeEvent() { driver.takeEvent() }

    /// Reads up to `samples.count` frames and returns their number.
    public func read(into samples: UnsafeMutableBufferPointer<Int16>) -> Int { state.ring.read(into: samples) }

    /// Frames that can be read now.
    public var availableFrames: Int { state.ring.availableToRead }

    /// The frame that is captured at `instant`, counted as `read` gives them out: by the card's own position, whenever
    /// its frames were read. Good for the time since the card's last restart; a frame that is still to come is at most
    /// what the device can hold ahead.
    public func frame(at instant: Instant) -> Int {
        let originNs = state.captureOriginNs.load(ordering: .relaxed)
        guard originNs != StreamState.unknownOrigin else { return state.ring.readFrames }
        let frame = framesElapsed(ns: instant.ns - originNs, rate: runnerRate)
        return min(frame, state.ring.writtenFrames + mostAheadFrames)
    }

    /// How often, and for how long, the device delivered nothing since the start.
    public var interruptions: InterruptionStatistics { state.interruptions.statistics }

    /// The newest interruption of more than a second, once.
    public func takeLongInterruption() -> Interruption? { state.interruptions.long(since: &seenLongInterruptions) }

    /// Counted since the start; each number is right, together they may be a period apart.
    public var statistics: CaptureStatistics {
        CaptureStatistics(
            overruns: state.xruns.load(ordering: .relaxed), stalls: state.stalls.load(ordering: .relaxed),
            droppedFrames: state.ring.droppedFrames, capturedFrames: state.movedFrames.load(ordering: .relaxed))
    }

    /// Why the stream ended by itself; nil while it works. A failed stream holds its device
    /// until it is dropped; then a new one can be opened.
    public var failure: AudioError? { state.failure }

    /// Why the thread runs without SCHED_FIFO, or in memory that may be swapped out or dropped; nil when both were
    /// granted, or not asked for ("wav:").
    public var realtimeRefusal: String? { driver.realtimeRefusal }
}
