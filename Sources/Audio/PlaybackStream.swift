import MonotonicClock
import Synchronization

/// What a playback stream has counted since its start.
public struct PlaybackStatistics: Sendable, Equatable {
    /// Times the card ran empty although frames were waiting, or was suspended: the thread was late.
    public let underruns: Int
    /// Times the card took nothing for 200 ms and was restarted.
    public let stalls: Int
    /// 24 kHz frames handed to the card.
    public let playedFrames: Int
    /// Times sound stopped in the middle because frames were late, was faded out, and went on within two seconds.
    public var gaps = 0
}

/// A loudspeaker, or a WAV file in its place: plays 24 kHz mono PCM16 from a ring. A card has a thread of its own; a
/// file grows in `takeEvent`, and whenever frames are written or flushed.
///
/// Made, used and dropped by one thread (the runner). Only `init` (the driver's open) and `stop` can block.
public final class PlaybackStream: CustomStringConvertible {
    /// 1.4 s at 24 kHz: what the thread can play while the runner is busy.
    static let ringFrames = 1 << 15
    /// How often the owner of a card that plays is woken: the ring is good for fourteen times as long, and what a flush
    /// cuts off is known at once anyway.
    static let eventNs: Int64 = 100_000_000

    /// Device and what was agreed with it, in one line.
    public let description: String

    private let state: StreamState
    private let clock: PlaybackClock
    private let driver: StreamDriver
    private var writtenAtFlush = 0
    private var seenLongInterruptions: UInt16 = 0

    /// Opens and negotiates; a "wav:" file is emptied. With `echo`, a card tells that reference what it plays.
    public convenience init(device: AudioDevice, echo: EchoReference? = nil) throws(AudioError) {
        try self.init(device: device, wishes: PCMWishes(conversion: device.conversion), echo: echo)
    }

    /// As above, with other wishes for the card.
    convenience init(device: AudioDevice, wishes: PCMWishes, echo: EchoReference? = nil) throws(AudioError) {
        let timing = try StreamTiming(device)
        let ring = SampleRing(minimumCapacity: Self.ringFrames)
        let clock = PlaybackClock()
        switch try DeviceName(device.name) {
        case .pcm(let name):
            let state = try StreamState(ring: ring)
            let pcm = try PCM(name: name, direction: .playback, timing: timing, wishes: wishes)
            let worker = try PCMPlayback(pcm: pcm, state: state, clock: clock, reference: echo)
            self.init(driver: StreamDriver(worker, state: state), clock: clock)
        case .wav(let path):
            let state = try StreamState(ring: ring, isTimed: true)
            let worker = try WAVPlayback(path: path, state: state, clock: clock)
            self.init(driver: StreamDriver(worker, state: state), clock: clock)
        }
    }

    private init(driver: StreamDriver, clock: PlaybackClock) {
        self.driver = driver
        self.clock = clock
        state = driver.state
        description = driver.description
    }

    /// Starts playback: a card stays silent until frames are written, a WAV file grows from `start` on. Call once.
    public func start(at start: Instant) { driver.start(name: "playback", at: start) }

    /// Silences the device, ends a card's thread and waits for it, a second at most.
    public func stop() { driver.stop() }

    /// Readable when something becomes audible and every 100 ms from then on, after a flush, when playback falls
    /// silent, and when the stream fails, until `takeEvent`; for a WAV file always every 40 ms.
    public var eventDescriptor: Int32 { state.event }

    /// Makes `eventDescriptor` unreadable until the next event; a WAV file grows up to now. Call before looking at
    /// `position`.
    public func takeEvent() { driver.takeEvent() }

    /// Queues as many frames as fit and returns their number. They belong to the epoch of the last `flush`, also while
    /// that flush is on its way.
    public func write(_ samples: UnsafeBufferPointer<Int16>) -> Int {
        driver.catchUp()
        let written = state.ring.write(UnsafeBufferPointer(rebasing: samples.prefix(freeFrames)))
        if written > 0 { state.framesWritten() }
        return written
    }

    /// Frames that `write` would take now.
    public var freeFrames: Int { state.ring.availableToWrite }

    /// Frames taken by `write` since the last `flush`; the device is silent when `position` has reached it.
    public var writtenFrames: Int { state.ring.writtenFrames - writtenAtFlush }

    /// Throws away what is queued, in the ring and in the card, and begins a new epoch, which is returned.
    ///
    /// Returns at once; a card is silent within 20 ms, after a fade of 5 ms where it can take back what it was given.
    /// `position` shows the epoch once that is on its way.
    public func flush() -> UInt16 {
        writtenAtFlush = state.ring.writtenFrames
        let epoch = clock.requestFlush(writtenFrames: writtenAtFlush)
        driver.wake()
        return epoch
    }

    /// Makes what is heard `gain` times as loud, 0...1, by a fade of 5 ms: what the card has and can give back, and all
    /// that follows until the next `flush`, after which it is 1 again. An echo reference does not hear of it.
    ///
    /// At a gain of 0 `position` stays where the fade begins. Another gain lets it go on, as if all had been heard; a
    /// flush instead ends the epoch there.
    public func setGain(_ gain: Double) {
        // Of a file only what is to come.
        driver.catchUp()
        clock.request(gain: GainRamp.gain(gain))
        driver.wake()
    }

    /// The playback clock. One atomic load.
    public var position: PlaybackPosition { clock.position }

    /// Frames heard of the epoch that the flush which returned `epoch` ended, its fade left out: the truth for
    /// truncation. Nil while that flush is on its way, and for all but the last 15 flushes.
    public func heardAtFlush(_ epoch: UInt16) -> Int? { clock.heardFrames(endedBy: epoch) }

    /// How often, and for how long, nothing was heard since the start although something should have been.
    public var interruptions: InterruptionStatistics { state.interruptions.statistics }

    /// The newest interruption of more than a second, once.
    public func takeLongInterruption() -> Interruption? { state.interruptions.long(since: &seenLongInterruptions) }

    /// Counted since the start; each number is right, together they may be a period apart.
    public var statistics: PlaybackStatistics {
        PlaybackStatistics(
            underruns: state.xruns.load(ordering: .relaxed), stalls: state.stalls.load(ordering: .relaxed),
            playedFrames: state.movedFrames.load(ordering: .relaxed), gaps: clock.gaps.load(ordering: .relaxed))
    }

    /// Why the stream ended by itself; nil while it works. A failed stream holds its device
    /// until it is dropped; then a new one can be opened.
    public var failure: AudioError? { state.failure }

    /// Why the thread runs without SCHED_FIFO, or in memory that may be swapped out or dropped; nil when both were
    /// granted, or not asked for ("wav:").
    public var realtimeRefusal: String? { driver.realtimeRefusal }
}
