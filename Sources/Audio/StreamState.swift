import Glibc
import Synchronization

internal import CLinux

/// What a stream's owner and its worker share: the ring, counters, and descriptors in both directions.
final class StreamState: @unchecked Sendable {
    // SAFETY: `ending` is written by the worker before `hasEnded` is released, and read after it is acquired.
    // Everything else is constant or atomic.

    let ring: SampleRing
    /// An eventfd, signalled by the thread for the owner; for a timed worker the timerfd that tells when work is due.
    let event: Int32
    /// Signalled by the owner for the thread.
    let wake: Int32
    /// Signalled by the thread when it is about to return.
    let done: Int32
    let stopRequested = Atomic<Bool>(false)
    let xruns = Atomic<Int>(0)
    let stalls = Atomic<Int>(0)
    /// 24 kHz frames that went through the thread.
    let movedFrames = Atomic<Int>(0)
    let interruptions = InterruptionLog()
    /// CLOCK_MONOTONIC at which the capture ring's frame 0 would have been captured; `unknownOrigin` before the start.
    let captureOriginNs = Atomic<Int64>(StreamState.unknownOrigin)
    /// 24 kHz frames in the capture ring for which the owner is woken.
    let eventFrames = Atomic<Int>(CaptureStream.eventFrames)
    private let wantsFrames = Atomic<Bool>(false)
    private let hasEnded = Atomic<Bool>(false)
    private var ending: AudioError?

    init(ring: SampleRing, isTimed: Bool = false) throws(AudioError) {
        self.ring = ring
        event = isTimed ? clinux_timerfd() : clinux_eventfd()
        wake = clinux_eventfd()
        done = clinux_eventfd()
        // A throwing initializer of a fully initialized object runs deinit, which closes what was opened.
        if let code = [event, wake, done].first(where: { $0 < 0 }) {
            throw AudioError.system("audio", "eventfd", -code, .reopen)
        }
    }

    deinit {
        for descriptor in [event, wake, done] where descriptor >= 0 { close(descriptor) }
    }

    /// Why the worker ended by itself; nil while it works.
    var failure: AudioError? {
        hasEnded.load(ordering: .acquiring) ? ending : nil
    }

    /// The worker's last act: after a thread's loop, or instead of a timed worker's next work.
    func end(with error: AudioError?) {
        ending = error
        hasEnded.store(true, ordering: .releasing)
        clinux_eventfd_signal(event)
        clinux_eventfd_signal(done)
    }

    /// Real-time.
    var isStopping: Bool { stopRequested.load(ordering: .acquiring) }

    /// Counts a card's fault (-errno): a stall (ETIMEDOUT) or an xrun. A lost card is neither. Real-time.
    func count(fault code: Int) {
        if code == -Int(ETIMEDOUT) {
            stalls.wrappingAdd(1, ordering: .relaxed)
        } else if !PCMRecovery.isLoss(code) {
            xruns.wrappingAdd(1, ordering: .relaxed)
        }
    }

    /// Sleeps until an instant of CLOCK_MONOTONIC or a stop, whichever is first. Real-time.
    func sleep(untilNs deadlineNs: Int64) {
        while !isStopping {
            let nowNs = clinux_monotonic_ns()
            if nowNs >= deadlineNs { return }
            clinux_sleep_until(min(deadlineNs, nowNs + StreamState.wakeStepNs))
        }
    }

    /// Sleeps until an instant of CLOCK_MONOTONIC, rounded up to a millisecond, or until the owner signals. Real-time.
    func waitForWake(untilNs deadlineNs: Int64) {
        let aheadMs = (deadlineNs - clinux_monotonic_ns() + 999_999) / 1_000_000
        guard aheadMs > 0 else { return }
        var descriptor = pollfd(fd: wake, events: Int16(POLLIN), revents: 0)
        if poll(&descriptor, 1, Int32(clamping: aheadMs)) > 0 { _ = clinux_eventfd_clear(wake) }
    }

    /// As `waitForWake`, and returns early when the owner writes to the ring. Real-time.
    func waitForFrames(untilNs deadlineNs: Int64) {
        wantsFrames.store(true, ordering: .relaxed)
        // Crosses `framesWritten`: either we see the frames here, or the owner sees that we want them.
        atomicMemoryFence(ordering: .sequentiallyConsistent)
        if ring.availableToRead == 0 { waitForWake(untilNs: deadlineNs) }
        wantsFrames.store(false, ordering: .relaxed)
    }

    /// Wakes a thread that waits for frames. Owner, after writing to the ring.
    func framesWritten() {
        atomicMemoryFence(ordering: .sequentiallyConsistent)
        if wantsFrames.load(ordering: .relaxed) { clinux_eventfd_signal(wake) }
    }

    static let unknownOrigin = Int64.min
    /// Longest sleep that does not look at the stop request.
    static let wakeStepNs: Int64 = 20_000_000
}
