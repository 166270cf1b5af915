import Glibc

/// What a recording of the measuring sound says of loudspeaker, room and microphone. Pure; takes a tenth of a second.
public struct EchoMeasurement: Sendable, Equatable {
    /// What follows for an open microphone.
    public enum Verdict: Sendable, Equatable {
        /// The canceller copes.
        case works
        /// The loudspeaker was not started, or its card tells nothing of when it plays.
        case notPlayed
        /// A card or the program was late: nothing can be said.
        case interrupted(times: Int)
        /// Nothing of the sound reaches the microphone.
        case noEcho
        /// The microphone clips while the loudspeaker plays; a share of the frames, 0 to 1.
        case clipped(share: Double)
        /// The echo comes outside of what the canceller can learn.
        case outsideOfTail
        /// The canceller takes off less than `leastCancellation`.
        case tooLittle
    }

    /// The cards' clocks and buffers, in ms and ppm.
    public struct Timing: Sendable, Equatable {
        /// From when the loudspeaker's card says that a frame is heard to when the microphone's says that its echo is.
        public let delayMs: Double
        /// From when a frame is handed to the loudspeaker to when its echo can be read from the microphone, the
        /// canceller's delay left out.
        public let roundTripMs: Double
        /// By how much the microphone's clock is faster than the loudspeaker's; nil when frames got lost meanwhile.
        public let driftPpm: Double?
    }

    /// Echo that comes later, by the clocks of the cards, finds no place in the canceller: its tail without the lead.
    public static let latestMs = Double(EchoCanceller.tailFrames - EchoAlignment.leadFrames) / 24
    /// Echo that comes earlier than this is heard before it is played: the canceller's lead.
    public static let earliestMs = -Double(EchoAlignment.leadFrames) / 24
    /// With less than this the server would take the assistant for a visitor, dB.
    public static let leastCancellation = 10.0
    /// More clipped frames than this cannot be cancelled: clipping makes sounds of its own.
    public static let toleratedClipping = 0.001

    /// RMS of the microphone before the sound, dBFS.
    public let noiseLevel: Double
    /// RMS of the echo at the microphone over that of what was played, dB; -infinity when none was heard.
    public let echoLevel: Double
    /// What the canceller took off in the last seconds, dB; what is left includes the room's noise.
    public let cancellation: Double
    /// Nil when no echo was heard.
    public let timing: Timing?
    public let verdict: Verdict

    private static let clippedFrom = 32_700
    /// The echo is this much above the noise, as a ratio of powers, before the canceller is judged by what it leaves.
    private static let clearEcho = 2.0
    /// A burst's echo when the room is filled with it, and the loudspeaker's delay is settled: from 100 ms on.
    private static let settledFrames = 2400..<MeasuringSound.burstFrames
    /// The room's noise is taken from this much before the sound: 0.7 s; the microphone's start is left out.
    private static let noiseFrames = 16_800
}

extension EchoMeasurement {
    public init(_ recording: EchoRecording) {
        let (captured, cancelled) = (recording.captured, recording.cancelled)
        let begin = recording.heard.firstIndex { $0 != 0 }
        // Without a beginning the microphone's noise can be told, and nothing else.
        let first = begin ?? recording.captured.count
        let noise = Self.power(captured, max(0, first - Self.noiseFrames)..<max(0, first - 240))
        noiseLevel = Self.decibels(noise / (32_768 * 32_768))
        let response = begin.map { EchoResponse(heard: recording.heard, captured: captured, begin: $0) }
        let lag = response?.lagFrames
        let bursts = (0..<MeasuringSound.burstCount).map { burst in
            let start = first + (lag ?? EchoAlignment.leadFrames) + burst * MeasuringSound.slotFrames
            return start + Self.settledFrames.lowerBound..<start + Self.settledFrames.upperBound
        }
        let total = Self.power(captured, bursts)
        let learned = Array(bursts.suffix(2))
        let left = Self.power(cancelled, learned.map {
            $0.lowerBound + EchoCanceller.latencyFrames..<$0.upperBound + EchoCanceller.latencyFrames
        })
        let echo = max(0, total - noise)
        echoLevel = lag == nil ? -.infinity : Self.decibels(echo / (MeasuringSound.burstRMS * MeasuringSound.burstRMS))
        cancellation = Self.decibels(max(1, Self.power(captured, learned)) / max(1, left))
        if let begin, let lag {
            let sound = MeasuringSound().samples
            let drift = EchoResponse.drift(of: sound, in: captured, from: begin + lag)
            timing = Timing(
                delayMs: Double(lag - EchoAlignment.leadFrames) / 24,
                roundTripMs: Double(begin + lag - recording.handedOverFrame) / 24, driftPpm: drift.map { $0 * 1e6 })
        } else {
            timing = nil
        }
        let clipped = Self.clippedShare(captured, bursts)
        if begin == nil {
            verdict = .notPlayed
        } else if recording.interruptions > 0 {
            verdict = .interrupted(times: recording.interruptions)
        } else if clipped > Self.toleratedClipping {
            verdict = .clipped(share: clipped)
        } else if let timing {
            if timing.delayMs > Self.latestMs || timing.delayMs < Self.earliestMs {
                verdict = .outsideOfTail
            } else if cancellation < Self.leastCancellation, left > Self.clearEcho * noise {
                verdict = .tooLittle
            } else {
                verdict = .works
            }
        } else {
            verdict = .noEcho
        }
    }

    private static func power(_ samples: [Int16], _ range: Range<Int>) -> Double { power(samples, [range]) }

    /// The mean square of the ranges, as far as there are samples.
    private static func power(_ samples: [Int16], _ ranges: [Range<Int>]) -> Double {
        var sum = 0.0
        var count = 0
        for range in ranges {
            let range = range.clamped(to: samples.indices)
            count += range.count
            for sample in samples[range] { sum += Double(sample) * Double(sample) }
        }
        return sum / Double(max(1, count))
    }

    private static func clippedShare(_ samples: [Int16], _ ranges: [Range<Int>]) -> Double {
        var clipped = 0
        var count = 0
        for range in ranges {
            let range = range.clamped(to: samples.indices)
            count += range.count
            for sample in samples[range] where abs(Int(sample)) >= clippedFrom { clipped += 1 }
        }
        return Double(clipped) / Double(max(1, count))
    }

    /// Of a ratio of powers.
    private static func decibels(_ ratio: Double) -> Double { 10 * log10(ratio) }
}
