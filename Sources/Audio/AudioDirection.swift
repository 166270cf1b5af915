/// Frames per second of everything this module gives and takes; the Realtime API's PCM16 rate.
public let runnerRate = 24_000

/// Which way the sound goes.
public enum AudioDirection: Sendable {
    /// From the visitor.
    case capture
    /// To the visitor.
    case playback
}
