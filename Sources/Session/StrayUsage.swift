import Realtime

/// What was paid for and came too late for its turn or task, or belongs to none that we asked for.
public struct StrayUsage: Sendable, Equatable {
    public var session: String
    /// The response, or the item of a built-in transcript.
    public var source: String
    public var model: String
    public var usage: UsageOfEither
    /// USD; nil without a known price.
    public var cost: Double?

    public enum UsageOfEither: Sendable, Equatable {
        case response(Usage)
        case builtInTranscript(TranscriptionUsage)
    }
}

/// The responses and transcripts whose usage was counted: a server may say one twice.
struct CountedUsage: Sendable {
    /// Remembered ones; a turn has three.
    private static let limit = 64

    private var sources: [String] = []

    /// False when it was counted before.
    mutating func isFirst(_ source: String) -> Bool {
        guard !sources.contains(source) else { return false }
        sources = sources.suffix(Self.limit - 1) + [source]
        return true
    }
}

/// Usage that no turn and no task takes is counted all the same.
extension SessionStateMachine {
    /// Before the end of a response is handled.
    mutating func countUsage(of response: Response) -> [Action] {
        guard let usage = response.usage, figures.counted.isFirst(response.id.rawValue) else { return [] }
        let isAwaited = turns.awaitsTranscript(response) || tasks.awaits(response) || answers.awaits(response)
        guard !isAwaited, let session = link.readySession else { return [] }
        let cost = prices?.cost(of: usage, model: configuration.model)
        return stray(StrayUsage(
            session: session, source: response.id.rawValue, model: configuration.model, usage: .response(usage),
            cost: cost))
    }

    /// Before a built-in transcript is handled.
    mutating func countUsage(_ usage: TranscriptionUsage?, of item: ItemID) -> [Action] {
        guard let usage, let model = configuration.builtInModel, figures.counted.isFirst(item.rawValue),
            !turns.awaitsBuiltIn(item), let session = link.readySession
        else { return [] }
        let cost = prices?.cost(of: usage, model: model)
        return stray(StrayUsage(
            session: session, source: item.rawValue, model: model, usage: .builtInTranscript(usage), cost: cost))
    }

    private mutating func stray(_ stray: StrayUsage) -> [Action] {
        if let cost = stray.cost { figures.costs.addOther(cost) }
        return [.record(.usage(stray))]
    }
}
