/// How long the simulated service takes (fact sheet, section 7.2). Ranges are drawn from with the session's seed.
struct Timing: Equatable, Sendable {
    /// How fast audio is sent, in multiples of real time.
    enum Pace: Equatable, Sendable {
        /// Drawn for each response from 4 to 10.
        case varied
        case factor(Double)
        /// All of it at once.
        case burst
    }

    var pace = Pace.varied
    /// From `response.create` to `response.created`.
    var createdMs = 30...80
    /// From there to the first delta.
    var firstDeltaMs = 250...600
    /// By how much audio the transcript is ahead.
    var transcriptLeadMs = 100...400
    /// From the commit to the built-in transcript.
    var builtInMs = 300...1500
    var truncateMs = 40
    /// From `response.done` to `rate_limits.updated`.
    var rateLimitsMs = 40
}
