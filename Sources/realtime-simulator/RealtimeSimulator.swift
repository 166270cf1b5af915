import ArgumentParser
import Transport

/// A local server that speaks the Realtime protocol as the service does, for demos and tests.
@main
struct RealtimeSimulator: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "realtime-simulator",
        abstract: "A local Realtime server that hears the sample utterances and answers them.",
        discussion: """
            The first line of output is `listening on wss://ADDRESS:PORT/v1/realtime`. Then one line for each item \
            heard, truncated and cancelled, with what was measured. Ends with status 0 on SIGTERM or SIGINT. \
            Realtime and transcription sessions over WebSocket with PCM audio; no G.711.
            """)

    @Option(help: "Address and port to listen on; port 0 is any free one.")
    var listen = "127.0.0.1:0"

    @Flag(help: "Take an address that other machines can reach.")
    var allowRemote = false

    @Option(help: "PEM file of the certificate chain; without it the server speaks ws://.")
    var tlsCert: String?

    @Option(help: "PEM file of the certificate's key.")
    var tlsKey: String?

    @Option(help: "Folder of the samples (samples.json). Default: the repository's, found from here upward.")
    var samples: String?

    @Option(help: "What to do wrong: NAME[=N],... `--faults list` prints the menu.")
    var faults = ""

    @Option(help: "What to answer: `samples`, the shipped answers, or `echo`, the visitor's own audio.")
    var answers = "samples"

    @Option(help: "Speed of audio in multiples of real time, or `burst`. Default: 4 to 10, drawn for each response.")
    var pace: String?

    @Option(help: "Milliseconds from response.create to response.created, MIN-MAX.")
    var createdMs = "30-80"

    @Option(help: "Milliseconds from response.created to the first delta, MIN-MAX.")
    var firstDeltaMs = "250-600"

    @Option(help: "Milliseconds from a commit to the built-in transcript, MIN-MAX.")
    var transcriptMs = "300-1500"

    @Option(help: "Length of a session in seconds.")
    var sessionSeconds = 3_600

    @Option(help: "File to which every measured figure is appended as a JSON line.")
    var report: String?

    @Option(help: "Seed of everything that is drawn.")
    var seed: UInt64 = 1

    @Option(help: "The only API key that is taken; without it any is.")
    var requireKey: String?

    mutating func run() throws {
        if faults == "list" { return print(FaultPlan.menu) }
        let options = try serverOptions()
        let address = try listenAddress()
        let tls = try tlsContext()
        let listener = try WebSocketListener(host: address.host, port: address.port, tls: tls)
        let server = try Server(
            listener: listener, options: options, report: report.map { path in try ReportFile(path: path) })
        let host = address.host.contains(":") ? "[\(address.host)]" : address.host
        printLine("listening on \(tls == nil ? "ws" : "wss")://\(host):\(server.port)/v1/realtime")
        server.run()
    }

    /// What is wrong on the command line, before anything is opened: status 64.
    func validate() throws {
        guard faults != "list" else { return }
        do {
            _ = try (listenAddress(), FaultPlan(parsing: faults), timing())
            try check(["samples", "echo"].contains(answers), "--answers", answers, wanted: "samples or echo")
            try check(
                (1...86_400).contains(sessionSeconds), "--session-seconds", "\(sessionSeconds)", wanted: "1 to 86400")
            try check((tlsCert == nil) == (tlsKey == nil), "--tls-key", tlsKey ?? "", wanted: "it beside --tls-cert")
        } catch {
            throw ValidationError(error.description)
        }
    }

    private func serverOptions() throws -> ServerOptions {
        let library = try SampleLibrary(folder: samples ?? SampleLibrary.find())
        return ServerOptions(
            library: library, hearing: Hearing(library: library), timing: try timing(),
            echoesAudio: answers == "echo", faults: try FaultPlan(parsing: faults), seed: seed,
            sessionSeconds: sessionSeconds, requiredKey: requireKey)
    }

    private func timing() throws(SimulatorError) -> Timing {
        var timing = Timing()
        switch pace {
        case nil: timing.pace = .varied
        case "burst": timing.pace = .burst
        case let text?:
            guard let factor = Double(text), (0.1...1_000).contains(factor) else {
                throw .option(name: "--pace", value: text, wanted: "0.1 to 1000, or burst")
            }
            timing.pace = .factor(factor)
        }
        timing.createdMs = try range("--created-ms", createdMs)
        timing.firstDeltaMs = try range("--first-delta-ms", firstDeltaMs)
        timing.builtInMs = try range("--transcript-ms", transcriptMs)
        return timing
    }

    private func range(_ name: String, _ text: String) throws(SimulatorError) -> ClosedRange<Int> {
        let bounds = text.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) ?? -1 }
        guard let low = bounds.first, let high = bounds.last, bounds.count <= 2, 0 <= low, low <= high, high <= 600_000
        else {
            throw .option(name: name, value: text, wanted: "MIN-MAX or one number, 0 to 600000")
        }
        return low...high
    }

    private func listenAddress() throws(SimulatorError) -> (host: String, port: Int) {
        guard let colon = listen.lastIndex(of: ":"), let port = Int(listen[listen.index(after: colon)...]),
            (0...65_535).contains(port)
        else {
            throw .option(name: "--listen", value: listen, wanted: "ADDRESS:PORT")
        }
        var host = String(listen[..<colon])
        if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
        guard allowRemote || host == "::1" || host.hasPrefix("127.") else {
            throw .option(name: "--listen", value: listen, wanted: "a loopback address, or --allow-remote")
        }
        return (host, port)
    }

    private func tlsContext() throws -> TLSServerContext? {
        guard let tlsCert, let tlsKey else { return nil }
        return try TLSServerContext(certificateFile: tlsCert, keyFile: tlsKey)
    }

    private func check(_ holds: Bool, _ name: String, _ value: String, wanted: String) throws(SimulatorError) {
        if !holds { throw .option(name: name, value: value, wanted: wanted) }
    }
}
