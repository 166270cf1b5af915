import MonotonicClock
import Realtime
import Session
import Transport

/// Transcripts of whole recordings by the service's HTTP side, one at a time. Never blocks.
final class Transcriber {
    enum Outcome: Equatable {
        case goesOn
        case transcribed(FileTranscription)
        case failed(LinkLoss)
    }

    /// Time for one recording: upload on a slow line, and the service's own time.
    static let limit = Duration.seconds(120)
    /// The model when the settings name none.
    static let defaultModel = "gpt-4o-transcribe"

    private let address: Endpoint
    private let keys: Settings.Keys
    private let access: WebAccess
    private let supply: KeySupply
    private var waiting: (wav: [UInt8], model: String)?
    private var call: HTTPCall?

    /// Throws when the settings name no service that transcribes files, or the trust anchors cannot be read.
    init(
        settings: Settings, key: APIKey?, keys ring: KeyRing, environment: [String: String]
    ) throws(TransportError) {
        address = try APIAddress(settings.realtime).transcriptions
        keys = settings.keys
        access = try WebAccess(settings, environment: environment)
        // A secret minted for sessions opens nothing else.
        let source = settings.keys.isMinting ? .fixed(key) : try KeySource(settings, key: key)
        supply = KeySupply(source, access: access, environment: environment, ring: ring)
    }

    var isBusy: Bool { waiting != nil || call != nil }

    var pollRequest: PollRequest? { call?.pollRequest ?? (waiting == nil ? nil : supply.pollRequest) }

    /// nil when there is nothing to do.
    var deadline: Instant? { call?.deadline ?? (waiting == nil ? nil : supply.deadline) }

    /// Begins with a recording, a whole WAV file.
    func begin(_ wav: [UInt8], model: String, at now: Instant) {
        call = nil
        waiting = (wav, model)
        supply.begin(at: now)
    }

    func process(at now: Instant) -> Outcome {
        if let recording = waiting {
            switch supply.process(at: now) {
            case .goesOn: return .goesOn
            case .failed(let loss):
                waiting = nil
                return .failed(loss)
            case .ready(let key):
                waiting = nil
                call = upload(recording.wav, model: recording.model, key: key, at: now)
            }
        }
        guard let call else { return .goesOn }
        switch call.process(now: now) {
        case .goesOn: return .goesOn
        case .failed(let error):
            self.call = nil
            return .failed(LinkLoss(words: error.description))
        case .answered(let answer):
            self.call = nil
            return outcome(of: answer)
        }
    }

    /// One recording, waited for.
    func transcribe(_ wav: [UInt8], model: String) -> Outcome {
        begin(wav, model: model, at: Instant.now)
        while true {
            let outcome = process(at: Instant.now)
            if outcome != .goesOn { return outcome }
            PollSet.wait(for: pollRequest, until: deadline)
        }
    }

    private func upload(_ wav: [UInt8], model: String, key: APIKey?, at now: Instant) -> HTTPCall {
        let form = FileTranscriptionRequest(model: model, wav: wav)
        let headers = [keys.header(key, host: address.host), (name: "Content-Type", value: form.contentType)]
        return access.call(
            HTTPCall.Request("POST", headers: headers, body: form.body), to: address, limit: Self.limit, at: now)
    }

    private func outcome(of answer: HTTPAnswer) -> Outcome {
        guard (200...299).contains(answer.status) else {
            if answer.status == 401 { supply.forget() }
            return .failed(LinkLoss(answer, of: address.authority))
        }
        do { return .transcribed(try FileTranscription.decode(answer.body)) } catch {
            return .failed(LinkLoss(words: "\(address.authority): \(error.problem)"))
        }
    }
}

/// What the service takes as a recording, asked before it is sent.
enum Recording {
    /// Shortest recording that the service transcribes.
    static let shortestMs = 100

    /// What is wrong with the file, in words; nil when it can be sent.
    static func problem(_ wav: [UInt8]) -> String? {
        guard wav.count <= FileTranscriptionRequest.fileLimit else {
            return "\(wav.count) bytes: wanted at most \(FileTranscriptionRequest.fileLimit)"
        }
        guard wav.count >= 12, wav[0..<4].elementsEqual("RIFF".utf8), wav[8..<12].elementsEqual("WAVE".utf8) else {
            return "wanted a WAV file"
        }
        var bytesPerSecond = 0
        var offset = 12
        while offset + 8 <= wav.count {
            let size = number(wav, at: offset + 4)
            if wav[offset..<offset + 4].elementsEqual("fmt ".utf8), offset + 20 <= wav.count {
                bytesPerSecond = number(wav, at: offset + 16)
            } else if wav[offset..<offset + 4].elementsEqual("data".utf8) {
                guard bytesPerSecond > 0 else { return "wanted a fmt chunk before the data" }
                let ms = min(size, wav.count - offset - 8) * 1000 / bytesPerSecond
                return ms < shortestMs ? "\(ms) ms of sound: wanted at least \(shortestMs)" : nil
            }
            offset += 8 + size + size % 2
        }
        return "wanted a WAV file with data"
    }

    private static func number(_ bytes: [UInt8], at offset: Int) -> Int {
        (0..<4).reduce(0) { $0 | Int(bytes[offset + $1]) << (8 * $1) }
    }
}
