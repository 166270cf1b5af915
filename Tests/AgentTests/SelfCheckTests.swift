import Foundation
import Glibc
import MonotonicClock
import Testing
import Transport

@testable import kiosk_agent

@Suite struct SelfCheckTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func check(
        _ environment: [String: String] = [:], _ change: (inout Settings) -> Void = { _ in }
    ) -> SelfCheck {
        var settings = Settings()
        settings.journal.directory = folder.path + "/journal"
        settings.control.socket = folder.path + "/run/sock"
        change(&settings)
        return SelfCheck(settings: settings, environment: environment)
    }

    private func line(_ finding: SelfCheck.Finding) -> String {
        finding.line.replacingOccurrences(of: folder.path, with: "DIR")
    }

    @Test func aFindingIsOneLineInColumns() {
        #expect(SelfCheck.Finding.good("settings", "kiosk.toml").line == "ok    settings  kiosk.toml\n")
        #expect(SelfCheck.Finding.bad("capture", "a\nb").line == "FAIL  capture   a\\nb\n")
    }

    @Test func soundDevicesAreOpenedAndNamedWhenTheyCannotBe() {
        #expect(check { $0.audio.capture = "null" }.sound(.capture).isGood)
        let missing = check { $0.audio.playback = "no-such-card" }.sound(.playback)
        #expect(missing.line.hasPrefix("FAIL  playback  no-such-card: open: "))
    }

    @Test func aChipThatIsMissingFailsAndNoChipIsFine() {
        #expect(check().gpio() == .good("gpio", "none is set"))
        let missing = check { $0.gpio.chip = "/dev/no-such-chip"; $0.gpio.button = "17" }.gpio()
        #expect(!missing.isGood)
        #expect(missing.words.contains("/dev/no-such-chip"))
    }

    @Test func theKeyIsFoundButNeverShown() {
        let found = check(["OPENAI_API_KEY": "sk-secret"]).key()
        #expect(found == .good("key", "present"))
        #expect(!check().key().isGood)
        #expect(check { $0.realtime.url = "ws://127.0.0.1/" }.key().isGood)
    }

    @Test func foldersAreCheckedAndNotMade() throws {
        #expect(line(check().journal()) == "ok    journal   DIR/journal: will be made\n")
        #expect(line(check().control()) == "ok    control   DIR/run/sock\n")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
        mkdir(folder.path + "/journal", 0o750)
        #expect(line(check().journal()).hasPrefix("ok    journal   DIR/journal: writable, "))
    }

    @Test func foldersThatCannotBeMadeFail() throws {
        try folder.write("text", to: "file")
        #expect(line(check { $0.journal.directory = folder.path + "/file" }.journal())
            == "FAIL  journal   DIR/file: Not a directory\n")
        #expect(line(check { $0.control.socket = folder.path + "/file/x/sock" }.control())
            == "FAIL  control   DIR/file/x: Not a directory\n")
    }

    @Test func aClockThatWasNotSetFails() {
        let now = Instant.now
        let early = SelfCheck.clock(secondsSince1970: SelfCheck.earliestClock - 1, monotonic: [now])
        #expect(early == .bad("clock", "2025-12-31T23:59:59Z: the clock is not set"))
        let good = SelfCheck.clock(secondsSince1970: SelfCheck.earliestClock, monotonic: [now, now])
        #expect(good == .good("clock", "2026-01-01T00:00:00Z"))
        let backwards = SelfCheck.clock(secondsSince1970: 1 << 31, monotonic: [now, now - .seconds(1)])
        #expect(!backwards.isGood)
        #expect(check().clock().isGood)
    }
}

@Suite struct OnlineCheckTests {
    private func check(_ url: String) throws -> OnlineCheck {
        var settings = Settings()
        settings.realtime.url = url
        return try OnlineCheck(settings: settings, key: nil, environment: [:])
    }

    private func lines(_ url: String, _ outcome: OnlineCheck.Outcome) throws -> [String] {
        try check(url).findings(outcome).map(\.line)
    }

    @Test func aSessionPassesEveryStep() throws {
        #expect(try lines("wss://localhost/", .created("sess_1")) == [
            "ok    name      localhost:443\n", "ok    connect   localhost:443\n",
            "ok    tls       localhost:443: certificate is valid\n", "ok    session   created: sess_1\n",
        ])
    }

    @Test func aRefusalFailsTheSessionOnly() throws {
        #expect(try lines("ws://127.0.0.1:80/", .refused("bad key")) == [
            "ok    name      127.0.0.1:80\n", "ok    connect   127.0.0.1:80\n",
            "ok    tls       not used: ws:// on this machine\n", "FAIL  session   127.0.0.1:80: bad key\n",
        ])
    }

    @Test(arguments: [
        (#"{"type":"session.created","event_id":"e","session":{"id":"sess_1","type":"realtime"}}"#,
            OnlineCheck.Outcome.created("sess_1")),
        (#"{"type":"error","event_id":"e","error":{"type":"t","code":"invalid_api_key","message":"Wrong key."}}"#,
            .refused("Wrong key. (invalid_api_key)")),
        (#"{"type":"error","event_id":"e","error":{"type":"t","message":"Wrong."}}"#, .refused("Wrong.")),
        (#"{"type":"rate_limits.updated","event_id":"e","rate_limits":[]}"#, nil),
        (#"{"type":"something.new"}"#, nil),
    ])
    func theFirstEventThatDecidesIsTaken(json: String, outcome: OnlineCheck.Outcome?) {
        #expect(OnlineCheck.outcome(of: Array(json.utf8)) == outcome)
    }

    @Test func aServerThatIsNoneFailsAtItsStep() throws {
        let listener = try WebSocketListener(host: "127.0.0.1", port: 0, tls: nil)
        let port = listener.port
        let silent = try check("ws://127.0.0.1:\(port)/").perform(budget: .milliseconds(50))
        #expect(silent == .refused("no session within 0 s"))
        let closed = try check("ws://127.0.0.1:1/")
        let findings = closed.findings(closed.perform())
        #expect(findings.map(\.name) == ["name", "connect"])
        #expect(findings.map(\.isGood) == [true, false])
    }

    /// Answers one connection with `json` and waits for its end; at most 5 s of waiting at a time.
    private func serve(_ listener: WebSocketListener, _ json: String) -> Closure? {
        var socket: WebSocket?
        while true {
            var wait = [pollfd(fd: listener.pollRequest.fd, events: Int16(POLLIN), revents: 0)]
            if let request = socket?.pollRequest {
                wait.append(pollfd(fd: request.fd, events: request.events, revents: 0))
            }
            guard poll(&wait, nfds_t(wait.count), 5000) > 0 else { return nil }
            if socket == nil { socket = listener.accept(now: .now) }
            for event in socket?.process(now: .now) ?? [] {
                if case .closed(let closure) = event { return closure }
                if case .upgradeRequested = event {
                    socket?.accept(now: .now)
                    socket?.send(text: json, now: .now)
                }
            }
        }
    }

    @Test func aServersSessionIsSeenAndClosedWith1000() throws {
        let listener = try WebSocketListener(host: "127.0.0.1", port: 0, tls: nil)
        let port = listener.port
        let outcome = onThread { try? self.check("ws://127.0.0.1:\(port)/v1/realtime").perform() }
        let closure = serve(listener, #"{"type":"session.created","session":{"id":"sess_9","type":"realtime"}}"#)
        #expect(closure?.code == 1000)
        #expect(outcome() == .created("sess_9"))
    }
}
