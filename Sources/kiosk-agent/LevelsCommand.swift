import ArgumentParser
import Audio
import Glibc

/// `kiosk-agent levels`: a live meter of the microphone, as the kiosk hears it.
struct LevelsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "levels", abstract: "Show how loud the microphone is, until Ctrl-C or for some seconds.")

    /// A line each so many ms: fast enough to follow a word, slow enough to be read.
    static let lineMs = 500
    /// A device that delivers nothing for this long is spoken of.
    static let patienceMs: Int32 = 1000
    static let secondsLimit = 1...86_400

    @Option(help: ArgumentHelp("How long, 1 to 86400 s; without it until Ctrl-C.", valueName: "n"))
    var seconds: Int?

    @OptionGroup var settings: SettingsOptions

    func validate() throws {
        if let seconds, !Self.secondsLimit.contains(seconds) {
            throw ValidationError("--seconds \(seconds): wanted 1 to 86400 (s)")
        }
    }

    func run() throws {
        let audio = try settings.load(namedFiles: false).audio
        do {
            let signals = try ServiceSignals()
            let stream = try CaptureStream(device: audio.device(.capture))
            StandardStream.output.write(ConsoleText.escaped("\(stream)") + "\n")
            let whole = try Self.measure(stream, signals, frames: seconds.map { $0 * runnerRate })
            let statistics = stream.statistics
            let tenths = whole.frames * 10 / runnerRate
            StandardStream.output.write("in \(tenths / 10).\(tenths % 10) s: " + whole.line)
            if statistics.overruns + statistics.stalls > 0 {
                StandardStream.output.write("\(statistics.overruns) overruns, \(statistics.stalls) stalls\n")
            }
        } catch {
            throw CommandFailure(CommandFailure.runTime, "\(error)")
        }
    }

    /// Shows a line each `lineMs` of sound, until the frames are there or a signal comes; the whole in one meter.
    private static func measure(
        _ stream: CaptureStream, _ signals: borrowing ServiceSignals, frames limit: Int?
    ) throws -> LevelMeter {
        let lineFrames = lineMs * runnerRate / 1000
        let samples = UnsafeMutableBufferPointer<Int16>.allocate(capacity: lineFrames)
        defer { samples.deallocate() }
        var whole = LevelMeter()
        var part = LevelMeter()
        var silentMs: Int32 = 0
        stream.start(at: .now)
        defer { stream.stop() }
        while whole.frames < limit ?? .max {
            if signals.next() != nil { break }
            if let failure = stream.failure { throw failure }
            var descriptors = [stream.eventDescriptor, signals.descriptor].map {
                pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
            }
            if poll(&descriptors, 2, patienceMs) == 0 {
                silentMs += patienceMs
                StandardStream.output.write("nothing comes from the device for \(silentMs / 1000) s\n")
                // A device that never delivers must not keep a script waiting.
                if let limit, Int(silentMs) * runnerRate / 1000 >= limit { break }
                continue
            }
            stream.takeEvent()
            while whole.frames < limit ?? .max {
                let room = lineFrames - part.frames
                let count = stream.read(into: UnsafeMutableBufferPointer(rebasing: samples[..<room]))
                if count == 0 { break }
                silentMs = 0
                part.add(UnsafeBufferPointer(rebasing: samples[..<count]))
                if part.frames == lineFrames {
                    StandardStream.output.write(part.line)
                    whole.add(part)
                    part = LevelMeter()
                }
            }
        }
        whole.add(part)
        return whole
    }
}
