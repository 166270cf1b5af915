import Foundation
import MonotonicClock

@testable import realtime_simulator

/// The shipped samples, read once.
enum Shipped {
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("Sources/realtime-simulator/Samples").path

    static let library = try! SampleLibrary(folder: folder)
    static let hearing = Hearing(library: library)

    static func utterance(_ name: String) -> SampleLibrary.Utterance {
        library.utterances.first { $0.name == name }!
    }

    static func samples(_ name: String) -> [Int16] {
        utterance(name).speech.samples
    }
}

/// Audio made for tests.
enum Sound {
    static func silence(ms: Int) -> [Int16] {
        [Int16](repeating: 0, count: ms * 24)
    }

    static func noise(ms: Int, amplitude: Double, seed: UInt64 = 7) -> [Int16] {
        var random = SeededRandom(seed: seed)
        return (0..<ms * 24).map { _ in Int16(Double.random(in: -amplitude...amplitude, using: &random)) }
    }

    static func tone(ms: Int, amplitude: Double) -> [Int16] {
        (0..<ms * 24).map { Int16(amplitude * sin(Double($0) * 2 * .pi * 440 / 24_000)) }
    }

    static func mix(_ one: [Int16], _ other: [Int16]) -> [Int16] {
        zip(one, other).map { Int16(clamping: Int($0) + Int($1)) }
    }

    static func scaled(_ samples: [Int16], by factor: Double) -> [Int16] {
        samples.map { Int16(clamping: Int((Double($0) * factor).rounded())) }
    }

    /// The samples moved by a fraction of a frame, as a resampler's delay does, and a little smoothed by it.
    static func delayed(_ samples: [Int16], byFrames fraction: Double) -> [Int16] {
        samples.indices.map { index in
            let before = index > 0 ? Double(samples[index - 1]) : 0
            return Int16(Double(samples[index]) * (1 - fraction) + before * fraction)
        }
    }
}

/// A session on a virtual clock, with the events it has sent so far.
struct Visit {
    var session: SimulatedSession
    private(set) var instant = Instant.now
    private(set) var outputs: [SimulatedSession.Output] = []

    init(
        faults: String = "", seed: UInt64 = 1, echoesAudio: Bool = false, turnsBefore: Int = 0,
        change: (inout SimulatedSession.Setup) -> Void = { _ in }
    ) throws {
        var setup = SimulatedSession.Setup(library: Shipped.library, hearing: Shipped.hearing)
        setup.faults = try FaultPlan(parsing: faults)
        setup.seed = seed
        setup.echoesAudio = echoesAudio
        setup.turnsBefore = turnsBefore
        setup.unixTime = 1_800_000_000
        change(&setup)
        session = SimulatedSession(setup, at: instant)
        outputs = session.open()
    }

    var events: [JSON] {
        outputs.compactMap { if case .event(let event) = $0 { event } else { nil } }
    }

    var types: [String] {
        events.compactMap { $0["type"]?.text }
    }

    var errors: [JSON] {
        events.filter { $0["type"] == "error" }.compactMap { $0["error"] }
    }

    var console: [String] {
        outputs.compactMap { if case .report(_, let line?) = $0 { line } else { nil } }
    }

    func reports(_ kind: String) -> [JSON] {
        outputs.compactMap {
            if case .report(let figures, _) = $0, figures["kind"]?.text == kind { figures } else { nil }
        }
    }

    func events(_ type: String) -> [JSON] {
        events.filter { $0["type"]?.text == type }
    }

    /// Sends one event and returns what came back at once.
    @discardableResult
    mutating func send(_ event: JSON) -> [JSON] {
        send(line: event.line)
    }

    @discardableResult
    mutating func send(line: String) -> [JSON] {
        let answers = session.receive(text: Array(line.utf8), at: instant)
        outputs += answers
        return answers.compactMap { if case .event(let event) = $0 { event } else { nil } }
    }

    /// Lets so much time pass.
    mutating func wait(_ duration: Duration) {
        let end = instant.advanced(by: duration)
        while let deadline = session.deadline, deadline <= end {
            instant = max(instant, deadline)
            outputs += session.advance(to: instant)
        }
        instant = end
    }

    mutating func update(_ session: JSON) {
        send(["type": "session.update", "session": JSON.object([]).merging(["type": "realtime"]).merging(session)])
    }

    /// Turns server VAD off, and the built-in transcription on with some model.
    mutating func pushToTalk(transcription model: String? = "gpt-4o-transcribe") {
        let transcription: JSON = model.map { ["model": .string($0)] } ?? .null
        update(["audio": ["input": ["turn_detection": .null, "transcription": transcription]]])
    }

    /// Appends audio in blocks of 100 ms, each at its time.
    mutating func speak(_ samples: [Int16]) {
        for start in stride(from: 0, to: samples.count, by: 2_400) {
            append(Array(samples[start..<min(start + 2_400, samples.count)]))
            wait(.milliseconds(100))
        }
    }

    mutating func append(_ samples: [Int16]) {
        send(["type": "input_audio_buffer.append", "audio": .string(PCM.base64(samples[...]))])
    }

    /// One push-to-talk turn; the id of its item.
    @discardableResult
    mutating func turn(_ samples: [Int16]) -> String {
        append(samples)
        send(["type": "input_audio_buffer.commit"])
        return events("input_audio_buffer.committed").last?["item_id"]?.text ?? ""
    }
}
