import Glibc
import MonotonicClock

internal import CLinux

/// Owner of one audio thread: starts it, real-time when allowed, and joins it in bounded time.
final class AudioThread {
    /// Enough for alsa-lib's plug-ins and speexdsp's stack buffers (8 KiB); a default stack would lock 8 MiB.
    private static let stackBytes = 256 * 1024
    /// Above ordinary threads, below the kernel's interrupt threads (50).
    private static let priority: Int32 = 20
    /// A thread that does not end in this time hangs in a driver; it is left behind.
    private static let joinLimitMs: Int32 = 1000

    private let state: StreamState
    private var thread: pthread_t?
    /// Why SCHED_FIFO or locked memory was refused; nil when both were granted.
    private(set) var realtimeRefusal: String?

    init(state: StreamState) {
        self.state = state
    }

    deinit { stop() }

    /// Starts the thread with SCHED_FIFO and locks the process's memory; a refusal is recorded and the thread runs
    /// without. A thread that cannot be made ends the stream with a failure.
    func start(_ worker: any AudioWorker, name: String, at start: Instant) {
        guard thread == nil else { return }
        worker.startNs = start.ns
        var refusals: [String] = []
        var code = create(worker, name: name, isRealtime: true)
        if code != 0 {
            refusals.append("SCHED_FIFO \(Self.priority): \(errnoText(code))")
            code = create(worker, name: name, isRealtime: false)
            if code != 0 { state.end(with: .system(name, "thread", code, .reopen)) }
        }
        // All that the thread will ever touch is mapped by now: stack, ring, the PCM's buffers, code. Later mappings
        // stay unlocked: against a limit on locked memory one of them would fail, and with it the allocation.
        code = clinux_lock_memory()
        if code < 0 { refusals.append("mlockall: \(errnoText(-code))") }
        realtimeRefusal = refusals.isEmpty ? nil : refusals.joined(separator: "; ")
    }

    /// Asks the thread to end and waits for it, `joinLimitMs` at most. Harmless when there is none.
    func stop() {
        guard let thread else { return }
        self.thread = nil
        state.stopRequested.store(true, ordering: .releasing)
        clinux_eventfd_signal(state.wake)
        var descriptor = pollfd(fd: state.done, events: Int16(POLLIN), revents: 0)
        var isDone: Int32
        repeat { isDone = poll(&descriptor, 1, Self.joinLimitMs) } while isDone < 0 && errno == EINTR
        if isDone > 0 {
            pthread_join(thread, nil)
        } else {
            pthread_detach(thread)
        }
    }

    private func create(_ worker: any AudioWorker, name: String, isRealtime: Bool) -> Int32 {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setstacksize(&attributes, Self.stackBytes)
        if isRealtime {
            var parameters = sched_param()
            parameters.sched_priority = Self.priority
            pthread_attr_setinheritsched(&attributes, Int32(PTHREAD_EXPLICIT_SCHED))
            pthread_attr_setschedpolicy(&attributes, Int32(SCHED_FIFO))
            pthread_attr_setschedparam(&attributes, &parameters)
        }
        // SAFETY: the retained box is released by the thread, or here when there is no thread. The worker is used by
        // the thread alone from now on.
        let job = Unmanaged.passRetained(AudioJob(worker: worker, state: state, name: name))
        var created = pthread_t()
        let code = pthread_create(&created, &attributes, AudioJob.run, job.toOpaque())
        if code == 0 { thread = created } else { job.release() }
        return code
    }
}

/// What a new thread is handed.
private final class AudioJob {
    private let worker: any AudioWorker
    private let state: StreamState
    private let name: String

    init(worker: any AudioWorker, state: StreamState, name: String) {
        self.worker = worker
        self.state = state
        self.name = name
    }

    static let run: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { raw in
        guard let raw else { return nil }
        let job = Unmanaged<AudioJob>.fromOpaque(raw).takeRetainedValue()
        // Signals are the runner's: no audio thread may be interrupted by one.
        var signals = sigset_t()
        sigfillset(&signals)
        pthread_sigmask(SIG_BLOCK, &signals, nil)
        clinux_name_thread(job.name)
        job.state.end(with: job.worker.run())
        return nil
    }
}
