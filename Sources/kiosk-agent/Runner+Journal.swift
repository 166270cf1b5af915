import Journal
import MonotonicClock
import Session

/// What is kept: entries, faults, and turns that no session took.
extension Runner {
    func record(_ entry: JournalEntry) {
        // What it cannot keep the journal counts and reports itself.
        journal.append(kind: entry.kind, members: keys.redact(entry.members), durable: true)
    }

    func report(_ fault: Fault) {
        let fault = privacy.applied(to: fault)
        faults.add(fault)
        console.report(fault)
        record(.fault(fault))
    }

    /// The journal's own troubles: said, but not written to it.
    func reportJournal() {
        for report in journal.takeReports() {
            switch report {
            case .fault(let words): sayOnly(Fault(.journal, words))
            case .refusing(let words):
                isJournalRefused = true
                sayOnly(Fault(.journal, "\(words); entries are kept in memory until it can be written"))
            case .resumed:
                isJournalRefused = false
                console.show(journal: "written again")
            case .opened(let recovery):
                for finding in recovery.findings { self.report(Fault(.journal, finding)) }
                dayCosts = DayCosts(directory: settings.journal.directory, lastSeq: recovery.lastSeq)
                day = nil
            case .forgot(let request, let result): forgot(request, result)
            case .durable: spool?.journalIsDurable()
            }
        }
    }

    func sayOnly(_ fault: Fault) {
        faults.add(fault)
        console.report(fault)
    }

    func workSpool(at now: Instant) {
        if let spool { perform(spool.process(isOnline: isOnline, at: now)) }
    }

    func perform(_ events: [Spool.Event]) {
        for event in events {
            switch event {
            case .entry(var turn):
                turn.transcript = privacy.applied(to: turn.transcript)
                record(.spooled(turn))
            case .line(let words): console.show(spool: words)
            case .fault(let fault): report(fault)
            }
        }
    }

    /// The turn's audio, whose first frame was spoken so long ago as was captured since.
    func keepInSpool(_ range: Range<Int>) {
        let agoMs = (microphone.endFrame - range.lowerBound) * 1000 / sessionRate
        spool?.keep(microphone.frames(in: range), spokenAtMs: WallClock.system.nowMs() - Int64(agoMs))
    }
}
