import Audio
import Session

/// The capture device as the runner sees it: frames since the start of audio, and a device that comes back when lost.
final class Microphone {
    private let device: AudioDevice
    private let echo: EchoReference?
    private var recovery = DeviceRecovery()
    private var stream: CaptureStream?
    private var store = CaptureStore()
    private var health: MicrophoneHealth
    /// When the newest captured frame was read.
    private var readAt: SuspendingClock.Instant
    private let transfer: UnsafeMutableBufferPointer<Int16>

    /// Frames moved from the ring to the store at a time.
    private static let transferFrames = 4_800

    /// With `echo`, what the loudspeaker plays by that reference is cancelled.
    init(device: AudioDevice, echo: EchoReference? = nil, now: SuspendingClock.Instant) {
        self.device = device
        self.echo = echo
        readAt = now
        health = MicrophoneHealth(noticesSilence: !device.name.hasPrefix("wav:"))
        transfer = .allocate(capacity: Self.transferFrames)
    }

    deinit { transfer.deallocate() }

    var eventDescriptor: Int32? { stream?.eventDescriptor }
    var deadline: SuspendingClock.Instant? { stream == nil ? recovery.retryAt : nil }
    /// The frame after the last one captured.
    var endFrame: Int { store.endFrame }

    /// Opens and starts the device. What there is to say about it, in words.
    func open(at start: SuspendingClock.Instant) -> [DeviceReport] {
        do {
            let stream = try CaptureStream(device: device, echo: echo)
            stream.start(at: start)
            self.stream = stream
            health.restarted()
            return recovery.opened(stream.description)
        } catch {
            return recovery.failed(error.description, at: start)
        }
    }

    /// Takes what was captured, and the news of a device that failed, is due to be tried again, or delivers what cannot
    /// be speech. `isTurnOpen` while the visitor speaks.
    func process(at now: SuspendingClock.Instant, isTurnOpen: Bool) -> [DeviceReport] {
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
            readAt = now
            reports += health.captured(samples, isTurnOpen: isTurnOpen).map(report)
        }
        guard let failure = stream.failure else {
            return reports + (stream.realtimeRefusal.map { recovery.realtimeRefused(device.name, $0) } ?? [])
        }
        stream.stop()
        self.stream = nil
        return reports + recovery.failed(failure.description, at: now)
    }

    private func report(_ finding: MicrophoneHealth.Finding) -> DeviceReport {
        switch finding {
        case .soundAgain: .line("\(device.name): \(finding)")
        case .digitalSilence, .clipping: .fault(Fault(.audio, "\(device.name): \(finding)"))
        }
    }

    func stop() { stream?.stop() }

    func forget(before frame: Int) { store.forget(before: frame) }

    func frames(in range: Range<Int>) -> [Int16] { store.frames(in: range) }

    /// The capture position at an instant a little before or after the newest frame was read.
    func frame(at instant: SuspendingClock.Instant) -> Int {
        let elapsed = instant - readAt
        // Frames are read when 20 ms of them wait, and a period late at the most.
        let bounded = min(max(elapsed, .seconds(-2)), .milliseconds(20 + 2 * device.periodMs))
        return max(0, store.endFrame + Int(bounded / .microseconds(1)) * 24 / 1000)
    }
}
