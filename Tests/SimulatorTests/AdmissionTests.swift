import Foundation
import Testing

@testable import realtime_simulator

@Suite struct AdmissionTests {
    private func admit(_ request: Admission.Request, key: String? = nil, faults: String = "") throws -> Admission {
        Admission(request, requiredKey: key, faults: try FaultPlan(parsing: faults), connection: 1)
    }

    private func closed(_ admission: Admission) -> (code: UInt16, reason: String)? {
        guard case .refused(let refusal, let code) = admission else { return nil }
        return (code, "\(refusal.type).\(refusal.code ?? "")")
    }

    @Test func aModelOpensASession() throws {
        #expect(
            try admit(.init(resource: "/v1/realtime?model=gpt-realtime-2.1")) == .session(model: "gpt-realtime-2.1"))
        #expect(try admit(.init(resource: "/v1/realtime?x=1&model=gpt%2Drealtime")) == .session(model: "gpt-realtime"))
    }

    @Test func anIntentOpensASessionOfTranscriptsAlone() throws {
        #expect(try admit(.init(resource: "/v1/realtime?intent=transcription")) == .transcription)
    }

    @Test(arguments: [
        ("/v1/realtime", "missing_model"), ("/v1/realtime?model=", "missing_model"),
        ("/v1/realtime?", "missing_model"),
        ("/v1/realtime?model=gpt-4o", "invalid_model"), ("/v1/realtime?model=gpt-realtime-whisper", "invalid_model"),
    ])
    func withoutARealtimeModelTheSessionIsRefusedAfterTheUpgrade(_ resource: String, _ code: String) throws {
        let end = try #require(closed(admit(.init(resource: resource))))
        #expect(end.code == 4000)
        #expect(end.reason == "invalid_request_error.\(code)")
    }

    @Test func theBetaInterfaceIsGone() throws {
        let end = try #require(closed(admit(.init(hasBetaHeader: true))))
        #expect(end.code == 4000)
        #expect(end.reason == "invalid_request_error.beta_api_shape_disabled")
    }

    @Test func aRequiredKeyIsTakenFromHeaderOrSubprotocol() throws {
        let good = [
            Admission.Request(authorization: "Bearer sk-a"),
            Admission.Request(subprotocols: "realtime, openai-insecure-api-key.sk-a"),
        ]
        for request in good { #expect(try admit(request, key: "sk-a") == .session(model: "gpt-realtime")) }
        for request in [Admission.Request(), .init(authorization: "Bearer sk-b"), .init(authorization: "sk-a")] {
            let end = try #require(closed(admit(request, key: "sk-a")))
            #expect(end.code == 3000)
            #expect(end.reason == "invalid_request_error.invalid_api_key")
        }
        #expect(try admit(.init()) == .session(model: "gpt-realtime"))
    }

    @Test(
        arguments: [
            ("refuse-key", 3000, "invalid_request_error.invalid_api_key"),
            ("refuse-quota", 1013, "insufficient_quota.insufficient_quota"),
            ("refuse-model", 4000, "invalid_request_error.invalid_model"),
        ] as [(String, UInt16, String)])
    func aFaultRefusesAsTheServiceDoes(_ fault: String, _ code: UInt16, _ reason: String) throws {
        let end = try #require(closed(admit(.init(), faults: fault)))
        #expect(end.code == code)
        #expect(end.reason == reason)
    }

    @Test func anEchoedKeyIsInTheMessage() throws {
        guard
            case .refused(let refusal, 3000) = try admit(
                .init(authorization: "Bearer sk-secret"), faults: "echo-key-in-error")
        else { return #expect(Bool(false), "not refused") }
        #expect(refusal.message.contains("sk-secret"))
    }

    @Test(arguments: [("http-401", 401), ("http-429", 429), ("http-503", 503)])
    func aFaultRefusesTheUpgradeItself(_ fault: String, _ expected: Int) throws {
        guard case .http(let status, let headers, let body) = try admit(.init(), faults: fault)
        else { return #expect(Bool(false), "not refused") }
        #expect(status == expected)
        #expect(headers["retry-after"] == (expected == 429 ? "2" : nil))
        #expect(!body.isEmpty)
    }

    @Test func anotherPathIsNotFound() throws {
        guard case .http(404, _, _) = try admit(.init(resource: "/v1/chat")) else {
            return #expect(Bool(false), "not refused")
        }
    }

    // MARK: Start

    @Test func theSamplesAreShortCleanAndComplete() throws {
        let library = Shipped.library
        #expect(library.utterances.count == 5)
        for speech in library.utterances.flatMap({ [$0.speech, $0.answer] }) + [library.fallback] {
            #expect(!speech.text.isEmpty)
            #expect(speech.samples.count * 2 < 200_000)
            // Speech from the first 20 ms to the last.
            #expect(PCM.levelDBFS(speech.samples.prefix(480)) > -50)
            #expect(PCM.levelDBFS(speech.samples.suffix(480)) > -50)
        }
    }

    @Test func aFolderWithoutSamplesIsNamed() {
        #expect(throws: SimulatorError.sampleFile(path: "/nonexistent/samples.json", reason: "cannot be read")) {
            try SampleLibrary(folder: "/nonexistent")
        }
    }

    @Test func onlyMono24kHz16BitWAVIsTaken() throws {
        func file(channels: UInt8 = 1, rate: UInt8 = 0xC0, data: [UInt8] = [1, 0, 255, 255]) -> [UInt8] {
            var bytes = Array("RIFF____WAVELIST".utf8)
            bytes += [3, 0, 0, 0, 9, 9, 9, 0]
            bytes += Array("fmt ".utf8)
            bytes += [16, 0, 0, 0, 1, 0, channels, 0, rate, 0x5D, 0, 0, 0x80, 0xBB, 0, 0, 2, 0, 16, 0]
            bytes += Array("data".utf8)
            bytes += [UInt8(data.count), 0, 0, 0]
            return bytes + data
        }
        #expect(try WAVFile(bytes: file(), path: "f").samples == [1, -1])
        for bytes in [
            file(channels: 2), file(rate: 0x80), Array(file().dropLast(8)), Array(file().prefix(30)), [],
            Array("RIFF".utf8),
        ] {
            #expect(throws: SimulatorError.self) { try WAVFile(bytes: bytes, path: "f") }
        }
        for length in file().indices { _ = try? WAVFile(bytes: Array(file().prefix(length)), path: "f") }
    }
}
