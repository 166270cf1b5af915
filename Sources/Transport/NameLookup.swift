internal import CLinux
import Glibc

/// One look-up of a host name on a thread of its own, since getaddrinfo(3) blocks. Dropping it forgets the answer; the
/// thread then ends by itself.
final class NameLookup {
    enum Outcome: Equatable, Sendable {
        /// At least one address, IPv6 and IPv4 in turn.
        case found([SocketAddress])
        case failed(reason: String)
    }

    /// Stack of the thread, in bytes. Small because a process with locked memory pays for all of it.
    private static let stackBytes = 256 * 1024

    /// What thread and caller share.
    // SAFETY: the thread writes `outcome` before it signals `doorbell`, the caller reads it only after it has taken
    // that signal; nothing else is mutable.
    fileprivate final class Job: @unchecked Sendable {
        let host: String
        let port: Int
        let doorbell: Descriptor
        var outcome: Outcome?

        /// Takes over an eventfd; a negative one is none.
        init(host: String, port: Int, doorbell: Int32) {
            self.host = host
            self.port = port
            self.doorbell = Descriptor(owning: doorbell)
        }
    }

    private let job: Job
    private var known: Outcome?

    /// Begins the look-up. A name that is an address is known at once, without a thread.
    init(host: String, port: Int) {
        let bell = clinux_eventfd()
        job = Job(host: host, port: port, doorbell: bell)
        if IPAddress(host) != nil {
            known = NameLookup.resolve(host: host, port: port, flags: AI_NUMERICHOST)
        } else if bell < 0 {
            known = .failed(reason: systemReason(-bell))
        } else if let code = startThread() {
            known = .failed(reason: "no thread: \(systemReason(code))")
        }
    }

    /// A look-up whose answer is known.
    init(answered outcome: Outcome) {
        job = Job(host: "", port: 0, doorbell: -1)
        known = outcome
    }

    /// Becomes readable when the answer is there.
    var descriptor: Int32 { job.doorbell.raw }

    /// Whether the answer was known from the start; the descriptor then never becomes readable.
    var isKnown: Bool { known != nil }

    /// The answer, nil while it is awaited. Never blocks.
    func outcome() -> Outcome? {
        if known == nil, clinux_eventfd_clear(job.doorbell.raw) > 0 { known = job.outcome }
        return known
    }

    /// nil, or the error number.
    private func startThread() -> Int32? {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setstacksize(&attributes, NameLookup.stackBytes)
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        // SAFETY: the thread takes over this reference; when there is no thread it is given back below.
        let shared = Unmanaged.passRetained(job)
        var thread = pthread_t()
        let failed = pthread_create(&thread, &attributes, runLookup, shared.toOpaque())
        guard failed != 0 else { return nil }
        shared.release()
        return failed
    }

    /// getaddrinfo(3); blocks unless the flags say that `host` is an address.
    static func resolve(host: String, port: Int, flags: Int32) -> Outcome {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = flags | AI_NUMERICSERV
        var list: UnsafeMutablePointer<addrinfo>?
        let failed = getaddrinfo(host, String(port), &hints, &list)
        let systemCode = errno
        defer { if let list { freeaddrinfo(list) } }
        guard failed == 0 else {
            let isSystemError = failed == EAI_SYSTEM
            return .failed(reason: isSystemError ? systemReason(systemCode) : String(cString: gai_strerror(failed)))
        }
        var addresses: [SocketAddress] = []
        var next = list
        while let entry = next?.pointee {
            if let address = entry.ai_addr {
                addresses.append(SocketAddress(copying: address, length: entry.ai_addrlen))
            }
            next = entry.ai_next
        }
        return addresses.isEmpty ? .failed(reason: "no address") : .found(alternatingFamilies(addresses))
    }

    /// The same addresses, families in turn, each in its order: one dead family must not use up the time for the other.
    static func alternatingFamilies(_ addresses: [SocketAddress]) -> [SocketAddress] {
        guard let first = addresses.first else { return [] }
        let preferred = addresses.filter { $0.family == first.family }
        let others = addresses.filter { $0.family != first.family }
        var result: [SocketAddress] = []
        for index in 0..<max(preferred.count, others.count) {
            if index < preferred.count { result.append(preferred[index]) }
            if index < others.count { result.append(others[index]) }
        }
        return result
    }
}

/// What the thread runs.
private func runLookup(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let argument else { return nil }
    clinux_name_thread("name-lookup")
    // SAFETY: `argument` is the reference that startThread retained for this thread.
    let job = Unmanaged<NameLookup.Job>.fromOpaque(argument).takeRetainedValue()
    job.outcome = NameLookup.resolve(host: job.host, port: job.port, flags: 0)
    _ = clinux_eventfd_signal(job.doorbell.raw)
    return nil
}
