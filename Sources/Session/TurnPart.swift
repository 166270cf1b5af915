import Realtime

/// One part of a turn, final, while others of it are open: kept at once, for the turn itself is not until it settles.
public struct TurnPart: Sendable, Equatable {
    public enum Content: Sendable, Equatable {
        case realtime(Transcript)
        case builtIn(Transcript)
        case assistant(AssistantPart)
    }

    public let session: String
    public let number: Int
    public let item: ItemID
    public let content: Content

    public init(session: String, number: Int, item: ItemID, content: Content) {
        self.session = session
        self.number = number
        self.item = item
        self.content = content
    }
}

extension TurnPart.Content {
    enum Kind { case realtime, builtIn, assistant }

    var kind: Kind {
        switch self {
        case .realtime: .realtime
        case .builtIn: .builtIn
        case .assistant: .assistant
        }
    }

    /// What is switched off, or was never asked for, says nothing.
    fileprivate var isSaid: Bool {
        switch self {
        case .realtime(let transcript), .builtIn(let transcript): transcript.status != .off
        case .assistant(let part): part.status != .none
        }
    }
}

extension Turn {
    /// The parts that have become known since the last call; none before the server has made an item of the turn.
    mutating func takeParts() -> [TurnPart] {
        guard case .committed(let item, _) = stage else { return [] }
        let known: [TurnPart.Content?] = [
            realtime.transcript.map { .realtime($0) }, builtIn.map { .builtIn($0) }, assistant.map { .assistant($0) },
        ]
        return known.compactMap { $0 }.filter { $0.isSaid && keptParts.insert($0.kind).inserted }.map {
            TurnPart(session: session, number: number, item: item, content: $0)
        }
    }
}
