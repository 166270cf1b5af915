import Glibc
import MonotonicClock

/// A loudspeaker's measuring sound and what a microphone heard of it. 24 kHz mono, on the microphone's own clock.
public struct EchoRecording: Sendable {
    /// What is heard before the sound: the room's noise.
    static let leadInFrames = 24_000
    /// Nothing for this long is a microphone that does not work.
    private static let patienceMs: Int32 = 2000

    /// What the microphone heard.
    var captured: [Int16] = []
    /// What by the clocks of both cards was heard with each of `captured`, `EchoAlignment.leadFrames` early.
    var heard: [Int16] = []
    /// What the canceller left of `captured`, a block late.
    var cancelled: [Int16] = []
    /// The frame of `captured` that came last before the sound was handed to the loudspeaker.
    var handedOverFrame = 0
    /// Times a card or this program was late or lost step.
    var interruptions = 0
    /// Times the clocks of the cards parted at once.
    var realignments = 0

    init() {}

    /// Plays the sound and records it, 14 s. Blocks. Both devices are cards.
    public static func take(capture: AudioDevice, playback: AudioDevice) throws(AudioError) -> EchoRecording {
        let trace = EchoTrace()
        let reference = EchoReference(trace: trace)
        let microphone = try CaptureStream(device: capture, echo: reference)
        let loudspeaker = try PlaybackStream(device: playback, echo: reference)
        var recording = EchoRecording()
        let start = Instant.now
        microphone.start(at: start)
        loudspeaker.start(at: start)
        defer {
            loudspeaker.stop()
            microphone.stop()
        }
        let sound = MeasuringSound().samples
        var writtenFrames = 0
        // A pause of the sound is left for what comes late.
        while recording.captured.count < leadInFrames + sound.count {
            if let failure = microphone.failure ?? loudspeaker.failure { throw failure }
            var descriptor = pollfd(fd: microphone.eventDescriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&descriptor, 1, patienceMs) > 0 else {
                throw AudioError(.reopen, "\(capture.name): nothing comes from the device")
            }
            microphone.takeEvent()
            recording.cancelled.append(from: microphone.availableFrames) { microphone.read(into: $0) }
            recording.captured.append(from: trace.captured.availableToRead) { trace.captured.read(into: $0) }
            recording.heard.append(from: trace.heard.availableToRead) { trace.heard.read(into: $0) }
            guard recording.captured.count >= leadInFrames, writtenFrames < sound.count else { continue }
            if writtenFrames == 0 { recording.handedOverFrame = recording.captured.count }
            writtenFrames += sound.withUnsafeBufferPointer {
                loudspeaker.write(UnsafeBufferPointer(rebasing: $0[writtenFrames...]))
            }
        }
        let (ear, mouth) = (microphone.statistics, loudspeaker.statistics)
        let lost = ear.droppedFrames + trace.captured.droppedFrames + trace.heard.droppedFrames
        recording.interruptions = ear.overruns + ear.stalls + mouth.underruns + mouth.stalls + (lost > 0 ? 1 : 0)
        recording.realignments = reference.statistics.realignments
        return recording
    }
}

extension [Int16] {
    /// Appends up to `count` frames that `read` gives.
    fileprivate mutating func append(from count: Int, _ read: (UnsafeMutableBufferPointer<Int16>) -> Int) {
        self += [Int16](unsafeUninitializedCapacity: count) { $1 = count == 0 ? 0 : read($0) }
    }
}
