import Audio
import MonotonicClock
import Session

/// The playback device as the runner sees it: takes whole answers at once, says what was heard, comes back when lost.
final class Loudspeaker {
    /// What playback tells the session.
    enum Progress: Equatable {
        case heard(frames: Int)
        case flushed(heardFrames: Int)
        /// What was not played is lost: the device is gone, or more came than may wait.
        case lost
    }

    /// Frames that may wait for the ring: 10 minutes of an answer, 28.8 MB; a server that sends more has gone mad.
    static let queueLimitFrames = 10 * 60 * 24_000

    let device: AudioDevice
    private let echo: EchoReference?
    private var recovery = DeviceRecovery()
    private var stream: PlaybackStream?
    /// Audio for which the ring had no room yet, oldest first; `queueOffset` frames of the first are gone.
    private var queue: [[Int16]] = []
    private var queueOffset = 0
    private var queuedFrames = 0
    private var hasOverflowed = false
    /// Epochs begun by flushes that playback has not confirmed, oldest first.
    private var flushes: [UInt16] = []
    /// What was heard before flushes that no device is there to confirm.
    private var heardBeforeLoss: [Int] = []
    private var epoch: UInt16 = 0
    private var heardFrames = 0

    /// With `echo`, that reference is told what is played.
    init(device: AudioDevice, echo: EchoReference? = nil) {
        self.device = device
        self.echo = echo
    }

    var eventDescriptor: Int32? { stream?.eventDescriptor }
    var deadline: Instant? { stream == nil ? recovery.retryAt : nil }

    /// Nothing can be heard: the device is looked for.
    var isMissing: Bool { stream == nil }

    /// Of all streams so far, the present one's among them.
    var interruptions: InterruptionStatistics {
        var all = recovery.interruptions
        if let stream { all.add(stream.interruptions) }
        return all
    }

    func open(at start: Instant) -> [DeviceReport] {
        do {
            let stream = try PlaybackStream(device: device, echo: echo)
            stream.start(at: start)
            self.stream = stream
            epoch = stream.position.epoch
            heardFrames = 0
            return recovery.opened(stream.description, at: start)
        } catch {
            return recovery.failed(error.description, at: start)
        }
    }

    func play(_ samples: [Int16]) {
        guard queuedFrames + samples.count <= Self.queueLimitFrames else {
            hasOverflowed = true
            return
        }
        queue.append(samples)
        queuedFrames += samples.count
        fill()
    }

    /// Throws away everything not yet heard. `process` reports what was.
    func flush() {
        queue = []
        queueOffset = 0
        queuedFrames = 0
        guard let stream else {
            heardBeforeLoss.append(heardFrames)
            heardFrames = 0
            return
        }
        epoch = stream.flush()
        heardFrames = 0
        flushes.append(epoch)
    }

    /// See `PlaybackStream.setGain`; a device that is found again begins with 1.
    func setGain(_ gain: Double) { stream?.setGain(gain) }

    /// Makes `eventDescriptor` unreadable until something more happens. Before `process`.
    func takeEvent() { stream?.takeEvent() }

    /// What was heard since the last call, and the news of the device. Cheap: one atomic look when there is none.
    func process(at now: Instant) -> (progress: [Progress], reports: [DeviceReport]) {
        if hasOverflowed {
            hasOverflowed = false
            return ([.lost], [.fault(Fault(.audio, "an answer of more than 10 minutes: it is cut off"))])
        }
        var progress = heardBeforeLoss.map(Progress.flushed)
        heardBeforeLoss = []
        guard let stream else { return (progress, recovery.isDue(at: now) ? open(at: now) : []) }
        while let flush = flushes.first, let heard = stream.heardAtFlush(flush) {
            progress.append(.flushed(heardFrames: heard))
            flushes.removeFirst()
        }
        let position = stream.position
        if position.epoch == epoch, position.heardFrames != heardFrames {
            heardFrames = position.heardFrames
            progress.append(.heard(frames: heardFrames))
        }
        fill()
        guard let failure = stream.failure else {
            let long = stream.takeLongInterruption().map { DeviceRecovery.fault(device.name, "playback", $0) }
            let refusal = stream.realtimeRefusal.map { recovery.realtimeRefused(device.name, $0) } ?? []
            return (progress, (long.map { [$0] } ?? []) + refusal)
        }
        end(stream)
        progress += flushes.map { _ in .flushed(heardFrames: 0) } + [.lost]
        flushes = []
        return (progress, recovery.failed(failure.description, at: now))
    }

    /// Ends playback for good; how often it was interrupted, in words.
    func stop() -> [DeviceReport] {
        if let stream { end(stream) }
        return recovery.summary(device.name, "playback")
    }

    private func end(_ stream: PlaybackStream) {
        stream.stop()
        recovery.streamEnded(stream.interruptions)
        self.stream = nil
    }

    private func fill() {
        guard let stream else { return }
        while let first = queue.first {
            let taken = first.withUnsafeBufferPointer { samples in
                stream.write(UnsafeBufferPointer(rebasing: samples[queueOffset...]))
            }
            queueOffset += taken
            queuedFrames -= taken
            guard queueOffset == first.count else { return }
            queue.removeFirst()
            queueOffset = 0
        }
    }
}
