import MonotonicClock

/// What an owner wants to know after an input.
extension SessionStateMachine {
    public struct Status: Sendable, Equatable {
        public let deadline: Instant?
        public let oldestNeededFrame: Int
        public let wantsFrames: Bool
        public let indicator: Indicator
        public let isIdle: Bool
    }

    /// Everything there is to know, at once. Mutating so that it is read in place: a property of an object's machine is
    /// read from a copy of the machine.
    public mutating func status() -> Status { ownStatus }

    /// By itself, so that it is this that borrows the machine, and not each of what it asks: a borrow copies its bytes.
    private var ownStatus: Status {
        Status(
            deadline: deadline, oldestNeededFrame: oldestNeededFrame, wantsFrames: wantsFrames, indicator: indicator,
            isIdle: isIdle)
    }
}
