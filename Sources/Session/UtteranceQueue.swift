import MonotonicClock

/// Push-to-talk utterances on their way to the server: sent in order, kept until the server has committed them.
///
/// While there is no session they wait; a break of the link takes an uncommitted one back to its first frame.
struct UtteranceQueue: Sendable {
    enum Action: Equatable {
        case append(Range<Int>)
        case commit(TurnID)
    }

    private struct Utterance {
        let turn: TurnID
        let startFrame: Int
        /// nil while the button is held.
        var endFrame: Int?
        var releasedAt: Instant?
        var sentUntilFrame: Int
        var isCommitSent = false
    }

    /// Shortest append while the visitor speaks: 20 ms keeps the microphone's latency low at 50 messages a second.
    static let blockFrames = sessionRate / 50
    /// Longest append of a backlog: 1 s is 64 kB of base64, far under the server's 15 MiB.
    static let longestBlockFrames = sessionRate
    /// How long after the release a session may come and still get the utterance (contract: 10 s).
    static let patience = Duration.seconds(10)

    private var utterances: [Utterance] = []

    /// Turns the server has not committed.
    var turns: Set<TurnID> { Set(utterances.map(\.turn)) }
    var oldestNeededFrame: Int? { utterances.first?.startFrame }

    /// The instant at which the oldest waiting utterance is given up, while there is no session.
    var deadline: Instant? { utterances.first?.releasedAt.map { $0 + Self.patience } }

    /// Frames are still to come, or to go: some of an utterance has not been sent.
    var wantsFrames: Bool { utterances.contains { !$0.isCommitSent } }

    func hasLater(than turn: TurnID) -> Bool { utterances.last.map { $0.turn != turn } ?? false }

    mutating func begin(_ turn: TurnID, frame: Int) {
        utterances.append(Utterance(turn: turn, startFrame: frame, sentUntilFrame: frame))
    }

    /// The visitor let go of the newest; its turn, nil when it was taken out meanwhile.
    mutating func end(frame: Int, at now: Instant) -> TurnID? {
        guard let last = utterances.indices.last, utterances[last].endFrame == nil else { return nil }
        utterances[last].endFrame = max(frame, utterances[last].startFrame)
        utterances[last].releasedAt = now
        return utterances[last].turn
    }

    /// What can be sent now that audio up to `frame` is captured. Only while a session is ready.
    mutating func send(capturedUntil frame: Int) -> [Action] {
        var actions: [Action] = []
        while let index = utterances.firstIndex(where: { !$0.isCommitSent }) {
            let end = utterances[index].endFrame
            let available = min(frame, end ?? frame)
            let isComplete = end.map { $0 <= frame } ?? false
            while available - utterances[index].sentUntilFrame >= (isComplete ? 1 : Self.blockFrames) {
                let start = utterances[index].sentUntilFrame
                let upper = min(available, start + Self.longestBlockFrames)
                utterances[index].sentUntilFrame = upper
                actions.append(.append(start..<upper))
            }
            guard isComplete else { break }
            utterances[index].isCommitSent = true
            actions.append(.commit(utterances[index].turn))
        }
        return actions
    }

    /// The captured frames of the oldest utterance sent, which the server commits next.
    var committedFrames: Range<Int>? {
        guard let first = utterances.first, first.isCommitSent, let end = first.endFrame else { return nil }
        return first.startFrame..<end
    }

    /// The server committed the oldest utterance sent, or refused to.
    mutating func acknowledged() -> TurnID? {
        guard let first = utterances.first, first.isCommitSent else { return nil }
        utterances.removeFirst()
        return first.turn
    }

    /// Nothing of an uncommitted utterance survives its session: the next one gets it from the first frame.
    mutating func linkLost() {
        for index in utterances.indices {
            utterances[index].sentUntilFrame = utterances[index].startFrame
            utterances[index].isCommitSent = false
        }
    }

    /// The frames of the utterances whose patience has run out.
    func expiring(at now: Instant) -> [Range<Int>] {
        utterances.prefix { $0.releasedAt.map { now - $0 >= Self.patience } ?? false }
            .compactMap { utterance in utterance.endFrame.map { utterance.startFrame..<$0 } }
    }

    /// Takes out utterances whose patience has run out.
    mutating func expire(at now: Instant) -> [TurnID] {
        let expired = utterances.prefix { utterance in
            utterance.releasedAt.map { now - $0 >= Self.patience } ?? false
        }
        utterances.removeFirst(expired.count)
        return expired.map(\.turn)
    }

    /// Takes out utterances whose turns are over.
    mutating func removeAll(where isOver: (TurnID) -> Bool) { utterances.removeAll { isOver($0.turn) } }
}
