/// The sound devices of a kiosk and their timing.
public struct AudioConfiguration: Sendable, Equatable {
    /// ALSA PCM name, or "wav:" and an absolute path.
    public var capture: String
    /// ALSA PCM name, or "wav:" and an absolute path.
    public var playback: String
    /// Time between two wake-ups of an audio thread, 1 ... 1000 ms.
    public var periodMs: Int
    /// Time the card's own buffer holds, at least two periods, at most 2000 ms.
    public var bufferMs: Int

    /// Checked when a stream is opened, not here.
    public init(capture: String, playback: String, periodMs: Int = 10, bufferMs: Int = 40) {
        self.capture = capture
        self.playback = playback
        self.periodMs = periodMs
        self.bufferMs = bufferMs
    }
}

/// Frames per second of everything this module gives and takes; the Realtime API's PCM16 rate.
public let runnerRate = 24_000

/// Which way the sound goes.
public enum AudioDirection: Sendable {
    /// From the visitor.
    case capture
    /// To the visitor.
    case playback
}
