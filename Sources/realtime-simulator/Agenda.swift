import MonotonicClock

/// What is to happen when, in order of time; of two things at the same instant, the one noted first comes first.
struct Agenda<Step> {
    private struct Entry {
        let due: Instant
        let step: Step
    }

    /// Latest first, so that the next one is taken from the end.
    private var entries: [Entry] = []

    var nextDue: Instant? { entries.last?.due }

    mutating func add(_ step: Step, at due: Instant) {
        let index = entries.lastIndex { $0.due > due }.map { $0 + 1 } ?? 0
        entries.insert(Entry(due: due, step: step), at: index)
    }

    /// Takes the next step that is due by `now`.
    mutating func take(by now: Instant) -> (step: Step, due: Instant)? {
        guard let last = entries.last, last.due <= now else { return nil }
        entries.removeLast()
        return (last.step, last.due)
    }

    mutating func remove(where isUnwanted: (Step) -> Bool) {
        entries.removeAll { isUnwanted($0.step) }
    }
}
