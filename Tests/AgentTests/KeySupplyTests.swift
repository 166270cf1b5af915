import Foundation
import MonotonicClock
import Session
import Testing
import Transport

@testable import kiosk_agent

@Suite struct CommandRunTests {
    private func outcome(
        of script: String, limit: Duration = .seconds(10), outputLimit: Int = 100
    ) throws -> CommandRun.Outcome {
        let run = try CommandRun(
            ["/bin/sh", "-c", script], environment: ["NAME": "value", "PATH": "/usr/bin:/bin"], limit: limit,
            outputLimit: outputLimit, now: Instant.now)
        while true {
            let outcome = run.process(now: Instant.now)
            if outcome != .goesOn {
                #expect(run.process(now: Instant.now) == outcome && run.pollRequest == nil)
                return outcome
            }
            PollSet.wait(for: run.pollRequest, until: run.deadline)
        }
    }

    @Test func whatAProgramPrintsIsTaken() throws {
        #expect(try outcome(of: "echo \"$NAME\"; cat") == .printed(Array("value\n".utf8)))
    }

    @Test(arguments: [
        ("echo secret; exit 3", "exit status 3"), ("kill -TERM $$", "ended by signal 15"),
        ("yes secret", "more than 100 bytes on standard output"),
    ])
    func aProgramThatFailsIsTold(script: String, words: String) throws {
        #expect(try outcome(of: script) == .failed(words))
    }

    @Test func aProgramThatTakesTooLongIsEndedWithAllThatItStarted() throws {
        let start = Instant.now
        let run = try CommandRun(
            ["/bin/sh", "-c", "sleep 60 & echo $!; wait"], environment: ["PATH": "/usr/bin:/bin"], limit: .seconds(10),
            outputLimit: 100, now: start)
        // The first line is there when the child is.
        PollSet.wait(for: run.pollRequest, until: start + .seconds(10))
        #expect(run.process(now: start) == .goesOn)
        let child = try #require(Int32(String(decoding: run.output, as: UTF8.self).dropLast()))
        #expect(run.deadline == start + .seconds(10))
        #expect(run.process(now: start + .seconds(10)) == .failed("not done within 10 s"))
        // Gone, or a zombie that only its new parent has to take note of; the kernel may need a moment.
        var stat = "?"
        for _ in 0..<500 where !stat.isEmpty && !stat.contains(") Z") {
            stat = (try? String(contentsOfFile: "/proc/\(child)/stat", encoding: .utf8)) ?? ""
            PollSet.wait(for: nil, until: stat.isEmpty ? start : Instant.now + .milliseconds(2))
        }
        #expect(stat.isEmpty || stat.contains(") Z"), "\(stat)")
    }

    @Test func aProgramThatClosesItsOutputIsWaitedFor() throws {
        #expect(try outcome(of: "echo a; exec >&-; sleep 0.1") == .printed(Array("a\n".utf8)))
    }

    @Test func aProgramThatIsNotThereIsTold() {
        #expect {
            try CommandRun(
                ["/no/program"], environment: [:], limit: .seconds(1), outputLimit: 1, now: Instant.now)
        } throws: {
            ($0 as? CommandRunError)?.words == "/no/program: No such file or directory"
        }
    }
}

@Suite struct KeySupplyTests {
    private func supply(_ source: KeySource, _ ring: KeyRing = KeyRing(nil)) throws -> KeySupply {
        var settings = Settings()
        settings.realtime.url = "ws://127.0.0.1:1/v1/realtime"
        let access = try WebAccess(settings, environment: [:])
        return KeySupply(source, access: access, environment: [:], ring: ring)
    }

    @Test func aKeyAtHandIsThereAtOnce() throws {
        let key = try APIKey("sk-1", from: "test")
        let supply = try supply(.fixed(key))
        supply.begin(at: Instant.now)
        #expect(supply.process(at: Instant.now) == .ready(key))
    }

    @Test func aProgramsClientSecretIsUsedUntilAMinuteBeforeItsEnd() throws {
        let folder = try TemporaryFolder()
        let counter = folder.path + "/count"
        for (seconds, runs) in [(3600, 1), (30, 3)] {
            try? FileManager.default.removeItem(atPath: counter)
            let end = "$(($(/bin/date +%s)+\(seconds)))"
            let script = "echo x >> \(counter); echo '{\"value\":\"ek_1\",\"expires_at\":'\(end)'}'"
            let supply = try supply(.command(["/bin/sh", "-c", script]))
            for _ in 1...3 { #expect(try supply.wait().get() == APIKey("ek_1", from: "test")) }
            #expect(try String(contentsOfFile: counter, encoding: .utf8).count == 2 * runs)
        }
    }

    @Test func aKeyThatTheServerDidNotTakeIsFetchedAnew() throws {
        let folder = try TemporaryFolder()
        let script = "echo x >> \(folder.path)/count; echo '{\"value\":\"ek_1\",\"expires_at\":9999999999}'"
        let supply = try supply(.command(["/bin/sh", "-c", script]))
        _ = try supply.wait().get()
        supply.forget()
        _ = try supply.wait().get()
        #expect(try String(contentsOfFile: folder.path + "/count", encoding: .utf8).count == 4)
    }

    @Test func fetchedKeysAreNeverShown() throws {
        let ring = KeyRing(try APIKey("sk-own", from: "test"))
        _ = try supply(.command(["/bin/sh", "-c", "echo ek_fetched"]), ring).wait().get()
        #expect(ring.redact("sk-own ek_fetched ek_other") == "[key] [key] ek_other")
    }

    @Test(arguments: [
        ("exit 1", "realtime.key_command: exit status 1"),
        ("true", "realtime.key_command: empty, wanted a key or a client secret"),
        ("echo '{\"value\":\"ek_secret\"'", "realtime.key_command: not a client secret, wanted value and expires_at"),
        ("echo 'ek_secret and more'", "realtime.key_command: wanted an API key of visible ASCII characters"),
    ])
    func whatGoesWrongIsToldWithoutTheKey(script: String, words: String) throws {
        guard case .failure(let loss) = try supply(.command(["/bin/sh", "-c", script])).wait() else {
            Issue.record("a key")
            return
        }
        #expect(loss.words == words && loss.httpStatus == nil)
    }

    @Test func aBrokerThatIsNotThereIsToldAsSuch() throws {
        let endpoint = try Endpoint(http: "http://127.0.0.1:1/key")
        guard case .failure(let loss) = try supply(.broker(endpoint, method: "GET", key: nil)).wait() else {
            Issue.record("a key")
            return
        }
        #expect(loss.words == "realtime.key_url: 127.0.0.1:1: connect: Connection refused (127.0.0.1)")
    }
}

@Suite struct KeySettingsTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func load(_ text: String) throws -> Settings {
        try Settings.load(file: folder.write(text, to: "kiosk.toml"))
    }

    @Test(arguments: [
        ("wss://a.openai.azure.com/openai/v1/realtime", "auto", "k1", "api-key", "k1"),
        ("wss://a.cognitiveservices.azure.com/openai/v1/realtime", "auto", "k1", "api-key", "k1"),
        ("wss://a.openai.azure.com/openai/v1/realtime", "auto", "eyJ0", "Authorization", "Bearer eyJ0"),
        ("wss://a.openai.azure.com/openai/v1/realtime", "bearer", "k1", "Authorization", "Bearer k1"),
        ("wss://api.openai.com/v1/realtime", "auto", "k1", "Authorization", "Bearer k1"),
        ("wss://evil-openai.azure.com.example/v1/realtime", "auto", "k1", "Authorization", "Bearer k1"),
        ("wss://proxy.example/v1/realtime", "api-key", "k1", "api-key", "k1"),
    ])
    func theKeyIsSentAsTheServerWantsIt(url: String, auth: String, key: String, name: String, value: String) throws {
        let settings = try load("[realtime]\nurl = \"\(url)\"\nauth = \"\(auth)\"")
        let host = try Link.endpoint(settings.realtime).host
        let header = settings.keys.header(try APIKey(key, from: "test"), host: host)
        #expect(header.name == name && header.value == value)
    }

    @Test(arguments: [
        ("key_url = \"http://a.b/\"", "2: realtime.key_url = \"http://a.b/\": "
            + "http:// sends key and voices in the clear; wanted https://, or a loopback host"),
        ("key_url = \"https://u:pw@a.b/\"", "2: realtime.key_url: wanted no user or password in the URL"),
        ("key_url = \"https://a.b/\"\nmint_client_secret = true",
            "3: realtime.mint_client_secret = true: wanted this or realtime.key_url, not both"),
        ("key_command = [1]",
            "2: realtime.key_command = [1]: wanted [\"PROGRAM\", \"ARGUMENT\", ...], at most 64 texts, or [] for none"),
        ("key_command = [\"no-such\"]",
            "2: realtime.key_command = [\"no-such\"]: DIR/no-such: No such file or directory"),
        ("url = \"wss://a.b/x\"\nmint_client_secret = true", "3: realtime.mint_client_secret = true: "
            + "wanted a realtime.url whose path ends with /v1/realtime"),
    ])
    func whatCannotBeIsRefused(text: String, words: String) {
        #expect(folder.errorLine { _ = try load("[realtime]\n" + text) } == "DIR/kiosk.toml:" + words)
    }

    @Test(arguments: [
        ("wss://a.b/v1/realtime", "/v1/realtime?model=gpt-realtime-2.1"),
        ("wss://r.openai.azure.com/openai/v1/realtime?model=mine", "/openai/v1/realtime?model=mine"),
        ("wss://r.openai.azure.com/openai/realtime?api-version=x&deployment=mine",
            "/openai/realtime?api-version=x&deployment=mine"),
    ])
    func theModelIsAddedToAnAddressThatNamesNone(url: String, resource: String) throws {
        var realtime = Settings.Realtime()
        realtime.url = url
        #expect(try Link.endpoint(realtime).resource == resource)
    }

    @Test func theServicesOtherAddressesStandBesideTheSessions() throws {
        var realtime = Settings.Realtime()
        #expect(try APIAddress(realtime).clientSecrets
            == Endpoint(http: "https://api.openai.com/v1/realtime/client_secrets"))
        realtime.url = "wss://r.openai.azure.com/openai/v1/realtime?model=deployment"
        #expect(try APIAddress(realtime).transcriptions
            == Endpoint(http: "https://r.openai.azure.com/openai/v1/audio/transcriptions"))
    }

    @Test func aKeyThatIsFetchedNeedsNoOtherAndTheBrokerGetsOnlyTheKiosksOwn() throws {
        var settings = try load("[realtime]\nkey_url = \"https://a.b/key\"")
        #expect(try APIKey.find(for: settings, environment: [:]) == nil)
        let key = try APIKey("sk-1", from: "test")
        let endpoint = try Endpoint(http: "https://a.b/key")
        #expect(try KeySource(settings, key: key) == .broker(endpoint, method: "GET", key: nil))
        settings.realtime.apiKeyFile = "/x"
        #expect(try KeySource(settings, key: key) == .broker(endpoint, method: "GET", key: key))
    }

    @Test func theSessionsLifeIsReadAsSet() throws {
        let settings = try load("""
            [session]
            renew_after_s = 0
            fresh_after_idle_s = 90
            history_turns = 12
            retention_ratio = 0.7
            post_instructions_tokens = 8000
            """)
        let continuity = SessionConfiguration(settings).continuity
        #expect(continuity == .init(
            renewAfter: nil, freshAfterIdle: .seconds(90), turns: 12, summarizes: true,
            truncation: .retentionRatio(0.7, postInstructions: 8000)))
        #expect(SessionConfiguration(Settings()).continuity == .init(summarizes: true))
    }
}
