/// Finds speech in the received audio by its energy, in frames of 10 ms, as the session's `turn_detection` asks.
///
/// `threshold` 0...1 maps to a level of -60...-20 dB below full scale (0.5: -40). Speech begins with 30 ms in a row
/// above that level and goes on while it is above the level less 6 dB.
struct VoiceActivity: Equatable {
    /// What was found. Milliseconds count audio appended since the session began.
    enum Change: Equatable {
        /// `startMs`: the first loud frame less the prefix padding.
        case started(startMs: Int)
        /// `endMs`: the last loud frame's end plus the silence that was waited for.
        case stopped(endMs: Int)
    }

    /// The settings a session gives.
    struct Settings: Equatable {
        var threshold = 0.5
        var prefixPaddingMs = 300
        var silenceMs = 200
    }

    private static let frameMs = 10
    private static let onsetFrames = 3

    let settings: Settings
    private(set) var isSpeech = false
    private var loudFrames = 0
    private var onsetMs = 0
    private var lastLoudMs = 0
    /// The earliest a turn may start: the end of the one before.
    private var earliestMs: Int

    private var energy = 0.0
    private var pending = 0
    private var nowMs: Int

    /// - Parameter positionMs: audio appended so far.
    init(settings: Settings, positionMs: Int) {
        self.settings = settings
        nowMs = positionMs
        earliestMs = positionMs
    }

    /// Takes the next samples and says what they changed, in order.
    mutating func feed(_ samples: [Int16]) -> [Change] {
        var changes: [Change] = []
        for sample in samples {
            energy += Double(sample) * Double(sample)
            pending += 1
            guard pending == VoiceActivity.frameMs * AudioTime.framesPerMs else { continue }
            let level = PCM.levelDBFS(energy: energy, count: pending)
            (energy, pending) = (0, 0)
            if let change = judge(level) { changes.append(change) }
        }
        return changes
    }

    /// Forgets a turn that was begun: its audio was committed or cleared by the client.
    mutating func restart() {
        (isSpeech, loudFrames, earliestMs) = (false, 0, nowMs)
    }

    private mutating func judge(_ level: Double) -> Change? {
        let startedMs = nowMs
        nowMs += VoiceActivity.frameMs
        let loud = level >= settings.threshold * 40 - 60 - (isSpeech ? 6 : 0)
        if loud {
            lastLoudMs = nowMs
            if loudFrames == 0 { onsetMs = startedMs }
            loudFrames += 1
        } else {
            loudFrames = 0
        }
        if !isSpeech, loudFrames == VoiceActivity.onsetFrames {
            isSpeech = true
            return .started(startMs: max(onsetMs - settings.prefixPaddingMs, earliestMs))
        }
        if isSpeech, !loud, nowMs - lastLoudMs >= settings.silenceMs {
            (isSpeech, earliestMs) = (false, nowMs)
            return .stopped(endMs: nowMs)
        }
        return nil
    }
}
