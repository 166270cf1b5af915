import Glibc

/// Decides what an error of a running PCM means, and gives up when one follows the other.
struct PCMRecovery {
    enum Step: Equatable {
        case restart, resumeThenRestart, giveUp
    }

    /// Recoveries in a row without a frame moved; with 200 ms a stall, two seconds of a dead card.
    static let limit = 10

    private var inARow = 0

    /// Frames moved: the card lives.
    mutating func progress() { inARow = 0 }

    /// Whether `code` (-errno) says that the card is gone.
    static func isLoss(_ code: Int) -> Bool {
        switch -code {
        case Int(ENODEV), Int(ENXIO), Int(ENOTCONN): true
        default: false
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
