import CLinux
import Glibc
import Journal
import Session
import Synchronization

/// Reads what earlier lives of the agent spent on a day from the journal, each time on a thread of its own.
final class DayCosts {
    /// A day that was read; `sum` is what could be read, `failure` why that is not all.
    struct Finding {
        let day: String
        var sum = CostSum()
        var failure: String?
    }

    /// One reading, shared by its thread and the owner.
    private final class Reading: Sendable {
        let directory, day: String
        let lastSeq: UInt64
        let finding = Mutex<Finding?>(nil)

        init(directory: String, day: String, lastSeq: UInt64) {
            self.directory = directory
            self.day = day
            self.lastSeq = lastSeq
        }

        func run() {
            var costs = JournalCosts()
            var found = Finding(day: day)
            do {
                var reader = JournalReader(directory: directory)
                try reader.read(day: day, upTo: lastSeq) { costs.add($0) }
            } catch {
                found.failure = "what was spent today is not known: \(error)"
            }
            found.sum = costs.sum
            finding.withLock { [found] in $0 = found }
        }
    }

    /// The decoder of JSON and the check of nesting need some 100 KiB; a default stack would lock 8 MiB under mlockall.
    private static let stackBytes = 512 * 1024

    private let directory: String
    private let lastSeq: UInt64
    private var readings: [Reading] = []

    /// Entries after `lastSeq` are this life's own.
    init(directory: String, lastSeq: UInt64) {
        self.directory = directory
        self.lastSeq = lastSeq
    }

    /// Begins to read a day; `take` gives it when it is read. Does not block.
    func read(day: String) {
        let reading = Reading(directory: directory, day: day, lastSeq: lastSeq)
        readings.append(reading)
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        pthread_attr_setstacksize(&attributes, Self.stackBytes)
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        defer { pthread_attr_destroy(&attributes) }
        var thread = pthread_t()
        // SAFETY: the retained reference is released by the thread, or here when there is none.
        let context = Unmanaged.passRetained(reading)
        let failure = pthread_create(
            &thread, &attributes,
            { context in
                clinux_name_thread("day-costs")
                Unmanaged<Reading>.fromOpaque(context!).takeRetainedValue().run()
                return nil
            }, context.toOpaque())
        guard failure != 0 else { return }
        context.release()
        let words = "what was spent today is not known: pthread_create: \(systemText(failure))"
        reading.finding.withLock { $0 = Finding(day: day, failure: words) }
    }

    /// The days that were read since the last call.
    func take() -> [Finding] {
        var done: [Finding] = []
        readings.removeAll { reading in
            guard let finding = reading.finding.withLock({ $0 }) else { return false }
            done.append(finding)
            return true
        }
        return done
    }
}
