import Glibc

/// Decides what an error of a running PCM means, gives up when one follows the other, and times how long no frames
/// moved.
struct PCMRecovery {
    enum Step: Equatable {
        case restart, resumeThenRestart, giveUp
    }

    /// What began when, and has not ended.
    struct Open: Equatable {
        let cause: Interruption.Cause
        let sinceNs: Int64
    }

    /// Recoveries in a row without a frame moved; with 200 ms a stall, two seconds of a dead card.
    static let limit = 10

    private var inARow = 0
    /// The interruption that frames have not ended yet.
    private(set) var open: Open?

    /// An error (-errno) of a card whose sound ended at `sinceNs`. What began an interruption names it.
    mutating func interrupted(by code: Int, sinceNs: Int64) {
        guard open == nil, !Self.isLoss(code) else { return }
        open = Open(cause: Self.cause(of: code), sinceNs: sinceNs)
    }

    /// Frames moved: the card lives.
    mutating func progress() { inARow = 0 }

    /// Sound began again, or nobody waits for it any more, or nobody will get it: counts what is open.
    mutating func end(atNs ns: Int64, log: InterruptionLog) {
        guard let open else { return }
        self.open = nil
        log.count(open.cause, ns: max(0, ns - open.sinceNs))
    }

    /// Whether `code` (-errno) says that the card is gone.
    static func isLoss(_ code: Int) -> Bool {
        switch -code {
        case Int(ENODEV), Int(ENXIO), Int(ENOTCONN): true
        default: false
        }
    }

    /// What `code` (-errno) says of the card.
    static func cause(of code: Int) -> Interruption.Cause {
        switch -code {
        case Int(EPIPE): .xrun
        case Int(ETIMEDOUT): .stall
        case Int(ESTRPIPE): .suspend
        default: .failure
        }
    }

    /// What to do about `code` (-errno).
    mutating func step(for code: Int) -> Step {
        inARow += 1
        switch -code {
        case _ where Self.isLoss(code) || inARow > Self.limit: return .giveUp
        case Int(ESTRPIPE): return .resumeThenRestart
        default: return .restart
        }
    }
}
