import MonotonicClock

/// What the kiosk says by itself: a short recording, played when there is no session, or no answer, to speak.
public enum VoicePrompt: Sendable, Hashable, CaseIterable {
    /// The server cannot be reached.
    case noNetwork
    /// The server refuses us until somebody acts: key, credit, model.
    case key
    /// The server has no room for us, or no answer to a turn.
    case busy
    /// Today's budget is spent.
    case budget
    /// The agent ends while a visitor is in a turn.
    case goodbye
}

/// Which prompt is said, when, and how often.
///
/// A prompt never talks over anybody: it waits until the visitor has finished and nothing is heard, a press or an
/// answer ends it, and what has waited too long is not said at all.
struct VoicePromptStateMachine: Sendable {
    enum Input: Equatable {
        /// The visitor wants to speak, or the assistant is heard: what waits has been overtaken.
        case overtaken
        /// The visitor let go of the button; `trouble` is why there is no session, nil when there is one or no attempt
        /// has failed.
        case released(LinkStateMachine.Trouble?)
        /// The server refused us for the first time since there was a session.
        case refused
        /// Today's budget is spent, and the session is being closed for it.
        case spent
        /// No answer will come to a turn.
        case unanswered(LinkStateMachine.Trouble?)
        /// A turn waited for a session in vain. Its visitor may have been told at the release.
        case unsent(LinkStateMachine.Trouble?)
        case sessionOpened
        /// The program ends, and a visitor is in a turn.
        case farewell
        /// Nobody speaks and nothing is heard, or about to be.
        case roomIsSilent
        /// What was being said was heard to its end, or silenced.
        case fellSilent
        case deadlineReached
    }

    enum Action: Equatable {
        case say(VoicePrompt)
        /// Playback stands still: throw away what it has.
        case flush
    }

    enum State: Equatable {
        /// Nothing to say. -> `waiting`, `due`, `speaking` (a farewell).
        case quiet
        /// The microphone still records the end of the visitor's words. -> `due`; `quiet` when overtaken.
        case waiting(VoicePrompt, until: Instant)
        /// Said as soon as the room is silent. -> `speaking`; `quiet` when overtaken, or at the deadline.
        case due(VoicePrompt, deadline: Instant)
        /// Handed to playback. -> `quiet` when it is over.
        case speaking(VoicePrompt, deadline: Instant)
    }

    /// How soon "no network" is said again, however often the button is pressed.
    static let networkPause = Duration.seconds(30)
    /// How soon any other prompt is said again: a visitor who tries twice is told twice, a child does not play on it.
    static let pause = Duration.seconds(5)
    /// A turn given up this soon after a prompt was said has had its answer by it.
    static let toldLimit = UtteranceQueue.patience + .seconds(5)
    /// What was not said until then is no news any more.
    static let longestWait = Duration.seconds(10)
    /// How much longer than its length a prompt may take: a playback device may be lost and found meanwhile.
    static let playbackLimit = Duration.seconds(5)
    /// The longest farewell: the whole stop takes 2 s at most.
    static let farewellLimit = Duration.seconds(1)

    private(set) var state = State.quiet
    /// When each was begun last.
    private var said: [VoicePrompt: Instant] = [:]
    private let frames: [VoicePrompt: Int]
    /// How long the microphone records after the release.
    var tail: Duration

    /// `frames`: how long each prompt is; one that is not there is over as soon as it is said.
    init(frames: [VoicePrompt: Int], tail: Duration) {
        self.frames = frames
        self.tail = tail
    }

    var isSpeaking: Bool {
        if case .speaking = state { true } else { false }
    }

    var deadline: Instant? {
        switch state {
        case .quiet: nil
        case .waiting(_, let until): until
        case .due(_, let deadline), .speaking(_, let deadline): deadline
        }
    }

    /// Frames of the prompt; 0 when there is none.
    func length(of prompt: VoicePrompt) -> Int { frames[prompt] ?? 0 }

    mutating func handle(_ input: Input, at now: Instant) -> [Action] {
        switch input {
        case .overtaken: overtaken()
        case .released(let trouble): trouble.map { want(Self.prompt(for: $0), at: now, after: tail) }
        case .refused: want(.key, at: now)
        case .spent: want(.budget, at: now)
        case .unanswered(let trouble): want(trouble.map(Self.prompt(for:)) ?? .busy, at: now)
        case .unsent(let trouble): unsent(trouble, at: now)
        case .sessionOpened: sessionOpened()
        case .farewell: return say(.goodbye, limit: Self.farewellLimit, at: now)
        case .roomIsSilent: return roomIsSilent(at: now)
        case .fellSilent: fellSilent()
        case .deadlineReached: return deadlineReached(at: now)
        }
        return []
    }

    private static func prompt(for trouble: LinkStateMachine.Trouble) -> VoicePrompt {
        switch trouble {
        case .unreachable: .noNetwork
        case .busy: .busy
        case .refused: .key
        case .spent: .budget
        }
    }

    private mutating func want(_ prompt: VoicePrompt, at now: Instant, after wait: Duration = .zero) {
        let pause = prompt == .noNetwork ? Self.networkPause : Self.pause
        if let last = said[prompt], now - last < pause { return }
        switch state {
        case .quiet, .waiting, .due:
            state = wait > .zero ? .waiting(prompt, until: now + wait) : .due(prompt, deadline: now + Self.longestWait)
        case .speaking:
            // One at a time, and the first has told the visitor that nothing comes.
            break
        }
    }

    private mutating func overtaken() {
        switch state {
        case .waiting, .due: state = .quiet
        // Whoever overtakes it has playback silenced; `fellSilent` follows.
        case .quiet, .speaking: break
        }
    }

    private mutating func unsent(_ trouble: LinkStateMachine.Trouble?, at now: Instant) {
        if let last = said.values.max(), now - last < Self.toldLimit { return }
        want(trouble.map(Self.prompt(for:)) ?? .noNetwork, at: now)
    }

    private mutating func sessionOpened() {
        switch state {
        case .waiting(.noNetwork, _), .waiting(.key, _), .waiting(.budget, _), .due(.noNetwork, _), .due(.key, _),
            .due(.budget, _):
            state = .quiet
        // An answer that failed is missing in the next session, too; a prompt being heard is not cut off for that.
        case .waiting, .due, .speaking, .quiet: break
        }
    }

    private mutating func roomIsSilent(at now: Instant) -> [Action] {
        guard case .due(let prompt, _) = state else { return [] }
        return say(prompt, limit: .seconds(length(of: prompt)) / sessionRate + Self.playbackLimit, at: now)
    }

    private mutating func say(_ prompt: VoicePrompt, limit: Duration, at now: Instant) -> [Action] {
        said[prompt] = now
        state = length(of: prompt) > 0 ? .speaking(prompt, deadline: now + limit) : .quiet
        return [.say(prompt)]
    }

    private mutating func fellSilent() {
        switch state {
        case .speaking: state = .quiet
        case .quiet, .waiting, .due: break
        }
    }

    private mutating func deadlineReached(at now: Instant) -> [Action] {
        guard let deadline, deadline <= now else { return [] }
        switch state {
        case .waiting(let prompt, let until):
            state = .due(prompt, deadline: until + Self.longestWait)
            return []
        case .due:
            state = .quiet
            return []
        case .speaking:
            state = .quiet
            return [.flush]
        case .quiet:
            return []
        }
    }
}
