import MonotonicClock

/// A voice over the assistant's, in two stages: the assistant is quieter at once, and silent when it is somebody who
/// speaks. After a cough it is as loud as before; its words, should it have had any after all, decide the rest.
struct BargeInStateMachine: Sendable {
    enum Input: Equatable {
        /// The server heard a voice begin, and the assistant is audible.
        case began(TurnID)
        /// So long it has lasted so far, without its pauses.
        case lasted(ms: Int)
        /// The server heard it end.
        case ended
        /// What it said is known: words, or none.
        case understood(TurnID, hasWords: Bool)
        /// Playback was told to be silent, or there is nothing to be heard any more.
        case silenced
        case sessionLost
        case deadlineReached
    }

    enum Action: Equatable {
        case duck
        case restore
        case interrupt
        /// It was speech: the turn wants an answer, which nobody has asked for yet.
        case answer(TurnID)
        /// It was none: the turn gets no answer.
        case dismiss(TurnID)
    }

    enum State: Equatable {
        /// -> `ducked`.
        case quiet
        /// Whether it is speech is not known yet. -> `quiet`.
        case ducked(TurnID, deadline: Instant)
    }

    /// How much quieter the assistant is meanwhile: 12 dB, a quarter. A voice at the same distance is heard over that.
    static let duckedGain = 0.25
    /// What the server calls speech for so long is speech, however soft it is.
    static let limit = Duration.seconds(2)

    private(set) var state = State.quiet
    /// Turns that were over too soon, until their words are known.
    private(set) var interjections: [TurnID] = []
    /// What lasts so long is speech; less is a cough.
    var confirmMs: Int

    init(confirmMs: Int) { self.confirmMs = confirmMs }

    /// No voice is heard, and none is waited for.
    var isAtRest: Bool { state == .quiet && interjections.isEmpty }

    var deadline: Instant? {
        if case .ducked(_, let deadline) = state { deadline } else { nil }
    }

    mutating func handle(_ input: Input, at now: Instant) -> [Action] {
        switch (input, state) {
        case (.began(let turn), .quiet):
            state = .ducked(turn, deadline: now + Self.limit)
            return [.duck]
        case (.began(let turn), .ducked(_, let deadline)):
            // The one before was never committed.
            state = .ducked(turn, deadline: deadline)
            return []
        case (.lasted(let ms), .ducked) where ms >= confirmMs:
            state = .quiet
            return [.interrupt]
        case (.deadlineReached, .ducked(_, let deadline)) where deadline <= now:
            state = .quiet
            return [.interrupt]
        case (.ended, .ducked(let turn, _)):
            state = .quiet
            interjections.append(turn)
            return [.restore]
        case (.silenced, .ducked):
            // What is still made shall not begin while somebody speaks.
            state = .quiet
            return [.restore, .interrupt]
        case (.understood(let turn, let hasWords), _):
            guard let index = interjections.firstIndex(of: turn) else { return [] }
            interjections.remove(at: index)
            return hasWords ? [.interrupt, .answer(turn)] : [.dismiss(turn)]
        case (.sessionLost, _):
            let dismissed = interjections.map(Action.dismiss)
            let isDucked = state != .quiet
            state = .quiet
            interjections = []
            return (isDucked ? [.restore] : []) + dismissed
        case (.lasted, _), (.deadlineReached, _), (.ended, .quiet), (.silenced, .quiet):
            return []
        }
    }
}
