import MonotonicClock

/// The microphone under server detection: open to the server but while the assistant is audible.
struct MicrophoneStateMachine: Sendable {
    enum State: Equatable {
        /// No session. -> `open`.
        case off
        /// Between two sessions for a moment: what is captured is for the next one. -> `open`, `off`.
        case kept(fromFrame: Int)
        /// Captured audio goes to the server. -> `closed` while the assistant is audible, `off`.
        case open(sentUntilFrame: Int)
        /// The assistant is audible. -> `opening` when it falls silent, `off`.
        case closed
        /// Silent, but the room may still ring. -> `open` with the first capture after the instant, `closed`, `off`.
        case opening(at: Instant)
    }

    /// From the last audible frame to the open microphone (contract: 200 ms).
    static let quiet = Duration.milliseconds(200)

    /// What a session that is being closed may have heard in vain: speech is announced some 100 ms after its start.
    static let overlapFrames = sessionRate
    /// Most audio kept between two sessions: who waits longer for them speaks again.
    static let keptFrames = 10 * sessionRate

    private(set) var state = State.off
    /// Where the microphone was opened last.
    private var openedFrame = 0
    /// Closes while the assistant is audible.
    var isMutable: Bool
    /// What is captured is kept, and sent when this ends.
    var isHeld = false

    init(isMutable: Bool) { self.isMutable = isMutable }

    /// Captured frames go to the server as they come, or will in a moment.
    var wantsFrames: Bool {
        switch state {
        case .off, .kept, .closed: false
        case .open, .opening: true
        }
    }

    func oldestNeededFrame(capturedUntil frame: Int) -> Int {
        switch state {
        case .open(let sentUntilFrame): max(openedFrame, sentUntilFrame - Self.overlapFrames)
        case .kept(let fromFrame): max(fromFrame, frame - Self.keptFrames)
        case .off, .closed, .opening: frame
        }
    }

    mutating func sessionOpened(capturedUntil frame: Int) {
        openedFrame = frame
        if case .kept = state { openedFrame = oldestNeededFrame(capturedUntil: frame) }
        state = .open(sentUntilFrame: openedFrame)
    }

    /// The open session is told to listen by itself, to what was captured from `frame` on.
    mutating func switchedOn(fromFrame frame: Int) {
        openedFrame = frame
        state = .open(sentUntilFrame: frame)
    }

    /// The session is closed and the next one follows at once: nothing said meanwhile is lost.
    mutating func keep(capturedUntil frame: Int) {
        switch state {
        case .open, .closed, .opening: state = .kept(fromFrame: oldestNeededFrame(capturedUntil: frame))
        case .off, .kept: break
        }
    }

    mutating func sessionClosed() { state = .off }

    mutating func assistant(isAudible: Bool, at now: Instant) {
        guard isMutable else { return }
        switch state {
        case .open where isAudible, .opening where isAudible: state = .closed
        case .closed where !isAudible: state = .opening(at: now + Self.quiet)
        case .off, .kept, .open, .closed, .opening: break
        }
    }

    /// Audio to append now that it is captured up to `frame`.
    mutating func captured(untilFrame frame: Int, at now: Instant) -> Range<Int>? {
        switch state {
        case .off, .kept, .closed: return nil
        case .opening(let instant):
            if now >= instant {
                openedFrame = frame
                state = .open(sentUntilFrame: frame)
            }
            return nil
        case .open(let sentUntilFrame):
            guard !isHeld, frame - sentUntilFrame >= UtteranceQueue.blockFrames else { return nil }
            let upper = min(frame, sentUntilFrame + UtteranceQueue.longestBlockFrames)
            state = .open(sentUntilFrame: upper)
            return sentUntilFrame..<upper
        }
    }
}
