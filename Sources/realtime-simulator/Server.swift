import CLinux
import Glibc
import MonotonicClock
import Transport

/// What all sessions of a server share.
struct ServerOptions {
    var library: SampleLibrary
    var hearing: Hearing
    var timing = Timing()
    var echoesAudio = false
    var faults = FaultPlan.none
    var seed: UInt64 = 1
    var sessionSeconds = 3_600
    var requiredKey: String?

    func setup(model: String, connection: Int, turnsBefore: Int) -> SimulatedSession.Setup {
        SimulatedSession.Setup(
            model: model, library: library, hearing: hearing, timing: timing, echoesAudio: echoesAudio, faults: faults,
            seed: seed &+ UInt64(connection), lifetime: .seconds(sessionSeconds), unixTime: Glibc.time(nil),
            connection: connection, turnsBefore: turnsBefore)
    }
}

/// The server: one poll(2) loop over its listening socket and all its clients.
final class Server {
    /// More wait in the listening socket's queue.
    private static let mostClients = 64

    private let listener: WebSocketListener
    private let options: ServerOptions
    private let report: ReportFile?
    private let signals: Int32
    private var clients: [Client] = []
    private let endpoints: RESTEndpoints
    private var connections = 0
    private var pastTurns = 0

    /// The port it listens on.
    var port: Int { listener.port }

    init(listener: WebSocketListener, options: ServerOptions, report: ReportFile?) throws(SimulatorError) {
        self.listener = listener
        self.options = options
        endpoints = RESTEndpoints(options: options)
        self.report = report
        signals = clinux_signalfd([SIGTERM, SIGINT], 2)
        guard signals >= 0 else { throw .listen(reason: "signalfd: \(String(cString: strerror(-signals)))") }
    }

    /// Serves until SIGTERM or SIGINT.
    func run() {
        while true {
            wait()
            let now = Instant.now
            if clinux_signalfd_read(signals) != 0 {
                for client in clients { client.close(now: now) }
                return
            }
            if clients.count < Server.mostClients, let socket = listener.accept(now: now) { add(socket) }
            for client in clients { client.process(now: now) }
            pastTurns += clients.filter(\.isOver).reduce(0) { $0 + $1.committedTurns }
            clients.removeAll(where: \.isOver)
        }
    }

    private func wait() {
        var polled = [pollfd(fd: signals, events: Int16(POLLIN), revents: 0)]
        if clients.count < Server.mostClients { polled.append(pollfd(listener.pollRequest)) }
        polled += clients.compactMap { $0.pollRequest.map { pollfd($0) } }
        var timeoutMs: Int32 = -1
        if let deadline = clients.compactMap(\.deadline).min() {
            let left = Instant.now.duration(to: deadline)
            // Rounded up: waking a moment early would only mean another round.
            timeoutMs = left <= .zero ? 0 : Int32(min(left / .milliseconds(1) + 1, 60_000))
        }
        poll(&polled, nfds_t(polled.count), timeoutMs)
    }

    private func add(_ socket: WebSocket) {
        connections += 1
        let report = self.report
        clients.append(
            Client(
                socket, number: connections, options: options, endpoints: endpoints,
                turnsBefore: { [unowned self] in pastTurns + clients.reduce(0) { $0 + $1.committedTurns } },
                report: { figures in
                    let stamp: JSON = ["monotonic_ms": .integer(Int(clinux_monotonic_ns() / 1_000_000))]
                    report?.write(figures.merging(stamp))
                }))
    }
}

extension pollfd {
    fileprivate init(_ request: PollRequest) {
        self.init(fd: request.fd, events: request.events, revents: 0)
    }
}
