import Audio
import Glibc

/// `check --echo`: how the loudspeaker sounds at the microphone, what the echo canceller makes of it, and what to write
/// into the settings. Plays for 14 s; blocks.
struct EchoCheck {
    let settings: Settings

    /// A line each, the advice last; bad when the settings are not what the measurement advises.
    func findings() -> [SelfCheck.Finding] {
        let audio = settings.audio
        if let file = [audio.capture, audio.playback].first(where: { $0.hasPrefix("wav:") }) {
            return [.good("echo", "not measured: \(file): a file has no echo")]
        }
        do {
            let recording = try EchoRecording.take(
                capture: audio.device(.capture), playback: audio.device(.playback))
            return findings(EchoMeasurement(recording))
        } catch {
            return [.bad("echo", error)]
        }
    }

    /// What was measured, in words.
    func findings(_ measurement: EchoMeasurement) -> [SelfCheck.Finding] {
        let noise = "the room's noise is at \(Self.tenths(measurement.noiseLevel)) dBFS"
        guard let timing = measurement.timing else {
            return [.good("echo", "none; \(noise)"), advice(measurement)]
        }
        let drift = timing.driftPpm.map { "the microphone's clock is \(Self.signed($0)) ppm off the loudspeaker's" }
        let roundTrip = "\(Self.tenths(timing.roundTripMs)) ms through both cards and their buffers"
        return [
            .good("echo", "\(Self.signed(measurement.echoLevel)) dB against what is played; \(noise)"),
            .good("delay", "\(Self.tenths(timing.delayMs)) ms by the cards' clocks; \(roundTrip)"),
            .good("drift", drift ?? "cannot be told: a card lost frames meanwhile"),
            .good("canceller", "takes off \(Self.tenths(measurement.cancellation)) dB, down to the noise at most"),
            advice(measurement),
        ]
    }

    private func advice(_ measurement: EchoMeasurement) -> SelfCheck.Finding {
        let turns = settings.turns
        let isPushToTalk = turns.detection == .pushToTalk
        let key = "turns.microphone_while_speaking"
        let (advised, why) = Self.advice(measurement)
        guard let advised else { return .bad("advice", why) }
        let name = advised == .echoCancelled ? "echo-cancelled" : "muted"
        let words = "\(key) = \"\(name)\": \(why)"
        // What is muted is safe in any room, and a button makes no difference between them.
        if isPushToTalk || turns.microphoneWhileSpeaking == .muted { return .good("advice", words) }
        // A headset, or a speakerphone that cancels by itself.
        if turns.microphoneWhileSpeaking == .open, measurement.verdict == .noEcho { return .good("advice", words) }
        return turns.microphoneWhileSpeaking == advised ? .good("advice", words) : .bad("advice", words)
    }

    /// Nil when nothing can be said.
    private static func advice(
        _ measurement: EchoMeasurement
    ) -> (setting: Settings.MicrophoneWhileSpeaking?, why: String) {
        switch measurement.verdict {
        case .works: (.echoCancelled, "the canceller copes with this echo")
        case .noEcho:
            (.muted, "no echo is heard: the loudspeaker is off or far, the microphone is muted, or it is a headset")
        case .clipped(let share):
            (.muted, "\(tenths(share * 100)) % of the echo is clipped: turn the loudspeaker or the microphone down")
        case .outsideOfTail:
            (
                .muted,
                "the echo comes outside of the \(tenths(EchoMeasurement.earliestMs)) to "
                    + "\(tenths(EchoMeasurement.latestMs)) ms that can be cancelled"
            )
        case .tooLittle:
            (.muted, "the canceller takes off less than \(tenths(EchoMeasurement.leastCancellation)) dB")
        case .notPlayed: (nil, "the loudspeaker's card does not say when it plays: nothing was measured")
        case .interrupted(let times):
            (nil, "a card or this program was late (\(times) times): close other programs and measure again")
        }
    }

    /// One decimal.
    private static func tenths(_ value: Double) -> String {
        guard value.isFinite else { return value < 0 ? "-inf" : "inf" }
        let tenths = Int((max(-1e6, min(1e6, abs(value))) * 10).rounded())
        return (value < 0 && tenths > 0 ? "-" : "") + "\(tenths / 10).\(tenths % 10)"
    }

    private static func signed(_ value: Double) -> String { (value > 0 ? "+" : "") + tenths(value) }
}
