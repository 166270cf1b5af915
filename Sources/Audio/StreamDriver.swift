import MonotonicClock

internal import CLinux

/// What serves a card: a loop on a real-time thread of its own.
protocol AudioWorker: AnyObject {
    /// Device and what was agreed with it, in one line.
    var description: String { get }
    /// CLOCK_MONOTONIC of the first frame; set before the thread starts.
    var startNs: Int64 { get set }
    /// Runs until a stop is requested (nil) or the device is lost. Called once, on the audio thread.
    func run() -> AudioError?
}

/// What serves a file: work that is due with time, done by the stream's owner. A file is in no hurry, and a thread for
/// it would cost two wake-ups where one does.
protocol TimedWorker: AnyObject {
    /// File and format, in one line.
    var description: String { get }
    /// CLOCK_MONOTONIC of the first frame; set before the first `catchUp`.
    var startNs: Int64 { get set }
    /// How often work falls due.
    var periodNs: Int64 { get }
    /// Does what is due at `nowNs`. The error is the end.
    func catchUp(nowNs: Int64) -> AudioError?
}

/// Gets a stream's work done, from its start to its stop: by a thread, or by a timer and the stream's owner.
final class StreamDriver {
    private enum Worker {
        case threaded(any AudioWorker, AudioThread)
        case timed(any TimedWorker)
    }

    let state: StreamState
    private let worker: Worker
    /// A timed worker between `start` and `stop`.
    private var isTicking = false

    init(_ worker: any AudioWorker, state: StreamState) {
        self.state = state
        self.worker = .threaded(worker, AudioThread(state: state))
    }

    init(_ worker: any TimedWorker, state: StreamState) {
        self.state = state
        self.worker = .timed(worker)
    }

    var description: String {
        switch worker {
        case .threaded(let worker, _): worker.description
        case .timed(let worker): worker.description
        }
    }

    var realtimeRefusal: String? {
        switch worker {
        case .threaded(_, let thread): thread.realtimeRefusal
        case .timed: nil
        }
    }

    func start(name: String, at start: Instant) {
        switch worker {
        case .threaded(let worker, let thread): thread.start(worker, name: name, at: start)
        case .timed(let worker):
            worker.startNs = start.ns
            isTicking = true
            let firstNs = max(1, worker.startNs + worker.periodNs)
            let code = clinux_timerfd_set(state.event, firstNs, worker.periodNs)
            if code < 0 { end(with: .system(name, "timer", -code, .reopen)) }
        }
    }

    func stop() {
        switch worker {
        case .threaded(_, let thread): thread.stop()
        case .timed:
            catchUp()
            isTicking = false
            _ = clinux_timerfd_set(state.event, 0, 0)
        }
    }

    /// Takes the event; a file then catches up with time.
    func takeEvent() {
        _ = clinux_eventfd_clear(state.event)
        catchUp()
    }

    /// Has a flush or a gain done soon: by the thread, or at once.
    func wake() {
        switch worker {
        case .threaded: clinux_eventfd_signal(state.wake)
        case .timed: catchUp()
        }
    }

    /// Lets a file catch up with time; a card's thread does so by itself.
    func catchUp() {
        guard case .timed(let worker) = worker, isTicking else { return }
        if let error = worker.catchUp(nowNs: clinux_monotonic_ns()) { end(with: error) }
    }

    private func end(with error: AudioError) {
        isTicking = false
        state.end(with: error)
    }
}
