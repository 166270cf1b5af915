import Audio
import MonotonicClock
import Session

/// The capture device as the runner sees it: frames since the start of audio, and a device that comes back when lost.
final class Microphone {
    let device: AudioDevice
    private let echo: EchoReference?
    private var recovery = DeviceRecovery()
    private var stream: CaptureStream?
    private var store = CaptureStore()
    private var health: MicrophoneHealth
    /// The frame at which the stream began.
    private var streamStart = 0
    /// How loud it was since `takeLevels`.
    private var levels: [SoundLevel] = []
    /// What is heard while somebody asks; nil while nobody does.
    var meter: LevelMeter?
    private let transfer: UnsafeMutableBufferPointer<Int16>

    /// Frames moved from the ring to the store at a time.
    private static let transferFrames = 4_800
    /// Frames of one measured loudness: 20 ms.
    private static let levelFrames = 480
    /// The longest tail, 2 s, and the shortest turn, 100 ms: with so much silence every turn has its end.
    static let endingFrames = 2100 * 24

    /// With `echo`, what the loudspeaker plays by that reference is cancelled.
    init(device: AudioDevice, echo: EchoReference? = nil) {
        self.device = device
        self.echo = echo
        health = MicrophoneHealth(noticesSilence: !device.name.hasPrefix("wav:"))
        transfer = .allocate(capacity: Self.transferFrames)
    }

    deinit { transfer.deallocate() }

    var eventDescriptor: Int32? { stream?.eventDescriptor }
    var deadline: Instant? { stream == nil ? recovery.retryAt : nil }
    /// Captured frames are wanted as they come, and not only now and then.
    var isUrgent = false {
        didSet { if isUrgent != oldValue { stream?.setUrgent(isUrgent) } }
    }
    /// Nothing is captured: the device is looked for.
    var isMissing: Bool { stream == nil }
    /// Of all streams so far, the present one's among them.
    var interruptions: InterruptionStatistics {
        var all = recovery.interruptions
        if let stream { all.add(stream.interruptions) }
        return all
    }
    /// The frame after the last one captured.
    var endFrame: Int { store.endFrame }

    /// Opens and starts the device. What there is to say about it, in words.
    func open(at start: Instant) -> [DeviceReport] {
        do {
            let stream = try CaptureStream(device: device, echo: echo)
            stream.setUrgent(isUrgent)
            stream.start(at: start)
            self.stream = stream
            streamStart = store.endFrame
            health.restarted()
            return recovery.opened(stream.description, at: start)
        } catch {
            return recovery.failed(error.description, at: start)
        }
    }

    /// Takes what was captured, and the news of a device that failed, is due to be tried again, or delivers what cannot
    /// be speech. `isTurnOpen` while the visitor speaks.
    func process(at now: Instant, isTurnOpen: Bool) -> [DeviceReport] {
        guard let stream else {
            return recovery.isDue(at: now) ? open(at: now) : []
        }
        stream.takeEvent()
        var reports: [DeviceReport] = []
        while true {
            let frames = stream.read(into: transfer)
            guard frames > 0 else { break }
            let samples = UnsafeBufferPointer(rebasing: transfer[..<frames])
            store.append(samples)
            measure(samples)
            meter?.add(samples)
            reports += health.captured(samples, isTurnOpen: isTurnOpen).map(report)
        }
        guard let failure = stream.failure else {
            let long = stream.takeLongInterruption().map { DeviceRecovery.fault(device.name, "capture", $0) }
            let refusal = stream.realtimeRefusal.map { recovery.realtimeRefused(device.name, $0) } ?? []
            return reports + (long.map { [$0] } ?? []) + refusal
        }
        end(stream)
        endTurns()
        return reports + recovery.failed(failure.description, at: now)
    }

    /// A turn that waits for its tail must not wait for the device: silence follows what was captured.
    func endTurns() {
        let silence = [Int16](repeating: 0, count: Self.endingFrames)
        silence.withUnsafeBufferPointer { store.append($0) }
    }

    private func end(_ stream: CaptureStream) {
        stream.stop()
        recovery.streamEnded(stream.interruptions)
        self.stream = nil
    }

    private func report(_ finding: MicrophoneHealth.Finding) -> DeviceReport {
        switch finding {
        case .soundAgain: .line("\(device.name): \(finding)")
        case .digitalSilence, .clipping: .fault(Fault(.audio, "\(device.name): \(finding)"))
        }
    }

    /// Ends capture for good; how often it was interrupted, in words.
    func stop() -> [DeviceReport] {
        if let stream { end(stream) }
        return recovery.summary(device.name, "capture")
    }

    /// The newest samples of the store. In short stretches, however long nobody asked for them.
    private func measure(_ samples: UnsafeBufferPointer<Int16>) {
        let start = store.endFrame - samples.count
        for lower in stride(from: 0, to: samples.count, by: Self.levelFrames) {
            let upper = min(lower + Self.levelFrames, samples.count)
            var squares: UInt64 = 0
            // 480 squares of at most 2^30 do not overflow; unchecked, the processor takes several at a time.
            for index in lower..<upper {
                let sample = Int32(samples[index])
                squares &+= UInt64(UInt32(bitPattern: sample &* sample))
            }
            levels.append(SoundLevel(untilFrame: start + upper, squares: Int(squares)))
        }
    }

    /// Hands over how loud it was since the last call.
    func takeLevels(_ body: (SoundLevel) -> Void) {
        levels.forEach(body)
        levels.removeAll(keepingCapacity: true)
    }

    func forget(before frame: Int) { store.forget(before: frame) }

    func frames(in range: Range<Int>) -> [Int16] { store.frames(in: range) }

    /// The frame that was captured at an instant, by the device's own clock.
    func frame(at instant: Instant) -> Int {
        stream.map { streamStart + $0.frame(at: instant) } ?? store.endFrame
    }
}
