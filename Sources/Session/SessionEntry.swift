extension SessionStateMachine {
    /// What the journal keeps beside faults.
    public enum Entry: Sendable, Equatable {
        indirect case turn(SettledTurn)
        case part(TurnPart)
        case task(SettledTask)
        case sessionOpened(String, reason: SessionOpening = .start, keptTurns: Int = 0)
        case sessionClosed(String, reason: String)
        case usage(StrayUsage)
        /// So many items were deleted from the session's conversation, which keeps so many turns.
        case contextTrimmed(String, deletedItems: Int, keptTurns: Int, summary: String?)
    }
}
