/// What a response or a transcript cost in USD, by what was counted.
public struct CostDetail: Sendable, Equatable {
    /// The rows of a price table. The names are the journal's.
    public enum Kind: String, Sendable, CaseIterable {
        case textIn = "text_in", textCached = "text_cached", textOut = "text_out"
        case audioIn = "audio_in", audioCached = "audio_cached", audioOut = "audio_out"
        case imageIn = "image_in", imageCached = "image_cached"
        /// Audio that is paid by its length.
        case audioMinutes = "audio_minutes"
    }

    private var amounts = [Double](repeating: 0, count: Kind.allCases.count)

    public init() {}

    public subscript(kind: Kind) -> Double {
        get { amounts[Self.index(kind)] }
        set { amounts[Self.index(kind)] = newValue }
    }

    public var total: Double { amounts.reduce(0, +) }

    public mutating func add(_ other: CostDetail) {
        for index in amounts.indices { amounts[index] += other.amounts[index] }
    }

    private static func index(_ kind: Kind) -> Int {
        switch kind {
        case .textIn: 0
        case .textCached: 1
        case .textOut: 2
        case .audioIn: 3
        case .audioCached: 4
        case .audioOut: 5
        case .imageIn: 6
        case .imageCached: 7
        case .audioMinutes: 8
        }
    }
}

/// What a turn is made of, as far as it costs something. The names are the journal's.
public enum CostPart: String, Sendable, CaseIterable {
    case assistant
    case realtimeTranscript = "realtime_transcript"
    case builtInTranscript = "built_in_transcript"
    /// Whatever else a journal says it cost.
    case other
}
