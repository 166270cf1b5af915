import MonotonicClock

/// The button's edges made into utterances: stretches of captured audio, in frames since the start of audio.
///
/// Knows nothing of sessions: an utterance is spoken whether or not anybody can receive it.
struct PushToTalkStateMachine: Sendable {
    enum Input: Equatable {
        /// `frame`: the capture position at the button's edge.
        case pressed(frame: Int)
        case released(frame: Int)
        case captured(untilFrame: Int)
        case deadlineReached
    }

    enum Action: Equatable {
        /// Silence the assistant, whatever the press turns out to be.
        case interrupt
        /// Not a tap: audio from `frame` on belongs to the visitor's turn.
        case begin(frame: Int)
        /// The visitor let go; audio up to `frame` belongs to the turn and may still be to come.
        case end(frame: Int)
    }

    enum State: Equatable {
        /// Button up. -> `pressed`.
        case idle
        /// Button down, may still be a tap. -> `held` after 100 ms; `idle` when released before.
        case pressed(frame: Int, since: Instant)
        /// Button down, the turn has begun. -> `idle` on release or at the longest turn.
        case held(startFrame: Int, since: Instant)
        /// The longest turn has ended, the button is still down. -> `idle` on release.
        case stuck
    }

    /// A press released earlier is a tap and says nothing (contract).
    static let tapLimit = Duration.milliseconds(100)
    /// The least audio the server commits is 100 ms (input_audio_buffer_commit_empty).
    static let shortestFrames = sessionRate / 10
    /// Longest turn: a jammed button must not fill memory or the bill. 120 s are 5.8 MB.
    static let longestHold = Duration.seconds(120)

    /// How far capture may be ahead of an edge when it is handled: debouncing and the runner's wake-up, 100 ms.
    static let lateEdgeFrames = sessionRate / 10

    private(set) var state = State.idle
    /// Where the previous turn ended: its audio is never sent twice as the next one's pre-roll.
    private var previousEndFrame = 0
    /// Audio before it is not to be had any more.
    private var oldestFrame = 0
    private var preRollFrames: Int
    private var tailFrames: Int

    init(preRollFrames: Int, tailFrames: Int) {
        self.preRollFrames = preRollFrames
        self.tailFrames = tailFrames
    }

    /// Other margins, or a button that did not begin turns before. No turn of it is open; `isDown`: nor does one begin
    /// before it was released. Audio before `frame` is not to be had any more.
    mutating func change(preRollFrames: Int, tailFrames: Int, notBefore frame: Int, isDown: Bool) {
        self.preRollFrames = preRollFrames
        self.tailFrames = tailFrames
        oldestFrame = max(oldestFrame, frame)
        previousEndFrame = max(previousEndFrame, frame)
        state = isDown ? .stuck : .idle
    }

    /// A press now would silence the assistant.
    var isUp: Bool { state == .idle }

    /// The button is down, and whether that becomes a turn is not decided.
    var mayBeginTurn: Bool {
        if case .pressed = state { true } else { false }
    }

    var deadline: Instant? {
        switch state {
        case .idle, .stuck: nil
        case .pressed(_, let since): since + Self.tapLimit
        case .held(_, let since): since + Self.longestHold
        }
    }

    /// The first frame a turn could still ask for; everything before may be forgotten.
    func oldestNeededFrame(capturedUntil frame: Int) -> Int {
        switch state {
        case .idle, .stuck: startFrame(pressedAt: max(frame - Self.lateEdgeFrames, 0))
        case .pressed(let frame, _): startFrame(pressedAt: frame)
        case .held(let startFrame, _): startFrame
        }
    }

    mutating func handle(_ input: Input, at now: Instant) -> [Action] {
        switch input {
        case .pressed(let frame): pressed(frame: frame, at: now)
        case .released(let frame): released(frame: frame, at: now)
        case .captured(let frame): captured(untilFrame: frame, at: now)
        case .deadlineReached: captured(untilFrame: nil, at: now)
        }
    }

    private mutating func pressed(frame: Int, at now: Instant) -> [Action] {
        switch state {
        case .idle:
            // The edge may be older than the audio that is still to be had.
            state = .pressed(frame: max(frame, oldestFrame), since: now)
            return [.interrupt]
        case .pressed, .held, .stuck:
            // Pressed twice is one press: two buttons, or a second client of the control socket.
            return []
        }
    }

    private mutating func released(frame: Int, at now: Instant) -> [Action] {
        switch state {
        case .idle:
            // A release without a press does nothing.
            return []
        case .pressed(let pressFrame, let since) where now - since >= Self.tapLimit:
            // The deadline of the tap and the release arrived together: the hold decides, not the order.
            let start = begin(pressedAt: pressFrame, since: since)
            return [.begin(frame: start)] + end(startFrame: start, frame: frame)
        case .pressed:
            state = .idle
            return []
        case .held(let startFrame, _):
            return end(startFrame: startFrame, frame: frame)
        case .stuck:
            state = .idle
            return []
        }
    }

    private mutating func captured(untilFrame frame: Int?, at now: Instant) -> [Action] {
        switch state {
        case .pressed(let pressFrame, let since) where now - since >= Self.tapLimit:
            return [.begin(frame: begin(pressedAt: pressFrame, since: since))]
        case .held(let startFrame, let since) where now - since >= Self.longestHold:
            let frames = Int(Self.longestHold / .milliseconds(1)) * sessionRate / 1000
            let actions = end(startFrame: startFrame, frame: frame ?? startFrame + frames)
            state = .stuck
            return actions
        case .idle, .pressed, .held, .stuck:
            return []
        }
    }

    private mutating func begin(pressedAt frame: Int, since: Instant) -> Int {
        let start = startFrame(pressedAt: frame)
        state = .held(startFrame: start, since: since)
        return start
    }

    private mutating func end(startFrame: Int, frame: Int) -> [Action] {
        let endFrame = max(frame + tailFrames, startFrame + Self.shortestFrames)
        previousEndFrame = endFrame
        state = .idle
        return [.end(frame: endFrame)]
    }

    /// The first frame of a turn that this press begins.
    func startFrame(pressedAt frame: Int) -> Int {
        max(frame - preRollFrames, min(previousEndFrame, frame), 0)
    }
}
