import MonotonicClock

/// The microphone under server detection: open to the server but while the assistant is audible.
struct MicrophoneStateMachine: Sendable {
    enum State: Equatable {
        /// No session. -> `open`.
        case off
        /// Captured audio goes to the server. -> `closed` while the assistant is audible, `off`.
        case open(sentUntilFrame: Int)
        /// The assistant is audible. -> `opening` when it falls silent, `off`.
        case closed
        /// Silent, but the room may still ring. -> `open` with the first capture after the instant, `closed`, `off`.
        case opening(at: Instant)
    }

    /// From the last audible frame to the open microphone (contract: 200 ms).
    static let quiet = Duration.milliseconds(200)

    private(set) var state = State.off
    private let isMutable: Bool

    /// `isMutable`: closes while the assistant is audible.
    init(isMutable: Bool) { self.isMutable = isMutable }

    /// Captured frames go to the server as they come, or will in a moment.
    var wantsFrames: Bool {
        switch state {
        case .off, .closed: false
        case .open, .opening: true
        }
    }

    func oldestNeededFrame(capturedUntil frame: Int) -> Int {
        if case .open(let sentUntilFrame) = state { sentUntilFrame } else { frame }
    }

    mutating func sessionOpened(capturedUntil frame: Int) { state = .open(sentUntilFrame: frame) }
    mutating func sessionClosed() { state = .off }

    mutating func assistant(isAudible: Bool, at now: Instant) {
        guard isMutable else { return }
        switch state {
        case .open where isAudible, .opening where isAudible: state = .closed
        case .closed where !isAudible: state = .opening(at: now + Self.quiet)
        case .off, .open, .closed, .opening: break
        }
    }

    /// Audio to append now that it is captured up to `frame`.
    mutating func captured(untilFrame frame: Int, at now: Instant) -> Range<Int>? {
        switch state {
        case .off, .closed: return nil
        case .opening(let instant):
            if now >= instant { state = .open(sentUntilFrame: frame) }
            return nil
        case .open(let sentUntilFrame):
            guard frame - sentUntilFrame >= UtteranceQueue.blockFrames else { return nil }
            let upper = min(frame, sentUntilFrame + UtteranceQueue.longestBlockFrames)
            state = .open(sentUntilFrame: upper)
            return sentUntilFrame..<upper
        }
    }
}
