import Foundation
import KioskBench

/// A kiosk with a sound card, a button with its light and a serial console; a visitor's mouth, finger and ear.
///
/// Mouth and ear are alsa-utils, which know nothing of the kiosk's code.
final class Board {
    let bench: Bench
    let format: CardFormat
    private let chip: SimulatedChip
    /// Lines of the chip. The button is active-low: it connects its line to ground.
    private static let button = 4
    private static let led = 5
    private let ear: Executable
    private let recordingFile: URL
    private var words = 0

    /// Starts everything; returns when the kiosk is ready. `turns` are further settings of that section.
    init(_ format: CardFormat, turns: String = "") async throws {
        try Loopback.check()
        guard FileManager.default.fileExists(atPath: SimulatedChip.folder) else {
            throw TimedOut(description: "no gpio-sim (\(SimulatedChip.folder)): run this suite by board/test")
        }
        self.format = format
        bench = try Bench()
        chip = try SimulatedChip(lines: [Self.button: "TALK", Self.led: "LISTENING"])
        try chip.pull(Self.button, high: true)
        recordingFile = bench.folder.appendingPathComponent("recording")
        // Long periods: the recorder must never be the one that loses frames.
        ear = try Executable(
            path: Loopback.programs[1],
            format.options + ["-D", Loopback.ear, "--period-time=50000", "--buffer-time=500000", recordingFile.path])
        try await bench.startSimulator()
        try bench.writeSettings(
            capture: Loopback.microphone, playback: Loopback.loudspeaker,
            settings: """
                [gpio]
                chip = "\(chip.label)"
                button = "TALK"
                led = "LISTENING"
                [turns]
                \(turns)
                """)
        // The kiosk takes what the other end has chosen, so both other ends are open before it.
        let murmur = try play("/dev/zero")
        try await eventually("the card runs: \(murmur.errors) \(ear.errors)") {
            Loopback.mouthFrames != nil && Loopback.earFrames != nil
        }
        try await bench.startKiosk(output: SerialConsole.open())
        murmur.kill()
        try await murmur.exitStatus()
    }

    /// What the kiosk said on its console, costs and names of sessions made equal; without the sums.
    var console: [String] {
        bench.kiosk.lines.filter { !$0.hasPrefix("[cost] session ") && !$0.hasPrefix("[cost] transcripts ") }.map {
            $0.replacing(/^\[cost\] \d+\.\d{6} USD$/, with: "[cost]").replacing(/session sess_\w+$/, with: "session")
        }
    }

    // MARK: Mouth

    /// Begins to speak; what is returned ends some silence later.
    func say(_ samples: [Int16]) throws -> Executable {
        words += 1
        let file = bench.folder.appendingPathComponent("said-\(words)")
        // snd-aloop loses up to 6 ms before the end of what aplay plays (measured with arecord at the other end).
        try format.data(samples + WaveFile.silence(ms: 100)).write(to: file)
        return try play(file.path)
    }

    private func play(_ path: String) throws -> Executable {
        try Executable(
            path: Loopback.programs[0],
            format.options + ["-D", Loopback.mouth, "--period-time=10000", "--buffer-time=100000", path])
    }

    /// Waits until the microphone has heard `ms` of what is being said.
    func said(_ ms: Int, of speech: Executable) async throws {
        try await Loopback.wait(
            until: ms * format.rate / 1000, at: format.rate, "\(ms) ms are not said: \(speech.errors)",
            count: { Loopback.mouthFrames }, isOver: { !speech.isRunning })
    }

    /// Says all of it; returns a moment later.
    func saidWhole(_ samples: [Int16]) async throws { try await ended(say(samples)) }

    /// Waits for the silence after the speech.
    func ended(_ speech: Executable) async throws {
        let status = try await speech.exitStatus()
        // An underrun would be a stutter of ours.
        guard status == 0, speech.errors.isEmpty else {
            throw TimedOut(description: "aplay: status \(status): \(speech.errors)")
        }
    }

    // MARK: Finger and eye

    /// Presses the button; what is returned are the frames that the ear had heard by then.
    @discardableResult
    func press() throws -> Int {
        let frames = Loopback.earFrames ?? 0
        try chip.pull(Self.button, high: false)
        return frames
    }

    /// The contact closes, and opens again before it is a press.
    func glitch(ms: Int) throws {
        try chip.pull(Self.button, high: false)
        usleep(UInt32(ms * 1000))
        try chip.pull(Self.button, high: true)
    }

    func release() throws { try chip.pull(Self.button, high: true) }

    /// Waits until the light is on or off; how long that took.
    func light(is isOn: Bool) async throws -> Int {
        let start = ContinuousClock.now
        try await eventually("the light is \(isOn ? "on" : "off")", within: 2) {
            try chip.isHigh(Self.led) == isOn
        }
        return Int((ContinuousClock.now - start) / .milliseconds(1))
    }

    // MARK: Ear

    var heardFrames: Int { Loopback.earFrames ?? 0 }

    /// Waits until the loudspeaker has played `ms` of an answer.
    func answered(_ ms: Int) async throws {
        try await Loopback.wait(
            until: ms * format.rate / 1000, at: format.rate,
            "\(ms) ms of an answer are not heard: \(bench.kiosk.output) \(bench.kiosk.errors)",
            count: { Loopback.loudspeakerFrames }, isOver: { !bench.kiosk.isRunning })
    }

    /// Ends the kiosk, then the recording. Everything that was heard.
    func stop() async throws -> (status: Int32, recording: Recording) {
        let status = try await bench.stopKiosk()
        try await eventually("the last line of the console is that it stops: \(bench.kiosk.output)") {
            bench.kiosk.output.hasSuffix("[kiosk] stopping\n")
        }
        // What is heard lies in the recorder's buffer for a period.
        try await Task.sleep(for: .milliseconds(100))
        ear.kill()
        try await ear.exitStatus()
        guard !ear.errors.contains("overrun") else { throw TimedOut(description: "arecord: \(ear.errors)") }
        return (status, Recording(data: try Data(contentsOf: recordingFile), format: format))
    }
}
